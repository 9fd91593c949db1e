"""Contrasts: the question asked directly, as differences between kinds of single tasks, in points.

Near is the content whose texts are nearest to the target's, far are those beyond the median; related is a task's
language that is nearer to the language at hand than English is. Pairs share seed, target and language.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np

from search.answers.explanation import Contrast
from search.distances.tables import PIVOT, content_of
from search.explanation.rows import Row

FEWEST_TARGETS = 5
RESAMPLES = 4000

Distance = Callable[[str, str], float | None]
"""Of two languages."""

Gains = Mapping[str, Mapping[int, float]]
"""Language -> seed -> gain."""

KINDS = {
    "english_near - english_far": ("nearest content in English, less far contents in English", ("en", 0), ("en", 1)),
    "related_near - related_far": ("the same of related languages", ("related", 0), ("related", 1)),
    "english_near - related_far": (
        "the question: same domain in English, less other domains in a related language",
        ("en", 0),
        ("related", 1),
    ),
    "related - english": ("a related language, less English, within a content", ("related", None), ("en", None)),
}
"""Name -> meaning and the two sides: which language, and whether the content is near (0), far (1) or any (None)."""


@dataclass(frozen=True)
class _Singles:
    """Rows of single tasks of one target: content -> language of the task -> gains."""

    gains: Mapping[str, Mapping[str, Gains]]
    domain: Mapping[str, float]

    def chosen(self, place: int | None) -> list[str]:
        """The nearest content, those beyond the median, or all."""
        order = sorted(self.domain, key=lambda content: (self.domain[content], content))
        if place is None:
            return order
        if place == 0:
            return order[:1]
        middle = median(self.domain.values())
        return [content for content in order[1:] if self.domain[content] >= middle]


def contrasts(rows: Sequence[Row], distance: Distance, slopes: Mapping[str, float], with_model: bool) -> list[Contrast]:
    """Every contrast that there is anything to say of.

    Args:
        slopes: points per unit of `domain` and `typology`, for contrasts that were not measured.
        with_model: whether the slopes are worth asking.
    """
    by_target: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if len(row.weights) == 1 and len(row.sources) == 1:
            by_target[row.target].append(row)
    singles = {target: _singles(own) for target, own in sorted(by_target.items())}
    found = []
    for name, (meaning, one, other) in KINDS.items():
        values, pairs = {}, 0
        for target, single in singles.items():
            differences = _differences(single, one, other, distance)
            if differences:
                values[target], pairs = fmean(differences), pairs + len(differences)
        if values:
            found.append(_contrast(name, meaning, values, pairs, measured=True))
        elif with_model:
            modeled = _modeled(rows, one, other, distance, slopes)
            if modeled:
                found.append(_contrast(name, meaning, modeled, 0, measured=False))
    return found


def _singles(rows: Sequence[Row]) -> _Singles:
    gains: dict[str, dict[str, dict[str, dict[int, float]]]] = defaultdict(lambda: defaultdict(dict))
    domain: dict[str, float] = {}
    for row in rows:
        (task,), (source,) = row.weights, row.sources
        known = gains[content_of(task)][source].setdefault(row.language, {})
        for seed, gain in row.gains.items():  # of several configurations of a task the first
            known.setdefault(seed, gain)
        domain[content_of(task)] = row.domain
    return _Singles(gains, domain)


def _source(single: _Singles, content: str, which: str, language: str, distance: Distance) -> str | None:
    """The language of the content's task that is meant, for a language of the target."""
    there = single.gains[content]
    if which == "en":
        return PIVOT if PIVOT in there else None
    return _related([source for source in there if source != PIVOT], language, distance)


def _related(sources: Sequence[str], language: str, distance: Distance) -> str | None:
    from_english = distance(PIVOT, language)
    nearest = [(far, source) for source in sources if (far := distance(source, language)) is not None]
    if from_english is None or not nearest or min(nearest)[0] >= from_english:
        return None
    return min(nearest)[1]


def _differences(
    single: _Singles, one: tuple[str, int | None], other: tuple[str, int | None], distance: Distance
) -> list[float]:
    found = []
    for near in single.chosen(one[1]):
        for far in [near] if other[1] is None else single.chosen(other[1]):
            languages = {language for gains in single.gains[near].values() for language in gains}
            for language in sorted(languages):
                left, right = (
                    _source(single, content, which, language, distance)
                    for content, which in ((near, one[0]), (far, other[0]))
                )
                if left is None or right is None or (near, left) == (far, right):
                    continue
                own, base = single.gains[near][left].get(language, {}), single.gains[far][right].get(language, {})
                found += [own[seed] - base[seed] for seed in own if seed in base]
    return found


def _modeled(
    rows: Sequence[Row],
    one: tuple[str, int | None],
    other: tuple[str, int | None],
    distance: Distance,
    slopes: Mapping[str, float],
) -> dict[str, float]:
    """Target -> the contrast as the slopes have it."""
    sources = sorted({source for row in rows for source in row.sources if source != PIVOT})
    values = {}
    for target in sorted({row.target for row in rows}):
        own = [row for row in rows if row.target == target]
        domain = sorted({round(row.domain, 12) for row in own})
        places = {0: domain[0], 1: fmean([d for d in domain[1:] if d >= median(domain)] or domain[-1:]), None: 0.0}
        differences = []
        for language in sorted({row.language for row in own}):
            related = _related(sources, language, distance)
            kinship = {"en": distance(PIVOT, language), "related": distance(related, language) if related else None}
            left, right = kinship[one[0]], kinship[other[0]]
            if left is not None and right is not None:
                across = slopes.get("domain", 0.0) * (places[one[1]] - places[other[1]])
                differences.append(across + slopes.get("typology", 0.0) * (left - right))
        if differences:
            values[target] = fmean(differences)
    return values


def _contrast(name: str, meaning: str, values: dict[str, float], pairs: int, measured: bool) -> Contrast:
    interval = None
    if len(values) >= FEWEST_TARGETS:
        numbers = np.array(list(values.values()))
        draws = np.random.default_rng(0).integers(len(numbers), size=(RESAMPLES, len(numbers)))
        low, high = np.quantile(numbers[draws].mean(1), [0.025, 0.975])
        interval = (float(low), float(high))
    return Contrast(
        name=name,
        meaning=meaning,
        targets=values,
        mean=fmean(values.values()),
        interval=interval,
        pairs=pairs,
        source="measured" if measured else "model",
    )
