"""Recommendations where the truth is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from search.config.search import Search
from search.explanation.recommend import recommend
from search.explanation.rows import Features, Row
from search.explanation.rules import MODEL, try_rules
from spaces.errors import InputError
from tests.support.gain_worlds import KINSHIP, GainWorld

TASKS = ("book", "commands", "crossref", "ner", "paraphrase")
TARGETS = ("genres", "intents", "requests", "slots", "verses")


def world(
    seed: int, by_distance: float, by_task: float, noise: float = 0.05
) -> tuple[list[Row], dict[str, dict[str, float]]]:
    """Single tasks whose gains are `by_distance` times the distance plus an effect of the task."""
    draw = np.random.default_rng(seed)
    distances = {task: {target: float(draw.uniform(0.1, 1.5)) for target in TARGETS} for task in TASKS}
    of_task = {task: float(draw.normal(0, by_task)) for task in TASKS}
    rows = [
        Row(
            search="world",
            family=task,
            weights={task: 1.0},
            target=target,
            language=language,
            gains={1: by_distance * distances[task][target] + of_task[task] + float(draw.normal(0, noise))},
            domain=distances[task][target],
            typology=KINSHIP.typology.distance("en", language) or 0.0,
            format=0.0,
            sources={"en": 1.0},
        )
        for task in TASKS
        for target in TARGETS
        for language in ("de", "fr", "ru")
    ]
    return rows, distances


@pytest.fixture
def mini(make_search: Callable[..., Search]) -> Search:
    return make_search(tasks=list(TASKS), targets=list(TARGETS))


def features(search: Search, distances: dict[str, dict[str, float]]) -> Features:
    return Features(search.tasks, search.targets, distances, KINSHIP)


def test_where_the_domain_decides_the_nearest_comes_first(mini: Search) -> None:
    rows, distances = world(1, by_distance=-4.0, by_task=0.0)
    answer = recommend(["world"], "verses", rows, features(mini, distances), [mini.space])
    nearest = min(TASKS, key=lambda task: distances[task]["verses"])
    assert answer.configurations[0].mix == f"{nearest}:1" and answer.configurations[0].measured
    gains = [one.gain for one in answer.configurations]
    assert gains == sorted(gains, reverse=True)
    assert answer.configurations[0].gain == pytest.approx(-4 * distances[nearest]["verses"], abs=1.0)
    tested = answer.rules[MODEL]
    assert tested.rank == pytest.approx(1.0) and tested.regret == pytest.approx(0.0) and tested.targets == 4
    assert answer.rules["random"].regret > 1 and answer.best_rule in (MODEL, "nearest domain")
    assert answer.rules["random"].rank is None


def test_the_target_s_own_results_are_not_looked_at(mini: Search) -> None:
    rows, distances = world(1, by_distance=-4.0, by_task=0.0)
    lying = [replace(row, gains={1: 99.0}) if row.target == "verses" else row for row in rows]
    told = [recommend(["world"], "verses", given, features(mini, distances), [mini.space]) for given in (rows, lying)]
    assert told[0] == told[1]


def test_where_only_tasks_differ_the_average_is_as_good(mini: Search) -> None:
    rows, distances = world(2, by_distance=0.0, by_task=3.0)
    answer = recommend(["world"], "verses", rows, features(mini, distances), [mini.space])
    average = answer.rules["best on average"]
    assert average.regret == pytest.approx(0.0, abs=0.1) and average.rank == pytest.approx(1.0, abs=0.1)
    assert answer.rules["nearest domain"].regret > average.regret


def test_a_rule_that_is_better_is_named(mini: Search) -> None:
    """On the target that is left out, what was best nearby is best, which no line through distances says."""
    draw = np.random.default_rng(5)
    rows, _ = world(5, by_distance=0.0, by_task=0.0)
    groups = {"genres": 0, "verses": 0, "intents": 1, "requests": 1, "slots": 1}
    ours = np.outer([1, -1], draw.normal(0, 5, len(TASKS)))
    shared = draw.uniform(0.1, 1.5, (2, len(TASKS)))
    changed = [
        replace(
            row,
            gains={1: float(ours[groups[row.target], TASKS.index(row.family)])},
            domain=float(shared[groups[row.target], TASKS.index(row.family)]),
        )
        for row in rows
    ]
    near = {task: {t: float(shared[groups[t], TASKS.index(task)]) for t in TARGETS} for task in TASKS}
    answer = recommend(["world"], "sequels", changed, _with_sequels(mini, near), [mini.space])
    assert answer.best_rule == "best of the nearest target"
    assert any("no better than the rule 'best of the nearest target' here" in note for note in answer.notes)


def _with_sequels(search: Search, distances: dict[str, dict[str, float]]) -> Features:
    known = {task: {**row, "sequels": row["verses"]} for task, row in distances.items()}
    targets = {**search.targets, "sequels": search.catalogue.targets["sequels"]}
    return Features(search.tasks, targets, known, KINSHIP)


def test_two_targets_are_too_few(mini: Search) -> None:
    rows, distances = world(1, -4.0, 0.0)
    few = [row for row in rows if row.target in ("genres", "intents", "verses")]
    with pytest.raises(InputError, match="too few measured targets"):
        recommend(["world"], "verses", few, features(mini, distances), [mini.space])


def test_all_tasks_together_is_a_rule_where_there_are_mixtures() -> None:
    rows = GainWorld(domain=-3.0, sources=("en",), targets=4).rows(1)
    assert "all tasks together" not in try_rules(rows)
    first, second = rows[0], next(row for row in rows if row.family != rows[0].family)
    mixed = [
        replace(row, family="both", weights={next(iter(first.weights)): 0.5, next(iter(second.weights)): 0.5})
        for row in rows
        if row.family == first.family
    ]
    assert "all tasks together" in try_rules([*rows, *mixed])
