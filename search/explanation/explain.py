"""Explain: does the domain of tasks, or the kinship of languages, decide how much a mixture helps?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from search.answers.explanation import DIGITS, DistanceTables, Effect, Explanation, LeftOut, Scale, Verdict
from search.distances.tables import LanguageTable
from search.explanation.contrasts import contrasts
from search.explanation.design import EFFECTS, ModelDesign
from search.explanation.mixed_model import Matrix, MixedFit, MixedModel
from search.explanation.permutation import holm, permutation_p
from search.explanation.rows import Row
from search.surrogate.gp import one_thread
from spaces.errors import InputError, Problem

TESTED = ("domain", "typology")
"""What the question is about, and what p is adjusted for; the format is there so that none takes it for the domain."""

LEVEL, POWER = 0.05, 0.8

MATTERS: dict[Scale, float] = {"points": 1.0, "units": 0.2}
"""An effect per standard deviation that somebody would care about: a point, or what is called a small effect."""

FEWEST_ROWS = 8


@dataclass(frozen=True)
class _Fitted:
    design: ModelDesign
    fit: MixedFit

    def spread(self, effect: str) -> float:
        return float(self.design.fixed[effect].std())


@one_thread()
def explain(
    searches: Sequence[str],
    split: str,
    rows: Sequence[Row],
    left_out: LeftOut,
    distances: DistanceTables,
    languages: LanguageTable,
    scale: Scale = "points",
) -> Explanation:
    """The effects, each with a verdict that says when there is too little to learn from.

    Args:
        scale: of the gains of the rows.

    Raises:
        InputError: there are hardly any rows.
    """
    if len(rows) < FEWEST_ROWS:
        raise InputError(
            Problem(
                "too few results to explain anything",
                ", ".join(searches),
                f"{len(rows)} gains at the top rung; left out: {left_out.own_data} with own data, "
                f"{left_out.no_distance} without a distance",
                f"at least {FEWEST_ROWS}: let the search go on, or name several searches on the same targets",
            )
        )
    design = ModelDesign(rows)
    model = MixedModel(design.response, design.fixed, design.random)
    fitted = _Fitted(design, model.fit())
    permuted = {
        name: permutation_p(design, name, fitted.fit.ratios)
        for name in TESTED
        if name in design.fixed and design.freedom(name) >= 1 and not _unpermutable(design, name)
    }
    adjusted = holm({name: p for name, (p, _) in permuted.items()})
    effects = {name: _effect(fitted, name, permuted.get(name), adjusted.get(name), scale) for name in EFFECTS}
    slopes = {name: fitted.fit.coefficient(name) for name in TESTED if name in design.fixed}
    measured = contrasts(
        rows,
        languages.typology.distance,
        slopes,
        with_model=all(effects[name].verdict != "too little" for name in TESTED),
    )
    return Explanation(
        searches=list(searches),
        split=split,
        scale=scale,
        measure=distances.measure,
        typology=distances.typology,
        row_count=len(rows),
        left_out=left_out,
        design=design.summary,
        effects=effects,
        variance=fitted.fit.components,
        contrasts=measured,
        distances=distances,
        notes=_notes(model, distances),
    )


def _unpermutable(design: ModelDesign, effect: str) -> bool:
    _, units, _ = design.cells(effect)
    return units < 2


def _effect(
    fitted: _Fitted, name: str, permuted: tuple[float, int] | None, adjusted: float | None, scale: Scale
) -> Effect:
    design, fit = fitted.design, fitted.fit
    lacking = design.too_little(name)
    if name not in design.fixed:
        return _nothing(lacking or "")
    df, spread = design.freedom(name), fitted.spread(name)
    slope, error = fit.coefficient(name), fit.error(name)
    interval, smallest = None, None
    if df >= 1 and error > 0:
        wide = float(stats.t.ppf(1 - LEVEL / 2, df)) * error * spread
        interval = (slope * spread - wide, slope * spread + wide)
        smallest = float(stats.t.ppf(1 - LEVEL / 2, df) + stats.t.ppf(POWER, df)) * error * spread
    verdict: Verdict = "too little"
    why = lacking or ""
    if lacking is None and interval is not None and smallest is not None:
        verdict, why = _verdict(slope * spread, interval, smallest, permuted, adjusted, scale)
    return Effect(
        per_unit=slope,
        per_sd=slope * spread,
        interval=interval,
        df=max(df, 0),
        p_permutation=permuted[0] if permuted else None,
        permutations=permuted[1] if permuted else 0,
        part_r2=_part_r2(fitted, name),
        smallest_found=smallest,
        verdict=verdict,
        why=why,
    )


def _verdict(
    effect: float,
    interval: tuple[float, float],
    smallest: float,
    permuted: tuple[float, int] | None,
    adjusted: float | None,
    scale: Scale,
) -> tuple[Verdict, str]:
    digits = DIGITS[scale]
    holds_zero = interval[0] <= 0 <= interval[1]
    chance = adjusted is not None and adjusted > LEVEL
    if not holds_zero and not chance:
        return "yes", f"{effect:+.{digits}f} {scale} per standard deviation"
    if not holds_zero and permuted is not None:
        least = f"the least that {permuted[1]} permutations allow is {1 / permuted[1]:.3f}"
        return "weak", f"the interval leaves 0 out, but p by permutation, adjusted, is {adjusted:.3f}; {least}"
    if smallest > MATTERS[scale]:
        return "weak", f"no effect is seen, and one below {smallest:.{digits}f} {scale} could well have been missed"
    return "no", f"none is seen, and one of {smallest:.{digits}f} {scale} would have been found four times in five"


def _nothing(why: str) -> Effect:
    return Effect(
        per_unit=None,
        per_sd=None,
        interval=None,
        df=0,
        p_permutation=None,
        permutations=0,
        part_r2=None,
        smallest_found=None,
        verdict="too little",
        why=why,
    )


def _part_r2(fitted: _Fitted, name: str) -> float:
    """Variance of the fixed part with and without the column, over that and all components of variance."""
    design, fit = fitted.design, fitted.fit
    columns = design.fixed
    explained = _explained(columns, fit)
    rest = {other: column for other, column in columns.items() if other != name}
    model = MixedModel(design.response, rest, design.random)
    without = _explained(rest, model.at(np.array([fit.ratios[one] for one in model.random])))
    weights = {one: float((z**2).sum(1).mean()) for one, z in design.random.items()}
    components = sum(variance * weights.get(one, 1.0) for one, variance in fit.components.items())
    return max(0.0, explained - without) / (explained + components) if explained + components > 0 else 0.0


def _explained(columns: dict[str, Matrix], fit: MixedFit) -> float:
    return float((np.column_stack(list(columns.values())) @ fit.coefficients).var())


def _notes(model: MixedModel, distances: DistanceTables) -> list[str]:
    notes = ["this holds for these targets and contents; distances of texts are those of the base encoder"]
    if model.dropped:
        notes.append(f"cannot be told apart in this design, and left out: {', '.join(model.dropped)}")
    return [*notes, *distances.notes]
