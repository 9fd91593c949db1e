"""Rows: what each mixture has gained on each target in each language, and how far it is from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, pstdev
from typing import Literal

from search.answers.explanation import LeftOut
from search.config.search import Search
from search.distances.tables import LanguageTable, content_of, weighted
from search.studies.studies import Studies
from spaces.card import Card
from spaces.formats import FORMATS
from spaces.recipe import Recipe
from spaces.zero_shot import seen_languages, training_languages
from trainables.work.outcome import Score

Split = Literal["dev", "test"]
Domain = Mapping[str, Mapping[str, float | None]]
"""Task -> target -> distance."""


@dataclass(frozen=True)
class Row:
    """A mixture on a target in a language.

    Args:
        weights: of its tasks.
        gains: seed -> gain over the baseline with that seed, in points; or in units, see `in_units`.
        domain, typology, format: as `Features`.
        sources: language -> weight of the tasks in it.
    """

    search: str
    family: str
    weights: Mapping[str, float]
    target: str
    language: str
    gains: Mapping[int, float]
    domain: float
    typology: float
    format: float
    sources: Mapping[str, float]

    @property
    def gain(self) -> float:
        """Mean over seeds."""
        return fmean(self.gains.values())

    @property
    def contents(self) -> dict[str, float]:
        """Content -> weight of its tasks."""
        shares: dict[str, float] = defaultdict(float)
        for task, weight in self.weights.items():
            shares[content_of(task)] += weight
        return dict(shares)


@dataclass(frozen=True)
class Features:
    """What is known of a mixture and a target without training.

    Args:
        tasks: cards of all tasks that may be mixed.
        domain: distances of their texts.
        languages: distances of their languages.
    """

    tasks: Mapping[str, Card]
    targets: Mapping[str, Card]
    domain: Domain
    languages: LanguageTable

    def domain_of(self, weights: Mapping[str, float], target: str) -> float | None:
        """Mean distance of the texts, by weight."""
        return weighted(weights, {task: self.domain[task][target] for task in weights})

    def typology_of(self, weights: Mapping[str, float], language: str) -> float | None:
        """Mean distance of the tasks' languages from a language, by weight."""
        distances: dict[str, float | None] = {}
        for task in weights:
            found = [self.languages.typology.distance(own, language) for own in training_languages(self.tasks[task])]
            known = [one for one in found if one is not None]
            distances[task] = fmean(known) if len(known) == len(found) else None
        return weighted(weights, distances)

    def format_of(self, weights: Mapping[str, float], target: str) -> float:
        """Weight of the tasks whose format is what the target is trained as."""
        own = self.targets[target].format
        trained = FORMATS[own].trained_as or own
        return sum(weight for task, weight in weights.items() if self.tasks[task].format == trained)

    def sources_of(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Language -> weight of the tasks in it."""
        shares: dict[str, float] = defaultdict(float)
        for task, weight in weights.items():
            languages = training_languages(self.tasks[task])
            for language in languages:
                shares[language] += weight / len(languages)
        return dict(shares)


def gather(
    searches: Sequence[tuple[Search, Studies]], features: Features, split: Split = "dev"
) -> tuple[list[Row], LeftOut]:
    """The rows of all searches at their top rungs, and how many were left out."""
    rows, own_data, no_distance, failed = list[Row](), 0, 0, set[str]()
    for search, studies in searches:
        failed |= {record.recipe.digest for record in studies.state.failures}
        for target, card in search.targets.items():
            for recipe, gains in _gains(search, studies, target, card, split).items():
                weights = recipe.mixture.weights
                seen = seen_languages([features.tasks[task] for task in weights], card)
                for language, of_language in gains.items():
                    domain = features.domain_of(weights, target)
                    typology = features.typology_of(weights, language)
                    if language in seen:
                        own_data += 1
                    elif domain is None or typology is None:
                        no_distance += 1
                    else:
                        rows.append(
                            Row(
                                search=search.config.name,
                                family=recipe.family,
                                weights=weights,
                                target=target,
                                language=language,
                                gains=of_language,
                                domain=domain,
                                typology=typology,
                                format=features.format_of(weights, target),
                                sources=features.sources_of(weights),
                            )
                        )
    return rows, LeftOut(own_data=own_data, no_distance=no_distance, failed=len(failed))


def in_units(rows: Sequence[Row]) -> list[Row]:
    """The rows with gains in standard deviations of their target's, so that no target counts for more because its
    scores spread more. A target whose gains are all alike is left out: it has no unit."""
    spreads = {
        target: pstdev([row.gain for row in rows if row.target == target]) for target in {row.target for row in rows}
    }
    return [
        replace(row, gains={seed: gain / spreads[row.target] for seed, gain in row.gains.items()})
        for row in rows
        if spreads[row.target] > 0
    ]


def _gains(
    search: Search, studies: Studies, target: str, card: Card, split: Split
) -> dict[Recipe, dict[str, dict[int, float]]]:
    """Configuration (with the search's own seed) -> language -> seed -> gain in points."""
    top, metric = search.config.halving.top_rung, card.metric or ""
    found: dict[Recipe, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for record in studies.records[target]:
        if record.rung != top or record.recipe.is_baseline or record.is_estimate or record.score is None:
            continue
        baseline = studies.state.baseline(target, top, record.recipe.seed)
        if baseline is None or baseline.score is None:
            continue
        own, base = _scores(record.score, split), _scores(baseline.score, split)
        for language in own:
            if language in base:
                gain = 100 * (own[language][metric] - base[language][metric])
                found[record.recipe.with_seed(search.config.seed)][language][record.recipe.seed] = gain
    return {recipe: {language: dict(gains) for language, gains in one.items()} for recipe, one in found.items()}


def _scores(score: Score, split: Split) -> Mapping[str, Mapping[str, float]]:
    return score.dev if split == "dev" else score.test
