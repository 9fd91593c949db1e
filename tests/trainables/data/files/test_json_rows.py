"""JSON as it is: no value decides how another one is read."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from spaces.errors import InputError
from tests.support.problems import problem
from trainables.data.files import json_rows
from trainables.data.files.json_rows import read_json
from trainables.data.files.sources import sources_of
from trainables.hub.hub import Hub


def read(folder: Path, content: str | list[Any]) -> list[dict[str, Any]]:
    file = folder / "rows.jsonl"
    text = content if isinstance(content, str) else "".join(json.dumps(row) + "\n" for row in content)
    file.write_bytes(text.encode())
    return read_json([file], folder / "rows.arrow").to_list()


@pytest.mark.parametrize(
    "values",
    [
        ["2020-01-01", "2021-12-31"],
        ["2020-01-01T10:30:00Z", "soon"],
        [1, "law"],
        ["01", 1, 1.5],
        ["12", 12, True, None],
        ['{"a": 1}', {"a": 1}],
        [True, 1.0],
        [1, 2.5, None],
        [2**53 + 1, 0.5],
        [[1], ["a"], [], None],
        [[{"text": "a", "answer_start": 1}], [{"text": "12", "answer_start": "2"}]],
        [{"a": 1, "b": None}, {"a": "1", "b": ["2020-01-01"]}],
        [{}, {}],
        [[], []],
        [None, None, 3],
        ["a\u2028b", "\0", "\x85"],
    ],
)
def test_values_are_read_as_they_are_in_any_order(
    tmp_path: Path, values: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_rows, "AT_ONCE", 1)
    for seed in range(3):
        rows = [{"value": value} for value in random.Random(seed).sample(values, len(values))]
        found = read(tmp_path, rows)
        assert found == rows
        assert json.dumps(found).replace(".0", "") == json.dumps(rows).replace(".0", "")  # as == True is 1


def test_a_type_that_changes_after_many_rows(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"label": number % 2, "gap": None, "text": "a"} for number in range(10_001)]
    rows += [{"label": "law", "gap": 3}, {"label": "01", "late": ["2020-01-01"]}]
    found = read(tmp_path, rows)
    every = {"label": None, "gap": None, "text": None, "late": None}
    assert found == [{**every, **row} for row in rows]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ('{"a": 1}\r\n\r\n{"a": 2}', [{"a": 1}, {"a": 2}]),
        ('\ufeff\n{"a": 1}\n', [{"a": 1}]),
        ('\ufeff[{"a": 1},\n {"a": 2}]', [{"a": 1}, {"a": 2}]),
        ('["a", "b"]', [{"text": "a"}, {"text": "b"}]),
        ('{"a":\n 1}\n', [{"a": 1}]),
        ('{"a": NaN}\n{"a": 1}\n', [{"a": None}, {"a": 1}]),
        ('{"a": Infinity}\n{"a": 1e999}\n', [{"a": float("inf")}] * 2),
        ('{"a": 18446744073709551616}\n{"a": 1}\n', [{"a": "18446744073709551616"}, {"a": 1}]),
        ("", []),
        ("\n \n", []),
        ("[]", []),
        ("{}\n", []),
    ],
)
def test_files_of_every_form(tmp_path: Path, content: str, rows: list[dict[str, Any]]) -> None:
    assert read(tmp_path, content) == rows


@pytest.mark.parametrize(
    ("content", "where", "found"),
    [
        ("null\n", ": line 1", "None instead of an object"),
        ('{"a": 1}\n[1]\n', ": line 2", "[1] instead of an object"),
        ('{"a": 1}\n{"a": \n', ": line 2", "Expecting value"),
        ('{"a": 1, "a": 2}\n', ": line 1", "a key stands twice: a, a"),
        ('{"a": "\\ud800"}\n', ": line 1", "surrogates not allowed"),
        ("[" * 100_000, "", "recursion"),
        ('null": "a"}\n{"a": 1}\n', "", "Extra data"),  # what pyarrow ends the process at
    ],
)
def test_what_is_no_row_is_named_with_its_line(tmp_path: Path, content: str, where: str, found: str) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, content)
    assert problem(error).where == f"{tmp_path}/rows.jsonl{where}"
    assert found in problem(error).found
    assert ("half of one" if "surrogates" in found else "in each line") in problem(error).fix


def test_a_file_that_has_changed_is_read_again(card_of, tmp_path):
    """What looks at rows twice reads them once, as long as they are the same."""
    card, hub, counts = card_of("masked_lm", source={"files": str(tmp_path)}), Hub(tmp_path / "cache"), []
    for rows in (1, 2):
        (tmp_path / "train.jsonl").write_text('{"text": "a shop"}\n' * rows)
        (source,) = sources_of(card, "train", "en", hub, None)
        with source.stream() as streamed:
            counts += [source.count(), len(list(streamed))]
    assert counts == [1, 1, 2, 2]
