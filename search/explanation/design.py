"""The design: how rows become the columns of the model, and how much there is to learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from search.answers.explanation import Design
from search.explanation.mixed_model import Matrix, indicator
from search.explanation.rows import Row

EFFECTS = ("domain", "typology", "format")

FEWEST_CONTENTS, FEWEST_TARGETS, FEWEST_DF = 3, 3, 6
FEWEST_SOURCES, FEWEST_TARGET_LANGUAGES = 3, 6


class ModelDesign:
    """Columns of the fixed and the random part, for rows."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = list(rows)
        self.tasks = sorted({task for row in rows for task in row.weights})
        self.contents = sorted({content for row in rows for content in row.contents})
        self.targets = sorted({row.target for row in rows})
        self.sources = sorted({source for row in rows for source in row.sources})
        self.languages = sorted({row.language for row in rows})

    @cached_property
    def response(self) -> Matrix:
        return np.array([row.gain for row in self.rows])

    @cached_property
    def fixed(self) -> dict[str, Matrix]:
        """The intercept and every explanation that varies."""
        columns = {name: np.array([getattr(row, name) for row in self.rows]) for name in EFFECTS}
        varying = {name: column for name, column in columns.items() if np.ptp(column) > 1e-9}
        return {"intercept": np.ones(len(self.rows)), **varying}

    @cached_property
    def random(self) -> dict[str, Matrix]:
        """Of mixtures the levels count by weight."""
        target = indicator([row.target for row in self.rows])
        tasks, contents, sources = self._task_weights, self._shares("contents", self.contents), self._source_weights
        language = indicator([row.language for row in self.rows])
        return {
            "target": target,
            "task": tasks,
            "content x target": _product(contents, target),
            "task x target": _product(tasks, target),
            "target x language": _product(target, language),
            "language": language,
            "source language x language": _product(sources, language),
        }

    @property
    def _task_weights(self) -> Matrix:
        return self._shares("weights", self.tasks)

    @property
    def _source_weights(self) -> Matrix:
        return self._shares("sources", self.sources)

    def _shares(self, of: str, names: Sequence[str]) -> Matrix:
        values: list[Mapping[str, float]] = [getattr(row, of) for row in self.rows]
        return np.array([[value.get(name, 0.0) for name in names] for value in values])

    def cells(self, effect: str) -> tuple[Matrix, int, int]:
        """Where an explanation varies: weights of cells (rows, units x partners), units and partners.

        The domain varies over contents x targets; typology over target languages x source languages. Units are what is
        permuted.
        """
        if effect == "domain":
            contents = self._shares("contents", self.contents)
            partner = indicator([row.target for row in self.rows])
            return _product(contents, partner), len(self.contents), len(self.targets)
        languages = indicator([row.language for row in self.rows])
        return _product(languages, self._source_weights), len(self.languages), len(self.sources)

    def freedom(self, effect: str) -> int:
        """Degrees of freedom of an effect: what it varies over counts, rows do not."""
        if effect == "typology":
            pairs = len({(source, row.language) for row in self.rows for source in row.sources})
            return pairs - len(self.sources) - len(self.languages)
        return (len(self.contents) - 1) * (len(self.targets) - 1) - 1

    def too_little(self, effect: str) -> str | None:
        """Why nothing can be said of an effect; None where something can."""
        if effect not in self.fixed:
            return "it is the same in all rows"
        if effect == "typology":
            if self.sources == ["en"]:
                return (
                    "all tasks are in English: the distance differs by target language alone, and cannot be told from "
                    "how hard a language is"
                )
            if len(self.sources) < FEWEST_SOURCES:
                return f"{len(self.sources)} languages of tasks; it takes {FEWEST_SOURCES}"
            if len(self.languages) < FEWEST_TARGET_LANGUAGES:
                return f"{len(self.languages)} languages of targets; it takes {FEWEST_TARGET_LANGUAGES}"
            if self.freedom(effect) < 1:
                return "too few pairs of languages"
            return None
        if len(self.contents) < FEWEST_CONTENTS:
            return f"{len(self.contents)} contents (languages of one do not count); it takes {FEWEST_CONTENTS}"
        if len(self.targets) < FEWEST_TARGETS:
            return f"{len(self.targets)} targets; it takes {FEWEST_TARGETS}"
        if self.freedom(effect) < FEWEST_DF:
            return f"{self.freedom(effect)} degrees of freedom from contents and targets; it takes {FEWEST_DF}"
        return None

    @property
    def summary(self) -> Design:
        return Design(
            rows=len(self.rows),
            contents=len(self.contents),
            tasks=len(self.tasks),
            targets=len(self.targets),
            source_languages=len(self.sources),
            target_languages=len(self.languages),
            seeds=len({seed for row in self.rows for seed in row.gains}),
        )


def _product(one: Matrix, other: Matrix) -> Matrix:
    """Columns of all pairs of levels, (rows, one x other)."""
    return (one[:, :, None] * other[:, None, :]).reshape(len(one), -1)
