"""Which commits a search reads, above all one that was begun before commits were kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pytest
from datasets import Dataset

from spaces.card import Card
from spaces.repository import Repository
from tests.hub.server import Hub
from tests.support.cards import card_of
from trainables.data.card_data import Data
from trainables.pinning import commits_of, moved, pinned, version_of
from trainables.work.plan import Plan
from trainables.work.settings import StageSettings

SET = Repository("dataset", "some/set")

MODEL = "/no/model/of/the/hub"


def rows(folder: Path, *texts: str) -> bytes:
    Dataset.from_dict({"text": list(texts), "label": [0] * len(texts)}).to_parquet(folder / "rows")
    return (folder / "rows").read_bytes()


@pytest.fixture
def card(hub: Hub, tmp_path: Path) -> Card:
    hub.add("dataset", SET.id, {"train.parquet": rows(tmp_path, "one"), "test.parquet": rows(tmp_path, "two")})
    splits = {"train": "train", "dev": "test", "test": "test"}
    return card_of("sentence_classification", labels=["no", "yes"], source={"hub": SET.id}, splits=splits)


def plan_of(card: Card, folder: Path, **known: Any) -> Plan:
    stage = StageSettings(examples=8)
    of_cards: dict[str, Any] = {"tasks": {}, "targets": {card.name: card}, "training_cards": {card.name: [card]}}
    return Plan(**of_cards, rungs=[1.0], intermediate=stage, target=stage, store="", cache=str(folder), **known)


def as_former_searches_read(card: Card, folder: Path) -> str:
    """The card's version, and what is left in the cache, of a search that `datasets` loaded everything for."""
    for split in ("train", "test"):
        datasets.load_dataset(SET.id, split=split, cache_dir=str(folder / "hub"))
    data = Data(folder)
    return data._digest(card, lambda source: source.former_version)  # type: ignore[union-attr]


def test_a_former_search_keeps_its_version_and_its_commit_wherever_main_is(
    hub: Hub, card: Card, tmp_path: Path
) -> None:
    cache, first = tmp_path / "cache", hub.repository("dataset", SET.id).main
    plan = plan_of(card, cache, versions={card.name: as_former_searches_read(card, cache)})
    hub.repository("dataset", SET.id).commit({"train.parquet": rows(tmp_path, "three")})
    data = pinned(plan, Data(cache), [card], MODEL)
    assert version_of(plan, data, card) == plan.versions[card.name]
    assert commits_of(plan, data, [card], MODEL) == {str(SET): first}
    assert data.rows(card, "train", "en")["text"][:] == ["one"]


def test_a_former_search_whose_rows_cannot_be_had_any_more_is_found_out(hub: Hub, card: Card, tmp_path: Path) -> None:
    plan = plan_of(card, tmp_path / "cache", versions={card.name: "of other rows"})
    data = pinned(plan, Data(tmp_path / "cache"), [card], MODEL)
    assert version_of(plan, data, card) == data.version(card) != "of other rows"


def test_a_search_goes_on_with_its_commits_and_hears_that_they_are_old(hub: Hub, card: Card, tmp_path: Path) -> None:
    begun = pinned(plan_of(card, tmp_path), Data(tmp_path / "cache"), [card], MODEL)
    commits = commits_of(plan_of(card, tmp_path), begun, [card], MODEL)
    assert moved(begun, commits) == {}
    after = hub.repository("dataset", SET.id).commit({"README.md": "# new\n"})
    plan = plan_of(card, tmp_path, commits=commits, versions={card.name: begun.version(card)})
    later = pinned(plan, Data(tmp_path / "cache", commits=plan.commits), [card], MODEL)
    assert commits_of(plan, later, [card], MODEL) == commits
    assert moved(later, commits) == {str(SET): after}
