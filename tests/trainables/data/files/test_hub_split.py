"""Rows of hub data sets, read with the real client from the stand-in."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import datasets
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from spaces.card import Card
from spaces.errors import Failure, InputError
from spaces.repository import Repository
from tests.hub.server import Hub
from tests.support.cards import card_of
from trainables.data.card_check import looked_at
from trainables.data.card_data import Data

ROWS = {"text": ["one", "two", "three"], "label": [0, 1, 0]}

README = """---
configs:
- config_name: plain
  data_files:
  - {split: train, path: "plain/train-*"}
  - {split: test, path: "plain/test-*"}
- config_name: other
  data_files:
  - {split: train, path: "other/*.csv"}
  sep: ";"
dataset_info:
- config_name: plain
  features:
  - {name: text, dtype: string}
  - name: label
    dtype: {class_label: {names: {"0": "no", "1": "yes"}}}
  splits: [{name: train, num_examples: 3, num_bytes: 1}, {name: test, num_examples: 3, num_bytes: 1}]
- config_name: elsewhere
  features: [{name: number, dtype: int64}]
---
"""


def parquet(folder: Path, rows: dict[str, list]) -> bytes:  # type: ignore[type-arg]
    Dataset.from_dict(rows, Features({"text": Value("string"), "label": Value("int64")})).to_parquet(folder / "rows")
    return (folder / "rows").read_bytes()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes | str]:
    return {
        "README.md": README,
        "plain/train-00000-of-00002.parquet": parquet(tmp_path, {name: rows[:2] for name, rows in ROWS.items()}),
        "plain/train-00001-of-00002.parquet": parquet(tmp_path, {name: rows[2:] for name, rows in ROWS.items()}),
        "plain/test-00000-of-00001.parquet": parquet(tmp_path, ROWS),
        "other/rows.csv": "text;label\n007;no\n1;yes\n",
        "unread/large.parquet": b"x" * 1000,
    }


@pytest.fixture
def published(hub: Hub, files: dict[str, bytes | str]) -> Hub:
    hub.add("dataset", "some/set", files)
    return hub


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return Data(tmp_path / "cache")


def card(config: str | None = "plain", **changes: object) -> Card:
    source = {"hub": "some/set", "config": config}
    splits = {"train": "train", "dev": "test", "test": "test"}
    return card_of(
        "sentence_classification", **{"labels": ["no", "yes"], "source": source, "splits": splits, **changes}
    )


def read_anew(tmp_path: Path, commits: dict[str, str] | None = None) -> Data:
    """As another process reads it, with no rows at hand."""
    return Data(tmp_path / "another cache", commits=commits or {})


def test_only_the_files_of_a_split_are_fetched_each_once(published: Hub, data: Data, tmp_path: Path) -> None:
    assert data.rows(card(), "train", "en")["text"][:] == ROWS["text"]
    fetched = sorted(request.path.rpartition("/")[2] for request in published.requests if request.method == "HEAD")
    assert fetched == ["README.md", "train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]
    assert published.counts["api"] == 2  # which commit main is, and its files
    published.forget()
    data.rows(card(), "train", "en", limit=1)
    assert published.requests == []
    again = Data(data.cache)
    again.rows(card(), "train", "en")
    assert [request.kind for request in published.requests] == ["api"]  # whether main moved
    published.forget()
    read_anew(tmp_path, data.hub.settle([Repository("dataset", "some/set")])).rows(card(), "train", "en")
    assert published.requests == []


@pytest.mark.parametrize(
    ("said", "remark"),
    [
        (3, []),
        (9741, ["rows that the README counts and the files do not have: 9,738 rows, as row 3 of"]),
        (2, ["rows that the files have and the README does not count: 1 row, as row 2 of"]),
    ],
)
def test_another_number_of_rows_than_the_readme_says_is_told(
    hub: Hub, data: Data, files: dict[str, bytes | str], said: int, remark: list[str]
) -> None:
    counted = README.replace("{name: train, num_examples: 3,", f"{{name: train, num_examples: {said},")
    hub.add("dataset", "some/set", {**files, "README.md": counted})
    told = data.remarks(card())
    assert len(data.rows(card(), "train", "en")) == 3
    assert [line.partition("train: ")[2].partition(" some/set")[0] for line in told] == remark


def test_types_and_options_are_those_of_the_readme(published: Hub, data: Data) -> None:
    assert data.rows(card("other"), "train", "en")[:] == {"text": ["007", "1"], "label": [0, 1]}
    (split,) = data._sources(card(), "train", "en")
    assert split.load(data.cache).features["label"] == ClassLabel(names=["no", "yes"])


@pytest.mark.parametrize("name", ["train.jsonl", "train.jsonl.gz"])
def test_rows_of_json_are_what_they_are(hub: Hub, data: Data, name: str) -> None:
    lines = "".join(json.dumps({"text": text, "label": "yes"}) + "\n" for text in ("2020-01-01", "b"))
    packed = gzip.compress(lines.encode()) if name.endswith(".gz") else lines
    hub.add("dataset", "some/set", {name: packed})
    assert data.rows(card(None), "train", "en")["text"][:] == ["2020-01-01", "b"]


@pytest.mark.parametrize(
    ("make", "where", "says"),
    [
        (lambda: card("third"), "source.config", "plain"),
        (
            lambda: card(splits={"train": "validation", "dev": "test", "test": "test"}),
            "splits.train",
            "there are train, test",
        ),
        (lambda: card(source={"hub": "no/such"}), "no/such", "no such data set"),
        (lambda: card(source={"hub": "some/set", "revision": "v2", "config": "plain"}), "revision", "v2"),
    ],
)
def test_what_is_wrong_with_a_card_is_named(
    published: Hub, data: Data, make: Callable[[], Card], where: str, says: str
) -> None:
    with pytest.raises(InputError) as error:
        data.rows(make(), "train", "en")
    assert where in error.value.problems[0].where and says in str(error.value)


def test_a_data_set_of_a_script_is_named(hub: Hub, data: Data) -> None:
    hub.add("dataset", "some/set", {"set.py": "import this", "README.md": "# A set\n"})
    with pytest.raises(InputError, match=r"loading script[\s\S]*set\.py[\s\S]*convert/parquet"):
        data.rows(card(None), "train", "en")


# --- versions


def test_a_version_is_known_before_anything_is_fetched(published: Hub, data: Data) -> None:
    data.version(card())
    assert published.counts["cdn"] == 0


def test_a_readme_edit_and_another_name_are_the_same_data_and_other_rows_are_not(
    published: Hub, files: dict[str, bytes | str], tmp_path: Path
) -> None:
    repository, before = published.repository("dataset", "some/set"), read_anew(tmp_path).version(card())
    repository.commit({"README.md": README + "\nWords for people.\n", "unread/large.parquet": None})
    assert read_anew(tmp_path).version(card()) == before
    published.rename("dataset", "some/set", "a/set")
    assert read_anew(tmp_path).version(card()) == before
    repository.commit({"README.md": README.replace('"0": "no", "1": "yes"', '"0": "yes", "1": "no"')})
    labelled = read_anew(tmp_path).version(card())
    repository.commit(
        {"README.md": README, "plain/test-00000-of-00001.parquet": parquet(tmp_path, {**ROWS, "label": [1, 1, 1]})}
    )
    assert len({before, labelled, read_anew(tmp_path).version(card())}) == 3


def test_a_search_goes_on_with_its_commit_wherever_main_is(published: Hub, data: Data, tmp_path: Path) -> None:
    version, pinned = data.version(card()), data.hub.settle([Repository("dataset", "some/set")])
    published.repository("dataset", "some/set").commit({"plain/train-00000-of-00002.parquet": parquet(tmp_path, ROWS)})
    later = read_anew(tmp_path, pinned)
    assert later.version(card()) == version and later.rows(card(), "train", "en")["text"][:] == ROWS["text"]
    assert read_anew(tmp_path).version(card()) != version


def test_a_revision_is_what_is_read_also_when_another_one_was_read_last(
    published: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = published.repository("dataset", "some/set")
    first = repository.main
    source = {"hub": "some/set", "revision": first, "config": "plain"}
    asked = card(source=source)
    read_anew(tmp_path).rows(asked, "train", "en")
    repository.commit({"plain/train-00001-of-00002.parquet": None})
    assert Data(tmp_path / "third").rows(card(), "train", "en").num_rows == 2
    published.stop()
    assert Data(tmp_path / "fourth").rows(asked, "train", "en").num_rows == 3
    other = card(source={**source, "revision": "f" * 40})
    with pytest.raises(Failure, match="not there: some/set@ffff"):
        Data(tmp_path / "fifth").rows(other, "train", "en")


def test_former_searches_have_the_fingerprint_of_datasets(published: Hub, data: Data, tmp_path: Path) -> None:
    """Which loaded from the hub itself, then."""
    (split,) = data._sources(card(), "train", "en")
    loaded = datasets.load_dataset("some/set", "plain", split="train", cache_dir=str(tmp_path / "former"))
    assert split.former_version == loaded._fingerprint


# --- the hub away


def test_a_hub_that_is_away_is_asked_once_and_named_with_all_that_is_missing(
    published: Hub, data: Data, tmp_path: Path
) -> None:
    said: list[str] = []
    published.stop()
    away = Data(tmp_path / "cache", say=said.append)
    problems = away.check(card(languages=["en", "de"]))
    assert [problem.what for problem in problems] == [problems[0].what] and "cannot be reached" in problems[0].what
    assert "download" in problems[0].fix and len(said) <= 2


def test_what_is_cached_is_taken_with_a_line_when_the_hub_is_away(published: Hub, data: Data, tmp_path: Path) -> None:
    data.rows(card(), "train", "en")
    published.stop()
    said: list[str] = []
    later = Data(tmp_path / "another cache", say=said.append)
    assert later.rows(card(), "train", "en").num_rows == 3
    assert len([line for line in said if "is taken as it is" in line]) == 1


# --- checks of cards


def test_first_rows_are_looked_at_without_fetching_a_split(published: Hub, data: Data) -> None:
    asked = card(sizes={"train": 3})
    report = looked_at(asked, data.hub, None)
    assert report.problems == [] and (report.looked, report.counted) == (3, 1)
    assert data.hub.missing(Repository("dataset", "some/set"), ["plain/train-00000-of-00002.parquet"]) != []
    wrong = looked_at(asked.model_copy(update={"sizes": {"train": 4}}), data.hub, None)
    assert "3 in some/set plain train" in json.dumps([problem.found for problem in wrong.problems])
