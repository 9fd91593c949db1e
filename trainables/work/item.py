"""Work item: a recipe, a rung, the targets it is measured on; and the keys of what it makes. No torch here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from spaces.digest import digest
from spaces.recipe import Recipe


@dataclass(frozen=True)
class WorkItem:
    """What Ray Tune schedules: train `recipe` up to `rung` (an index of `Plan.rungs`), measure it on `targets`.

    `merged`: nothing is trained on its mixture; the encoders of its tasks alone at that rung are merged instead.
    """

    recipe: Recipe
    rung: int
    targets: tuple[str, ...]
    merged: bool = False

    @property
    def key(self) -> str:
        """Equal for equal work; the order of the targets does not matter."""
        return digest([self.recipe.digest, self.rung, sorted(self.targets), *(["merged"] if self.merged else [])])

    def to_dict(self) -> dict[str, Any]:
        data = {"recipe": self.recipe.to_dict(), "rung": self.rung, "targets": list(self.targets)}
        return {**data, "merged": True} if self.merged else data

    @classmethod
    def from_dict(
        cls, data: Mapping[str, Any], recipe: Callable[[Mapping[str, Any]], Recipe] = Recipe.from_dict
    ) -> WorkItem:
        return cls(recipe(data["recipe"]), int(data["rung"]), tuple(data["targets"]), bool(data.get("merged", False)))
