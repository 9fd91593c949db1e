"""A small search, and studies that are filled without any training."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from search.config import search_file
from search.config.search import Search
from search.config.workspace import Workspace
from search.studies.studies import Studies
from search.studies.trial_record import Purpose
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from trainables.work.item import WorkItem
from trainables.work.outcome import Failed, Outcome, Score

SEARCH: dict[str, Any] = {
    "name": "small",
    "model": "some/encoder",
    "cards": [str(Path(__file__).parent.parent / "cards")],
    "tasks": ["paraphrase", "ner", "crossref"],
    "targets": ["related", "verses"],
    "stages": {"intermediate": {"examples": 640}, "target": {"examples": 320}},
    "space": {
        "max_tasks": 2,
        "hyperparameters": {"intermediate.learning_rate": {"low": 1e-5, "high": 1e-4, "log": True, "default": 5e-5}},
    },
    "halving": {"rungs": [0.25, 1.0], "eta": 2},
    "budget": {"recipes": 4},
    "confirm": {"top": 1, "seeds": 2},
}
"""Two targets in four languages each, two rungs; built-in cards and those of tests/cards."""

ENCODER_BYTES = 1000


def load(folder: Path, **changes: Any) -> Search:
    """A search from a real file; keywords replace its keys."""
    file = folder / "search.yaml"
    file.write_text(yaml.safe_dump({**SEARCH, **changes}), encoding="utf-8")
    return search_file.load(file)


def copied(database: Path, folder: Path, search: Search) -> Studies:
    """Studies on a copy of a database."""
    for file in database.parent.glob(f"{database.name}*"):  # SQLite's log lies beside it
        shutil.copy(file, folder / file.name)
    return Studies.create(kept_at(f"sqlite:///{folder / database.name}", search))


@dataclass
class Filler:
    """Writes what a driver would write."""

    search: Search
    studies: Studies

    def item(self, mix: str, rung: int, targets: tuple[str, ...] = (), seed: int = 1) -> WorkItem:
        """A work item; without targets it is measured on all of them."""
        mixture = Mixture.parse(mix)
        recipe = Recipe.of(mixture, self.search.space.defaults, self.search.config.model, seed)
        return WorkItem(recipe, rung, targets or tuple(self.search.config.targets))

    def outcome(self, item: WorkItem, scores: Mapping[str, float], seconds: float = 10.0) -> Outcome:
        """Scores of +-0.02 around the mean in the languages; the test split is .01 lower, the floor .25."""
        found = {}
        for target, mean in scores.items():
            card = self.search.targets[target]
            offsets = dict(zip(card.languages, itertools.cycle((0.02, -0.02)), strict=False))
            metric = card.metric or ""
            top = item.rung == len(self.search.config.halving.rungs) - 1
            found[target] = Score(
                target=target,
                score=mean,
                dev={language: {metric: mean + offset} for language, offset in offsets.items()},
                floor=0.25,
                floors={language: {metric: 0.25} for language in offsets},
                test_score=mean - 0.01 if top else None,
                test={language: {metric: mean - 0.01 + offset} for language, offset in offsets.items()} if top else {},
                examples=80,
                seconds=seconds / 2,
            )
        return Outcome(scores=found, seconds=seconds, training_seconds=seconds * 0.8, examples=100)

    def begin(self, item: WorkItem, kind: Purpose = "start") -> WorkItem:
        is_baseline = item.recipe.is_baseline and kind == "start"
        self.studies.begin(item, "baseline" if is_baseline else kind, item.targets[0])
        return item

    def run(
        self,
        mix: str,
        rung: int,
        scores: Mapping[str, float],
        kind: Purpose = "start",
        seed: int = 1,
        seconds: float = 10.0,
    ) -> WorkItem:
        """Begin and finish a work item on the targets of `scores`."""
        item = self.begin(self.item(mix, rung, tuple(scores), seed), kind)
        self.studies.finish(item, self.outcome(item, scores, seconds))
        return item

    def fail(self, mix: str, rung: int, message: str = "loss is nan") -> WorkItem:
        item = self.begin(self.item(mix, rung))
        failure = Failed(kind="diverged", message=message, details="Traceback ...")
        self.studies.finish(item, Outcome(failure=failure, seconds=5.0, training_seconds=4.0, examples=50))
        return item


def kept_at(url: str, search: Search) -> Workspace:
    """The search's workspace, its studies in another database."""
    return replace(Workspace.of(search), studies_url=url)


def alike_everywhere(target: str, languages: Sequence[str], value: float) -> Score:
    """A score with the same accuracy in each language, on both splits."""
    each = {language: {"accuracy": value} for language in languages}
    return Score(
        target=target,
        score=value,
        dev=each,
        floor=0.5,
        floors=each,
        test_score=value,
        test=each,
        examples=8,
        seconds=1.0,
    )
