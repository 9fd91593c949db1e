"""What is to be said of a target in plain sentences: its best mix or none, how sure that is, and what to beware of."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from search.answers.mixes import GainEstimate, TargetMixes, Worth
from search.formatting import percent, points, points_between, share

NO_SEEDS = "how sure that is cannot be said: nothing was measured with a second seed (confirm.seeds)"

NO_ROWS = "the rows behind the scores are not at hand, or changed since they were scored"


def in_short(mix: str, best_mix: str | None, score: float | None, worth: Worth | None) -> str:
    """The best mix of a target, or none, and what the gain of the first one is worth: for a line among others."""
    scored = f"{mix} {percent(score)}"
    if worth is None or best_mix is None:
        return scored
    sure = ""
    if worth.low is not None and worth.high is not None and worth.probability is not None:
        sure = f" ({points_between(worth.low, worth.high)}), {share(worth.probability)}"
    gain = f"{points(worth.mean)}{sure}" + (" on dev" if worth.split == "dev" else "")
    return f"{scored} {gain}" if best_mix != "none" else f"none; {scored} {gain}"


def verdict(mixes: TargetMixes) -> Iterator[Text]:
    """A sentence or two, then what to beware of in yellow."""
    if not mixes.best:
        yield Text("no mix has been measured yet")
        return
    result = mixes.best[0]
    estimate = result.claim or result.expected
    if estimate is None:
        yield Text("the baseline has not been measured yet, so no gain is known", "yellow")
        return
    if result.above_floor is False:
        yield Text.assemble(
            ("best mix: none", "bold"),
            f"; no gain is claimed: the first of {_mixes(mixes.tried)}, {result.mix}, scores {percent(result.score)}, "
            f"and guessing gets {percent(mixes.floor.score if mixes.floor else None)}",
        )
    elif mixes.beats_baseline and not mixes.rung.top:
        yield Text.assemble("best mix so far: ", (result.mix, "bold"), f", {_worth(estimate, mixes.tried)}")
    elif mixes.beats_baseline:
        yield Text.assemble("best mix: ", (result.mix, "bold"), f", {_worth(estimate, mixes.tried)}")
    else:
        yield Text.assemble(
            ("best mix: none", "bold"), "; no mix beats the baseline here: train on this target directly"
        )
        if result.expected is not None and result.expected.mean <= 0:
            yield Text("on the development split, which chooses, none has a gain")
        yield Text(
            f"the first of {_mixes(mixes.tried)}, {result.mix}: {_worth(estimate, mixes.tried)}{_found(estimate)}"
        )
    yield from (Text(text, "yellow") for text in _caveats(mixes, estimate))


def _worth(estimate: GainEstimate, tried: int) -> str:
    """The gain with its interval, the probability, and what it rests on."""
    split = "test split" if estimate.split == "test" else "development split"
    fresh = "fresh " if estimate.split == "test" and estimate.optimistic is None and tried > 1 else ""
    seeds = f"{estimate.seeds} {fresh}seed{'s' if estimate.seeds > 1 else ''}"
    text = f"{points(estimate.mean)} points on the {split}"
    if estimate.low is not None and estimate.high is not None and estimate.probability is not None:
        interval = points_between(estimate.low, estimate.high)
        text += f" ({interval}); it beats the baseline with a probability of {share(estimate.probability)}"
    return f"{text}; {seeds} against {estimate.baseline_seeds} of the baseline"


def _found(estimate: GainEstimate) -> str:
    if estimate.least_found is None:
        return ""
    return f"; one of {points(estimate.least_found)} points would have been found with a probability of .8"


def _caveats(mixes: TargetMixes, estimate: GainEstimate) -> Iterator[str]:
    if mixes.full_baseline is not None:
        yield (
            f"this is at rung {mixes.rung.index} ({mixes.rung.share:.0%} of the examples), mixes and baseline alike; "
            f"with more examples the baseline scores {percent(mixes.full_baseline)}, and no mix was measured there yet"
        )
    if mixes.at_floor:
        yield mixes.at_floor
    if mixes.best[0].above_floor is False:
        return  # what a gain would rest on is no matter
    if estimate.low is None:
        yield NO_SEEDS
    if estimate.split == "dev":
        yield f"not claimed yet: measured {estimate.optimistic or 'on the development split'}"
    elif estimate.optimistic:
        wider = f"; so the interval is one for {_mixes(mixes.tried)} at once" if estimate.low is not None else ""
        yield f"optimistic: {estimate.optimistic}{wider}"
    if estimate.rows == "bound":
        yield f"{NO_ROWS}: their error is an upper bound"
    elif estimate.rows == "unknown":
        yield f"{NO_ROWS}: their error is not in the interval"
    baseline = len(mixes.baseline.seeds) if mixes.baseline else 0
    for name, fallen, count in (
        ("the mix", estimate.collapsed, len(mixes.best[0].seeds)),
        ("the baseline", estimate.baseline_collapsed, baseline),
    ):
        if fallen and fallen == count:
            yield f"{name} is at the floor: it has learned nothing here, and a difference to it is no gain"
        elif fallen:
            yield f"{fallen} of {count} seeds of {name} fell to the floor; the others count"


def _mixes(count: int) -> str:
    return "one mix" if count == 1 else f"{count} mixes"
