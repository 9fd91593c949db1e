"""What of the store a search may lose: nothing that it starts from later, nothing of its answer, nothing of others."""

from __future__ import annotations

import io
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from search.cli import main
from search.config.search import Search
from search.config.workspace import Workspace
from search.retention import gc
from search.retention.gc import sweep, sweep_unknown
from search.retention.inventory import EncoderInventory, hopeful
from search.scheduling.agenda import Agenda
from search.studies.lease import acquire
from search.studies.studies import Studies
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from tests.support.landscape import outcome
from tests.support.searches import ENCODER_BYTES, Filler, load
from tests.support.stores import put_sharing
from trainables.store.store import Store
from trainables.work.item import WorkItem
from trainables.work.outcome import Failed, Outcome

pytestmark = pytest.mark.usefixtures("home")

SEVENTY = str(Mixture.parse("paraphrase:0.7 + ner:0.3"))


def entered(search: Search, folder: Path, database: Path) -> Filler:
    """A search in $TASKMIX_HOME as a launch leaves it, on a copy of a database."""
    workspace = Workspace.of(search)
    workspace.enter(folder / "search.yaml")
    for file in database.parent.glob(f"{database.name}*"):
        shutil.copy(file, workspace.folder / file.name.replace(database.stem, "studies"))
    return Filler(search, Studies.create(workspace))


def store_all(filler: Filler, folder: Path) -> Store:
    """The encoders that a search like this has put into its store."""
    workspace = Workspace.of(filler.search)
    store = workspace.store
    holdings = EncoderInventory(workspace, filler.studies)
    for key in holdings.made().keys() - holdings.models().keys():  # models are kept where `keep_models` says so
        store.put_encoder(key, folder, {})
    return store


def lost(filler: Filler, store: Store, top: int = 1) -> list[tuple[str, int]]:
    """What gc would delete of it, as (mix, rung)."""
    found = sweep(Workspace.of(filler.search), top)
    assert all(one.bytes == ENCODER_BYTES for one in found.encoders)
    return [(one.mix, one.rung) for one in found.encoders]


# --- what is needed


@pytest.mark.parametrize(("at_once", "seed"), [(1, 0), (3, 0), (3, 1), (3, 2), (3, 3)])
def test_deleting_what_nothing_needs_costs_no_training(
    make_search: Callable[..., Search], at_once: int, seed: int
) -> None:
    """A whole search in which everything unneeded goes after each work item, beside one that keeps all."""
    search = make_search(
        halving={"rungs": [0.1, 0.4, 1.0], "eta": 2}, budget={"recipes": 14}, sampler={"name": "random"}
    )
    studies = Studies.in_memory(search)
    agenda, workspace, dice = Agenda(search, studies), Workspace.of(search), random.Random(seed)
    encoders = EncoderInventory(workspace, studies)
    kept, all_made, deleted, promotions, running = set[str](), set[str](), 0, 0, list[WorkItem]()

    def below(recipe: Recipe, rung: int, have: set[str]) -> int:
        return max((at for at in range(rung + 1) if encoders.key(recipe, at) in have), default=-1)

    while True:
        while len(running) < at_once and (item := agenda.next()) is not None:
            running.append(item)
            start = below(item.recipe, item.rung, all_made)
            assert below(item.recipe, item.rung, kept) == start, (item, start)
            promotions += start >= 0
            if not item.recipe.is_baseline:
                made = {encoders.key(item.recipe, rung) for rung in range(start + 1, item.rung + 1)}
                kept |= made
                all_made |= made
        if not running:
            break
        item = running.pop(dice.randrange(len(running)))
        agenda.done(item, outcome(search, item))
        needed = encoders.running(kept) | encoders.worth(kept, 1).keys()
        deleted += len(kept - needed)
        kept &= needed
    assert promotions > 5
    assert deleted > 10
    assert len(kept) <= 2 * 2  # two targets, an answer with two seeds each


def test_hopes_end_when_as_many_went_on_as_may() -> None:
    ranking, none = ["a", "b", "c", "d", "e", "f"], set[str]()
    assert hopeful([ranking, []], [set(ranking), none], [0, 0], [3, 3]) == [ranking]
    assert hopeful([ranking, []], [set(ranking), {"a"}], [0, 0], [3, 3]) == [ranking[1:]]
    assert hopeful([ranking, []], [set(ranking), {"a", "d"}], [0, 0], [3, 3]) == [[]]
    assert hopeful([ranking, []], [set(ranking), {"a", "d"}], [3, 0], [3, 3]) == [["b", "c", "e", "f"]]
    assert hopeful([["a", "b"], []], [set("ab"), none], [0, 0], [3, 3]) == [["a", "b"]]  # one does at the end
    three = [["a", "b", "c", "d"], ["b"], []]
    assert hopeful(three, [set("abcd"), {"b"}, none], [0, 0, 0], [2, 2]) == [["a", "c", "d"], ["b"]]
    assert hopeful([ranking, ["b", "a"], []], [set(ranking), set("ab"), set("b")], [0, 0, 0], [3, 3]) == [[], []]


def test_results_on_their_way_leave_hope(search: Search) -> None:
    filler = Filler(search, Studies.in_memory(search))
    encoders = EncoderInventory(Workspace.of(search), filler.studies)
    for mix, score in (("paraphrase", 0.5), ("ner", 0.3)):
        filler.run(mix, 0, {"related": score, "verses": score})
    second = {encoders.key(filler.item("ner", 0).recipe, 0)}
    assert encoders.worth(second, top=1).keys() == second  # of four recipes the best two go on
    items = [filler.begin(filler.item(mix, 0)) for mix in ("crossref", SEVENTY)]  # the budget is spent
    assert encoders.worth(second, top=1).keys() == second
    filler.run("paraphrase", 1, {"related": 0.5, "verses": 0.5})
    assert encoders.worth(second, top=1).keys() == second
    filler.studies.finish(items[0], Outcome(failure=Failed(kind="diverged", message="loss is nan")))
    assert encoders.worth(second, top=1).keys() == set()  # of three only the best one


def test_at_the_end_of_a_search_the_answer_stays(
    filled_database: Path, make_search: Callable[..., Search], tmp_path: Path, folder: Path
) -> None:
    filler = entered(make_search(), tmp_path, filled_database)
    store = store_all(filler, folder)
    lower = [("crossref:1", 0), ("ner:1", 0), ("paraphrase:1", 0), (SEVENTY, 0), (SEVENTY, 0)]  # two seeds of the last
    assert lost(filler, store) == sorted(lower) + [("paraphrase:1", 1)]
    assert lost(filler, store, top=2) == sorted(lower)  # the second of `related`


def test_what_may_still_be_promoted_stays(
    filled_database: Path, make_search: Callable[..., Search], tmp_path: Path, folder: Path
) -> None:
    """With more recipes to come all with a score may: from rung 0, or from what another target has led to."""
    filler = entered(make_search(budget={"recipes": 20}), tmp_path, filled_database)
    store = store_all(filler, folder)
    assert lost(filler, store) == sorted([("crossref:1", 0), ("paraphrase:1", 0), (SEVENTY, 0), (SEVENTY, 0)])


def test_what_runs_keeps_its_start(
    filled_database: Path, make_search: Callable[..., Search], tmp_path: Path, folder: Path
) -> None:
    filler = entered(make_search(), tmp_path, filled_database)
    store = store_all(filler, folder)
    assert ("ner:1", 0) in lost(filler, store)
    filler.begin(filler.item("ner", 1, ("verses",)), "promotion")
    assert ("ner:1", 0) not in lost(filler, store)


def test_the_versions_of_the_data_are_part_of_the_keys(
    filled_database: Path, make_search: Callable[..., Search], tmp_path: Path, folder: Path
) -> None:
    filler = entered(make_search(), tmp_path, filled_database)
    store = store_all(filler, folder)
    filler.studies.remember_data({"paraphrase": "another"})
    assert lost(filler, store) == [("crossref:1", 0), ("ner:1", 0)]  # the others are of other data: not its own


def test_what_another_search_needs_stays(
    filled_database: Path, empty_database: Path, make_search: Callable[..., Search], tmp_path: Path, folder: Path
) -> None:
    """The other one has the same space, so the same encoders, and has only begun."""
    filler = entered(make_search(), tmp_path, filled_database)
    store = store_all(filler, folder)
    assert ("ner:1", 0) in lost(filler, store)
    (tmp_path / "other").mkdir()
    begun = load(tmp_path / "other", name="never-began")
    Workspace.of(begun).enter(tmp_path / "other" / "search.yaml")
    assert ("ner:1", 0) in lost(filler, store)
    other = entered(load(tmp_path / "other", name="other"), tmp_path / "other", empty_database)
    other.run("ner", 0, {"related": 0.45, "verses": 0.20})
    assert ("ner:1", 0) not in lost(filler, store)
    elsewhere = load(tmp_path / "other", name="other", storage={"store": str(tmp_path / "elsewhere")})
    Workspace.of(elsewhere).enter(tmp_path / "other" / "search.yaml")
    assert ("ner:1", 0) in lost(filler, store)


def test_what_encoders_share_stays_and_counts_once(
    filled_database: Path, make_search: Callable[..., Search], tmp_path: Path, folder: Path
) -> None:
    filler = entered(make_search(), tmp_path, filled_database)
    workspace, shared = Workspace.of(filler.search), b"e" * 3000
    store, holdings = workspace.store, EncoderInventory(workspace, filler.studies)
    for key in holdings.made().keys() - holdings.models().keys():
        put_sharing(store, key, folder, shared)
    found = sweep(workspace, 1)
    own = {one.bytes for one in found.encoders}
    assert own == {ENCODER_BYTES} and found.bytes == ENCODER_BYTES * len(found.encoders)
    assert found.kept > 1 and found.kept_bytes == ENCODER_BYTES * found.kept + len(shared)
    found.carry_out(store)
    assert not sweep(workspace, 1)
    for key in store.encoder_keys():
        assert store.encoder(key)
    everything = sweep_unknown()
    assert everything.kept_bytes == found.kept_bytes


# --- predictions


def predict(filler: Filler, store: Store) -> set[str]:
    """Predictions for all that the search has scored at the top rung; their keys."""
    keys = EncoderInventory(Workspace.of(filler.search), filler.studies).predictions()
    for key in keys:
        store.put_predictions(key, {"en": [0, 1]})
    return keys


def test_predictions_stay_as_long_as_their_search(
    filled_database: Path, make_search: Callable[..., Search], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also those of another search; and what a running work item has predicted."""
    filler = entered(make_search(), tmp_path, filled_database)
    (tmp_path / "other").mkdir()
    other = entered(load(tmp_path / "other", name="other", seed=7), tmp_path / "other", filled_database)
    workspace = Workspace.of(filler.search)
    store = workspace.store
    own = predict(filler, store)
    assert len(own) == 9, "two targets: baseline twice, the mix twice; one of a third mix"
    other.begin(other.item("crossref", 1, ("verses",), seed=7))
    running = predict(other, store) - own
    assert len(running) == 1
    store.put_predictions("gone", {"en": [0] * 100})
    found = sweep(workspace, 1)
    assert found.predictions == {"gone": store.prediction_size("gone")}
    assert found.kept_predictions.keys() == own
    assert main(["gc", "small", "--yes"]) == 0
    out = capsys.readouterr().out
    assert "1 x predictions of no search that is here" in out
    assert "; 9 predictions, " in out
    assert store.prediction_sizes().keys() == own | running
    shutil.rmtree(Workspace.of(other.search).folder)
    assert sweep(workspace, 1).predictions.keys() == running


def test_a_store_elsewhere_may_serve_searches_that_nobody_here_knows(
    filled_database: Path, make_search: Callable[..., Search], tmp_path: Path
) -> None:
    filler = entered(make_search(storage={"store": str(tmp_path / "shared")}), tmp_path, filled_database)
    store = Store(str(tmp_path / "shared"), tmp_path / "cache")
    own = predict(filler, store)
    store.put_predictions("somebody", {"en": [0]})
    found = sweep(Workspace.of(filler.search), 1)
    assert found.predictions == {}
    assert found.kept_predictions.keys() == own


# --- taskmix gc


def answer(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Tty(text))


def test_gc_shows_asks_and_deletes(
    filled_database: Path,
    make_search: Callable[..., Search],
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    filler = entered(make_search(), tmp_path, filled_database)
    store = store_all(filler, folder)
    everything = store.encoder_keys()
    (tmp_path / "home/store/encoders/x-01234567").mkdir()  # an orphan, but a young one
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert main(["gc", "small"]) == 2
    shown = capsys.readouterr()
    assert "there is no terminal to ask on" in shown.err
    assert "taskmix gc small --yes" in shown.err
    answer("\n", monkeypatch)
    assert main(["gc", "small"]) == 0
    shown = capsys.readouterr()
    assert "to delete: 6.0 kB; kept: 2 encoders, 2.0 kB" in shown.out
    assert "paraphrase:1" in shown.out
    assert "nothing was deleted" in shown.out
    assert store.encoder_keys() == everything
    (tmp_path / "home/store/encoders/y.json").write_text("{}")
    answer("y\n", monkeypatch)
    assert main(["gc", "small", "--best", "2"]) == 0
    shown = capsys.readouterr()
    assert "5.0 kB freed" in shown.out
    assert shown.err.count("encoders/y.json: does not fit its checksum") == 1
    (tmp_path / "home/store/encoders/y.json").unlink()
    assert len(store.encoder_keys()) == 3
    assert main(["gc", "small", "--yes"]) == 0
    assert "1.0 kB freed" in capsys.readouterr().out
    assert main(["gc", "small", "--yes"]) == 0
    assert "nothing to delete; kept: 2 encoders" in capsys.readouterr().out
    assert len(list((tmp_path / "home/store/encoders").iterdir())) == 2 * 2 + 1
    monkeypatch.setattr(gc, "ORPHAN_SECONDS", -60.0)
    assert main(["gc", "small", "--yes"]) == 0
    assert "left by 1 write" in capsys.readouterr().out
    assert len(list((tmp_path / "home/store/encoders").iterdir())) == 2 * 2


def test_gc_waits_for_no_driver(
    make_search: Callable[..., Search], empty_database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filler = entered(make_search(), tmp_path, empty_database)
    with acquire(Workspace.of(filler.search)):
        assert main(["gc", "small", "--yes"]) == 2
    assert "running" in capsys.readouterr().err
