"""What `best` says of a search: the mixes of each target, what they are worth, and what was learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeVar

from pydantic import Field

from search.answers.answer import Answer, ByLanguage, GainedMeasurement, Interval, Measurement, Value

T = TypeVar("T")

RowsKnown = Literal["bootstrap", "bound", "unknown"]


class Worth(Interval):
    """What a gain is worth, in short: of the claim, or of the development split as long as there is none."""

    split: Literal["test", "dev"] = Field(description="that it was measured on")
    probability: float | None = Field(description="that the mix beats the baseline; null as `low`")


class GainEstimate(Interval):
    """What a gain over the baseline is worth (docs/statistics.md), as the difference of means over seeds."""

    split: Literal["test", "dev"] = Field(description="that it was measured on")
    probability: float | None = Field(description="that the mix beats the baseline; null as `low`")
    least_found: float | None = Field(
        description="the smallest gain that would have been claimed with a probability of .8; null as `low`"
    )
    seeds: int = Field(description="of the mix that it rests on: on the test split those that did not choose it")
    baseline_seeds: int = Field(description="the same of the baseline")
    seed_error: float | None = Field(description="standard deviation that the seeds leave in the mean; null as `low`")
    row_error: float | None = Field(description="standard deviation that the rows leave in it; null where not known")
    rows: RowsKnown = Field(
        description="where that is from: `bootstrap` over stored predictions, `bound` by the binomial formula"
    )
    degrees: float | None = Field(description="degrees of freedom of the interval")
    optimistic: str | None = Field(
        description="why the mean is too high by what choosing brings; then the interval holds for all mixes at once"
    )
    collapsed: int = Field(description="seeds of the mix that fell to the floor; they are left out of the mean")
    baseline_collapsed: int = Field(description="the same of the baseline")
    languages: dict[str, Interval] = Field(description="each on its own, so wider")


class MixCost(Answer):
    """What the work items of a mix cost: all rungs, all seeds, all targets they were measured on."""

    seconds: float = Field(description="wall-clock; what came out of the store cost nothing")
    training_seconds: float = Field(description="of which in training stages")
    gpu_seconds: float = Field(description="wall-clock times GPUs")
    examples: int = Field(description="training examples, both stages")


class Mix(Answer):
    """A mixture with its hyperparameters, whatever the seed."""

    digest: str = Field(description="of the recipe with the search's own seed: the key in MLflow's tag `recipe.digest`")
    mixture: dict[str, float] = Field(description="task -> share of the intermediate examples")
    mix: str = Field(description="the same as text")
    hyperparameters: dict[str, Value] = Field(description="those that are searched")


class MixResult(GainedMeasurement, Mix):
    """A mix on one target, on the development split."""

    confirmed: bool = Field(
        description="whether a seed measured it that did not choose it, where `confirm` asks for some"
    )
    above_floor: bool | None = Field(
        None, description="whether its score is above what guessing gets: if not, its gain is none; null of evidence"
    )
    encoder: str | None = Field(
        None,
        description="the store's key of its encoder at this rung, of the search's own seed where that was measured; "
        "not with `--format csv`",
    )
    seen_languages: list[str] = Field(
        default_factory=list,
        description="languages in which the mix trained on the target's own data, so that they are not zero-shot",
    )
    expected: GainEstimate | None = Field(
        None, description="what the gain on the development split is worth; null without a baseline beside it"
    )
    claim: GainEstimate | None = Field(
        None, description="what the gain on the test split is worth; of the first mix alone, at the top rung"
    )
    test: GainedMeasurement | None = Field(description="on the test split; null below the top rung")
    cost: MixCost

    @property
    def worth(self) -> Worth | None:
        """What its gain is worth, as far as that is known."""
        estimate = self.claim or self.expected
        return Worth.model_validate(estimate) if estimate is not None else None


class Baseline(Measurement):
    """No intermediate training, on the development split."""

    test: Measurement | None = Field(description="on the test split; null below the top rung")


class Floor(Answer):
    """What a predictor that learned nothing gets, on the development split."""

    score: float = Field(description="mean over languages")
    languages: ByLanguage = Field(description="in each language")


class Rung(Answer):
    """A share of the full budget of training examples."""

    index: int = Field(description="from 0")
    share: float = Field(description="of the example budgets")
    top: bool = Field(description="whether it is the top one")


class TaskEffect(Answer):
    """What the model of all results makes of a task; deviations are those of its posterior."""

    alone: float = Field(description="gain of the task alone")
    alone_deviation: float = Field(description="of it")
    added: float = Field(description="gain of adding it to a mix with an equal share, in the mean over drawn mixes")
    added_deviation: float = Field(description="of it")


class PairEffect(Answer):
    """Two tasks whose half-and-half mix is worth more, or less, than the mean of both alone."""

    tasks: list[str] = Field(description="two")
    effect: float = Field(description="difference of gains; named beyond 1.64 deviations, surest first")
    deviation: float = Field(description="of it")


class PredictedMix(Answer):
    """The mix with the best predicted gain, measured or not."""

    mix: str = Field(description="as text")
    mixture: dict[str, float] = Field(description="task -> share of the intermediate examples")
    hyperparameters: dict[str, Value] = Field(description="those that are searched")
    gain: float = Field(description="predicted")
    deviation: float = Field(description="of it")


class MoreRecipes(Answer):
    """What more recipes would bring."""

    expected: float = Field(description="gain of the best mix beyond the best known one")
    deviation: float = Field(description="of it")
    best_known: str = Field(alias="from", description="the best known mix")


class Insights(Answer):
    """What the model of docs/search.md makes of all results, about one target."""

    noise: float = Field(description="standard deviation of one measurement at the top rung, as the model sees it")
    tasks: dict[str, TaskEffect] = Field(description="by task of the pool")
    pairs: list[PairEffect]
    predicted: PredictedMix
    more: MoreRecipes


class TargetMixes(Answer):
    """The best mixes of one target."""

    metric: str | None = Field(description="of the target's card")
    languages: list[str] = Field(description="that are scored on the development split")
    rung: Rung = Field(description="the highest one that has scores")
    baseline: Baseline | None = Field(description="at this rung; null until it was measured there")
    floor: Floor | None = Field(description="null as long as nothing was measured")
    full_baseline: float | None = Field(
        None, description="the baseline's score at a higher rung, where it was measured before any mix was"
    )
    at_floor: str | None = Field(
        None, description="where the baseline or the first mix is not above the floor: what to raise to what"
    )
    beats_baseline: bool | None = Field(
        description="whether the first mix is likelier than not to beat the baseline; null while it is not known"
    )
    best_mix: str | None = Field(
        None, description="the first mix where it is likelier than not to beat the baseline, else `none`; null as above"
    )
    candidates: int = Field(description="how many mixes were ranked; `best` holds the first `--top` of them")
    tried: int = Field(0, description="how many mixes have a score at any rung")
    spread: float | None = Field(
        None, description="standard deviation of the scores of all ranked mixes and the baseline; null with one score"
    )
    best: list[MixResult] = Field(description="best first")
    learned: Insights | None = Field(
        None, description="null with fewer than four recipes on the target; not with `--format csv`"
    )


class MeanGain(Interval):
    """The mean over targets of what the first mix of each is claimed to gain."""

    probability: float | None = Field(description="that it is above 0; null as `low`")
    targets: int = Field(description="how many it is over")
    claims: int = Field(description="mixes of them that beat the baseline with a probability above .95")
    expected_false: float = Field(description="how many of these claims are expected to be false")


class BestMixes(Answer):
    """What `best NAME` says."""

    search: str = Field(description="its name")
    targets: dict[str, TargetMixes] = Field(description="by target")
    mean: MeanGain | None = Field(None, description="null where a target has no claim yet")

    def rows(self) -> Iterator[dict[str, Any]]:
        """Of the CSV: a row per target and rank."""
        for target, answer in self.targets.items():
            for rank, entry in enumerate(answer.best, 1):
                yield {
                    "target": target,
                    "rank": rank,
                    "digest": entry.digest,
                    "mix": entry.mix,
                    "score": entry.score,
                    "spread": entry.spread,
                    "gain": entry.gain,
                    "gain_spread": entry.gain_spread,
                    "confirmed": entry.confirmed,
                    **_estimated("expected", entry.expected),
                    **_estimated("claim", entry.claim),
                    "best_mix": answer.best_mix,
                    "baseline": answer.baseline.score if answer.baseline else None,
                    "floor": answer.floor.score if answer.floor else None,
                    "test_score": entry.test.score if entry.test else None,
                    "test_gain": entry.test.gain if entry.test else None,
                    "metric": answer.metric,
                    "rung": answer.rung.index,
                    "seeds": len(entry.seeds),
                    "seconds": entry.cost.seconds,
                    "examples": entry.cost.examples,
                    **_prefixed("weight", entry.mixture),
                    **_prefixed("hp", entry.hyperparameters),
                    **_prefixed("score", entry.languages),
                }


# --- CSV


def _estimated(name: str, estimate: GainEstimate | None) -> dict[str, Any]:
    """The columns of an estimate."""
    kept = ("mean", "low", "high", "probability", "seeds")
    return {f"{name}_{key}": getattr(estimate, key) if estimate else None for key in kept}


def _prefixed(prefix: str, values: Mapping[str, T]) -> dict[str, T]:
    return {f"{prefix}.{name}": value for name, value in values.items()}
