"""The answer of `best` for people: per target what was measured, then what was learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from search.answers.mixes import (
    Baseline,
    BestMixes,
    Floor,
    GainEstimate,
    Insights,
    MeanGain,
    MixCost,
    MixResult,
    TargetMixes,
)
from search.display.tables import METRIC_NAMES, fits, plain
from search.display.verdict import verdict
from search.formatting import duration, hyperparameters, number, percent, points, points_between

PAIRS = 4
"""Pairs that are named, surest first."""


def best(ranked: BestMixes, console: Console) -> list[RenderableType]:
    """Per target the best mixes, the baseline and the floor, and below what was learned about the target."""
    parts: list[RenderableType] = []
    for target, mixes in ranked.targets.items():
        parts += [Text(target, "bold"), Text(_how_measured(mixes), "dim")]
        wide, compact = _wide(mixes), _compact(mixes)
        parts += [wide if fits(wide, console) else compact, *_order(mixes), *verdict(mixes), *_learned(mixes), Text()]
    return [*parts, *together(ranked.mean)]


def _order(mixes: TargetMixes) -> Iterator[Text]:
    """Why a mix stands above one that scores higher."""
    for place, (one, other) in enumerate(pairwise(mixes.best), 1):
        if other.score is not None and one.score is not None and other.score > one.score:
            seeds = "once" if len(other.seeds) == 1 else f"with {len(other.seeds)} seeds"
            text = f"{place} stands above {place + 1}: it was confirmed with {len(one.seeds)} seeds, the other measured"
            yield Text(f"{text} {seeds}", "dim")


def together(mean: MeanGain | None) -> Iterator[Text]:
    """The mean over several targets, and how many of their claims are expected to be false."""
    if mean is None or mean.targets < 2 or mean.low is None or mean.high is None:
        return
    interval = points_between(mean.low, mean.high)
    yield Text(f"mean over {mean.targets} targets: {points(mean.mean)} points on the test split ({interval})")
    if mean.claims:
        claims = "one claim" if mean.claims == 1 else f"{mean.claims} claims"
        yield Text(
            f"of {claims} with a probability above .95, {mean.expected_false:.2f} are expected to be false", "dim"
        )


def answer_of(target: str, mixes: TargetMixes, console: Console) -> RenderableType:
    """The best mix of one target with everything that was asked for: the end of `launch`."""
    title = Text.assemble((target, "bold"), (f"  {metric_name(mixes)} in %, development split", "dim"))
    if not mixes.best:
        return Group(title, *verdict(mixes))
    result, test = mixes.best[0], mixes.best[0].test
    seeds = "1 seed" if len(result.seeds) == 1 else f"{len(result.seeds)} seeds"
    lines: list[tuple[str, str | Text]] = [
        ("best mix" if mixes.beats_baseline else "first mix", Text(result.mix, "bold" if mixes.beats_baseline else "")),
        ("hyperparameters", hyperparameters(result.hyperparameters) or "none searched"),
        ("own data", _seen(result)),
        ("gain", _gain_in_words(result, seeds)),
        ("on the test split", f"{percent(test.score)}, gain {_claimed(result.claim)}" if test else ""),
        ("cost", cost_text(result.cost)),
    ]
    if not mixes.rung.top:
        lines.append(("measured", f"at rung {mixes.rung.index} only, {mixes.rung.share:.0%} of the examples"))
    grid = Table.grid(padding=(0, 2))
    for name, text in lines:
        if text:
            grid.add_row(Text(f"  {name}", "dim"), text)
    return Group(title, grid, _by_language(mixes, result, console), *verdict(mixes))


# --- what was measured


def _how_measured(mixes: TargetMixes) -> str:
    rung = ""
    if not mixes.rung.top:
        rung = f"; only rung {mixes.rung.index} ({mixes.rung.share:.0%} of the examples) so far"
    several = f" for all {mixes.tried} mixes at once" if mixes.tried > 1 else ""
    return (
        f"{metric_name(mixes)} in %, development split; gain over the baseline in points ± half of a 95 % interval"
        f"{several}{rung}"
    )


def _wide(mixes: TargetMixes) -> Table:
    """Languages in columns."""
    columns = ("", "mix", "score", "gain", *mixes.languages, "test", "seeds", "cost")
    table = plain(*columns, right=range(2, 6 + len(mixes.languages)))
    for place, result in enumerate(mixes.best, 1):
        table.add_row(
            str(place),
            escape("\n".join(filter(None, (result.mix, hyperparameters(result.hyperparameters), _seen(result))))),
            percent(result.score),
            gain_text(result),
            *_cells(mixes, result.languages),
            percent(result.test.score if result.test else None),
            str(len(result.seeds)),
            cost_text(result.cost),
        )
    for name, reference in _references(mixes):
        test, seeds = "", ""
        if isinstance(reference, Baseline):
            test, seeds = percent(reference.test.score if reference.test else None), str(len(reference.seeds))
        cells = _cells(mixes, reference.languages)
        table.add_row("", name, percent(reference.score), "", *cells, test, seeds, "", style="dim")
    return table


def _seen(result: MixResult) -> str:
    """Where the mix trained on the target's own data."""
    return f"not zero-shot in {', '.join(result.seen_languages)}" if result.seen_languages else ""


def _compact(mixes: TargetMixes) -> Table:
    """The languages below the mix."""
    table = plain("", "mix", "score", "gain", right=(2, 3))
    for place, result in enumerate(mixes.best, 1):
        seeds = len(result.seeds)
        lines = (
            result.mix,
            hyperparameters(result.hyperparameters),
            _seen(result),
            _in_languages(mixes, result.languages),
            f"{seeds} seed{'s' if seeds > 1 else ''}; {cost_text(result.cost)}",
        )
        text = escape("\n".join(filter(None, lines)))
        table.add_row(str(place), text, percent(result.score), gain_text(result))
    for name, reference in _references(mixes):
        text = f"{name}\n{_in_languages(mixes, reference.languages)}"
        table.add_row("", text, percent(reference.score), "", style="dim")
    return table


def _references(mixes: TargetMixes) -> Iterator[tuple[str, Baseline | Floor]]:
    """What the mixes are held against, where it was measured."""
    if mixes.baseline:
        yield "baseline", mixes.baseline
    if mixes.floor:
        yield "floor", mixes.floor


def gain_text(result: MixResult) -> str:
    """On the development split, with half of its interval."""
    estimate = result.expected
    if result.above_floor is False and (estimate.mean if estimate else result.gain or 0.0) > 0:
        return "floor"
    if estimate is None:
        return points(result.gain)
    return points(estimate.mean, None if estimate.high is None else estimate.high - estimate.mean)


def _gain_in_words(result: MixResult, seeds: str) -> str:
    if result.above_floor is False:
        return f"none: its score is not above the floor, {seeds}"
    return f"{gain_text(result)} points over the baseline, {seeds}"


def _claimed(claim: GainEstimate | None) -> str:
    if claim is None or claim.low is None or claim.high is None:
        return points(claim.mean) if claim else "not known"
    return f"{points(claim.mean)} ({points_between(claim.low, claim.high)})"


def _by_language(mixes: TargetMixes, result: MixResult, console: Console) -> RenderableType:
    """Score, gain, baseline and floor: the mean, and each language."""
    rows = [
        ("score", result.score, result.languages, percent),
        *([("gain", *_gains_by_language(result), points)] if result.above_floor is not False else []),
        *((name, reference.score, reference.languages, percent) for name, reference in _references(mixes)),
    ]
    wide = plain("", "mean", *mixes.languages, right=range(1, 2 + len(mixes.languages)))
    grid = Table.grid(padding=(0, 2))
    for name, mean, values, text in rows:
        wide.add_row(f"  {name}", text(mean), *(text(values.get(language)) for language in mixes.languages))
        each = "  ".join(f"{language} {text(values[language])}" for language in mixes.languages if language in values)
        grid.add_row(Text(f"  {name}", "dim"), f"{text(mean)}  ({each})")
    return wide if fits(wide, console) else grid


def _gains_by_language(result: MixResult) -> tuple[float | None, Mapping[str, float]]:
    """On the development split, in the mean and in each language."""
    if result.expected is None:
        return result.gain, result.gain_languages
    return result.expected.mean, {name: one.mean for name, one in result.expected.languages.items()}


def metric_name(mixes: TargetMixes) -> str:
    """As people call it."""
    return METRIC_NAMES.get(mixes.metric or "", mixes.metric or "")


def cost_text(cost: MixCost) -> str:
    """Time and examples."""
    return f"{duration(cost.seconds)}, {number(cost.examples)} examples"


def _in_languages(mixes: TargetMixes, values: Mapping[str, float]) -> str:
    return "  ".join(f"{language} {percent(values[language])}" for language in mixes.languages if language in values)


def _cells(mixes: TargetMixes, values: Mapping[str, float]) -> list[str]:
    return [percent(values.get(language)) for language in mixes.languages]


# --- what was learned


def _learned(mixes: TargetMixes) -> Iterator[RenderableType]:
    """The effects of the tasks, then pairs, the predicted best mix and what more recipes would bring, a line each."""
    insights = mixes.learned
    if insights is None:
        return
    known = {
        task: effect
        for task, effect in sorted(insights.tasks.items(), key=lambda entry: -entry[1].added)
        if says_something(mixes, effect.alone_deviation)
    }
    lines = list(insight_lines(mixes, insights))
    if known or lines:
        yield Text("learned from all results: gain in points ± its uncertainty", "dim")
    if known:
        table = plain("", "task", "alone", "added to a mix", right=(2, 3))
        for task, effect in known.items():
            alone = points(effect.alone, effect.alone_deviation)
            table.add_row("", escape(task), alone, points(effect.added, effect.added_deviation))
        yield table
    grid = Table.grid(padding=(0, 2))
    for name, text in lines:
        grid.add_row(Text(f"  {name}", "dim"), Text(text, overflow="fold"))
    yield grid
    unknown = [task for task in insights.tasks if task not in known]
    if unknown:
        text = f"too little is known to say what {', '.join(unknown)} does" if known else "too little is known of tasks"
        yield Text(text, "dim")


def says_something(mixes: TargetMixes, deviation: float) -> bool:
    """Whether it is less uncertain than a score picked at random would be."""
    return mixes.spread is None or deviation < mixes.spread


def insight_lines(mixes: TargetMixes, insights: Insights) -> Iterator[tuple[str, str]]:
    """What pairs do, the predicted best mix, and what more recipes would bring, where enough is known to say so."""
    for title, sign in (("help each other", 1), ("spoil each other", -1)):
        pairs = [pair for pair in insights.pairs if sign * pair.effect > 0][:PAIRS]
        if pairs:
            texts = (f"{' and '.join(pair.tasks)} {points(pair.effect, pair.deviation)}" for pair in pairs)
            yield title, "; ".join(texts)
    predicted, more = insights.predicted, insights.more
    if not says_something(mixes, predicted.deviation):
        return
    values = hyperparameters(predicted.hyperparameters)
    text = f"{predicted.mix}{f' ({values})' if values else ''} {points(predicted.gain, predicted.deviation)}"
    if mixes.best:
        result = mixes.best[0]
        text += f"; measured best: {result.mix} {gain_text(result)}"
    yield "predicted best", text
    if not says_something(mixes, more.deviation):
        return
    gain = points(more.expected, more.deviation)
    yield "more recipes", f"are expected to find a mix {gain} points above {more.best_known}"
