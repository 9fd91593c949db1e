"""Distances between the tasks and targets of a search, from profiles that are made up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from search.config.search import Search
from search.distances.profiles import requests_of
from search.distances.tables import DomainTable, LanguageTable, content_of, weighted
from search.explanation.distance_report import tabulate
from spaces.typology import Typology
from trainables.work.plan import Plan
from trainables.work.profile import Profile, ProfileRequest

SIZE = 6


@pytest.fixture
def plan(make_search: Callable[..., Search], tmp_path: Path) -> Plan:
    search = make_search(
        tasks=["paraphrase", "ner", "book", "commands", "mlm"], targets=["verses", "sequels", "requests", "genres"]
    )
    return search.plan(str(tmp_path / "store"), str(tmp_path / "cache"))


def made_up(
    plan: Plan, domains: dict[str, float], languages: dict[str, float] | None = None
) -> dict[ProfileRequest, Profile]:
    """Profiles whose first coordinate is the domain, all others the language."""
    found = {}
    for request in requests_of(plan, list(plan.targets)):
        noise = np.random.default_rng([len(request.card.name), ord(request.language[0])]).normal(size=(40, SIZE))
        noise -= noise.mean(0)
        noise[:, 0] += domains.get(request.card.name, 0.0)
        noise[:, 1:] += (languages or {}).get(request.language, 0.0)
        found[request] = Profile(noise.astype(np.float32), {ord(request.language[0]) % 7: 3, 9: 1})
    return found


DOMAINS = {"paraphrase": 0.0, "book": 0.2, "ner": 3.0, "commands": 5.0, "verses": 0.1, "sequels": 0.0, "requests": 5.0}


def test_within_a_language(plan: Plan) -> None:
    table = DomainTable(plan, made_up(plan, {**DOMAINS, "genres": 0.0}))
    distances = {task: table.distance(task, "genres") for task in ("book", "ner", "commands")}
    assert distances["book"] == pytest.approx(0.2 / np.sqrt(SIZE), rel=0.25)
    assert distances["book"] < distances["ner"] < distances["commands"]  # type: ignore[operator]


def test_across_languages_a_shift_of_a_language_changes_nothing(plan: Plan) -> None:
    plain = DomainTable(plan, made_up(plan, DOMAINS))
    shifted = DomainTable(plan, made_up(plan, DOMAINS, {"de": 4.0, "fr": -9.0, "ru": 2.0, "ar": 30.0}))
    for task in ("paraphrase", "ner", "commands"):
        assert plain.distance(task, "requests") == pytest.approx(shifted.distance(task, "requests"), rel=1e-3)
    assert shifted.distance("commands", "requests") < shifted.distance("paraphrase", "requests")  # type: ignore[operator]


def test_a_language_of_too_few_cards_has_no_mean(plan: Plan) -> None:
    means = DomainTable(plan, made_up(plan, DOMAINS)).language_means
    assert set(means) == {"en", "de", "fr", "ru"}  # Arabic has two cards of one format


def test_without_a_common_language_pieces_say_nothing(plan: Plan) -> None:
    table = DomainTable(plan, made_up(plan, DOMAINS), "js")
    assert table.distance("ner", "verses") is None
    assert "js is taken within one" in table.reason("ner", "verses")
    assert table.distance("ner", "genres") is not None


def test_rows_of_several_languages_have_no_distance(plan: Plan) -> None:
    answer = tabulate("s", DomainTable(plan, made_up(plan, DOMAINS)), LanguageTable(Typology()))
    assert set(answer.domain["mlm"].values()) == {None}
    assert answer.missing["mlm"]["verses"] == "its rows mix languages"
    assert answer.languages["en"]["de"] == pytest.approx(0.097, abs=1e-3)
    assert {"kind": "languages", "from": "de", "to": "de", "distance": 0.0} in list(answer.rows())


def test_one_bandwidth_for_all_pairs(plan: Plan) -> None:
    table = DomainTable(plan, made_up(plan, DOMAINS), "mmd")
    near, far = table.distance("paraphrase", "genres"), table.distance("commands", "genres")
    assert near is not None and far is not None and near < far


def test_contents() -> None:
    assert content_of("pawsx.de") == content_of("pawsx") == "pawsx"
    assert weighted({"a": 0.25, "b": 0.75}, {"a": 1.0, "b": 2.0}) == pytest.approx(1.75)
    assert weighted({"a": 0.25, "b": 0.75}, {"a": 1.0, "b": None}) is None
