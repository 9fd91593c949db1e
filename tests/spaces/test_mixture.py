"""Mixtures: canonical, exact, and the same text both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces.errors import InputError
from spaces.mixture import PARTS, Mixture, apportion
from spaces.recipe import Recipe

names = st.from_regex(r"[a-z][a-z0-9_.-]{0,8}", fullmatch=True)
weightings = st.dictionaries(names, st.floats(1e-3, 1e3), min_size=1, max_size=12)


@given(weightings)
def test_weights_sum_to_one_exactly(weights: dict[str, float]) -> None:
    mixture = Mixture.of(weights)
    assert sum(part for _, part in mixture.parts) == PARTS


@given(weightings)
def test_printed_mixtures_parse_to_themselves(weights: dict[str, float]) -> None:
    mixture = Mixture.of(weights)
    assert Mixture.parse(str(mixture)) == mixture
    assert Mixture.of(mixture.weights) == mixture


@given(weightings, st.floats(0.01, 100), st.randoms())
def test_scale_and_order_do_not_matter(weights: dict[str, float], scale: float, random: object) -> None:
    items = list(weights.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    one, other = Mixture.of(weights), Mixture.of(dict(items))
    assert one == other
    assert one.digest == other.digest
    scaled = Mixture.of({task: weight * scale for task, weight in weights.items()})
    assert all(abs(scaled.weights.get(task, 0) - weight) <= 2 / PARTS for task, weight in one.weights.items())


@given(weightings, st.integers(0, 100_000))
def test_counts_are_within_one_of_the_share(weights: dict[str, float], examples: int) -> None:
    mixture = Mixture.of(weights)
    counts = mixture.counts(examples)
    assert sum(counts.values()) == examples
    for task, weight in mixture.weights.items():
        assert abs(counts[task] - weight * examples) < 1


def test_different_mixtures_have_different_digests() -> None:
    texts = ["none", "a", "b", "a + b", "a:0.6 + b:0.4", "a:0.4 + b:0.6", "a:0.6 + c:0.4"]
    assert len({Mixture.parse(text).digest for text in texts}) == len(texts)


def test_equal_weights_may_be_left_out() -> None:
    assert Mixture.parse("mnli + squad") == Mixture.parse("squad:0.5 + mnli:0.5")
    assert str(Mixture.parse("a:1 + b:3")) == "b:0.75 + a:0.25"
    assert str(Mixture()) == "none"
    assert Mixture.parse("none") == Mixture.parse("") == Mixture()


@pytest.mark.parametrize(
    "text", ["a:", "a:x", "a:-1", "a:0.5, b:0.5", "a:0", "a + a", ":0.4", "a:nan", "a:inf", "a:1e"]
)
def test_what_is_no_mixture_is_refused_with_the_text(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Mixture.parse(text)
    assert caught.value.problems[0].found == text


def test_apportion_breaks_ties_by_name() -> None:
    assert apportion({"b": 1.0, "a": 1.0, "c": 1.0}, 4) == {"a": 2, "b": 1, "c": 1}


def test_recipe_digest_is_canonical() -> None:
    mixture = Mixture.parse("a:0.6 + b:0.4")
    one = Recipe.of(mixture, {"intermediate.learning_rate": 1e-4, "target.warmup": 0.1}, "m", 1)
    other = Recipe.of(mixture, {"target.warmup": 0.1, "intermediate.learning_rate": 1e-4}, "m", 1)
    assert one == other
    assert one.digest == other.digest == Recipe.from_dict(one.to_dict()).digest
    assert one.with_seed(2).digest != one.digest
    assert one.with_seed(2).family == one.family


def test_the_baseline_has_no_intermediate_hyperparameters() -> None:
    recipe = Recipe.of(Mixture(), {"intermediate.learning_rate": 1e-4, "target.warmup": 0.1}, "m", 1)
    assert dict(recipe.hyperparameters) == {"target.warmup": 0.1}
    assert recipe.is_baseline
