"""Domain distances between the tasks and targets of a search, and typological ones between their languages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean

import numpy as np

from search.distances.domain import WITHIN_A_LANGUAGE, Measure, Vectors, bandwidth, measured
from spaces.typology import LOW_COVERAGE, Typology
from spaces.zero_shot import training_languages
from trainables.work.plan import Plan
from trainables.work.profile import Profile, ProfileRequest, requests_of_target, requests_of_task

PIVOT = "en"
"""The language that is taken where several would do."""

FEWEST_CARDS, FEWEST_FORMATS = 3, 2
"""What the mean of a language is made of at least: of fewer it is the mean of their domains, not of the language."""

BANDWIDTH_VECTORS = 1500


def content_of(name: str) -> str:
    """The content of a card: `pawsx` of `pawsx.de`. Cards of one content are one data set in several languages."""
    return name.partition(".")[0]


def weighted(weights: Mapping[str, float], value: Mapping[str, float | None]) -> float | None:
    """The mean of values by the weights of a mixture; None where a task has none."""
    found = [(weight, value.get(task)) for task, weight in weights.items()]
    if not found or any(one is None for _, one in found):
        return None
    return sum(weight * one for weight, one in found if one is not None)


@dataclass(frozen=True)
class DomainTable:
    """How far the texts of each task lie from those of each target, by one measure.

    Args:
        plan: whose tasks and targets are meant.
        profiles: of all of them, as `trainables.work.profile` asks for them.
        extra: further targets, name -> requests; those that no search has.
    """

    plan: Plan
    profiles: Mapping[ProfileRequest, Profile]
    measure: Measure = "centroid"
    extra: Mapping[str, list[ProfileRequest]] = field(default_factory=dict)

    @cached_property
    def tasks(self) -> dict[str, dict[str, Profile]]:
        """Content -> language -> profile. Tasks whose rows mix languages have none: see `mixed`."""
        found: dict[str, dict[str, Profile]] = defaultdict(dict)
        for name, card in sorted(self.plan.tasks.items()):
            if name not in self.mixed:
                for request in requests_of_task(card):
                    found[content_of(name)][request.language] = self.profiles[request]
        return dict(found)

    @cached_property
    def targets(self) -> dict[str, dict[str, Profile]]:
        """Target -> language -> profile."""
        asked = {name: requests_of_target(self.plan, name) for name in self.plan.targets} | dict(self.extra)
        found: dict[str, dict[str, Profile]] = {}
        for name, requests in asked.items():
            found[name] = {}
            for request in requests:
                profile, known = self.profiles[request], found[name].get(request.language)
                found[name][request.language] = profile if known is None else known + profile
        return found

    @cached_property
    def mixed(self) -> set[str]:
        """Tasks whose rows are in several languages without saying which is in which."""
        return {name for name, card in self.plan.tasks.items() if len(training_languages(card)) > 1}

    @cached_property
    def language_means(self) -> dict[str, Vectors]:
        """Language -> mean over the cards that have it, where enough cards of enough formats do."""
        voters: dict[str, list[tuple[str, Vectors]]] = defaultdict(list)
        tasks = [request for card in self.plan.tasks.values() for request in requests_of_task(card)]
        of_targets = [request for name in self.plan.targets for request in requests_of_target(self.plan, name)]
        others = [request for requests in self.extra.values() for request in requests]
        for request in dict.fromkeys([*tasks, *of_targets, *others]):
            if request.card.name not in self.mixed:
                voters[request.language].append((request.card.format, self.profiles[request].vectors.mean(0)))
        return {
            language: np.mean([mean for _, mean in votes], axis=0)
            for language, votes in voters.items()
            if len(votes) >= FEWEST_CARDS and len({format for format, _ in votes}) >= FEWEST_FORMATS
        }

    @cached_property
    def gamma(self) -> float:
        """Of the kernel of `mmd`; one for all pairs."""
        vectors = np.concatenate([profile.vectors for _, profile in sorted(self.profiles.items(), key=_by_name)])
        return bandwidth(vectors[:: max(1, len(vectors) // BANDWIDTH_VECTORS)])

    def distance(self, task: str, target: str) -> float | None:
        """The distance of a task from a target; None where it is missing, and `reason` says why."""
        near, far = self.tasks.get(content_of(task), {}), self.targets[target]
        if task in self.mixed:
            return None
        common = sorted(set(near) & set(far), key=_pivot_first)
        if common:
            return measured(self.measure, near[common[0]], far[common[0]], self.gamma)
        if self.measure in WITHIN_A_LANGUAGE:
            return None
        own = next((language for language in sorted(near, key=_pivot_first) if language in self.language_means), None)
        others = [language for language in far if language in self.language_means]
        if own is None or not others:
            return None
        left = self._centered(near[own], own)
        return fmean(measured(self.measure, left, self._centered(far[one], one), self.gamma) for one in others)

    def reason(self, task: str, target: str) -> str:
        """Why a distance is missing."""
        if task in self.mixed:
            return "its rows mix languages"
        if self.measure in WITHIN_A_LANGUAGE:
            return f"no language in common, and {self.measure} is taken within one"
        return (
            f"no language in common, and no mean of a language to subtract: it takes {FEWEST_CARDS} cards of "
            f"{FEWEST_FORMATS} formats in it"
        )

    def table(self) -> dict[str, dict[str, float | None]]:
        """Task -> target -> distance. Tasks of one content share it."""
        by_content: dict[tuple[str, str], float | None] = {}
        for task in self.plan.tasks:
            for target in self.targets:
                if task not in self.mixed and (content_of(task), target) not in by_content:
                    by_content[content_of(task), target] = self.distance(task, target)
        return {
            task: {
                target: None if task in self.mixed else by_content[content_of(task), target] for target in self.targets
            }
            for task in sorted(self.plan.tasks)
        }

    def _centered(self, profile: Profile, language: str) -> Profile:
        return Profile((profile.vectors - self.language_means[language]).astype(np.float32), profile.pieces)


@dataclass(frozen=True)
class LanguageTable:
    """How far the languages of tasks lie from those of targets."""

    typology: Typology

    def distances(self, sources: Iterable[str], targets: Iterable[str]) -> dict[str, dict[str, float | None]]:
        """Source language -> target language -> distance."""
        among = list(targets)
        return {one: {other: self.typology.distance(one, other) for other in among} for one in sources}

    def coverage(self, sources: Iterable[str], targets: Iterable[str]) -> dict[str, float]:
        """Language -> share of features that it and the best covered language on the other side have both observed."""
        left, right = list(sources), list(targets)
        pairs = [(one, other, self.typology.coverage(one, other)) for one in left for other in right]
        shares: dict[str, float] = {}
        for language in sorted({*left, *right}):
            own = [share for one, other, share in pairs if language in (one, other) and share is not None]
            if own:
                shares[language] = max(own)  # its best partner's: what is left is missing in this language itself
        return shares

    def thin(self, coverage: Mapping[str, float]) -> list[str]:
        """Languages whose distances are more guess than observation."""
        return [language for language, share in coverage.items() if share < LOW_COVERAGE]


def _pivot_first(language: str) -> tuple[bool, str]:
    return language != PIVOT, language


def _by_name(entry: tuple[ProfileRequest, Profile]) -> tuple[str, str, str]:
    return entry[0].card.name, entry[0].split, entry[0].language
