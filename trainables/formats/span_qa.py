"""Span question answering, declared in `spaces/formats.py`: the answer is a stretch of the context."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from transformers import BatchEncoding, PreTrainedModel, PreTrainedTokenizerBase

from spaces.card import Card
from trainables.formats.base import Batch, Format
from trainables.formats.encoding import (
    LinearHead,
    by_length,
    evaluating,
    mean_cross_entropy,
    on,
    pad,
    padded,
    token_inputs,
    token_outputs,
)
from trainables.formats.qa_metrics import answer_scores, best_threshold, normalization
from trainables.work.settings import EvaluationSettings

if TYPE_CHECKING:
    from datasets import Dataset

LONGEST_ANSWER = 30
"""Tokens: longer spans are not proposed (SQuAD's usual limit)."""

NO_ANSWER = 0
"""The first token stands for "not in this window"."""

OUTSIDE = -1
"""Offset of tokens that are not of the context, or only blanks in it."""

LEAST = -1e4
"""Bounds a difference of log-probabilities, which has to be a number even where no span was possible."""


class SpanQA(Format):
    """A long context is read through overlapping windows. In training a window without the whole answer points at the
    first token; so do questions without any answer, which rows of a card that says ``unanswerable`` may have. In
    scoring a span is always proposed, unless the card says so: XTREME's all have an answer, also after training on
    SQuAD 2.0.

    Everything is located by character offsets, never by words: it holds for right-to-left and for unsegmented text.
    """

    name = "span_qa"

    def features(
        self, rows: Mapping[str, Sequence[Any]], card: Card, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> dict[str, list[Any]]:
        """A feature per window: ``start`` and ``end`` (inclusive) tokens of the answer; ``begins`` and ``ends``,
        the characters of the context that each token covers, -1 for the other tokens."""
        encoding = _windows(list(rows["question"]), list(rows["context"]), tokenizer, max_length)
        of_row: list[int] = encoding["overflow_to_sample_mapping"]
        answers = [_first_answer(*row) for row in zip(rows["context"], rows["answers"], strict=True)]
        features = {**token_inputs(encoding), "row": of_row, "start": [], "end": [], "begins": [], "ends": []}
        for window, row in enumerate(of_row):
            offsets, context = encoding["offset_mapping"][window], rows["context"][row]
            inside = [
                sequence == 1 and not context[begin:end].isspace() and begin < end
                for sequence, (begin, end) in zip(encoding.sequence_ids(window), offsets, strict=True)
            ]
            begins = [begin if ok else OUTSIDE for (begin, _), ok in zip(offsets, inside, strict=True)]
            ends = [end if ok else OUTSIDE for (_, end), ok in zip(offsets, inside, strict=True)]
            start, end = _answer_tokens(answers[row], begins, ends)
            for name, value in (("start", start), ("end", end), ("begins", begins), ("ends", ends)):
                features[name].append(value)
        return features

    def outputs(self, card: Card) -> int:
        return 2

    def head(self, encoder: PreTrainedModel, card: Card) -> nn.Module:
        return LinearHead(encoder, self.outputs(card))

    def collate(
        self, features: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase, generator: torch.Generator
    ) -> Batch:
        """``positions`` has shape (windows, 2): the answer's first and last token. ``context`` is 1 on its tokens."""
        batch = pad(features, tokenizer)
        width = batch["input_ids"].shape[1]
        batch["context"] = torch.tensor([padded([int(b != OUTSIDE) for b in f["begins"]], width, 0) for f in features])
        batch["positions"] = torch.tensor([[feature["start"], feature["end"]] for feature in features])
        return batch

    def logits(self, encoder: nn.Module, head: nn.Module, batch: Batch) -> Tensor:
        """Shape (windows, 2, tokens), float32; -inf where the answer cannot lie: the question, specials, padding."""
        logits = token_outputs(encoder, head, batch).float().transpose(1, 2)
        possible = batch["context"].bool()
        possible[:, NO_ANSWER] = True
        return logits.masked_fill(~possible.unsqueeze(1), float("-inf"))

    def loss(self, encoder: nn.Module, head: nn.Module, batch: Batch) -> Tensor:
        return mean_cross_entropy(self.logits(encoder, head, batch), batch["positions"])

    def predict(
        self,
        encoder: nn.Module,
        head: nn.Module,
        rows: Dataset,
        features: Dataset,
        card: Card,
        tokenizer: PreTrainedTokenizerBase,
        settings: EvaluationSettings,
    ) -> list[Any]:
        """The best answer of each row, over all its windows; where questions may have none, a pair of it and by how
        much no answer is likelier (in nats)."""
        contexts = rows["context"][:]
        best = [(float("-inf"), "")] * len(rows)
        none = [0.0] * len(rows)  # the window where no answer is least likely decides
        with evaluating(encoder, head) as device:
            for chosen in by_length(features, settings.batch_size, device):
                batch = on(device, self.collate(chosen, tokenizer, torch.Generator()))
                # log-probabilities, so that windows compare: one without the answer gives it to the first token
                starts, ends = self.logits(encoder, head, batch).float().log_softmax(dim=-1).unbind(dim=1)
                spans = best_spans(starts, ends, batch["context"].bool())
                nothing = (starts[:, NO_ANSWER] + ends[:, NO_ANSWER]).tolist()
                parts = zip(chosen, nothing, *(part.tolist() for part in spans), strict=True)
                for feature, without, score, start, end in parts:
                    row = feature["row"]
                    none[row] = min(none[row], without)
                    if score > best[row][0]:
                        text = contexts[row][feature["begins"][start] : feature["ends"][end]]
                        best[row] = (score, text.strip())
        if not card.unanswerable:
            return [text for _, text in best]
        return [[text, max(LEAST, min(-LEAST, no - yes))] for no, (yes, text) in zip(none, best, strict=True)]

    def tune(self, rows: Dataset, predicted: Sequence[Any], card: Card, language: str) -> dict[str, float]:
        """The margin above which nothing is answered: the one of the best F1."""
        if not card.unanswerable:
            return {}
        normalize = normalization(card.metric or "", language)
        gold = [answers["text"] for answers in rows["answers"][:]]
        answered = [answer_scores(own, text, normalize)[1] for own, (text, _) in zip(gold, predicted, strict=True)]
        empty = [float(not own) for own in gold]
        return {"no_answer": best_threshold([margin for _, margin in predicted], answered, empty)}

    def decide(self, predicted: Sequence[Any], tuned: Mapping[str, float], card: Card) -> list[str]:
        """A text per row, empty where there is no answer."""
        if not card.unanswerable:
            return list(predicted)
        threshold = tuned.get("no_answer", 0.0)
        return ["" if margin > threshold else text for text, margin in predicted]

    def metrics(self, rows: Dataset, decided: Sequence[str], card: Card, language: str) -> dict[str, float]:
        """Exact match, F1, and their mean under the card's metric's name."""
        metric = card.metric or "qa"
        normalize = normalization(metric, language)
        gold = [answers["text"] for answers in rows["answers"][:]]
        scores = [answer_scores(own, text, normalize) for own, text in zip(gold, decided, strict=True)]
        exact, f1 = (sum(part) / len(scores) for part in zip(*scores, strict=True))
        return {"exact": exact, "f1": f1, metric: (exact + f1) / 2}

    def floor(self, train: Dataset | None, rows: Dataset, card: Card, language: str) -> dict[str, float]:
        """The whole context as the answer."""
        return self.metrics(rows, rows["context"][:], card, language)

    def submission(self, rows: Dataset, decided: Sequence[str], card: Card) -> tuple[str, str]:
        """Id -> answer."""
        return "json", json.dumps(dict(zip(rows["id"][:], decided, strict=True)), ensure_ascii=False, indent=0) + "\n"


def best_spans(starts: Tensor, ends: Tensor, context: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The best span of each window among all that lie in the context and have 1 to `LONGEST_ANSWER` tokens.

    Exact, so no n-best list is needed: for each length the best start, over at most 30 lengths.

    Args:
        starts, ends: scores, shape (windows, tokens).
        context: which tokens are of the context, shape (windows, tokens).

    Returns:
        its score (-inf where the window has no context), first and last token, each of shape (windows,).
    """
    starts = starts.masked_fill(~context, float("-inf"))
    ends = ends.masked_fill(~context, float("-inf"))
    width = starts.shape[1]
    by_size = [
        (starts[:, : width - longer] + ends[:, longer:]).max(dim=1) for longer in range(min(LONGEST_ANSWER, width))
    ]
    score, longer = torch.stack([best.values for best in by_size]).max(dim=0)
    start = torch.stack([best.indices for best in by_size]).gather(0, longer.unsqueeze(0)).squeeze(0)
    return score, start, start + longer


def _windows(
    questions: list[str], contexts: list[str], tokenizer: PreTrainedTokenizerBase, max_length: int
) -> BatchEncoding:
    """Question and context in windows of at most `max_length` tokens.

    A question takes at most half of a window; the rest of it is cut. Windows overlap by a quarter, so that an answer
    at the end of one lies whole in the next.
    """
    room = max_length - tokenizer.num_special_tokens_to_add(pair=True)
    cut = tokenizer(
        questions,
        truncation=True,
        max_length=max(1, room // 2),
        add_special_tokens=False,
        return_offsets_mapping=True,
    )
    spans = zip(questions, cut["offset_mapping"], strict=True)
    questions = [question[: offsets[-1][1] if offsets else 0] for question, offsets in spans]
    windows: BatchEncoding = tokenizer(
        questions,
        contexts,
        truncation="only_second",
        max_length=max_length,
        stride=room // 4,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    return windows


def _first_answer(context: str, answers: Mapping[str, Any]) -> tuple[int, int] | None:
    """Characters of the first answer that stands where its offset says, without blanks around it; None for none.

    Canonical rows have the offset -1 where an answer is not in the context.
    """
    for given, start in zip(answers["text"], answers["answer_start"], strict=True):
        text = given.strip()
        begin = start + given.find(text)
        if text and start >= 0 and context.startswith(text, begin):
            return begin, begin + len(text)
    return None


def _answer_tokens(answer: tuple[int, int] | None, begins: list[int], ends: list[int]) -> tuple[int, int]:
    """First and last token (inclusive) of the answer in a window; the first token twice if it is not whole there."""
    if answer is None:
        return NO_ANSWER, NO_ANSWER
    begin, end = answer
    tokens = [at for at, (b, e) in enumerate(zip(begins, ends, strict=True)) if b != OUTSIDE and e > begin and b < end]
    inside = [b for b in begins if b != OUTSIDE]
    if not tokens or begin < inside[0] or end > max(ends):
        return NO_ANSWER, NO_ANSWER
    return tokens[0], tokens[-1]


FORMAT = SpanQA()
