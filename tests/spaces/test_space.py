"""The contract of every space: what it proposes satisfies its constraints, and survives a round trip."""

from __future__ import annotations

from itertools import product
from typing import Any

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from spaces.errors import InputError
from spaces.mixture import Mixture
from spaces.space import Hyperparameter, Space

RATE = Hyperparameter(FloatDistribution(1e-5, 1e-3, log=True), 1e-4)
SPACES = {
    "plain": Space(tuple("abcdef")),
    "one task": Space(("a",), max_tasks=1),
    "pairs": Space(tuple("abcdef"), min_tasks=2, max_tasks=2, min_weight=0.5, step=0.5),
    "fine grid": Space(tuple("abcdefgh"), max_tasks=8, min_weight=0.01, step=0.01),
    "excluded": Space(
        tuple("abcde"), min_tasks=2, max_tasks=3, exclude=frozenset({frozenset("ab"), frozenset("ac"), frozenset("de")})
    ),
    "hyperparameters": Space(
        tuple("abc"),
        max_tasks=3,
        hyperparameters=(
            ("intermediate.batch_size", Hyperparameter(IntDistribution(8, 64, step=8), 16)),
            ("intermediate.learning_rate", RATE),
            ("target.schedule", Hyperparameter(CategoricalDistribution(("linear", "constant")), "linear")),
        ),
    ),
    "many": Space(tuple(f"t{number:02}" for number in range(60)), max_tasks=6),
}


def parameters(space: Space) -> st.SearchStrategy[dict[str, Any]]:
    def of(distribution: Any) -> st.SearchStrategy[Any]:
        if isinstance(distribution, CategoricalDistribution):
            return st.sampled_from(distribution.choices)
        if isinstance(distribution, IntDistribution):
            return st.sampled_from(range(distribution.low, distribution.high + 1, distribution.step))
        return st.floats(distribution.low, distribution.high)

    return st.fixed_dictionaries({name: of(found) for name, found in space.distributions.items()})


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES.keys())
class TestContract:
    @given(data=st.data())
    def test_whatever_is_decoded_satisfies_the_constraints(self, space: Space, data: st.DataObject) -> None:
        mixture, _ = space.decode(data.draw(parameters(space)))
        assert space.problems(mixture) == []
        assert all(abs(w / space.step - round(w / space.step)) < 1e-6 for w in mixture.weights.values())

    @given(data=st.data())
    def test_encode_then_decode_gives_the_same(self, space: Space, data: st.DataObject) -> None:
        mixture, values = space.decode(data.draw(parameters(space)))
        encoded = space.encode(mixture, values)
        assert encoded.keys() == space.distributions.keys()
        optuna.trial.create_trial(value=0.5, params=encoded, distributions=space.distributions)  # refuses others
        assert space.decode(encoded) == (mixture, values)

    def test_optuna_samplers_stay_inside(self, space: Space) -> None:
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
        for _ in range(20):
            trial = study.ask(space.distributions)
            assert space.problems(space.decode(trial.params)[0]) == []
            study.tell(trial, 0.0)


def test_equal_mixtures_have_equal_parameters() -> None:
    space = SPACES["plain"]
    one = space.encode(Mixture.parse("a:0.6 + b:0.4"), {})
    assert one == space.encode(Mixture.parse("b:4 + a:6"), {})
    assert one["use.c"] is False
    assert one["ratio.c"] == 0.0


def test_named_mixtures_move_to_the_grid() -> None:
    space = SPACES["plain"]
    assert space.nearest(Mixture.parse("a:1 + b:1 + c:1")) == Mixture.parse("a:0.35 + b:0.35 + c:0.3")
    assert space.nearest(Mixture.parse("a:0.98 + b:0.02")) == Mixture.parse("a:0.9 + b:0.1")


def test_problems_say_what_is_wrong() -> None:
    space = Space(tuple("abc"), max_tasks=2, exclude=frozenset({frozenset("ab")}))
    assert space.problems(Mixture.parse("a:0.95 + b:0.05")) == [
        "weight 0.05 of 'b' is below min_weight 0.1",
        "a and b must not be mixed",
    ]
    assert "has 0 tasks" in space.problems(Mixture())[0]
    assert "'x' is not in the pool" in space.problems(Mixture.parse("x"))[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"min_tasks": 3, "max_tasks": 2}, "min_tasks must be at least 1"),
        ({"min_tasks": 4, "max_tasks": 4, "min_weight": 0.25, "step": 0.25}, "there are 3 tasks"),
        ({"min_weight": 0.3, "max_tasks": 4}, "more than the whole"),
        ({"min_weight": 0.1, "step": 0.3}, "whole multiple"),
        ({"min_tasks": 2, "exclude": frozenset(map(frozenset, ("ab", "ac", "bc")))}, "excluded pairs leave no"),
    ],
)
def test_spaces_without_a_mixture_are_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Space(tuple("abc"), **arguments)


def test_size_by_hand() -> None:
    space = Space(tuple("abc"), max_tasks=2, min_weight=0.25, step=0.25, exclude=frozenset([frozenset("ab")]))
    # a, b and c alone; a + c and b + c with weights .25/.75, .5/.5, .75/.25
    assert space.size == 3 + 2 * 3
    assert Space(tuple("abc"), max_tasks=3, min_weight=0.2, step=0.1).size == 3 + 3 * 7 + 15
    assert SPACES["one task"].size == 1


@given(
    tasks=st.integers(2, 5),
    least=st.integers(1, 2),
    more=st.integers(0, 3),
    min_weight=st.sampled_from([0.2, 0.4]),
    excluded=st.sets(st.sampled_from(["ab", "ac", "bd", "de"])),
)
@pytest.mark.long
def test_size_is_the_number_of_mixtures_without_problems(
    tasks: int, least: int, more: int, min_weight: float, excluded: set[str]
) -> None:
    names, pairs = tuple("abcde"[:tasks]), frozenset(frozenset(pair) for pair in excluded)
    try:
        space = Space(names, least, least + more, min_weight, step=0.2, exclude=pairs)
    except InputError:  # the constraints contradict each other
        return
    fifths = (shares for shares in product(range(6), repeat=tasks) if sum(shares) == 5)
    every = (Mixture.of(dict(zip(names, shares, strict=True))) for shares in fifths)
    assert space.size == sum(not space.problems(mixture) for mixture in every)
