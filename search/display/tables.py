"""Answers as tables for people. Scores are shown in %, differences of scores in points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from search.answers.cards import CardLine, CardList
from search.answers.status import NodeState, SearchLine, SearchList, SearchStatus, WorkItemLine
from search.display.verdict import in_short
from search.formatting import counts, duration, number, size, typed

if TYPE_CHECKING:
    from trainables.hub.needs import Need

METRIC_NAMES = {"f1": "F1", "qa": "mean of exact match and F1"}


def status(answer: SearchStatus, console: Console) -> list[RenderableType]:
    """Counts, budget, time and failures of one search."""
    seconds, failures = answer.seconds, answer.failures
    share = f" ({seconds.training_share:.0%})" if seconds.training_share is not None else ""
    budget = [
        f"{number(limit.used)} of {number(limit.total)} {name.replace('_', ' ')}"
        for name, limit in answer.budget
        if limit.total is not None
    ]
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in (
        ("state", answer.state),
        ("recipes", counts(_recipes(answer))),
        ("work items", counts(dict(answer.work_items))),
        ("budget", "; ".join(budget)),
        ("wall time", duration(seconds.wall)),
        ("work items' time", f"{duration(seconds.work_items)}, of it {duration(seconds.training)} training{share}"),
        ("examples", number(answer.examples)),
        ("failures", counts({**failures.by_kind, "total": failures.count})),
    ):
        grid.add_row(Text(name, "dim"), Text(text))
    if len(answer.nodes) > 1:
        grid.add_row(Text("nodes", "dim"), Text(node_counts(answer)))
    if answer.commits:
        grid.add_row(Text("hub", "dim"), Text(commits(answer)))
    parts: list[RenderableType] = [Text(answer.search, "bold"), grid]
    parts += [Text(line, "red") for line in (*shortcomings(answer), *absent_nodes(answer))]
    parts += [Text(line, "yellow") for line in news(answer)]
    what = "will be done again" if answer.state == "interrupted" else "runs"
    parts += [
        Text(f"{what}: {_named(item)} at rung {item.rung} for {', '.join(item.targets)}") for item in answer.running
    ]
    parts += [
        Text(f"failed: {_named(item)} at rung {item.rung}: {item.kind}: {item.message}", "red")
        for item in failures.last
    ]
    return parts


def shortcomings(answer: SearchStatus) -> list[str]:
    """What a search was asked to measure and could not, a line each."""
    lines = [
        f"every mixture with {task} failed: {items} of {items} work items"
        for task, items in answer.failures.tasks.items()
    ]
    return lines + [f"no mixture could be measured on {target}" for target in answer.unmeasured]


def node_counts(answer: SearchStatus) -> str:
    """How many nodes there are, and how many work items find room on them."""
    states = Counter(node.state for node in answer.nodes)
    parts = [f"{states['works']} {'works' if states['works'] == 1 else 'work'}"]
    words: dict[NodeState, str] = {"left_out": "left out", "lost": "lost"}
    parts += [f"{states[state]} {word}" for state, word in words.items() if states[state]]
    items = "one work item" if answer.at_once == 1 else f"{answer.at_once} work items"
    return f"{', '.join(parts)}; {items} at a time"


def absent_nodes(answer: SearchStatus) -> list[str]:
    """The nodes on which nothing is started, a line each."""
    lines = []
    for node in answer.nodes:
        if node.state != "works":
            since = f"{node.state.replace('_', ' ')} since {node.since.replace('T', ' ')}"
            lines.append(f"node {node.name} is {since}{f': {node.why}' if node.why else ''}")
    return lines


def commits(answer: SearchStatus) -> str:
    """What a search reads of the hub, with the commits that anyone who repeats it pins."""
    return ", ".join(f"{name.partition('/')[2]} at {commit[:12]}" for name, commit in sorted(answer.commits.items()))


def news(answer: SearchStatus) -> list[str]:
    """What of the hub is at another commit by now, a line each."""
    lines = [
        f"{name} moved on to {commit[:7]}; the search reads {answer.commits.get(name, '')[:7]}"
        for name, commit in answer.moved.items()
    ]
    return [*lines, "to search on what is new, launch the file under another name"] if lines else []


def downloads(lines: Iterable[Need]) -> Table:
    """A row per repository that a search reads from the hub."""
    table = plain("from the hub", "commit", "files", "size", "to fetch", "license", right=(2, 3, 4))
    for line in lines:
        table.add_row(
            Text(line.repository.name),
            Text(line.commit[:7]),
            number(line.files),
            size(line.size),
            size(line.missing) if line.missing else "-",
            Text((line.license or "not said") + (", gated" if line.is_gated else "")),
        )
    return table


def done_again(answer: SearchStatus) -> str:
    """What an interrupted search will do again, in a line; empty where nothing was under way."""
    if answer.state != "interrupted":
        return ""
    return ", ".join(f"{_named(item)} at rung {item.rung}" for item in answer.running)


def _recipes(answer: SearchStatus) -> dict[str, int]:
    """Recipes by state; without a driver none runs."""
    word = "interrupted" if answer.state == "interrupted" else "running"
    return {word if state == "running" else state: count for state, count in answer.recipes}


def _named(item: WorkItemLine) -> str:
    """A work item: its mix and seed, and whether it is an estimate."""
    return f"{'estimate of ' if item.purpose == 'estimate' else ''}{item.mix} (seed {item.seed})"


def searches(answer: SearchList, console: Console) -> list[RenderableType]:
    """A row per search."""
    if not answer.searches:
        return [Text(typed("no searches yet; start one with: taskmix launch FILE"))]
    table = plain("search", "state", "recipes", "work items", "best mixes (score in %, gain in points)")
    for line in answer.searches:
        recipes, items = line.recipes, line.work_items
        table.add_row(
            line.search,
            line.state if line.left is None else f"{line.state}, about {duration(line.left)} left",
            f"{recipes.used} of {recipes.total}" if recipes else "",
            counts(dict(items)) if items else "",
            escape(line.problem or _best(line)),
        )
    return [table]


def _best(line: SearchLine) -> str:
    """The best mix of each target, a line each."""
    return "\n".join(
        f"{target}: {in_short(best.mix, best.best_mix, best.score, best.worth)}" for target, best in line.best.items()
    )


def cards(answer: CardList, console: Console) -> list[RenderableType]:
    """The cards: intermediate tasks, then targets."""
    parts: list[RenderableType] = []
    for title, lines in (("intermediate tasks", answer.tasks), ("targets", answer.targets)):
        grid = Table.grid(padding=(0, 2))
        grid.add_column()
        grid.add_column(overflow="fold")  # long ids on narrow terminals
        for card in lines:
            grid.add_row(Text(card.name, "bold"), _about(card))
        parts += [Text(f"{title} ({len(lines)})"), grid, Text()]
    return parts


def _about(card: CardLine) -> RenderableType:
    metric = METRIC_NAMES.get(card.metric or "", card.metric)
    facts = (
        card.format + (f" ({metric})" if metric else ""),
        " ".join(card.languages) if len(card.languages) < 9 else f"{len(card.languages)} languages",
        ", ".join(_rows(split, rows) for split, rows in card.sizes.items()),
        card.license,
        card.source,
    )
    lines = [Text(card.description), Text(" · ".join(filter(None, facts)), "dim", overflow="fold")]
    if card.unverified:
        lines.append(Text(f"not verified: {card.unverified}", "yellow"))
    return Group(*lines)


def _rows(split: str, size: int | dict[str, int]) -> str:
    """Of each language where all have as many, else of all of them together."""
    if isinstance(size, int):
        return f"{number(size)} {split} rows"
    return f"{number(sum(size.values()))} {split} rows in {len(size)} languages"


def fits(table: RenderableType, console: Console) -> bool:
    """Whether a table fits the console without wrapping."""
    roomy = console.options.update(max_width=10_000)
    return Measurement.get(console, roomy, table).maximum <= console.width


def plain(*columns: str, right: Iterable[int] = ()) -> Table:
    """A table without lines; columns at the `right` never wrap."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    at_the_right = set(right)
    for index, name in enumerate(columns):
        table.add_column(
            name, justify="right" if index in at_the_right else "left", overflow="fold", no_wrap=index in at_the_right
        )
    return table
