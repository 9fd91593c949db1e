"""Why mixes help: the effects with their verdicts, the contrasts, and what they rest on."""

from __future__ import annotations

from markupsafe import Markup

from search.answers.explanation import Contrast, Effect, Explanation
from search.display.explanation_tables import NAMES
from search.display.page.charts import IntervalRow, intervals
from search.display.page.markup import join, tag


def why_section(answer: Explanation) -> Markup:
    """What `explain` says; gains are in points."""
    design, sentences = answer.design, []
    for name, effect in answer.effects.items():
        sentences.append(tag("p", tag("strong", f"{NAMES[name]}: {effect.verdict}."), f" {effect.why}"))
    legend = (
        f"By {answer.row_count} gains: {design.contents} contents ({design.tasks} tasks) x {design.targets} targets, "
        f"{design.source_languages} x {design.target_languages} languages, {answer.split} split; "
        f"distances by {answer.measure} and {answer.typology}."
    )
    return join(
        [
            tag("p", legend, class_="legend"),
            *sentences,
            _effects(answer.effects),
            _drawn(answer.effects),
            _contrasts(answer.contrasts),
            tag("ul", *(tag("li", note) for note in answer.notes)),
        ]
    )


def _effects(effects: dict[str, Effect]) -> Markup:
    heads = ("effect of", "points per sd", "95 %", "p (permuted)", "part R²", "found from", "verdict")
    rows = [
        tag(
            "tr",
            tag("th", NAMES[name], scope="row"),
            tag("td", _signed(effect.per_sd)),
            tag("td", _between(effect.interval)),
            tag("td", "" if effect.p_permutation is None else f"{effect.p_permutation:.3f}"),
            tag("td", "" if effect.part_r2 is None else f"{effect.part_r2:.2f}"),
            tag("td", "" if effect.smallest_found is None else f"{effect.smallest_found:.1f}"),
            tag("td", effect.verdict),
        )
        for name, effect in effects.items()
    ]
    return _table(heads, rows)


def _drawn(effects: dict[str, Effect]) -> Markup | None:
    rows = [
        IntervalRow(NAMES[name], effect.per_sd / 100, effect.interval[0] / 100, effect.interval[1] / 100)
        for name, effect in effects.items()
        if effect.per_sd is not None and effect.interval is not None
    ]
    return intervals("effects in points per standard deviation", rows) if rows else None


def _contrasts(contrasts: list[Contrast]) -> Markup | None:
    if not contrasts:
        return None
    targets = sorted({target for contrast in contrasts for target in contrast.targets})
    rows = [
        tag(
            "tr",
            tag("th", contrast.name, " ", tag("small", contrast.meaning), scope="row"),
            *(tag("td", _signed(contrast.targets.get(target))) for target in targets),
            tag("td", _signed(contrast.mean)),
            tag("td", _between(contrast.interval)),
            tag("td", contrast.source),
        )
        for contrast in contrasts
    ]
    return _table(("difference, in points", *targets, "mean", "95 %", "from"), rows)


def _table(heads: tuple[str, ...], rows: list[Markup]) -> Markup:
    head = tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads)))
    return tag("div", tag("table", head, tag("tbody", *rows)), class_="scroll")


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f}"


def _between(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:+.1f} to {interval[1]:+.1f}"
