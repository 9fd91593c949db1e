"""Searches beside each other, as values: what `compare` says; see `answer.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from search.answers.answer import Answer, flat
from search.answers.mixes import GainEstimate, MixCost, Rung


class SearchOnTarget(Answer):
    """What one search found on a target."""

    search: str = Field(description="its name")
    rung: Rung = Field(description="the highest one that has scores")
    baseline: float | None = Field(description="score on the development split")
    mix: str | None = Field(description="the first of its ranking; null while nothing was measured")
    best_mix: str | None = Field(description="the same where it is likelier than not to beat the baseline, else `none`")
    score: float | None = Field(description="of the first mix, on the development split")
    gain: GainEstimate | None = Field(
        description="of the first mix over the search's own baseline: claimed on the test split, else expected on the "
        "development split"
    )
    reached: MixCost | None = Field(
        description="what all work items cost that ended no later than the first that measured that mix at that rung"
    )


class ComparedTarget(Answer):
    """The searches on one target."""

    target: str
    metric: str | None = Field(description="of the target's card")
    searches: list[SearchOnTarget] = Field(description="in the order in which they were named")


class Difference(Answer):
    """A setting in which the searches differ."""

    key: str = Field(description="of the search file, dotted")
    values: list[str | None] = Field(description="of each search; null where it is not set")


class Comparison(Answer):
    """What `compare A B` says. Each gain is over the search's own baseline, with its own interval."""

    searches: list[str] = Field(description="their names")
    targets: list[ComparedTarget] = Field(description="those that all of them have")
    differences: list[Difference] = Field(description="settings that differ")

    def rows(self) -> Iterator[dict[str, Any]]:
        """Of the CSV: a row per target and search."""
        for compared in self.targets:
            for one in compared.searches:
                gain = one.gain.model_dump(mode="json", exclude={"languages"}) if one.gain else {}
                rest = flat(one.model_dump(mode="json", exclude={"gain"}))
                yield {"target": compared.target, "metric": compared.metric, **rest, **flat(gain, "gain.")}
