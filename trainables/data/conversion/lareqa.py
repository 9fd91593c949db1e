"""LAReQA and SQuAD 1.1 as published, for the cards `lareqa` and `squad_r`."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from trainables.data.conversion.files import Example, missing, not_as_published, read, write

SPLITS = {"dev": "mlqa-dev-r", "test": "xquad-r"}

SENTENCE_END = re.compile(r"""[.!?]["')\]]*(\s+)(?=["'(\[]?[A-Z0-9])""")
"""For SQuAD, which comes without sentences; a plain rule, where XTREME-R has a longer one (processors/sb_sed.py)."""


def convert(source: Path, target: Path) -> list[Path]:
    """LAReQA (github.com/google-research-datasets/lareqa) and SQuAD 1.1.

    `<source>/xquad-r/<lang>.json` is the test split and `mlqa-dev-r/<lang>.json` the dev split: questions to
    `<lang>/<split>.jsonl`, the candidates of all languages to `pool/<split>.jsonl`. `<source>/train-v1.1.json` becomes
    pairs of a question and its answer's sentence, `squad/train.jsonl`.

    As in XTREME-R (third_party/utils_lareqa.py) every sentence of a paragraph is a candidate, read with its paragraph;
    right are, in all languages, the sentence that the answer begins in and its equals in the paragraph.
    """
    written = []
    for split, folder in SPLITS.items():
        files = sorted((source / folder).glob("*.json"))
        if not files:
            raise missing(source / folder, "<language>.json files of github.com/google-research-datasets/lareqa")
        pool: list[Example] = []
        questions: dict[str, list[Example]] = {}
        relevant: dict[str, list[str]] = defaultdict(list)
        for file in files:
            questions[file.stem] = []
            for number, paragraph in enumerate(_paragraphs(file), 1):
                sentences = _sentences(paragraph)
                ids = [f"{file.stem}_{number}_{at}" for at in range(len(sentences))]
                pool += [
                    {"id": one, "text": f"{sentence} {paragraph['context']}"}
                    for one, sentence in zip(ids, sentences, strict=True)
                ]
                for question, answer in _answered(paragraph):
                    questions[file.stem].append({"id": question["id"], "text": question["question"]})
                    same = [one for one, sentence in zip(ids, sentences, strict=True) if sentence == answer]
                    relevant[question["id"]] += same
        for language, asked in questions.items():
            rows = [{**row, "relevant": relevant[row["id"]]} for row in asked]
            written.append(write(target / language / f"{split}.jsonl", rows))
        written.append(write(target / "pool" / f"{split}.jsonl", pool))
    squad = [
        {"text_a": question["question"], "text_b": f"{answer} {paragraph['context']}"}
        for paragraph in _paragraphs(source / "train-v1.1.json")
        for question, answer in _answered(paragraph)
    ]
    return [*written, write(target / "squad" / "train.jsonl", squad)]


def _paragraphs(file: Path) -> Iterator[dict[str, Any]]:
    """The paragraphs of a file in SQuAD's form."""
    try:
        data = json.loads(read(file))["data"]
        yield from (paragraph for article in data for paragraph in article["paragraphs"])
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise not_as_published(file, "SQuAD's JSON", error) from error


def _breaks(paragraph: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Where its sentences begin and end."""
    if "sentence_breaks" in paragraph:
        return [(start, end) for start, end in paragraph["sentence_breaks"]]
    context = paragraph["context"]
    ends = [match.span(1) for match in SENTENCE_END.finditer(context)]
    starts = [0, *(end for _, end in ends)]
    return list(zip(starts, [*(start for start, _ in ends), len(context)], strict=True))


def _sentences(paragraph: Mapping[str, Any]) -> list[str]:
    return [paragraph["context"][start:end] for start, end in _breaks(paragraph)]


def _answered(paragraph: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Its questions, each with the sentence that its first answer begins in; without those that begin in none."""
    for question in paragraph["qas"]:
        at = question["answers"][0]["answer_start"]
        for start, end in _breaks(paragraph):
            if start <= at < end:
                yield question, paragraph["context"][start:end]
                break
