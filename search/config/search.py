"""Search: a search file with everything that it names looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from search.config.schema import SearchConfig
from spaces.card import Card
from spaces.catalogue import Catalogue
from spaces.initial_design import DesignContext, Start, single, starts, uniform
from spaces.mixture import Mixture
from spaces.space import Space
from spaces.zero_shot import seen_languages
from trainables.work.plan import Plan


@dataclass(frozen=True)
class Search:
    """A search file with everything it names looked up: what the rest of the program works with."""

    config: SearchConfig
    catalogue: Catalogue
    space: Space

    @property
    def tasks(self) -> dict[str, Card]:
        return {name: self.catalogue.task(name) for name in self.space.tasks}

    @property
    def targets(self) -> dict[str, Card]:
        return {name: self.catalogue.targets[name] for name in self.config.targets}

    @property
    def pool(self) -> DesignContext:
        """What priors look at."""
        examples = self.config.stages.intermediate.examples
        return DesignContext(self.space, self.tasks, self.targets, self.catalogue.suites, examples)

    @property
    def sampler(self) -> SamplerChoice:
        """Who proposes, with `auto` looked up."""
        return choose_sampler(self.config.sampler.name, self.space, self.config.budget.recipes)

    @property
    def all_tasks(self) -> Mixture:
        """All tasks together, or the largest if a mixture may not have so many, with equal weights."""
        return next(uniform(self.pool)).mixture

    def seen_languages(self, mixture: Mixture, target: Card) -> list[str]:
        """The target's languages in which the mixture trains on its own data: not zero-shot."""
        return seen_languages([self.catalogue.task(name) for name in mixture.tasks], target)

    def _dev_cards(self) -> dict[str, Card]:
        """Target -> the card whose development rows it takes, where they are not its own."""
        cards = {name: self.catalogue.dev_card(card) for name, card in self.targets.items()}
        return {name: card for name, card in cards.items() if card != self.targets[name]}

    def starts(self, earlier: Sequence[Start] = (), recommended: Sequence[Start] = ()) -> list[Start]:
        """What to begin with, distinct, on the grid of the space.

        Args:
            earlier, recommended: what the priors of these names have found.
        """
        start, pool = self.config.start, self.pool
        found = [Start(self.space.nearest(Mixture.parse(text)), "named in start.mixtures") for text in start.mixtures]
        found.extend(starts(start.priors, pool, earlier, recommended))
        found.extend(uniform(pool) if start.all_tasks else ())
        found.extend(single(pool) if self._tries_singles else ())
        first = {one.mixture: one for one in reversed(found)}
        return [first[mixture] for mixture in dict.fromkeys(one.mixture for one in found)]

    @property
    def fresh_seed(self) -> int:
        """The first seed that `confirm` measures with: it has chosen nothing."""
        return self.config.seed + 1

    @property
    def _tries_singles(self) -> bool:
        """Whether each task alone is tried first: where the file says so, estimates need it, or the budget bears it."""
        wanted, sampler, budget = self.config.start.single_tasks, self.config.sampler, self.config.budget
        if sampler.estimates:
            return True
        return SINGLES * len(self.space.tasks) <= budget.recipes if wanted is None else wanted

    def plan(self, store: str, cache: str) -> Plan:
        """What the workers need to know."""
        config = self.config
        return Plan(
            tasks=self.tasks,
            targets=self.targets,
            training_cards={name: self.catalogue.training_cards(card) for name, card in self.targets.items()},
            dev_cards=self._dev_cards(),
            rungs=config.halving.rungs,
            target_rungs=config.halving.target_rungs,
            intermediate=config.stages.intermediate,
            target=config.stages.target,
            per_target=config.stages.per_target,
            evaluation=config.evaluation,
            engine=config.engine,
            store=store,
            stored_dtype=config.storage.dtype,
            cache=cache,
            mirror=config.storage.mirror,
            probe=config.sampler.probe,
            workers=config.resources.workers,
            kept_seed=self.fresh_seed if config.storage.keep_models else None,
            patience=config.failures.patience,
            max_batch_halvings=config.failures.halvings,
        )


SINGLES = 3
"""Recipes of a budget for each task of the pool from which on each is tried alone first."""

MOST_RECIPES = 5000
"""Beyond it a surrogate that looks at `surrogate.gp.CONDITIONED` results for each proposal leaves most of them out."""


@dataclass(frozen=True)
class SamplerChoice:
    """A sampler, by its name in `search/sampling/samplers.py`, and why it is taken."""

    name: str
    reason: str


def choose_sampler(name: str, space: Space, recipes: int) -> SamplerChoice:
    """What `auto` stands for in a space, with a budget of so many recipes; any other name stands for itself."""
    if name != "auto":
        return SamplerChoice(name, "as the search file says")
    if len(space.tasks) == 1:
        if space.hyperparameters:
            return SamplerChoice("tpe", "one task, so only hyperparameters are searched")
        return SamplerChoice("random", "one task and no hyperparameters: there is one recipe")
    if recipes > MOST_RECIPES:
        return SamplerChoice("tpe", f"{recipes:,} recipes are more than the model of mixtures looks at")
    return SamplerChoice("mixture", f"{len(space.tasks)} tasks to mix: every result is used for all targets and rungs")
