"""The answer: a card per target with its best mix, what that gains, and how sure it is; then all targets together."""

from __future__ import annotations

import json
from collections.abc import Collection

from markupsafe import Markup

from search.answers.mixes import MixResult, TargetMixes
from search.answers.report import SearchReport
from search.display.best_table import cost_text, gain_text, metric_name, together
from search.display.page.charts import gain_intervals
from search.display.page.markup import join, sentence, tag
from search.display.page.plot import stacked
from search.display.verdict import verdict
from search.formatting import hyperparameters, percent

OFFERS = ("promotions", "models")
"""Endpoints below a search that a card has a button for."""


def answer_section(report: SearchReport, base: str | None = None, offers: Collection[str] = ()) -> Markup:
    """The cards.

    Args:
        base: address of the search's pages; None: in a report, which links to nothing.
        offers: which of `OFFERS` the service has.
    """
    cards = [_card(report, target, mixes, base, offers) for target, mixes in report.best.targets.items()]
    mean = [sentence(line) for line in together(report.best.mean)]
    return join([tag("div", *mean, class_="together") if mean else None, tag("div", *cards, class_="cards")])


def _card(report: SearchReport, target: str, mixes: TargetMixes, base: str | None, offers: Collection[str]) -> Markup:
    first = mixes.best[0] if mixes.best else None
    return tag(
        "article",
        tag("h3", target, " ", tag("small", f"{metric_name(mixes)} in %{_rung(mixes)}")),
        stacked(first.mixture, report.tasks, 400.0) if first and mixes.beats_baseline else None,
        *(sentence(text) for text in verdict(mixes)),
        _scores(mixes),
        gain_intervals(target, first) if first else None,
        _legend(first) if first else None,
        _facts(first, base) if first else None,
        _others(mixes.best[1:], base),
        _buttons(report.search, target, offers) if first is not None else None,
        class_="card",
    )


def _rung(mixes: TargetMixes) -> str:
    if mixes.rung.top or not mixes.best:
        return ""
    return f", only rung {mixes.rung.index} ({mixes.rung.share:.0%} of the examples) so far"


def _scores(mixes: TargetMixes) -> Markup | None:
    """The first mix, the baseline and the floor, on both splits."""
    rows = []
    if mixes.best:
        test = mixes.best[0].test
        rows.append(("first mix", mixes.best[0].score, test.score if test else None, len(mixes.best[0].seeds)))
    if mixes.baseline:
        test_of_base = mixes.baseline.test
        rows.append(
            ("baseline", mixes.baseline.score, test_of_base.score if test_of_base else None, len(mixes.baseline.seeds))
        )
    if mixes.floor:
        rows.append(("floor", mixes.floor.score, None, 0))
    if not rows:
        return None
    return tag(
        "table",
        tag("thead", tag("tr", tag("th", ""), *(tag("th", name) for name in ("development", "test", "seeds")))),
        tag(
            "tbody",
            *(
                tag("tr", tag("th", name), tag("td", percent(dev)), tag("td", percent(test)), tag("td", seeds or ""))
                for name, dev, test, seeds in rows
            ),
        ),
        class_="numbers",
    )


def _legend(first: MixResult) -> Markup | None:
    if first.expected is None and first.claim is None:
        return None
    rings = "rings: seeds; " if first.gain_seeds else ""
    known = any(one is not None and one.low is not None for one in (first.expected, first.claim))
    bars = "bars: 95 % intervals; " if known else ""
    return tag("p", f"{bars}{rings}dots: languages; gains in points", class_="legend")


def _facts(first: MixResult, base: str | None) -> Markup:
    values = hyperparameters(first.hyperparameters)
    return tag(
        "dl",
        tag("dt", "mixture"),
        tag("dd", mix_link(first.digest, first.mix, base)),
        (tag("dt", "hyperparameters"), tag("dd", values)) if values else None,
        tag("dt", "cost"),
        tag("dd", cost_text(first.cost)),
    )


def _others(results: list[MixResult], base: str | None) -> Markup | None:
    if not results:
        return None
    return tag(
        "details",
        tag("summary", f"next best: {results[0].mix} {gain_text(results[0])}"),
        tag("ol", *(_other(result, base) for result in results), start=2),
    )


def _other(result: MixResult, base: str | None) -> Markup:
    seeds = "1 seed" if len(result.seeds) == 1 else f"{len(result.seeds)} seeds"
    values = hyperparameters(result.hyperparameters)
    text = f" {gain_text(result)} points on the development split, {seeds}{f'; {values}' if values else ''}"
    return tag("li", mix_link(result.digest, result.mix, base), text)


def mix_link(digest: str, mix: str, base: str | None) -> Markup:
    """A mix by its name, which leads to its page where there are pages."""
    return tag("a", mix, href=f"{base}/recipes/{digest}") if base is not None else tag("span", mix)


def _buttons(search: str, target: str, offers: Collection[str]) -> Markup | None:
    api = f"/api/v1/searches/{search}"
    promote = tag(
        "button",
        "promote",
        type="button",
        data_post=f"{api}/promotions",
        data_body=json.dumps({"target": target}),
        data_sure=f"Register the model of {target} with MLflow? It is trained once more first.",
    )
    model = tag("a", "model", href=f"{api}/models/{target}.tar", download=True)
    shown = [button for name, button in zip(OFFERS, (promote, model), strict=True) if name in offers]
    return tag("p", *shown, class_="actions") if shown else None
