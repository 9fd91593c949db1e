"""The rows behind the scores of a search: what they leave open about differences, from stored predictions.

The first time a difference is asked for, gold answers and predictions are read, which brings torch and takes seconds;
what comes of it, a few numbers, is kept beside the studies, in `row_errors.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from search.config.workspace import Workspace
from search.statistics.rows import RowErrors, draw_rows
from search.studies.studies import Studies
from search.studies.trial_record import Record
from spaces.digest import digest
from spaces.errors import TaskmixError
from trainables.store.filesystem import write_aside
from trainables.work.keys import score_key
from trainables.work.plan import Plan

if TYPE_CHECKING:
    from trainables.data.card_data import Data

VERSION = 1
"""Of what is kept: goes up when the same predictions give other numbers."""


@dataclass(frozen=True)
class DrawnRows:
    """What the test rows leave open about some records' scores.

    Args:
        errors: its measurements are the records, in their order.
        development: the same error on the development split, as a multiple: it has more or fewer rows.
    """

    errors: RowErrors
    development: float


class RowSource(Protocol):
    """Who knows the rows behind scores."""

    def draw(self, target: str, records: Sequence[Record]) -> DrawnRows | None:
        """Of records with test scores; None where it cannot be known."""


class StoredRows:
    """From the predictions in a search's store.

    Args:
        at_once: whether what is not kept yet is computed; False for views that have to be quick.
    """

    def __init__(self, workspace: Workspace, studies: Studies, at_once: bool = True) -> None:
        self._workspace, self._studies, self._at_once = workspace, studies, at_once
        self._file = workspace.folder / "row_errors.json"
        self._parts: dict[str, dict[str, Any] | None] = {}
        self._units: dict[str, tuple[dict[str, list[Any]], float] | None] = {}

    @cached_property
    def _plan(self) -> Plan:
        """Looked up when it is needed: a search that begins does not know its data yet."""
        return self._studies.versioned(self._workspace.plan)

    @cached_property
    def _kept(self) -> dict[str, Any]:
        return _read(self._file)

    def draw(self, target: str, records: Sequence[Record]) -> DrawnRows | None:
        return self.draw_stored(target, [score_key(self._plan, one.recipe, one.rung, target) for one in records])

    def draw_stored(self, target: str, keys: Sequence[str]) -> DrawnRows | None:
        """The same of what the store has under some keys, whichever search has put it there."""
        name = digest([VERSION, keys], length=32)
        if name not in self._kept:
            if not self._at_once:
                return None
            try:
                drawn = self._draw(target, keys)
            except (TaskmixError, ValueError):  # data or store out of reach, or not those that were predicted
                drawn = None
            if drawn is None:
                return None
            self._kept[name] = drawn
            _write(self._file, self._kept)
        kept = self._kept[name]
        languages = {language: np.array(values) for language, values in kept["languages"].items()}
        return DrawnRows(RowErrors(np.array(kept["mean"]), languages), kept["development"])

    def _draw(self, target: str, keys: Sequence[str]) -> dict[str, Any] | None:
        parts = [self._parts_of(target, key) for key in keys]
        if any(found is None for found in parts):
            return None
        units, development = self._units_of(target) or ({}, 1.0)
        stacked = {language: np.array([found[language] for found in parts if found]) for language in units}
        errors = draw_rows(stacked, units)
        languages = {language: values.tolist() for language, values in errors.languages.items()}
        return {"mean": errors.covariance.tolist(), "languages": languages, "development": development}

    def _parts_of(self, target: str, key: str) -> dict[str, Any] | None:
        """Language -> what each test row adds, of the predictions under a key."""
        if key not in self._parts:
            self._parts[key] = self._compute_parts(target, key)
        return self._parts[key]

    def _compute_parts(self, target: str, key: str) -> dict[str, Any] | None:
        predictions = self._workspace.store.predictions(key)
        data = self._data(target)
        if predictions is None or data is None:
            return None
        from trainables.evaluation.row_parts import row_parts, units_of

        search = self._studies.search
        card, limit = search.targets[target], search.config.evaluation.max_examples
        for one in (card, search.catalogue.dev_card(card)):
            known = self._plan.version_of(one)
            if known is not None and not data.has_version(one, known):
                return None  # other rows than those that were predicted, as many as there may be
        rows = {language: data.rows(card, "test", language, limit) for language in predictions}
        if target not in self._units:
            dev_card = search.catalogue.dev_card(card)
            languages = dev_card.languages_of("dev")
            dev = [len(data.rows(dev_card, "dev", language, limit)) for language in languages]
            here = sum(1 / len(found) for found in rows.values()) / len(rows) ** 2
            there = sum(1 / count for count in dev) / len(dev) ** 2
            self._units[target] = units_of(rows), (there / here) ** 0.5
        parts = {language: row_parts(rows[language], predictions[language], card, language) for language in rows}
        return None if any(found is None for found in parts.values()) else parts

    def _units_of(self, target: str) -> tuple[dict[str, list[Any]], float] | None:
        return self._units.get(target)

    def _data(self, target: str) -> Data | None:
        """Who reads the gold answers; None where they would have to be fetched: an answer downloads nothing."""
        from trainables.data.card_data import Data

        data = Data(self._workspace.cache, self._plan.mirror, self._plan.commits)
        catalogue, card = self._studies.search.catalogue, self._studies.search.targets[target]
        for one in (card, catalogue.dev_card(card)):
            if any(str(repository) not in self._plan.commits for repository in data.repositories(one)):
                return None
            for repository, paths in data.hub_files(one).items():
                if data.hub.missing(repository, paths):
                    return None
        return data


def _read(file: Path) -> dict[str, Any]:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _write(file: Path, kept: Mapping[str, Any]) -> None:
    """Who may not write there computes it again the next time."""
    with suppress(OSError), write_aside(file) as aside:
        aside.write_text(json.dumps(kept), encoding="utf-8")
