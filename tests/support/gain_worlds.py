"""Simulated searches whose truth is known: rows of gains with given slopes and random effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.answers.explanation import DistanceTables, LeftOut
from search.distances.tables import LanguageTable
from search.explanation.rows import Row
from spaces.typology import Typology

LANGUAGES = ("de", "fi", "fr", "hi", "tr", "zh")

KINSHIP = LanguageTable(Typology())

NOTHING_LEFT_OUT = LeftOut(own_data=0, no_distance=0, failed=0)


@dataclass(frozen=True)
class GainWorld:
    """Single tasks on every target in every language.

    Args:
        domain, typology: points per unit of distance.
        deviations: of the random effects, in points.
    """

    domain: float = 0.0
    typology: float = 0.0
    contents: int = 6
    targets: int = 5
    sources: Sequence[str] = ("en", "es", "ar")
    languages: Sequence[str] = LANGUAGES
    content_by_target: float = 1.5
    task: float = 1.0

    def rows(self, seed: int) -> list[Row]:
        draw = np.random.default_rng([7, seed])
        distances = draw.uniform(0.1, 1.5, (self.contents, self.targets))
        of_target = draw.normal(0, 2, self.targets)
        crossed = draw.normal(0, self.content_by_target, (self.contents, self.targets))
        of_language = draw.normal(0, 0.8, (self.targets, len(self.languages)))
        of_pair = draw.normal(0, 0.5, (len(self.sources), len(self.languages)))
        rows = []
        for content in range(self.contents):
            for s, source in enumerate(self.sources):
                of_task = draw.normal(0, self.task)
                by_target = draw.normal(0, 0.7, self.targets)
                for target in range(self.targets):
                    for at, language in enumerate(self.languages):
                        kinship = KINSHIP.typology.distance(source, language)
                        assert kinship is not None
                        gain = self.domain * distances[content, target] + self.typology * kinship
                        gain += of_target[target] + crossed[content, target] + of_task + by_target[target]
                        gain += of_language[target, at] + of_pair[s, at] + draw.normal()
                        rows.append(
                            Row(
                                search="world",
                                family=f"{content} {source}",
                                weights={f"c{content}.{source}": 1.0},
                                target=f"t{target}",
                                language=language,
                                gains={1: float(gain)},
                                domain=float(distances[content, target]),
                                typology=kinship,
                                format=0.0,
                                sources={source: 1.0},
                            )
                        )
        return rows


def no_tables() -> DistanceTables:
    """Where only the rows are looked at."""
    return DistanceTables(
        search="world",
        measure="centroid",
        typology="syntax",
        domain={},
        languages={},
        coverage={},
        missing={},
        notes=[],
    )
