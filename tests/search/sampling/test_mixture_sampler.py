"""The sampler for mixtures, in plain Optuna and within a search."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from random import Random

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState
from threadpoolctl import threadpool_info

from search.config.search import Search
from search.sampling.candidates import draw_candidates, draw_neighbors
from search.sampling.mixture_sampler import MixtureSampler
from search.sampling.thompson import propose
from search.scheduling.agenda import Agenda
from search.studies.studies import Studies
from search.surrogate.history import History
from spaces.mixture import Mixture
from spaces.recipe import Candidate, CostFunction
from spaces.space import Hyperparameter, Space
from trainables.simulated import Surface, outcome, usual_values

TASKS = ("a", "b", "c", "d", "e")
VALUES = (
    ("intermediate.batch_size", Hyperparameter(CategoricalDistribution((16, 32, 64)), 32)),
    ("intermediate.learning_rate", Hyperparameter(FloatDistribution(1e-6, 1e-3, log=True), 1e-5)),
    ("intermediate.schedule", Hyperparameter(CategoricalDistribution(("linear", "constant")), "linear")),
    ("intermediate.steps", Hyperparameter(IntDistribution(1, 9, step=2), 5)),
)


def score(mixture: Mixture, learning_rate: float = 1e-5) -> float:
    """`a` and `b` help, together more; `e` hurts; the best learning rate is 3e-5."""
    weights = mixture.weights
    a, b, e = (weights.get(task, 0.0) for task in "abe")
    gain = 0.04 * math.sqrt(a) + 0.03 * math.sqrt(b) + 0.04 * math.sqrt(a * b) - 0.06 * e
    return 0.5 + gain * math.exp(-0.3 * math.log(learning_rate / 3e-5) ** 2)


def measured(space: Space, candidates: list[Candidate], targets: int = 1, rungs: int = 1) -> History:
    """All candidates on all targets and rungs."""
    scores = {
        (target, rung): {number: score(mixture) for number, (mixture, _) in enumerate(candidates)}
        for target in range(targets)
        for rung in range(rungs)
    }
    baseline = dict.fromkeys(scores, 0.5)
    return History(candidates, scores, targets, rungs, baseline)


def nothing_seen(mixture: Mixture, values: dict[str, object]) -> bool:
    return False


def test_a_proposal_leaves_the_other_cores_alone() -> None:
    space, draw = Space(TASKS, max_tasks=3, hyperparameters=VALUES), Random(1)
    threads = list[set[int]]()

    def blas() -> set[int]:
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    def seen(mixture: Mixture, values: dict[str, object]) -> bool:
        threads.append(blas())
        return False

    before = blas()
    propose(space, measured(space, draw_candidates(space, draw, 4)), 0, 1, seen)
    assert all(count == {1} for count in threads) and threads
    assert blas() == before


@pytest.mark.parametrize("tasks", [2, 5, 60])
@pytest.mark.parametrize("targets", [1, 40])
def test_proposals_lie_in_the_space(tasks: int, targets: int) -> None:
    names = tuple(f"task{number:02d}" for number in range(tasks))
    space = Space(names, max_tasks=min(4, tasks), hyperparameters=VALUES)
    known = measured(space, draw_candidates(space, Random(0), 12), targets, rungs=2)
    found = propose(space, known, targets - 1, 7, nothing_seen)
    assert found is not None
    mixture, values = found
    assert space.problems(mixture) == []
    assert space.nearest(mixture) == mixture
    optuna.trial.create_trial(params=space.encode(mixture, values), distributions=space.distributions, value=0.0)
    assert propose(space, known, targets - 1, 7, nothing_seen) == found


def test_excluded_pairs_are_never_drawn_nor_reached_by_a_move() -> None:
    space = Space(TASKS, max_tasks=3, exclude=frozenset({frozenset("ab"), frozenset("cd")}))
    draw = Random(1)
    for candidate in draw_candidates(space, draw, 60):
        assert space.problems(candidate[0]) == []
        assert all(space.problems(near[0]) == [] for near in draw_neighbors(space, draw, [candidate], 8))


def test_what_was_seen_is_not_proposed_and_a_space_can_be_exhausted() -> None:
    space = Space(("a", "b"), max_tasks=2, min_weight=0.5, step=0.5)  # a, b, and half of each
    everything = [(Mixture.parse(text), {}) for text in ("a", "b", "a + b")]
    known = measured(space, everything[:2])
    left = propose(space, known, 0, 1, lambda mixture, values: mixture in (everything[0][0], everything[1][0]))
    assert left == everything[2]
    assert propose(space, measured(space, everything), 0, 1, lambda mixture, values: True) is None


def test_several_at_a_time_differ_and_failures_are_avoided() -> None:
    space = Space(TASKS, max_tasks=2)
    known = measured(space, draw_candidates(space, Random(0), 10))
    proposals = []
    for number in range(6):
        found = propose(space, known, 0, number, lambda mixture, values: (mixture, values) in known.candidates)
        assert found is not None
        proposals.append(found)
        known.candidates.append(found)
        known.pending.append(len(known.candidates) - 1)
    assert len({mixture for mixture, _ in proposals}) == 6
    known.failed, known.pending = known.pending, []
    observations = known.observations(space)
    assert observations is not None
    failed = [gain for gain, point in zip(observations.gains, observations.point, strict=True) if point in known.failed]
    assert failed and set(failed) == {observations.gains.min()}


def test_what_is_dear_is_proposed_less() -> None:
    """`a` is worth most and costs twenty times as much as the rest; where all cost the same, costs do not matter."""
    space = Space(TASKS)
    found = measured(space, draw_candidates(space, Random(1), 12))

    def mean_of_a(cost: CostFunction | None) -> float:
        proposals = [propose(space, found, 0, seed, nothing_seen, cost) for seed in range(10)]
        return sum(proposal[0].weights.get("a", 0.0) for proposal in proposals if proposal) / len(proposals)

    usual = mean_of_a(None)
    assert mean_of_a(lambda mixture, values: 7.0) == usual
    assert mean_of_a(lambda mixture, values: 1.0 + 20.0 * mixture.weights.get("a", 0.0)) < 0.7 * usual


@pytest.mark.long
def test_it_beats_random_in_plain_optuna() -> None:
    space = Space(TASKS, max_tasks=3, hyperparameters=VALUES[1:2])

    def best(sampler: Callable[[int], optuna.samplers.BaseSampler], direction: str = "maximize") -> float:
        total, sign = 0.0, 1.0 if direction == "maximize" else -1.0
        for seed in range(2):
            study = optuna.create_study(direction=direction, sampler=sampler(seed))
            for _ in range(18):
                trial = study.ask(space.distributions)
                mixture, values = space.decode(trial.params)
                study.tell(trial, sign * score(mixture, float(values["intermediate.learning_rate"])))
            total += sign * study.best_value
        return total / 2

    ours = best(lambda seed: MixtureSampler(space, seed=seed))
    assert ours > best(lambda seed: optuna.samplers.RandomSampler(seed=seed)) + 0.003
    assert ours == best(lambda seed: MixtureSampler(space, seed=seed), "minimize")


def test_other_studies_are_learned_from_and_new_tasks_count_as_left_out() -> None:
    old, new = Space(("a", "b"), max_tasks=2), Space(TASKS, max_tasks=2)
    one = optuna.create_study(direction="maximize", study_name="one")
    for text in ("a", "b", "a + b"):
        params = old.encode(Mixture.parse(text), {})
        trial = optuna.trial.create_trial(
            params=params, distributions=old.distributions, value=score(Mixture.parse(text))
        )
        one.add_trial(trial)
    other = optuna.create_study(study_name="other", direction="maximize", sampler=MixtureSampler(new, [one], seed=1))
    known = History.of_studies([other, one], new)
    assert [str(mixture) for mixture, _ in known.candidates] == ["a:1", "b:1", "a:0.5 + b:0.5"]
    assert known.scored_on(0) == [] and known.scored_on(1) == [0, 1, 2]
    mixture, _ = new.decode(other.ask(new.distributions).params)
    assert new.problems(mixture) == []


def test_intermediate_values_are_lower_rungs() -> None:
    space = Space(TASKS, max_tasks=2)
    study = optuna.create_study(direction="minimize")
    params = space.encode(Mixture.parse("a"), {})
    for state, value, steps in ((TrialState.COMPLETE, 0.4, {1: 0.6, 3: 0.5}), (TrialState.PRUNED, None, {1: 0.9})):
        trial = optuna.trial.create_trial(
            params=params, distributions=space.distributions, value=value, intermediate_values=steps, state=state
        )
        study.add_trial(trial)
        params = space.encode(Mixture.parse("b"), {})
    known = History.of_studies([study], space)
    assert known.rungs == 3
    assert known.scores == {(0, 0): {0: -0.6, 1: -0.9}, (0, 1): {0: -0.5}, (0, 2): {0: -0.4}}


def test_a_search_ends_once_more_is_expected_to_bring_too_little(
    make_search: Callable[..., Search], tmp_path: Path
) -> None:
    budget = {"recipes": 60, "until": "expected gain < 2.5"}
    search = make_search(budget=budget, confirm={"top": 0})
    studies = Studies.in_memory(search)
    agenda, plan = Agenda(search, studies), search.plan(str(tmp_path), str(tmp_path))
    surface = Surface(3, usual_values(plan), gain=0.03, noise=0.001)
    while (item := agenda.next()) is not None:
        agenda.done(item, outcome(surface, plan.targets, item, plan.rungs[item.rung], item.rung == 1))
    assert agenda.over
    assert studies.expected_gain is not None and studies.expected_gain < 0.025
    assert 4 <= len(studies.state.tried) < 60
