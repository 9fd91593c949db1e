"""Fresh seeds: who gets them, in which round, and when it is enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from search.config.search import Search
from search.scheduling.agenda import Agenda
from search.scheduling.confirmation import rounds
from search.scheduling.remaining import baseline_of
from search.studies.studies import Studies
from spaces.recipe import Recipe
from trainables.simulated import flat
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome

MakeSearch = Callable[..., Search]

MIXES = ["paraphrase", "ner", "crossref"]


def play(search: Search, scores: Callable[[str, Recipe], float], at_once: int = 1) -> tuple[Studies, list[WorkItem]]:
    """A search whose scores are given: by mix and seed, the same on both targets."""
    studies = Studies.in_memory(search)
    agenda, running, items = Agenda(search, studies), list[WorkItem](), list[WorkItem]()
    while not agenda.over:
        while len(running) < at_once and (item := agenda.next()) is not None:
            running.append(item)
            items.append(item)
        item = running.pop(0)
        found = {
            target: flat(search.targets[target], scores(target, item.recipe), top=item.rung == 0)
            for target in item.targets
        }
        agenda.done(item, Outcome(scores=found, seconds=1.0))
    return studies, items


def seeds(items: list[WorkItem]) -> dict[str, int]:
    """Mix -> with how many seeds it was measured."""
    return dict(Counter(str(item.recipe.mixture) for item in items))


@pytest.fixture
def three(make_search: MakeSearch) -> Search:
    return make_search(
        targets=["related"],
        halving={"rungs": [1.0], "eta": 1},
        budget={"recipes": 3},
        start={"mixtures": MIXES, "all_tasks": False, "priors": []},
        confirm={"top": 3, "seeds": 6},
    )


def noisy(means: Mapping[str, float], noise: float) -> Callable[[str, Recipe], float]:
    return lambda target, recipe: means[str(recipe.mixture)] + noise * (-1) ** recipe.seed


MEANS = {"none": 0.5, "paraphrase:1": 0.6, "ner:1": 0.59, "crossref:1": 0.4}


def test_what_is_settled_gets_no_more_seeds(three: Search) -> None:
    _, items = play(three, noisy(MEANS, 0.002))
    # one fresh seed each, then all is clear; of the baseline twice the root of three
    assert seeds(items) == {"none": 3, "paraphrase:1": 2, "ner:1": 2, "crossref:1": 2}


def test_seeds_go_to_those_between_whom_it_is_open(three: Search) -> None:
    _, items = play(three, noisy({**MEANS, "ner:1": 0.6001}, 0.01))
    found = seeds(items)
    assert found["paraphrase:1"] == found["ner:1"] == 6, "these two never part"
    assert found["crossref:1"] < 6 and found["none"] < 10, "these are out of it"


def test_a_gain_that_stays_open_gets_all_seeds_and_the_baseline_more(three: Search) -> None:
    means = {"none": 0.6, "paraphrase:1": 0.601, "ner:1": 0.3, "crossref:1": 0.3}
    _, items = play(three, noisy(means, 0.02))
    assert seeds(items)["paraphrase:1"] == 6
    assert seeds(items)["none"] == round(3**0.5 * 6)


def test_the_number_of_seeds_is_kept_to(three: Search) -> None:
    _, items = play(three, noisy(dict.fromkeys(MEANS, 0.5), 0.02))
    assert all(count == 6 for mix, count in seeds(items).items() if mix != "none")


def test_one_seed_means_no_confirmation(make_search: MakeSearch) -> None:
    search = make_search(budget={"recipes": 2}, confirm={"top": 3, "seeds": 1})
    assert {item.recipe.seed for item in play(search, lambda target, recipe: 0.5)[1]} == {1}


@pytest.mark.parametrize("at_once", [2, 5])
def test_side_by_side_the_same_is_measured(make_search: MakeSearch, at_once: int) -> None:
    search = make_search(
        halving={"rungs": [1.0], "eta": 1},
        budget={"recipes": 3},
        start={"mixtures": MIXES, "all_tasks": False, "priors": []},
        confirm={"top": 2, "seeds": 5},
    )

    def scores(target: str, recipe: Recipe) -> float:
        return 0.5 + (int(recipe.digest, 16) % 100) / 5000 + (target == "verses") * (recipe.seed % 3) / 100

    def confirmed(items: list[WorkItem]) -> set[tuple[str, str]]:
        return {(item.recipe.digest, target) for item in items if item.recipe.seed > 1 for target in item.targets}

    assert confirmed(play(search, scores)[1]) == confirmed(play(search, scores, at_once)[1])


def test_the_baseline_fills_a_place_that_would_stand_idle(make_search: MakeSearch) -> None:
    """Its seeds of the first round are begun while the last promotion runs; no seed more than without."""
    search = make_search(budget={"recipes": 4}, halving={"rungs": [0.5, 1.0], "eta": 2}, confirm={"top": 1, "seeds": 2})
    studies, running = Studies.in_memory(search), list[WorkItem]()
    agenda, early = Agenda(search, studies), list[WorkItem]()
    while not agenda.over:
        while len(running) < 2 and (item := agenda.next()) is not None:
            running.append(item)
        fresh = [item.recipe.seed > 1 for item in running]
        early += [item for item in running if item.recipe.seed > 1 and not all(fresh)]
        done = running.pop(fresh.index(True) if any(fresh) else 0)  # what runs beside goes on
        found = {target: flat(search.targets[target], 0.5, top=done.rung == 1) for target in done.targets}
        agenda.done(done, Outcome(scores=found, seconds=1.0))
    assert {(item.recipe.is_baseline, item.recipe.seed, item.targets) for item in early} == {
        (True, 2, tuple(search.config.targets))
    }
    baselines = {r.recipe.seed for r in studies.records["related"] if r.recipe.is_baseline and r.rung == 1}
    assert baselines == {1, 2}


def test_an_interrupted_round_goes_on_as_it_was_begun(three: Search) -> None:
    """What a round wants does not depend on how much of it is done."""
    whole, _ = play(three, noisy({**MEANS, "ner:1": 0.6001}, 0.01))
    wanted = list(rounds(three, whole.state, baseline_of(three)))
    assert len(wanted) == 5
    records = whole.records["related"]
    for cut in range(len(records) - 12, len(records)):
        part = type(whole.state)(three.config.targets, 1, records[:cut])
        begun = list(rounds(three, part, baseline_of(three)))
        assert begun == wanted[: len(begun)]


def test_the_test_split_has_no_say(three: Search, tmp_path: Path) -> None:
    def played(test_score: float) -> list[str]:
        studies = Studies.in_memory(three)
        agenda, keys = Agenda(three, studies), []
        while (item := agenda.next()) is not None:
            keys.append(item.key)
            score = flat(three.targets["related"], noisy(MEANS, 0.02)("related", item.recipe), top=True)
            shifted = score.model_copy(
                update={"test_score": test_score * (item.recipe.seed + bool(item.recipe.mixture))}
            )
            agenda.done(item, Outcome(scores={"related": shifted}, seconds=1.0))
        return keys

    assert played(0.1) == played(0.2)
