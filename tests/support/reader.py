"""Predictions of a model's folder by transformers alone, as its reader would get them: `python reader.py FILE`.

FILE is JSON with `folder`, `format` and `rows` (column -> values); what is printed last is JSON, a prediction per row,
as `trainables.formats.base.Format.predict` gives them. It is run with transformers 4 and 5, so nothing of ours is
imported.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModel,
    AutoModelForMultipleChoice,
    AutoModelForQuestionAnswering,
    AutoTokenizer,
    pipeline,
)

Rows = dict[str, list[Any]]


def predict(folder: str, form: str, rows: Rows) -> list[Any]:
    with torch.inference_mode():
        found: list[Any] = READERS[form](folder, rows)
        return found


def _sentences(folder: str, rows: Rows) -> list[int]:
    classify = pipeline("text-classification", folder, trust_remote_code=True)
    return [_number(classify, one["label"]) for one in classify(rows["text"], truncation=True)]


def _pairs(folder: str, rows: Rows) -> list[int]:
    classify = pipeline("text-classification", folder, trust_remote_code=True)
    pairs = [{"text": a, "text_pair": b} for a, b in zip(rows["text_a"], rows["text_b"], strict=True)]
    return [_number(classify, classify(pair, truncation=True)["label"]) for pair in pairs]


def _tags(folder: str, rows: Rows) -> list[list[int]]:
    """The label of each word's first piece; a piece may begin with the blank before the word."""
    tag, predicted = pipeline("token-classification", folder, ignore_labels=[]), []
    for words in rows["tokens"]:
        labels, end = {}, 0
        for piece in tag(" ".join(words)):
            at = len(" ".join(words)[: piece["start"] + 1].split()) - 1
            if " ".join(words)[piece["start"]] == " ":
                at += 1
            labels.setdefault(at, _number(tag, piece["entity"]))
            end = max(end, at)
        predicted.append([labels[at] for at in range(len(words))])
    return predicted


def _answers(folder: str, rows: Rows) -> list[str]:
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForQuestionAnswering.from_pretrained(folder)
    answers = []
    for question, context in zip(rows["question"], rows["context"], strict=True):
        encoding = tokenizer(question, context, return_offsets_mapping=True, return_tensors="pt")
        offsets = encoding.pop("offset_mapping")[0].tolist()
        output = model(**encoding)
        inside = [
            side == 1 and begin < end and not context[begin:end].isspace()
            for side, (begin, end) in zip(encoding.sequence_ids(0), offsets, strict=True)
        ]
        spans = [
            ((output.start_logits[0, a] + output.end_logits[0, b]).item(), a, b)
            for a in range(len(offsets))
            for b in range(a, min(len(offsets), a + 30))
            if inside[a] and inside[b]
        ]
        _, first, last = max(spans)
        answers.append(context[offsets[first][0] : offsets[last][1]].strip())
    return answers


def _choices(folder: str, rows: Rows) -> list[int]:
    tokenizer, model = (
        AutoTokenizer.from_pretrained(folder),
        AutoModelForMultipleChoice.from_pretrained(folder, trust_remote_code=True),
    )
    found = []
    for context, choices in zip(rows["context"], rows["choices"], strict=True):
        encoding = tokenizer([context] * len(choices), choices, truncation=True, padding=True, return_tensors="pt")
        logits = model(**{name: value.unsqueeze(0) for name, value in encoding.items()}).logits
        found.append(int(logits.argmax()))
    return found


def _nearest(folder: str, rows: Rows) -> list[int]:
    """As sentence-transformers does it, which is not always there: what its files say."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    modules = [module["type"] for module in json.loads((Path(folder) / "modules.json").read_text())]
    assert [name.rpartition(".")[2] for name in modules] == ["Transformer", "Pooling", "Normalize"]
    pooling = json.loads((Path(folder) / "1_Pooling" / "config.json").read_text())
    length = json.loads((Path(folder) / "sentence_bert_config.json").read_text())["max_seq_length"]

    def vectors(texts: list[str]) -> torch.Tensor:
        encoding = tokenizer(texts, truncation=True, max_length=length, padding=True, return_tensors="pt")
        states, mask = model(**encoding).last_hidden_state, encoding["attention_mask"].unsqueeze(-1)
        mean = (states * mask).sum(1) / mask.sum(1)
        found = mean if pooling["pooling_mode_mean_tokens"] else states[:, 0]
        return torch.nn.functional.normalize(found, dim=-1)

    closest: list[int] = (vectors(rows["text_a"]) @ vectors(rows["text_b"]).T).argmax(dim=1).tolist()
    return closest


def _number(of: Any, label: str) -> int:
    number: int = of.model.config.label2id[label]
    return number


READERS = {
    "sentence_classification": _sentences,
    "pair_classification": _pairs,
    "tagging": _tags,
    "span_qa": _answers,
    "multiple_choice": _choices,
    "retrieval": _nearest,
}

if __name__ == "__main__":
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps(predict(asked["folder"], asked["format"], asked["rows"])))
