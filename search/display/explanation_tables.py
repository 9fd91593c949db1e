"""Distances, explanations and recommendations for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from search.answers.explanation import (
    DIGITS,
    Contrast,
    Distances,
    DistanceTables,
    Effect,
    Explanation,
    Recommendation,
)
from search.display.tables import plain

NAMES = {
    "domain": "distance of the domain",
    "typology": "distance of the language",
    "format": "the target's own format",
}


def distances(answer: DistanceTables, console: Console) -> list[RenderableType]:
    """Both tables, nearest first, and what is missing."""
    parts: list[RenderableType] = [
        Text(f"distance of texts ({answer.measure})", "dim"),
        _matrix("task", answer.domain),
        Text(),
        Text(f"distance of languages ({answer.typology})", "dim"),
        _matrix("language of tasks", answer.languages),
    ]
    reasons: dict[str, list[str]] = {}
    for task, targets in answer.missing.items():
        for reason in dict.fromkeys(targets.values()):
            reasons.setdefault(reason, []).append(task)
    lines = [f"missing for {', '.join(tasks)}: {reason}" for reason, tasks in reasons.items()]
    return [*parts, Text(), *(Text(line, "dim") for line in [*lines, *answer.notes[bool(reasons) :]])]


def _matrix(corner: str, table: Distances) -> Table:
    columns = list(next(iter(table.values()), {}))
    shown = plain(corner, *columns, right=range(1, len(columns) + 1))
    for name, row in table.items():
        cells = ["-" if row[column] is None else f"{row[column]:.2f}" for column in columns]
        shown.add_row(escape(name), *cells)
    return shown


def explanation(answer: Explanation, console: Console) -> list[RenderableType]:
    """Effects with their verdicts first, then contrasts and what they rest on."""
    design = answer.design
    parts: list[RenderableType] = [
        Text(f"Why mixes help: {', '.join(answer.searches)} ({answer.split} split, gains in {answer.scale})", "bold"),
        Text(
            f"{answer.row_count} rows of {design.contents} contents ({design.tasks} tasks) x {design.targets} targets, "
            f"{design.source_languages} x {design.target_languages} languages, seeds: {design.seeds}",
            "dim",
        ),
        Text(),
        _effects(answer.effects, DIGITS[answer.scale]),
        Text(),
        *(Text(f"{NAMES[name]}: {effect.verdict}. {effect.why}") for name, effect in answer.effects.items()),
    ]
    if answer.contrasts:
        parts += [Text(), _contrasts(answer.contrasts, DIGITS[answer.scale])]
    variance = ", ".join(f"{name} {value:.2f}" for name, value in answer.variance.items())
    parts += [Text(), Text(f"variance in squared {answer.scale}: {variance}", "dim"), *_left_out(answer)]
    return [*parts, *(Text(note, "dim") for note in answer.notes)]


def _effects(effects: dict[str, Effect], digits: int) -> Table:
    table = plain("effect of", "per sd", "95 %", "p (permuted)", "part R²", "found from", "verdict", right=range(1, 6))
    for name, effect in effects.items():
        table.add_row(
            NAMES[name],
            _number(effect.per_sd, digits),
            _between(effect.interval, digits),
            "-" if effect.p_permutation is None else f"{effect.p_permutation:.3f}",
            "-" if effect.part_r2 is None else f"{effect.part_r2:.2f}",
            "-" if effect.smallest_found is None else f"{effect.smallest_found:.{digits}f}",
            effect.verdict,
        )
    return table


def _contrasts(contrasts: Sequence[Contrast], digits: int) -> Table:
    """A column for each, since there are more targets than differences."""
    names = [contrast.name.replace(" - ", "\n- ") for contrast in contrasts]
    table = plain("difference", *names, right=range(1, len(names) + 1))
    for target in sorted({target for contrast in contrasts for target in contrast.targets}):
        table.add_row(target, *(_number(contrast.targets.get(target), digits) for contrast in contrasts))
    table.add_row("mean", *(_number(contrast.mean, digits) for contrast in contrasts))
    table.add_row("95 %", *(_between(contrast.interval, digits) for contrast in contrasts))
    table.add_row("from", *(contrast.source for contrast in contrasts))
    return table


def _left_out(answer: Explanation) -> Iterator[Text]:
    left = answer.left_out
    parts = [
        (left.own_data, "rows trained on the target's own data in the language"),
        (left.no_distance, "rows without a distance"),
        (left.failed, "recipes failed"),
    ]
    found = [f"{count} {what}" for count, what in parts if count]
    if found:
        yield Text(f"left out: {'; '.join(found)}", "dim")


def recommendation(answer: Recommendation, console: Console) -> list[RenderableType]:
    """The mixtures, then what such advice was worth where it could be checked."""
    table = plain("mix", "gain", "sd", "domain", "language", "measured", right=(1, 2, 3, 4))
    for one in answer.configurations:
        table.add_row(
            escape(one.mix),
            _number(one.gain),
            f"{one.deviation:.1f}",
            f"{one.domain:.2f}",
            f"{one.typology:.2f}",
            "elsewhere" if one.measured else "no",
        )
    rules = plain("rule, each target left out", "points below the best", "rank correlation", right=(1, 2))
    for name, tested in sorted(answer.rules.items(), key=lambda entry: entry[1].regret):
        rules.add_row(name, f"{tested.regret:.2f}", "-" if tested.rank is None else f"{tested.rank:.2f}")
    return [
        Text(f"What to try on {answer.target}, by {', '.join(answer.searches)}", "bold"),
        table,
        Text(),
        rules,
        Text(),
        *(Text(note, "dim") for note in answer.notes),
    ]


def _number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:+.{digits}f}"


def _between(interval: tuple[float, float] | None, digits: int) -> str:
    return "-" if interval is None else f"{interval[0]:+.{digits}f} to {interval[1]:+.{digits}f}"
