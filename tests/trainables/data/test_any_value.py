"""Whatever stands in the files of a card: rows or words about it, and the same rows in whatever kind of file."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import assume
from hypothesis import strategies as st
from pydantic import ValidationError

from spaces.card import Card
from spaces.errors import InputError
from spaces.formats import FORMATS
from spaces.parsing import read_yaml
from tests.support.cards import card_of
from tests.support.examples import EXAMPLES
from tests.support.fuzz import ANYTHING, CARDS, TEXT, complete, holds_for, spoilt, write_table
from trainables.data.card_check import looked_at
from trainables.data.card_data import Data

ENDINGS = ["parquet", "jsonl", "csv"]

UNWRITABLE = (pa.ArrowException, pa.ArrowInvalid, UnicodeError, OverflowError)


def columns_as_rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def check(card: Card, folder: Path) -> None:
    """Everything that reads a card's data: problems, or rows as the card's format has them."""
    data = Data(folder / "cache", mirror=str(folder / "mirror"))
    str(looked_at(card, data.hub, data.mirror))
    if data.check(card):
        return
    data.remarks(card)
    assert re.fullmatch("[0-9a-f]{32}", data.version(card))
    for split in ("train",) if card.kind == "task" else ("dev", "test"):
        for language in card.languages_of(split):
            rows = data.rows(card, split, language)
            assert len(rows)
            for row in rows:
                assert_canonical(row, card)


def assert_canonical(row: dict[str, Any], card: Card) -> None:
    types = FORMATS[card.format].columns
    by_type = {column_type: row[role] for role, column_type in types.items()}
    for role, column_type in types.items():
        value = row[role]
        match column_type:
            case "text" | "passage" | "id":
                assert isinstance(value, str), role
            case "words" | "choices" | "candidates":
                assert all(isinstance(one, str) for one in value), role
            case "tags":
                assert len(value) == len(by_type["words"])
                assert all(0 <= tag < len(card.labels) for tag in value)
            case "label":
                assert 0 <= value < len(card.labels)
            case "choice":
                assert 0 <= value < len(card.labels or by_type["choices"])
            case "answers":
                for text, start in zip(value["text"], value["answer_start"], strict=True):
                    assert start == -1 or by_type["passage"].startswith(text, start)


@pytest.mark.parametrize("count", [40, pytest.param(3000, marks=pytest.mark.slow)])
def test_any_card_that_is_read_reads_its_data(tmp_path: Path, count: int) -> None:
    for form, _ in CARDS:
        for folder in ("en", "pool"):
            path = tmp_path / form / folder / "train.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_table(path, [{**row, "part": "en"} for row in columns_as_rows(EXAMPLES[form])])
    cards = [
        spoilt(complete(form, kind, tmp_path / form)).map(lambda text, kind=kind: (kind, text)) for form, kind in CARDS
    ]

    @holds_for(count, st.one_of(cards))
    def holds(written: tuple[str, str]) -> None:
        kind, text = written
        (tmp_path / "any.yaml").write_text(text, encoding="utf-8")
        try:
            card = Card.model_validate({**read_yaml(tmp_path / "any.yaml"), "name": "any", "kind": kind, "parts": []})
        except (InputError, ValidationError):
            return
        check(card, tmp_path)


@pytest.mark.parametrize("count", [4, pytest.param(500, marks=pytest.mark.slow)])
@pytest.mark.parametrize("form", FORMATS)
def test_any_rows_are_read_or_a_problem(tmp_path: Path, form: str, count: int) -> None:
    good = EXAMPLES[form]
    cells = {role: st.sampled_from(values) | ANYTHING for role, values in good.items()}
    odd_rows = st.lists(st.fixed_dictionaries({}, optional=cells), min_size=1, max_size=4)
    rows = odd_rows.map(lambda odd: columns_as_rows(good)[:2] + odd) | odd_rows

    @holds_for(count, rows, st.sampled_from(ENDINGS))
    def holds(rows: list[dict[str, Any]], ending: str) -> None:
        assume(any(rows))
        shutil.rmtree(tmp_path / "files", ignore_errors=True)
        (tmp_path / "files").mkdir()
        try:
            write_table(tmp_path / "files" / f"train.{ending}", rows)
        except UNWRITABLE:
            return
        splits = dict.fromkeys(("train", "dev", "test"), "train")
        pool = {"config": ".", "split": "train"} if FORMATS[form].has_pool else None
        check(card_of(form, source={"files": str(tmp_path / "files")}, splits=splits, pool=pool), tmp_path)


@pytest.mark.parametrize("count", [10, pytest.param(2000, marks=pytest.mark.slow)])
def test_any_file_is_read_or_a_problem(tmp_path: Path, count: int) -> None:
    whole = {}
    for ending in ENDINGS:
        write_table(tmp_path / f"whole.{ending}", columns_as_rows({"text": ["a", "b c"], "label": ["law", "letters"]}))
        whole[ending] = (tmp_path / f"whole.{ending}").read_bytes()
    whole["json"] = json.dumps(columns_as_rows({"text": ["a", "b c"], "label": ["law", "letters"]})).encode()
    piece = st.binary(max_size=6) | TEXT.map(str.encode) | st.sampled_from([b"\n", b"{}", b"[]", b"null", b"]", b"NaN"])

    @holds_for(count, st.sampled_from(sorted(whole)), st.floats(0, 1), st.integers(0, 9), piece)
    def holds(ending: str, where: float, length: int, piece: bytes) -> None:
        shutil.rmtree(tmp_path / "files", ignore_errors=True)
        (tmp_path / "files").mkdir()
        content = whole[ending]
        at = int(where * len(content))
        (tmp_path / "files" / f"train.{ending}").write_bytes(content[:at] + piece + content[at + length :])
        splits = dict.fromkeys(("train", "dev", "test"), "train")
        check(card_of("sentence_classification", source={"files": str(tmp_path / "files")}, splits=splits), tmp_path)
