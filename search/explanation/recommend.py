"""Recommend: mixtures for a target that no search had, and how far such advice could be trusted elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

import numpy as np

from search.answers.explanation import Recommendation, Recommended
from search.explanation.predict import Predictor
from search.explanation.rows import Features, Row
from search.explanation.rules import MODEL, try_rules
from spaces.errors import InputError, Problem
from spaces.mixture import Mixture
from spaces.space import Space
from spaces.zero_shot import seen_languages

FEWEST_TARGETS = 3

DRAWN = 200
"""Mixtures beside those that were measured."""


def recommend(
    searches: Sequence[str],
    target: str,
    rows: Sequence[Row],
    features: Features,
    spaces: Sequence[Space],
    top: int = 10,
) -> Recommendation:
    """The most promising mixtures for a target.

    Args:
        rows: of the searches' own targets.
        features: which know the target, too.
        spaces: of the searches, to draw mixtures from.

    Raises:
        InputError: fewer than three targets were measured, or the target's distances are missing.
    """
    measured_targets = sorted({row.target for row in rows} - {target})
    if len(measured_targets) < FEWEST_TARGETS:
        raise InputError(
            Problem(
                "too few measured targets to say anything of another one",
                ", ".join(searches),
                f"{len(measured_targets)}: {', '.join(measured_targets) or 'none'}",
                f"searches with at least {FEWEST_TARGETS} targets, together: --from NAME NAME",
            )
        )
    others = [row for row in rows if row.target != target]
    predictor = Predictor.fitted(others)
    measured = {Mixture.of(row.weights) for row in others}
    found = []
    for mixture in dict.fromkeys([*sorted(measured, key=str), *drawn(spaces)]):
        expected = _expected(predictor, features, mixture, target, mixture in measured)
        if expected is not None:
            found.append(expected)
    if not found:
        fix = "another --measure, or a search with more cards in the target's languages"
        raise InputError(Problem("no mixture has a distance from this target", target, fix=fix))
    found.sort(key=lambda one: (-one.gain, len(one.mixture), one.mix))
    rules = try_rules(others)
    best = min(rules, key=lambda name: (rules[name].regret, name != MODEL, name))
    return Recommendation(
        target=target,
        searches=list(searches),
        configurations=found[:top],
        rules=rules,
        best_rule=best,
        notes=_notes(best, rules[MODEL].regret if MODEL in rules else None, rules[best].regret, len(measured_targets)),
    )


def drawn(spaces: Iterable[Space]) -> list[Mixture]:
    """Each task alone, and mixtures drawn from the spaces, the same each time."""
    found: list[Mixture] = []
    for space in spaces:
        draw = np.random.default_rng(0)
        found += [Mixture.of({task: 1.0}) for task in space.tasks]
        for _ in range(DRAWN):
            size = int(draw.integers(1, space.max_tasks + 1))
            tasks = draw.choice(space.tasks, size=size, replace=False)
            weights = draw.dirichlet(np.ones(size))
            mixture = space.nearest(Mixture.of(dict(zip(map(str, tasks), map(float, weights), strict=True))))
            if not space.problems(mixture):
                found.append(mixture)
    return found


def _expected(
    predictor: Predictor, features: Features, mixture: Mixture, target: str, measured: bool
) -> Recommended | None:
    """A mixture on the target, over the languages that are zero-shot with it; None without distances."""
    weights, card = mixture.weights, features.targets[target]
    seen = seen_languages([features.tasks[task] for task in weights], card)
    languages = [language for language in card.languages if language not in seen]
    domain = features.domain_of(weights, target)
    typologies = [features.typology_of(weights, language) for language in languages]
    known = [one for one in typologies if one is not None]
    if domain is None or not known:
        return None
    at = (weights, domain, fmean(known), features.format_of(weights, target))
    return Recommended(
        mixture=weights,
        mix=str(mixture),
        gain=predictor.gain(*at),
        deviation=predictor.deviation(*at),
        measured=measured,
        domain=domain,
        typology=fmean(known),
    )


def _notes(best: str, own: float | None, least: float, targets: int) -> list[str]:
    notes = [f"tested on {targets} targets, each left out in turn; points are of the mean over a target's languages"]
    if own is None:
        notes.append("the model itself could not be tested here")
    elif best != MODEL:
        notes.append(f"the model is no better than the rule '{best}' here: {own:.2f} points lost against {least:.2f}")
    return notes
