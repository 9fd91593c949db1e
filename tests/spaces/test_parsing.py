"""YAML: what a scalar means, and the words for what is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import Field, ValidationError

from spaces.catalogue import Catalogue
from spaces.errors import InputError
from spaces.parsing import Limit, Strict, lines_named, problems_of, read_yaml, to_yaml

TEXTS = [
    "no",
    "yes",
    "on",
    "off",
    "1:30",
    "01",
    "08",
    "1e-3",
    "1e3",
    "0x1f",
    "2020-01-01",
    "null",
    "~",
    "true",
    ".5",
    "",
]


def read(folder: Path, text: str, stored: bool = False) -> dict[str, Any]:
    file = folder / "file.yaml"
    file.write_text(text, encoding="utf-8")
    return read_yaml(file, stored)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("2E+4", 20000.0),
        (".5", 0.5),
        ("-3.", -3.0),
        ("10_000", 10000),
        ("-7", -7),
        ("0x1f", 31),
        (".inf", float("inf")),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("1:30", "1:30"),
        ("010", "010"),
        ("01.5", "01.5"),
        ("2020-01-01", "2020-01-01"),
        ('"1e-3"', "1e-3"),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says(tmp_path: Path, text: str, value: object) -> None:
    found = read(tmp_path, f"key: {text}\n")["key"]
    assert (type(found), found) == (type(value), value)


def test_what_is_written_reads_back_in_both_versions(tmp_path: Path) -> None:
    data = {"texts": TEXTS, "numbers": [1e-5, 1e22, 10, 0.5, 8.0, -3], "truth": [True, False, None], "no": {"on": "y"}}
    assert read(tmp_path, to_yaml(data)) == read(tmp_path, to_yaml(data), stored=True) == data


def test_what_an_earlier_version_stored_as_a_text_stays_one(tmp_path: Path) -> None:
    stored = yaml.safe_dump({"choices": ["1e-3", "no", "08"], "low": 1e-4})
    assert read(tmp_path, stored, stored=True) == {"choices": ["1e-3", "no", "08"], "low": 1e-4}


def test_merged_keys_are_no_repetition(tmp_path: Path) -> None:
    base = "base: &base {a: 1, b: 2}\nmore: &more {<<: *base, b: 3}\n"
    assert read(tmp_path, base)["more"] == {"a": 1, "b": 3}
    for merged in ("*more", "[*base, *more]"):
        with pytest.raises(InputError, match="line 3: <<: merges what is merged itself"):
            read(tmp_path, f"{base}most: {{<<: {merged}, a: 4}}\n")
    with pytest.raises(InputError, match="is not YAML"):
        read(tmp_path, "a: {<<: text}\n")


@pytest.mark.parametrize("stored", [False, True])
def test_a_key_that_stands_twice_is_refused_everywhere_at_once(tmp_path: Path, stored: bool) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, "a: 1\nb: {c: 1, c: 2}\nl:\n  - {d: 1}\n  - d: 1\n    d: 2\na: 3\n", stored)
    assert sorted(problem.where.partition("file.yaml: ")[2] for problem in caught.value.problems) == [
        "line 2: c",
        "line 6: d",
        "line 7: a",
    ]
    assert "it stands in line 1 already" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "a: [\n",
        "a: !!int x\n",
        "a: !!float x\n",
        "a: !!timestamp x\n",
        "a: !!python/object:os.system x\n",
        "{[a]: b}\n",
        "a: b\n---\na: c\n",
        "a: *nothing\n",
        "a: \0\n",
        f"a: {'1' * 5000}\n",
        "[" * 5000,
        "- a\n",
        "",
    ],
)
def test_what_is_no_mapping_is_the_users_mistake(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"is not YAML|must be a mapping"):
        read(tmp_path, text)


@pytest.mark.parametrize("text", ['name: a\nfiles: "a\\0b"\n', 'name: a\ninner: [{"x": "\\0"}]\n'])
def test_a_text_that_ends_paths_early_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="line 2: holds a NUL"):
        read(tmp_path, text)


class Inner(Strict):
    rungs: list[float] = Field(default_factory=list)
    either: int | list[str] = 0


class Model(Strict):
    count: int = 1
    share: float = 0.5
    limit: Limit = Field(1.0, gt=0)
    name: str = ""
    on: bool = False
    sizes: dict[str, int | dict[str, int]] = Field(default_factory=dict)
    inner: Inner = Inner()


def mistakes(folder: Path, text: str) -> list[str]:
    data = read(folder, text)
    with pytest.raises(InputError) as caught, lines_named(folder / "file.yaml"):
        try:
            Model.model_validate(data)
        except ValidationError as error:
            raise InputError(problems_of(error, data, str(folder / "file.yaml"))) from error
    return [str(problem).partition("file.yaml: ")[2] for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "place", "fix"),
    [
        ("name: a\ncount: yes\n", "line 2: count: ", "a whole number"),
        ("count: true\n", "line 1: count: a number is needed, not true or false", ""),
        ("share: 1:30\n", "line 1: share: ", "a number, for example 1.5"),
        ("share: .inf\n", "line 1: share: ", ""),
        ("name: 1e3\n", "line 1: name: ", "put it into quotes"),
        ("name: true\n", "line 1: name: ", "put it into quotes"),
        ("on: maybe\n", "line 1: on: ", "true or false"),
        ("inner:\n  rungs: [0.5, true]\n", "line 2: inner.rungs: a number is needed", ""),
        ("inner:\n  rungs:\n  - 0.5\n  - high\n", "line 4: inner.rungs.1: ", "a number"),
        ("inner: {either: {}}\n", "line 1: inner.either: ", ""),
        ("sizes: {train: {en: true}}\n", "line 1: sizes: a number is needed", ""),
        ("\nother: 1\n", "line 2: other: unknown key", "mend its name"),
    ],
)
def test_a_mistake_has_its_line_its_key_and_what_to_type(tmp_path: Path, text: str, place: str, fix: str) -> None:
    (said,) = mistakes(tmp_path, text)
    assert said.startswith(place)
    assert fix in said


def test_what_is_said_in_other_words_stays_what_is_meant(tmp_path: Path) -> None:
    model = Model.model_validate(read(tmp_path, "count: 010\non: yes\nname: no\nlimit: .inf\n"))
    assert (model.count, model.on, model.name, model.limit) == (10, True, "no", None)
    assert Model.model_validate_json(model.model_dump_json()) == model


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (BOMB, "aliases make the file too large"),
        ("a: &a '" + "x" * 200_000 + "'\nb: [" + ", ".join(["*a"] * 1000) + "]\n", "aliases make the file too large"),
        ("a: " + "[" * 5000, "nesting depth|too deep"),
        ("a: " + "{b: " * 5000, "nesting depth|too deep"),
        ("a: " + "[" * 25 + "]" * 25, "lie too deep"),
        ("- " * 5000, "lie too deep"),
        ("a: " + "x" * (256 << 10), "too large"),
        ("a: &a [*a]\n", "lies in what it stands for"),
        ("a: " + "9" * 5000, "is not YAML"),
    ],
)
def test_hostile_files_are_refused_in_few_words(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=what) as error:
        read_yaml(file)
    assert len(str(error.value)) < 1000


def test_aliases_of_a_person_are_read(tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text("stage: &stage {examples: 10}\nother: *stage\n")
    assert read_yaml(file) == {"stage": {"examples": 10}, "other": {"examples": 10}}


def test_a_text_where_a_list_is_needed_is_answered_with_the_list(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "shop.yaml").write_text("languages: en\n")
    with pytest.raises(InputError) as caught:
        Catalogue.load([tmp_path])
    (found,) = [one for one in caught.value.problems if one.where.endswith("languages")]
    assert (found.found, found.fix) == ("'en'", "a list: [en]")
