"""Rules that choose a configuration for a target without its results, and how they did where the results are known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

import numpy as np
from scipy import stats

from search.answers.explanation import Tested
from search.explanation.predict import Predictor
from search.explanation.rows import Row

MODEL = "mixed model"

Scores = dict[str, float]
"""Configuration (family) -> how much a rule thinks of it."""

Rule = Callable[[Sequence[Row], Sequence[Row]], Scores | None]
"""Of the rows of all other targets and, without their gains, those of the target; None: it has nothing to say."""


def try_rules(rows: Sequence[Row]) -> dict[str, Tested]:
    """Each rule, with every target left out in turn: what its first choice loses, and how well it ranks."""
    targets = sorted({row.target for row in rows})
    regrets: dict[str, list[float]] = defaultdict(list)
    ranks: dict[str, list[float]] = defaultdict(list)
    for target in targets:
        own, others = [row for row in rows if row.target == target], [row for row in rows if row.target != target]
        truth = _means(own)
        for name, rule in RULES.items():
            scores = rule(others, own)
            known = [family for family in truth if scores is not None and family in scores]
            if scores is None or len(known) < 2:
                continue
            best = max(truth[family] for family in known)
            top = max(scores[family] for family in known)
            chosen = [truth[family] for family in known if scores[family] >= top - 1e-12]
            regrets[name].append(best - fmean(chosen))
            rank = _rank([scores[family] for family in known], [truth[family] for family in known])
            if rank is not None:
                ranks[name].append(rank)
    return {
        name: Tested(regret=fmean(found), rank=fmean(ranks[name]) if ranks[name] else None, targets=len(found))
        for name, found in regrets.items()
    }


def _means(rows: Sequence[Row]) -> Scores:
    """Family -> mean gain over languages."""
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        found[row.family].append(row.gain)
    return {family: fmean(gains) for family, gains in found.items()}


def _rank(one: Sequence[float], other: Sequence[float]) -> float | None:
    if np.ptp(one) < 1e-12 or np.ptp(other) < 1e-12:
        return None
    return float(stats.spearmanr(one, other).statistic)


def _by_model(others: Sequence[Row], own: Sequence[Row]) -> Scores | None:
    if len({row.target for row in others}) < 2:
        return None
    predictor = Predictor.fitted(others)
    return {
        family: fmean(predictor.gain(row.weights, row.domain, row.typology, row.format) for row in found)
        for family, found in _families(own).items()
    }


def _on_average(others: Sequence[Row], own: Sequence[Row]) -> Scores | None:
    by_family: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in others:
        by_family[row.family][row.target].append(row.gain)
    return {family: fmean(map(fmean, targets.values())) for family, targets in by_family.items()}


def _nearest_domain(others: Sequence[Row], own: Sequence[Row]) -> Scores | None:
    return {family: -found[0].domain for family, found in _families(own).items()}


def _nearest_target(others: Sequence[Row], own: Sequence[Row]) -> Scores | None:
    """What was best on the target whose distances from all configurations are the most alike."""
    here = {family: found[0].domain for family, found in _families(own).items()}
    profiles: dict[str, dict[str, float]] = defaultdict(dict)
    for row in others:
        profiles[row.target][row.family] = row.domain
    apart = {
        target: fmean(abs(here[family] - far) for family, far in profile.items() if family in here)
        for target, profile in profiles.items()
        if set(profile) & set(here)
    }
    if not apart:
        return None
    nearest = min(apart, key=lambda target: (apart[target], target))
    return _means([row for row in others if row.target == nearest])


def _together(others: Sequence[Row], own: Sequence[Row]) -> Scores | None:
    """The mixture of the most tasks, where one has several."""
    sizes = {family: len(found[0].weights) for family, found in _families(own).items()}
    most = max(sizes.values(), default=0)
    return {family: float(size == most) for family, size in sizes.items()} if most > 1 else None


def _at_random(others: Sequence[Row], own: Sequence[Row]) -> Scores | None:
    return dict.fromkeys(_families(own), 0.0)


def _families(rows: Sequence[Row]) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.family].append(row)
    return found


RULES: dict[str, Rule] = {
    MODEL: _by_model,
    "best on average": _on_average,
    "nearest domain": _nearest_domain,
    "best of the nearest target": _nearest_target,
    "all tasks together": _together,
    "random": _at_random,
}
"""Name -> rule; of what a rule thinks equal, the mean counts."""
