"""Recipe: everything that decides what is trained: mixture, hyperparameters, base model, seed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from spaces.digest import digest
from spaces.mixture import Mixture

Value = int | float | str | bool
"""What a hyperparameter may be."""


@dataclass(frozen=True)
class Recipe:
    """A point of the search with a canonical form and a digest.

    `hyperparameters` are (name, value) sorted by name; names carry their stage, as in
    ``intermediate.learning_rate``. Build one with `Recipe.of`.
    """

    mixture: Mixture
    hyperparameters: tuple[tuple[str, Value], ...]
    model: str
    seed: int

    @classmethod
    def of(cls, mixture: Mixture, hyperparameters: Mapping[str, Value], model: str, seed: int) -> Recipe:
        """The canonical recipe: without an intermediate stage its hyperparameters mean nothing, so they go."""
        kept = {
            name: value for name, value in hyperparameters.items() if mixture or not name.startswith("intermediate.")
        }
        return cls(mixture, tuple(sorted(kept.items())), model, seed)

    @cached_property
    def digest(self) -> str:
        return digest(self.to_dict())

    @cached_property
    def family(self) -> str:
        """Digest without the seed: what repeated measurements of one recipe share."""
        return digest({name: value for name, value in self.to_dict().items() if name != "seed"})

    @property
    def is_baseline(self) -> bool:
        return not self.mixture

    def with_seed(self, seed: int) -> Recipe:
        return replace(self, seed=seed)

    def to_dict(self) -> dict[str, Any]:
        return {
            "mixture": self.mixture.weights,
            "hyperparameters": dict(self.hyperparameters),
            "model": self.model,
            "seed": self.seed,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Recipe:
        return cls.of(Mixture.of(data["mixture"]), data["hyperparameters"], data["model"], data["seed"])


Candidate = tuple[Mixture, dict[str, Value]]
"""A mixture and its hyperparameters."""


CostFunction = Callable[[Mixture, Mapping[str, Value]], float]
"""What it takes to try a recipe, in any unit."""


def candidate_key(candidate: Candidate) -> Hashable:
    """The same for the same candidate."""
    mixture, hyperparameters = candidate
    return mixture.parts, tuple(sorted(hyperparameters.items()))
