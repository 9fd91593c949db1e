"""Worlds: searches whose truth is known, played through by the real agenda; only the answers to rows are made up.

A row of a target is answered rightly where what a recipe has learned exceeds the row's difficulty:

    truth + seed + row * recipe + row * recipe * seed > difficulty of the row

all normal. So a score has an error of seeds, an error of rows that all seeds of a recipe share, and one that they do not,
as real ones have. Rows are translations of each other: the difficulty is one of the row and one of the language.
What a recipe would score with all seeds and on all rows, is known in closed form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from search.config.search import Search
from search.results.row_source import DrawnRows
from search.scheduling.agenda import Agenda
from search.statistics.rows import draw_rows
from search.studies.studies import Studies
from search.studies.trial_record import Record
from spaces.digest import derive_seed
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from tests.support.searches import load
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome, Score

TASKS = ["paraphrase", "ner", "crossref", "book", "cloze", "commands", "mlm", "nextverse", "mnli"]

MIXES = [f"{one}:0.5 + {other}:0.5" for one, other in combinations(TASKS, 2)]
"""Thirty-six."""

FLOOR = 0.25


def make_search(folder: Path, targets: int = 3, seed: int = 1, **changes: object) -> Search:
    """Thirty-six mixes, of which a third go on to the full rung; the best three and the baseline with more seeds."""
    keys: dict[str, object] = {
        "tasks": TASKS,
        "targets": ["related"],
        "space": {"max_tasks": 2, "min_weight": 0.5, "weight_step": 0.5},
        "halving": {"rungs": [0.25, 1.0], "eta": 3},
        "budget": {"recipes": len(MIXES)},
        "start": {"mixtures": MIXES, "all_tasks": False, "priors": []},
        "confirm": {"top": 3, "seeds": 3},
        "seed": seed,
    }
    search = load(folder, **{**keys, **changes})
    names = [f"t{number}" for number in range(targets)]
    card = search.catalogue.targets["related"]
    copies = {name: card.model_copy(update={"name": name}) for name in names}
    catalogue = type(search.catalogue)(**{**vars(search.catalogue), "targets": copies})
    return replace(search, config=search.config.model_copy(update={"targets": names}), catalogue=catalogue)


@dataclass
class World:
    """What recipes are worth, and how well that can be seen. All but rows in units of the rows' difficulty, in which
    one point of accuracy is about .025 where half of the rows are right.

    Args:
        seed: decides everything.
        dev, test: rows of each language.
        spread: of the mixes' gains.
        shift: their mean.
        winner: one mix of them gains so much, whatever the others.
        languages: spread of what a mix gains in one language more than in others.
        seeds: spread over seeds.
        rows, both: of what a recipe, and one seed of it, does to single rows.
        collapse: share of the trainings that end at the floor.
    """

    seed: int = 1
    dev: int = 80
    test: int = 400
    spread: float = 0.05
    shift: float = -0.01
    winner: float = 0.0
    languages: float = 0.0
    seeds: float = 0.04
    rows: float = 0.4
    both: float = 0.4
    collapse: float = 0.0
    answers: dict[tuple[str, str], dict[str, NDArray[np.float64]]] = field(default_factory=dict)

    # --- the truth

    def level(self, target: str, recipe: Recipe, language: str, share: float = 1.0) -> float:
        """What a recipe has learned, without its seed."""
        gain = 0.0
        if not recipe.is_baseline:
            mix = str(recipe.mixture)
            gain = self.shift + self.spread * self._normal(target, mix) + self.winner * (mix == self.best_of(target))
            gain += self.languages * self._normal(target, mix, language)
            gain = share**0.5 * gain + (1 - share) * self.spread * self._normal(target, mix, "low")
        return 0.3 * abs(self._normal(target, "level")) - 0.5 * (1 - share) + gain

    def best_of(self, target: str) -> str:
        """The mix that gains by design."""
        names = sorted(str(Mixture.parse(text)) for text in MIXES)
        return names[derive_seed(self.seed, target, "winner") % len(names)]

    def truth(self, target: str, recipe: Recipe, languages: Sequence[str]) -> float:
        """The score at the top rung over all seeds and rows, of those that do not collapse."""
        spread = (1 + self.rows**2 + self.both**2 + self.seeds**2) ** 0.5
        levels = [self.level(target, recipe, language) for language in languages]
        return float(np.mean([NormalDist().cdf(level / spread) for level in levels]))

    # --- what is seen

    def outcome(self, search: Search, item: WorkItem) -> Outcome:
        return Outcome(scores={target: self.score(search, item, target) for target in item.targets}, seconds=1.0)

    def score(self, search: Search, item: WorkItem, target: str) -> Score:
        card, recipe = search.targets[target], item.recipe
        top = item.rung == search.config.halving.top_rung
        metric = card.metric or ""
        splits: dict[str, dict[str, dict[str, float]]] = {}
        for split, count in (("dev", self.dev), ("test", self.test)):
            right = self._answers(target, recipe, split, count, card.languages, search.config.halving.rungs[item.rung])
            splits[split] = {language: {metric: float(found.mean())} for language, found in right.items()}
            if split == "test" and top:
                self.answers[target, recipe.digest] = right
        means = {
            split: float(np.mean([found[metric] for found in values.values()])) for split, values in splits.items()
        }
        return Score(
            target=target,
            score=means["dev"],
            dev=splits["dev"],
            floor=FLOOR,
            floors={language: {metric: FLOOR} for language in card.languages},
            test_score=means["test"] if top else None,
            test=splits["test"] if top else {},
            examples=10,
            seconds=1.0,
        )

    def _answers(
        self, target: str, recipe: Recipe, split: str, count: int, languages: Sequence[str], share: float
    ) -> dict[str, NDArray[np.float64]]:
        """Language -> 1 for each row that is answered rightly."""
        mix, seed = str(recipe.mixture), str(recipe.seed)
        if self.collapse and self._uniform(target, mix, seed, share, "collapse") < self.collapse:
            draw = self._random(target, mix, seed, share, split)
            return {language: (draw.random(count) < FLOOR).astype(float) for language in languages}
        own = self.seeds * self._normal(target, mix, seed, share)
        shared = self._random(target, split).normal(size=count)  # the text, whatever the language
        found = {}
        for language in languages:
            difficulty = (0.5**0.5) * (shared + self._random(target, split, language).normal(size=count))
            rows = self.rows * self._random(target, split, language, mix).normal(size=count)
            both = self.both * self._random(target, split, language, mix, seed, share).normal(size=count)
            level = self.level(target, recipe, language, share)
            found[language] = (level + own + rows + both > difficulty).astype(float)
        return found

    def draw(self, target: str, records: Sequence[Record]) -> DrawnRows | None:
        """As `RowSource`."""
        answers = [self.answers[target, record.recipe.digest] for record in records]
        parts = {
            language: np.stack([np.stack([one[language], np.ones(self.test)], axis=-1) for one in answers])
            for language in answers[0]
        }
        units: Mapping[str, Sequence[int]] = {language: range(self.test) for language in parts}
        return DrawnRows(draw_rows(parts, units), (self.test / self.dev) ** 0.5)

    def _random(self, *names: object) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64(derive_seed(self.seed, *map(str, names))))

    def _normal(self, *names: object) -> float:
        return float(self._random("normal", *names).normal())

    def _uniform(self, *names: object) -> float:
        return float(self._random("uniform", *names).random())


def play(search: Search, world: World) -> Studies:
    """The whole search."""
    studies = Studies.in_memory(search)
    agenda = Agenda(search, studies)
    while (item := agenda.next()) is not None:
        agenda.done(item, world.outcome(search, item))
    return studies


def played(folder: Path, count: int, first: int = 0, **world: float) -> Iterator[tuple[World, Studies]]:
    """Many searches in worlds of one kind."""
    search = make_search(folder)
    for seed in range(first, first + count):
        made = World(seed=seed, **world)  # type: ignore[arg-type]
        yield made, play(search, made)
