"""How far tasks are from targets, why mixes help, and what to try on a target nobody measured; see `answer.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from search.answers.answer import Answer

Verdict = Literal["too little", "weak", "yes", "no"]

Scale = Literal["points", "units"]

DIGITS: dict[Scale, int] = {"points": 1, "units": 2}
"""Decimals that people are shown."""

Distances = dict[str, dict[str, float | None]]


class DistanceTables(Answer):
    """What `distances FILE` says, before anything is trained."""

    search: str = Field(description="its name")
    measure: str = Field(description="of the distance between domains")
    typology: str = Field(description="features that the distance between languages is taken from")
    domain: Distances = Field(description="task -> target -> distance of their texts; null: see `missing`")
    languages: Distances = Field(description="language of tasks -> language of targets -> distance, 0 for the same")
    coverage: dict[str, float] = Field(
        description="language -> share of features that it and its best covered partner have both observed"
    )
    missing: dict[str, dict[str, str]] = Field(description="task -> target -> why its distance is missing")
    notes: list[str]

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row per pair of task and target, then per pair of languages."""
        for kind, table in (("domain", self.domain), ("languages", self.languages)):
            for one, others in table.items():
                for other, distance in others.items():
                    yield {"kind": kind, "from": one, "to": other, "distance": distance}


class Effect(Answer):
    """What one of the explanations is worth, by the mixed model. Gains are differences of scores, in the scale."""

    per_unit: float | None = Field(description="gain per unit of the distance, or for all of the format")
    per_sd: float | None = Field(description="per standard deviation over the rows")
    interval: tuple[float, float] | None = Field(description="95 % interval of `per_sd`; null without enough design")
    df: int = Field(description="degrees of freedom of the interval: contents and targets, not rows")
    p_permutation: float | None = Field(description="by permutation over contents, or over target languages")
    permutations: int = Field(description="how many there were; 1 / that is the least p that was possible")
    part_r2: float | None = Field(description="share of the variance that it alone explains")
    smallest_found: float | None = Field(
        description="per standard deviation: the effect that this design finds with 80 % power"
    )
    verdict: Verdict = Field(
        description="`too little`: the design can say nothing; `weak`: it might have missed an effect; `yes`: there is "
        "one; `no`: one of a point per standard deviation would have been found"
    )
    why: str = Field(description="what the verdict rests on")


class Contrast(Answer):
    """A difference between two kinds of tasks, in the scale; paired by seed, target and language."""

    name: str
    meaning: str
    targets: dict[str, float] = Field(description="target -> mean over its languages")
    mean: float | None = Field(description="over targets")
    interval: tuple[float, float] | None = Field(description="95 %, bootstrap over targets; null below five targets")
    pairs: int = Field(description="pairs of rows behind it")
    source: Literal["measured", "model"] = Field(description="where it is from", alias="from")


class Design(Answer):
    """How much of what there was to learn from. Rows are not independent: contents, targets and languages count."""

    rows: int
    contents: int
    tasks: int
    targets: int
    source_languages: int
    target_languages: int
    seeds: int


class LeftOut(Answer):
    """Rows that were not used, by reason."""

    own_data: int = Field(description="a mixture trained on the target's own data in the language: not zero-shot")
    no_distance: int = Field(description="a distance is missing")
    failed: int = Field(description="recipes that failed")


class Explanation(Answer):
    """What `explain NAME` says: does the domain of tasks, or the kinship of languages, decide how much a mix helps?"""

    searches: list[str]
    split: str
    scale: Scale = Field("points", description="of gains: points, or standard deviations of a target's own gains")
    measure: str
    typology: str
    row_count: int = Field(alias="rows", description="gains of a mixture on a target in a language, means over seeds")
    left_out: LeftOut
    design: Design
    effects: dict[str, Effect] = Field(description="domain, typology and format -> what it is worth")
    variance: dict[str, float] = Field(description="component -> variance, in squared points or units")
    contrasts: list[Contrast]
    distances: DistanceTables
    notes: list[str]

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row per effect."""
        for name, effect in self.effects.items():
            low, high = effect.interval or (None, None)
            values = effect.model_dump(exclude={"interval"})
            yield {"effect": name, **values, "low": low, "high": high}


class Recommended(Answer):
    """A mixture, and what it may be worth on the target."""

    mixture: dict[str, float]
    mix: str = Field(description="the same as text")
    gain: float = Field(description="expected, in points")
    deviation: float = Field(description="standard deviation of that")
    measured: bool = Field(description="whether a search has measured it, on its own targets")
    domain: float = Field(description="distance of its tasks from the target")
    typology: float = Field(description="distance of its tasks' languages from the target's")


class Tested(Answer):
    """How a rule would have done on a target that was left out."""

    regret: float = Field(description="points below the best measured mixture, mean over targets")
    rank: float | None = Field(description="Spearman's correlation with what was measured, mean over targets")
    targets: int


class Recommendation(Answer):
    """What `recommend CARD` says: mixtures for a target that no search had, and how far such advice can be trusted."""

    target: str
    searches: list[str]
    configurations: list[Recommended] = Field(description="the most promising first")
    rules: dict[str, Tested] = Field(description="rule -> the test with each measured target left out")
    best_rule: str = Field(description="the rule with the least regret")
    notes: list[str]

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row per mixture."""
        for place, one in enumerate(self.configurations, start=1):
            yield {"place": place, **one.model_dump(exclude={"mixture"})}
