"""Explanations of simulated searches whose truth is known. Never a significant null."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from search.answers.explanation import Effect, Explanation
from search.explanation.explain import explain
from search.explanation.rows import Row
from spaces.errors import InputError
from tests.support.gain_worlds import KINSHIP, NOTHING_LEFT_OUT, GainWorld, no_tables


def explained(rows: list[Row]) -> Explanation:
    return explain(["world"], "dev", rows, NOTHING_LEFT_OUT, no_tables(), KINSHIP)


def holds(effect: Effect, truth: float) -> bool:
    """Whether the interval, which is per standard deviation, holds a slope per unit."""
    assert effect.interval is not None and effect.per_sd and effect.per_unit
    unit = effect.per_sd / effect.per_unit
    return effect.interval[0] <= truth * unit <= effect.interval[1]


def count(worlds: int, judge: Callable[[int], bool]) -> int:
    return sum(judge(seed) for seed in range(worlds))


def both_held(world: GainWorld, seed: int) -> bool:
    answer = explained(world.rows(seed))
    return holds(answer.effects["domain"], world.domain) and holds(answer.effects["typology"], world.typology)


TRUE = GainWorld(domain=-4.0, typology=-6.0)
NULL = GainWorld(domain=0.0, typology=0.0)


@pytest.mark.long
def test_slopes_lie_within_their_intervals() -> None:
    assert count(20, lambda seed: both_held(TRUE, seed)) >= 18


@pytest.mark.slow
def test_slopes_lie_within_their_intervals_in_many_worlds() -> None:
    assert count(200, lambda seed: both_held(TRUE, seed)) >= 180  # two intervals of 95 % each, both


def claimed(rows: list[Row], name: str) -> bool:
    return explained(rows).effects[name].verdict == "yes"


def plainly_significant(rows: list[Row], name: str) -> bool:
    """What a regression over rows would say."""
    return bool(stats.linregress([getattr(row, name) for row in rows], [row.gain for row in rows]).pvalue < 0.05)


@pytest.mark.long
def test_a_null_is_not_claimed() -> None:
    claims = 0
    for seed in range(6):
        effects = explained(NULL.rows(seed)).effects
        claims += any(effects[name].verdict == "yes" for name in ("domain", "typology"))
    assert claims <= 1


@pytest.mark.slow
@pytest.mark.parametrize("sources", [("en",), ("en", "es", "pl", "ar")])
def test_a_null_domain_is_claimed_no_more_often_than_it_may(sources: tuple[str, ...]) -> None:
    """Also with four languages per content: they are one content, not four."""
    world = replace(NULL, sources=sources)
    assert count(200, lambda seed: claimed(world.rows(seed), "domain")) <= 16
    assert count(200, lambda seed: plainly_significant(world.rows(seed), "domain")) >= 30


@pytest.mark.slow
def test_a_null_typology_is_claimed_no_more_often_than_it_may() -> None:
    assert count(200, lambda seed: claimed(NULL.rows(seed), "typology")) <= 16
    assert count(200, lambda seed: plainly_significant(NULL.rows(seed), "typology")) >= 30


@pytest.mark.long
def test_a_plain_regression_would_claim_it() -> None:
    """So that nobody simplifies the model."""
    assert count(60, lambda seed: plainly_significant(NULL.rows(seed), "domain")) >= 12


def test_english_tasks_alone_say_nothing_of_typology() -> None:
    answer = explained(replace(TRUE, sources=("en",)).rows(1))
    assert answer.effects["typology"].verdict == "too little"
    assert "all tasks are in English" in answer.effects["typology"].why
    assert answer.effects["domain"].verdict != "too little"


def test_two_targets_say_nothing_of_the_domain() -> None:
    effect = explained(replace(TRUE, targets=2).rows(1)).effects["domain"]
    assert effect.verdict == "too little" and "2 targets" in effect.why
    assert effect.smallest_found is not None  # is said all the same


def test_two_contents_say_nothing_of_the_domain() -> None:
    effect = explained(replace(TRUE, contents=2, targets=4).rows(1)).effects["domain"]
    assert effect.verdict == "too little" and "2 contents" in effect.why
    assert effect.permutations == 2


def test_a_strong_effect_is_seen() -> None:
    world = GainWorld(domain=-8.0, contents=8, content_by_target=0.5)
    effect = explained(world.rows(3)).effects["domain"]
    assert effect.verdict == "yes" and effect.p_permutation is not None and effect.p_permutation < 0.01
    assert effect.part_r2 is not None and effect.part_r2 > 0.3
    assert effect.permutations == 2000


@pytest.mark.long
def test_a_design_that_would_have_found_it_may_say_no() -> None:
    world = GainWorld(contents=8, targets=8, content_by_target=0.3, task=0.3)
    effect = explained(world.rows(3)).effects["domain"]
    assert effect.verdict in ("no", "yes") and effect.smallest_found is not None and effect.smallest_found < 1


def test_the_effect_of_what_does_not_vary() -> None:
    effect = explained(TRUE.rows(1)).effects["format"]
    assert effect.verdict == "too little" and effect.per_unit is None and "same in all rows" in effect.why


def test_contrasts_are_measured() -> None:
    world = GainWorld(domain=-8.0, typology=0.0, content_by_target=0.1, task=0.1)
    answer = explained(world.rows(2))
    found = {contrast.name: contrast for contrast in answer.contrasts}
    near = found["english_near - english_far"]
    assert near.source == "measured" and near.interval is not None and near.interval[0] > 0
    assert found["english_near - related_far"].mean == pytest.approx(near.mean, abs=1.5)
    assert abs(found["related - english"].mean or 0.0) < 1.5
    assert len(near.targets) == 5 and near.pairs > 0


def test_contrasts_of_four_targets_have_no_interval() -> None:
    answer = explained(replace(TRUE, targets=4).rows(2))
    assert answer.contrasts and all(contrast.interval is None for contrast in answer.contrasts)


def test_mixtures_count_by_weight() -> None:
    """Rows of mixtures of two tasks whose gains are the means of single ones tell the same slopes."""
    singles = TRUE.rows(4)
    by_place = {(row.family, row.target, row.language): row for row in singles}
    families = sorted({row.family for row in singles})
    mixed = []
    for one, other in zip(families, families[5:], strict=False):
        for (family, target, language), row in by_place.items():
            if family == one:
                partner = by_place[other, target, language]
                gains = {1: (row.gain + partner.gain) / 2 + float(np.random.default_rng(0).normal(0, 0.01))}
                sources = dict.fromkeys(row.sources, 0.5)
                for source in partner.sources:
                    sources[source] = sources.get(source, 0.0) + 0.5
                mixed.append(
                    replace(
                        row,
                        family=f"{one}+{other}",
                        weights={next(iter(row.weights)): 0.5, next(iter(partner.weights)): 0.5},
                        gains=gains,
                        domain=(row.domain + partner.domain) / 2,
                        typology=(row.typology + partner.typology) / 2,
                        sources=sources,
                    )
                )
    answer = explained([*singles, *mixed])
    assert holds(answer.effects["domain"], TRUE.domain) and holds(answer.effects["typology"], TRUE.typology)


def test_hardly_any_rows() -> None:
    with pytest.raises(InputError, match="too few results"):
        explained(TRUE.rows(1)[:5])
