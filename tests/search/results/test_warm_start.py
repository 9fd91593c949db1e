"""Earlier searches: what is found in them, and that a resume begins as the launch did."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from search.config.search import Search
from search.config.workspace import Workspace
from search.results import warm_start
from search.scheduling.agenda import Agenda
from search.studies.studies import Studies
from spaces.mixture import Mixture
from tests.support.searches import copied, kept_at

MakeSearch = Callable[..., Search]
ASKED = {"priors": ["earlier"], "all_tasks": False, "single_tasks": False}


@pytest.fixture
def old(
    make_search: MakeSearch, filled_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Puts the filled search into $TASKMIX_HOME, under a name."""
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))

    def put(name: str = "small", **changes: object) -> None:
        search = make_search(name=name, **changes)
        workspace = Workspace.of(search)
        workspace.enter(tmp_path / "search.yaml")
        for file in filled_database.parent.glob(f"{filled_database.name}*"):  # SQLite's log lies beside it
            shutil.copy(file, workspace.folder / file.name.replace(filled_database.name, "studies.db"))

    return put


def test_the_best_mix_of_an_earlier_search_is_a_start(old: Callable[..., None], make_search: MakeSearch) -> None:
    old()
    search = make_search(name="later", tasks=["ner", "paraphrase", "book"], targets=["verses", "related"], start=ASKED)
    (start,) = warm_start.starts(Workspace.of(search))  # on verses it lost to the baseline
    assert start.mixture == Mixture.parse("paraphrase:0.7 + ner:0.3")
    assert start.reason == "search small: +8.0 on related"
    assert [one.mixture for one in search.starts([start])] == [start.mixture]


def test_a_store_is_the_same_however_its_address_is_written(
    old: Callable[..., None], make_search: MakeSearch, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    old(storage={"store": str(store)})
    search = make_search(name="later", start=ASKED, storage={"store": store.as_uri()})
    assert len(warm_start.starts(Workspace.of(search))) == 1


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({}, {"model": "another/encoder"}),
        ({"storage": {"store": "elsewhere"}}, {}),
        ({}, {"tasks": ["ner", "crossref"]}),
        ({}, {"name": "small"}),
        ({"storage": {"studies": "sqlite:///nowhere/studies.db"}}, {}),
    ],
)
def test_other_searches_are_passed_over(
    old: Callable[..., None], make_search: MakeSearch, before: dict[str, object], now: dict[str, object]
) -> None:
    old(**before)
    search = make_search(**{"name": "later", "start": ASKED, **now})
    assert warm_start.starts(Workspace.of(search)) == []


def test_a_resume_begins_as_the_launch_did(
    old: Callable[..., None], make_search: MakeSearch, tmp_path: Path, empty_database: Path
) -> None:
    later = make_search(name="later", start=ASKED)
    workspace, folder = Workspace.of(later), tmp_path / "later"
    folder.mkdir()
    studies = copied(empty_database, folder, later)
    warm_start.remember(workspace, studies)
    old()  # what comes later changes nothing any more
    reopened = Studies.open(kept_at(f"sqlite:///{folder / empty_database.name}", later))
    warm_start.remember(workspace, reopened)
    assert reopened.earlier == []

    asked_later = make_search(name="third", start=ASKED)
    known = Studies.in_memory(asked_later)
    warm_start.remember(workspace, known)
    agenda = Agenda(asked_later, known)
    items = [agenda.next() for _ in range(3)]
    assert [item.recipe.mixture for item in items if item][-1] == Mixture.parse("paraphrase:0.7 + ner:0.3")


def test_a_search_that_does_not_ask_remembers_nothing(old: Callable[..., None], make_search: MakeSearch) -> None:
    old()
    search = make_search(name="later")
    studies = Studies.in_memory(search)
    warm_start.remember(Workspace.of(search), studies)
    assert studies.earlier is None
