"""A budget for the store: it is kept while a search runs, and what is needed most stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.config.workspace import Workspace
from search.retention.disk_budget import DiskBudget
from search.retention.inventory import EncoderInventory
from search.studies.studies import Studies
from tests.support.searches import ENCODER_BYTES, Filler, load
from tests.support.stores import put_sharing
from trainables.store.store import Store
from trainables.work.item import WorkItem

pytestmark = pytest.mark.usefixtures("home")


class Disk:
    """A search whose work items put their encoders, with a budget of so many of them."""

    def __init__(self, folder: Path, encoders: float, **changes: object) -> None:
        self.search = load(folder.parent, storage={"max_gb": encoders * ENCODER_BYTES / 1e9}, **changes)
        self.filler = Filler(self.search, Studies.in_memory(self.search))
        workspace = Workspace.of(self.search)
        self.store, self.said, self._folder = workspace.store, list[str](), folder
        self.encoders = EncoderInventory(workspace, self.filler.studies)
        self.budget = DiskBudget(workspace, self.filler.studies, self.said.append)

    def run(self, mix: str, rung: int, score: float) -> None:
        item = self.filler.item(mix, rung)
        self.filler.run(mix, rung, {"related": score, "verses": score})
        self.put(item)
        self.budget.finished(item, self.filler.outcome(item, {}))

    def put(self, item: WorkItem) -> None:
        for rung in range(item.rung + 1):
            if self.store.size(self.key(item, rung)) is None:
                self.store.put_encoder(self.key(item, rung), self._folder, {})

    def key(self, item: WorkItem, rung: int) -> str:
        return self.encoders.key(item.recipe, rung)

    def holds(self, mix: str, rung: int) -> bool:
        return self.key(self.filler.item(mix, rung), rung) in self.store.encoder_keys()


def test_the_budget_is_kept_and_the_best_stay(folder: Path) -> None:
    disk = Disk(folder, 2.5, budget={"recipes": 10})
    disk.run("paraphrase", 0, 0.5)
    disk.run("ner", 0, 0.3)
    assert disk.store.encoder_keys() == {disk.key(disk.filler.item(mix, 0), 0) for mix in ("paraphrase", "ner")}
    disk.run("crossref", 0, 0.4)  # too much: the worst goes, although it might have been promoted
    assert not disk.holds("ner", 0)
    disk.run("paraphrase", 1, 0.6)  # its lower rung is not needed any more
    assert not disk.holds("paraphrase", 0)
    assert disk.holds("crossref", 0)
    disk.run("crossref", 1, 0.7)
    assert [disk.holds(mix, rung) for mix in ("paraphrase", "crossref") for rung in (0, 1)] == [False, True] * 2
    disk.run("paraphrase:0.5 + ner:0.5", 0, 0.2)  # a hope beside an answer, and what was the answer before
    assert disk.holds("crossref", 1)
    assert len(disk.store.encoder_keys()) == 2
    assert disk.said == []


def test_what_encoders_share_counts_once(folder: Path) -> None:
    """Two encoders and what they share fit; a third would, were that not counted at all."""
    disk, shared = Disk(folder, 5.5, budget={"recipes": 10}), b"e" * int(3 * ENCODER_BYTES)
    for mix, score, fit in (("paraphrase", 0.5, 1), ("ner", 0.3, 2), ("crossref", 0.4, 2)):
        put_sharing(disk.store, disk.key(disk.filler.item(mix, 0), 0), folder, shared)
        disk.run(mix, 0, score)
        assert len(disk.store.encoder_keys()) == fit
    assert not disk.holds("ner", 0) and not disk.said


def test_what_runs_now_is_never_taken(folder: Path) -> None:
    disk = Disk(folder, 1.5)
    disk.run("ner", 0, 0.3)
    disk.filler.begin(disk.filler.item("ner", 1), "promotion")
    disk.run("paraphrase", 0, 0.5)
    assert disk.holds("ner", 0)
    assert not disk.holds("paraphrase", 0)
    disk.filler.begin(disk.filler.item("crossref", 1), "promotion")
    disk.put(disk.filler.item("crossref", 0))
    disk.run("paraphrase", 1, 0.5)
    assert disk.holds("ner", 0)
    assert disk.said == []


def test_a_budget_that_cannot_be_kept_is_said_once(folder: Path) -> None:
    disk = Disk(folder, 0.5)
    disk.filler.begin(disk.filler.item("ner", 1), "promotion")
    disk.put(disk.filler.item("ner", 0))
    disk.run("paraphrase", 0, 0.5)
    disk.run("crossref", 0, 0.5)
    assert disk.holds("ner", 0)
    assert disk.said == ["storage.max_gb is too small: what runs now, or another search, and predictions need 1.0 kB"]


def test_the_store_is_listed_once_and_what_lay_there_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(folder, 1.5)
    disk.filler.run("ner", 0, {"related": 0.3, "verses": 0.3})  # by an earlier driver
    disk.put(disk.filler.item("ner", 0))
    disk.store.put_encoder("somebody", folder, {})  # of another search: neither counted nor deleted
    listed, keys = [], Store.encoder_keys
    monkeypatch.setattr(Store, "encoder_keys", lambda self: listed.append(1) or keys(self))
    for mix in ("paraphrase", "crossref"):
        disk.run(mix, 0, 0.5)
    assert len(listed) == 1
    monkeypatch.undo()
    assert len(disk.store.encoder_keys()) == 2
    assert "somebody" in disk.store.encoder_keys()


def test_predictions_count_and_stay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of this search; those that an earlier driver left are listed once."""
    disk = Disk(folder, 2.5)
    for key in disk.encoders.predictions_of(disk.filler.run("ner", 1, {"related": 0.3, "verses": 0.3})):
        disk.store.put_predictions(key, {"en": [0]})
    disk.store.put_predictions("somebody", {"en": [0]})
    listed, sizes = [], Store.prediction_sizes
    monkeypatch.setattr(Store, "prediction_size", lambda self, key: 300)
    monkeypatch.setattr(Store, "prediction_sizes", lambda self: listed.append(1) or dict.fromkeys(sizes(self), 300))
    disk.run("paraphrase", 0, 0.5)
    disk.run("crossref", 0, 0.4)  # two encoders, and predictions for two targets
    assert disk.holds("paraphrase", 0) and not disk.holds("crossref", 0)
    item = disk.filler.item("paraphrase", 1)
    for key in disk.encoders.predictions_of(item):
        disk.store.put_predictions(key, {"en": [0]})
    disk.run("paraphrase", 1, 0.6)
    assert disk.store.encoder_keys() == {disk.key(item, 1)}
    assert len(disk.store.prediction_sizes()) == 5
    assert disk.said == []
    assert len(listed) == 2, "by the budget, and by this test"


def test_a_store_that_fails_is_said_and_tried_again(folder: Path) -> None:
    disk = Disk(folder, 1.5)
    disk.run("ner", 0, 0.3)
    item = disk.filler.item("paraphrase", 0)
    broken = Path(disk.store.url) / "encoders" / f"{disk.key(item, 0)}.json"
    broken.mkdir()
    disk.filler.run("paraphrase", 0, {"related": 0.5, "verses": 0.5})
    disk.budget.finished(item, disk.filler.outcome(item, {}))
    assert [text.partition(": ")[0] for text in disk.said] == ["storage.max_gb is not kept"]
    broken.rmdir()
    disk.put(item)
    disk.run("crossref", 0, 0.4)  # now both are seen
    assert disk.store.encoder_keys() == {disk.key(item, 0)}
