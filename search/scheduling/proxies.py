"""Which mixtures a search estimates by merged encoders, and from whose encoders. It needs each task's own.

They are drawn from the search's seed alone, over the tasks whose own recipe has a score at the lowest rung. So what is
left to estimate follows from the records, and a search that goes on after a crash estimates the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from search.config.search import Search
from search.sampling.candidates import draw_candidates
from search.studies.state import SearchState
from spaces.digest import derive_seed
from spaces.errors import InputError
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from spaces.space import Space

DRAWS = 8
"""Mixtures that are drawn for each that is wanted: in a small space many are the same."""


@dataclass(frozen=True)
class Merges:
    """Which mixtures are still to be estimated in a search as it is now, and what that needs.

    Everything is computed anew at each call, from the state alone.
    """

    search: Search
    state: SearchState

    @property
    def singles(self) -> dict[str, Recipe]:
        """Task -> the recipe that trains on it alone, with the default hyperparameters."""
        return {task: self._recipe(Mixture.of({task: 1.0})) for task in self.search.space.tasks}

    @property
    def is_early(self) -> bool:
        """Whether some task alone has still to be trained at the lowest rung."""
        running = {record.recipe.digest for record in self.state.running() if record.rung == 0}
        started = self.state.recipes.keys() - running
        return any(recipe.digest not in started for recipe in self.singles.values())

    @property
    def left(self) -> list[Recipe]:
        """What is still to be estimated, in order, from the tasks that have an encoder now."""
        count = self.search.config.sampler.estimates
        if len(self.state.estimated) >= count:
            return []
        tasks = tuple(task for task, recipe in self.singles.items() if self._is_scored(recipe))
        recipes = map(self._recipe, _mixtures(self.search.space, tasks, count, self.search.config.seed))
        return [recipe for recipe in recipes if recipe.digest not in self.state.estimated]

    @property
    def needed(self) -> list[Recipe]:
        """Single-task recipes whose encoders of the lowest rung estimates will start from; none if none will."""
        config, state = self.search.config, self.state
        if len(state.estimated) >= config.sampler.estimates or len(state.tried) >= config.budget.recipes:
            return []
        return list(self.singles.values()) if self.is_early or self.left else []

    def _is_scored(self, recipe: Recipe) -> bool:
        records = (self.state.at(target, recipe.digest, 0) for target in self.state.rungs)
        return any(record is not None and record.score is not None for record in records)

    def _recipe(self, mixture: Mixture) -> Recipe:
        config = self.search.config
        return Recipe.of(mixture, self.search.space.defaults, config.model, config.seed)


@lru_cache(maxsize=8)
def _mixtures(space: Space, tasks: tuple[str, ...], count: int, seed: int) -> list[Mixture]:
    """So many mixtures of at least two of the tasks, or as many as there are; of more, the first are the same."""
    try:
        several = replace(
            space, tasks=tasks, min_tasks=2, max_tasks=min(space.max_tasks, len(tasks)), hyperparameters=()
        )
    except InputError:  # no two of them may be mixed
        return []
    candidates = draw_candidates(several, Random(derive_seed(seed, "estimates")), DRAWS * count)
    return list(dict.fromkeys(mixture for mixture, _ in candidates))[:count]
