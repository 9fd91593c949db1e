"""What gains are worth, in worlds whose truth is known: searches by the real agenda, answers by the real ranking.

The quick ones run few searches and have generous bounds. The long one gives the figures of docs/statistics.md:
`pytest tests/search/results/test_gains.py -m slow -s -q -p no:cacheprovider`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from search.config.search import Search
from search.results.gains import NOT_FRESH, ONE_SPLIT, Gains
from search.results.ranking import rank
from search.results.row_source import DrawnRows
from search.studies.studies import Studies
from search.studies.trial_record import Record
from spaces.card import Splits
from tests.support.searches import Filler
from tests.support.worlds import FLOOR, World, make_search, play, played

WORLDS: dict[str, dict[str, float]] = {
    "80 rows": {},
    "few rows": {"dev": 40, "test": 80},
    "many rows": {"dev": 500, "test": 1000, "both": 0.3},
    "no effects": {"spread": 0.0, "shift": 0.0},
    "one true mix": {"spread": 0.0, "shift": 0.0, "winner": 0.2},
    "languages disagree": {"languages": 0.1},
    "collapse": {"collapse": 0.08},
}


@dataclass(frozen=True)
class Played:
    """A target of a search that was played through: what is claimed, and what is true."""

    holds: bool
    error: float
    half: float
    probability: float
    truth: float
    is_best: bool
    is_none: bool
    dev_holds: bool
    dev_error: float


def answers(folder: Path, count: int, first: int = 0, **world: float) -> list[Played]:
    """Of every target of so many searches."""
    return [answer for made, studies in played(folder, count, first, **world) for answer in read(made, studies)]


def read(world: World, studies: Studies) -> list[Played]:
    found = []
    recipes = {str(recipe.mixture): recipe for recipe in studies.state.recipes.values()}
    baseline = next(recipe for recipe in recipes.values() if recipe.is_baseline)
    for target, mixes in rank(studies, top=1, rows=world).targets.items():
        best = mixes.best[0]
        claim, expected = best.claim, best.expected
        assert claim is not None and claim.low is not None and claim.high is not None and claim.optimistic is None
        assert expected is not None and expected.low is not None and expected.high is not None
        languages = studies.search.targets[target].languages
        truth = world.truth(target, recipes[best.mix], languages) - world.truth(target, baseline, languages)
        found.append(
            Played(
                holds=claim.low <= truth <= claim.high,
                error=claim.mean - truth,
                half=claim.high - claim.mean,
                probability=claim.probability or 0.0,
                truth=truth,
                is_best=best.mix == world.best_of(target),
                is_none=mixes.best_mix == "none",
                dev_holds=expected.low <= truth <= expected.high,
                dev_error=expected.mean - truth,
            )
        )
    return found


def share(found: list[Played], of: Callable[[Played], bool]) -> float:
    return sum(map(of, found)) / len(found)


@pytest.mark.long
@pytest.mark.parametrize(
    "world", ["no effects", *(pytest.param(world, marks=pytest.mark.slow) for world in ("80 rows", "collapse"))]
)
def test_intervals_hold_for_the_mix_that_was_chosen(tmp_path: Path, world: str) -> None:
    found = answers(tmp_path, 10, **WORLDS[world])
    # 30 targets: below 25 of them is beyond chance where 95 % hold
    assert share(found, lambda one: one.holds) >= 25 / 30
    assert share(found, lambda one: one.dev_holds) >= 25 / 30, "with the price of choosing"
    assert np.mean([one.dev_error for one in found]) > np.mean([one.error for one in found]), "choosing is optimistic"
    assert np.mean([one.half for one in found]) < 0.08, "and not for being wide"


@pytest.mark.long
def test_a_true_mix_is_found_and_said_to_be_one(tmp_path: Path) -> None:
    found = answers(tmp_path, 6, spread=0.0, shift=0.0, winner=0.4)
    assert share(found, lambda one: one.is_best) > 0.9
    assert share(found, lambda one: one.probability > 0.95) > 0.9
    assert not any(one.is_none for one in found)


@pytest.mark.long
def test_where_all_mixes_do_harm_there_is_none(tmp_path: Path) -> None:
    found = answers(tmp_path, 5, shift=-0.4)
    assert all(one.is_none and one.probability < 0.05 for one in found)


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_intervals_hold_in_93_to_97_percent(tmp_path: Path, world: str) -> None:
    count = 150
    found = answers(tmp_path, count, 1000, **WORLDS[world])
    holds, claims = share(found, lambda one: one.holds), [one for one in found if one.probability > 0.95]
    print(
        f"\n| {world} | {holds:.3f} | {100 * np.mean([one.error for one in found]):+.2f} "
        f"| {100 * np.mean([one.half for one in found]):.1f} | {len(claims) / len(found):.2f} "
        f"| {share(claims, lambda one: one.truth > 0) if claims else float('nan'):.3f} "
        f"| {share(found, lambda one: one.is_none):.2f} "
        f"| {share(found, lambda one: one.dev_holds):.3f} | {100 * np.mean([one.dev_error for one in found]):+.2f} |"
    )
    error = (0.95 * 0.05 / len(found)) ** 0.5
    assert 0.93 - 2 * error <= holds <= 0.97 + 2 * error
    false = [one for one in found if one.probability > 0.95 and one.truth <= 0]
    assert len(false) <= 0.05 * len(found) + 2 * (0.05 * len(found)) ** 0.5


# --- single cases


def test_a_claim_rests_on_seeds_that_did_not_choose(filled: Filler) -> None:
    claim = rank(filled.studies, "related").targets["related"].best[0].claim
    assert claim is not None
    assert (claim.split, claim.seeds, claim.baseline_seeds, claim.optimistic) == ("test", 1, 2, None)
    assert claim.mean == pytest.approx(0.63 - (0.55 + 0.53) / 2), "seed 2 alone, against both of the baseline"
    assert set(claim.languages) == {"de", "fr", "ru", "ar"}
    assert rank(filled.studies, "related").targets["related"].best[1].claim is None, "one winner is claimed"


def test_what_was_chosen_by_the_same_seed_is_optimistic(filler: Filler) -> None:
    for seed in (1, 2):
        filler.run("none", 1, {"related": 0.50 + seed / 100}, "baseline", seed=seed)
    filler.run("paraphrase", 1, {"related": 0.60})
    one = rank(filler.studies, "related").targets["related"].best[0].claim
    filler.run("ner", 1, {"related": 0.58})
    two = rank(filler.studies, "related").targets["related"].best[0].claim
    assert one is not None and one.optimistic is None, "of one mix none was chosen"
    assert two is not None and two.optimistic == NOT_FRESH
    assert (two.high or 0) > (one.high or 0)
    assert (two.probability or 0) < (one.probability or 0)


def test_one_split_for_both_is_optimistic(filled: Filler) -> None:
    card = filled.search.catalogue.targets["related"]
    same = card.model_copy(update={"splits": Splits(train="train", dev="test", test="test")})
    claims = []
    for changed in (card, same):
        filled.search.catalogue.targets["related"] = changed
        claims.append(rank(filled.studies, "related").targets["related"].best[0].claim)
    filled.search.catalogue.targets["related"] = card
    apart, together = claims
    assert apart is not None and apart.optimistic is None
    assert together is not None and together.optimistic == ONE_SPLIT
    assert together.mean == apart.mean and (together.high or 0) > (apart.high or 0)


def test_an_untrained_baseline_is_exact(filled: Filler) -> None:
    """Its second seed says nothing of noise, and it adds none to a difference."""
    card = filled.search.catalogue.targets["related"]
    trained = rank(filled.studies, "related").targets["related"].best[0].claim
    untrained = card.model_copy(update={"train_language": None, "train_from": None})
    filled.search.catalogue.targets["related"] = untrained
    exact = rank(filled.studies, "related").targets["related"].best[0].claim
    filled.search.catalogue.targets["related"] = card
    assert trained is not None and exact is not None
    assert (trained.degrees, exact.degrees) == (pytest.approx(3), pytest.approx(2))


@pytest.mark.long
def test_nothing_that_chooses_reads_a_test_score(tmp_path: Path) -> None:
    """Two worlds that differ in their test rows alone: the same search, the same ranking, other claims."""

    class Turned(World):
        def score(self, search: Search, item: object, target: str) -> object:  # type: ignore[override]
            score = super().score(search, item, target)  # type: ignore[arg-type]
            return score if score.test_score is None else score.model_copy(update={"test_score": 1 - score.test_score})

    search, found = make_search(tmp_path, targets=2), []
    for kind in (World, Turned):
        world = kind(seed=3, dev=40, test=40)
        studies = play(search, world)
        ranked = rank(studies, top=5, rows=world)
        keys = [(record.recipe.digest, record.rung, record.target) for record in studies.all()]
        found.append((keys, {name: [one.mix for one in mixes.best] for name, mixes in ranked.targets.items()}, ranked))
    assert found[0][:2] == found[1][:2]
    assert found[0][2] != found[1][2]


@pytest.mark.long
def test_collapsed_seeds_are_named_and_left_out(tmp_path: Path) -> None:
    world = World(seed=2, collapse=0.25)
    studies = play(make_search(tmp_path), world)
    for target, mixes in rank(studies, top=1, rows=world).targets.items():
        claim = mixes.best[0].claim
        assert claim is not None and mixes.baseline is not None
        fallen = [score for score in mixes.baseline.seeds if score < FLOOR + 0.06]
        assert claim.baseline_collapsed == len(fallen), target
        assert claim.baseline_seeds == len(mixes.baseline.seeds) - len(fallen) or len(fallen) == claim.baseline_seeds


def test_rows_that_nobody_knows_are_bounded_where_the_card_says_how_many(filled: Filler) -> None:
    class Nobody:
        def draw(self, target: str, records: list[Record]) -> DrawnRows | None:
            return None

    card = filled.search.catalogue.targets["related"]
    filled.search.catalogue.targets["related"] = card.model_copy(update={"sizes": {"dev": 100, "test": 400}})
    result = rank(filled.studies, "related", rows=Nobody()).targets["related"].best[0]
    filled.search.catalogue.targets["related"] = card
    assert result.claim is not None and result.expected is not None
    assert (result.claim.rows, result.expected.rows) == ("bound", "bound")
    bound = ((0.62 * 0.38 + 0.53 * 0.47) / 400) ** 0.5
    assert result.claim.row_error == pytest.approx(bound)
    assert result.expected.row_error == pytest.approx(((0.62 * 0.38 + 0.54 * 0.46) / 100) ** 0.5)


def test_the_mean_over_targets(filled: Filler) -> None:
    mean = rank(filled.studies).mean
    assert mean is not None and mean.targets == 2
    claims = [mixes.best[0].claim for mixes in rank(filled.studies).targets.values()]
    assert mean.mean == pytest.approx(np.mean([claim.mean for claim in claims if claim]))
    assert mean.low is not None and mean.low < mean.mean
    assert rank(filled.studies, top=1).targets.keys() == {"related", "verses"}


def test_two_models_are_compared_as_a_mix_and_the_baseline_are(filled: Filler) -> None:
    gains = Gains(filled.studies)
    family = filled.item("paraphrase:0.7 + ner:0.3", 1).recipe.family
    records = {r.recipe.seed: r for r in filled.studies.records["related"] if r.recipe.family == family and r.rung == 1}
    base = {r.recipe.seed: r for r in filled.studies.records["related"] if r.recipe.is_baseline and r.rung == 1}
    fresh = gains.claiming("related", records)
    assert list(fresh) == [2], "seed 1 has chosen"
    claim = gains.claim("related", records, base)
    scores, others = ([record.score.test_score for record in seeds.values() if record.score] for seeds in (fresh, base))
    compared = gains.compare("related", 1, [one or 0 for one in scores], [one or 0 for one in others], None)
    assert claim is not None
    assert (compared.mean, compared.low, compared.probability) == (claim.mean, claim.low, claim.probability)
