"""Work item: a recipe, a rung, the targets it is measured on. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
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

    @property
    def name(self) -> str:
        """For people: its mixture, and what is done with it."""
        mix = str(self.recipe.mixture) if self.recipe.mixture else "baseline"
        return f"estimate of {mix}" if self.merged else mix

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it, and `from_dict` reads it."""
        values = {"recipe": self.recipe.to_dict(), "rung": self.rung, "targets": list(self.targets)}
        return {**values, "merged": True} if self.merged else values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> WorkItem:
        """The work item that `to_dict` wrote down."""
        targets, merged = tuple(values["targets"]), bool(values.get("merged", False))
        return cls(Recipe.from_dict(values["recipe"]), int(values["rung"]), targets, merged)
