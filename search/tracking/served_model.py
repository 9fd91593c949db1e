"""What MLflow runs for models that transformers has no pipeline for: `mlflow.pyfunc.load_model(...).predict(rows)`.

MLflow keeps a copy of this file beside the model and runs that, so nothing of ours is imported. Rows are a data frame:
`question` and `context` for span QA, `context` and `choices` (lists of texts) for multiple choice.
"""

from __future__ import annotations

import json
from math import exp, log
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

if TYPE_CHECKING:
    from pandas import DataFrame

LONGEST_ANSWER = 30
"""Tokens, as in the search."""


class AnswerOrChoice(PythonModel):
    """A folder that loads as `AutoModelForQuestionAnswering` or `AutoModelForMultipleChoice`."""

    def load_context(self, context: PythonModelContext) -> None:
        import transformers

        folder = Path(context.artifacts["model"])
        kind = json.loads((folder / "taskmix.json").read_text(encoding="utf-8"))["loads_with"]
        self.is_span = kind == "AutoModelForQuestionAnswering"
        self.tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder)
        self.model: Any = getattr(transformers, kind).from_pretrained(folder, trust_remote_code=True).eval()
        self.model.requires_grad_(False)

    def predict(
        self, context: PythonModelContext, model_input: DataFrame, params: dict[str, Any] | None = None
    ) -> list[Any]:
        """An answer for each row, or the number of the choice."""
        if self.is_span:
            return [self._answer(*row) for row in zip(model_input["question"], model_input["context"], strict=True)]
        return [self._choose(*row) for row in zip(model_input["context"], model_input["choices"], strict=True)]

    def _choose(self, context: str, choices: list[str]) -> int:
        texts = [context] * len(choices), list(choices)
        encoding = self.tokenizer(*texts, truncation=True, padding=True, return_tensors="pt")
        logits = self.model(**{name: value.unsqueeze(0) for name, value in encoding.items()}).logits
        return int(logits.argmax())

    def _answer(self, question: str, context: str) -> str:
        """The best span over all windows, which are those that the search scores with."""
        length = self.tokenizer.model_max_length
        room = length - self.tokenizer.num_special_tokens_to_add(pair=True)
        half: dict[str, Any] = {"truncation": True, "max_length": max(1, room // 2), "add_special_tokens": False}
        offsets = self.tokenizer(question, return_offsets_mapping=True, **half)["offset_mapping"]
        windows = self.tokenizer(
            question[: offsets[-1][1] if offsets else 0],
            context,
            truncation="only_second",
            max_length=length,
            stride=room // 4,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            padding=True,
            return_tensors="pt",
        )
        places = windows.pop("offset_mapping").tolist()
        windows.pop("overflow_to_sample_mapping")
        output = self.model(**windows)
        best = (float("-inf"), "")
        for number, of in enumerate(places):
            inside = [
                side == 1 and begin < end and not context[begin:end].isspace()
                for side, (begin, end) in zip(windows.sequence_ids(number), of, strict=True)
            ]
            starts, ends = (_shares(part[number], inside) for part in (output.start_logits, output.end_logits))
            for first in (at for at, is_inside in enumerate(inside) if is_inside):
                for last in range(first, min(len(of), first + LONGEST_ANSWER)):
                    score = starts[first] + ends[last]
                    if inside[last] and score > best[0]:
                        best = score, context[of[first][0] : of[last][1]].strip()
        return best[1]


def _shares(logits: Any, inside: list[bool]) -> list[float]:
    """Log-probabilities over the context and the first token, which stands for no answer in this window."""
    values: list[float] = logits.float().tolist()
    possible = [value for at, value in enumerate(values) if at == 0 or inside[at]]
    total = max(possible) + log(sum(exp(value - max(possible)) for value in possible))
    return [value - total for value in values]


set_model(AnswerOrChoice())
