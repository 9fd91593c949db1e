"""Searches beside each other: what each found on the targets that all of them have, and at what cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from search.answers.comparison import ComparedTarget, Comparison, Difference, SearchOnTarget
from search.answers.mixes import MixCost, TargetMixes
from search.config.schema import flat
from search.results.ranking import rank
from search.results.row_source import RowSource
from search.studies.studies import Studies
from search.studies.trial_record import Cost
from spaces.card import Card
from spaces.errors import InputError, Problem

SAME = "evaluation.max_examples"
"""The setting of a search file that decides on which rows is scored."""

ADVICE = "compare searches on the same data with the same metric"

Given = tuple[Studies, RowSource | None]
"""A search, and who knows the rows behind its scores."""


def compare_searches(given: Sequence[Given]) -> Comparison:
    """Two searches or more beside each other.

    Raises:
        InputError: they cannot be compared: they have no target in common, or a target's data, its metric or how it is
            scored differ; with every reason.
    """
    studies = [one for one, _ in given]
    names = [one.search.config.name for one in studies]
    if len(names) < 2 or len(set(names)) < len(names):
        raise InputError(Problem("at least two different searches are needed", found=", ".join(names)))
    common = [target for target in studies[0].search.config.targets if all(_has(one, target) for one in studies)]
    if not common:
        found = "; ".join(f"{one.search.config.name}: {', '.join(one.search.config.targets)}" for one in studies)
        raise InputError(Problem("the searches have no target in common", ", ".join(names), found))
    problems = [problem for other in studies[1:] for problem in _obstacles(studies[0], other, common)]
    if problems:
        raise InputError(problems)
    ranked = [rank(one, top=1, rows=rows).targets for one, rows in given]
    return Comparison(
        searches=names,
        targets=[
            ComparedTarget(
                target=target,
                metric=studies[0].search.targets[target].metric,
                searches=[_found(one, target, mixes[target]) for one, mixes in zip(studies, ranked, strict=True)],
            )
            for target in common
        ],
        differences=list(_differences(studies)),
    )


def _has(studies: Studies, target: str) -> bool:
    return target in studies.search.config.targets


def _obstacles(one: Studies, other: Studies, targets: Sequence[str]) -> Iterator[Problem]:
    """Why scores of two searches on some targets mean different things."""
    names = f"{one.search.config.name} and {other.search.config.name}"
    both = one, other
    settings = [studies.search.config.fixed() for studies in both]
    if settings[0].get(SAME) != settings[1].get(SAME):
        yield Problem("not the same rows are scored", f"{names}: {SAME}", _both(settings, SAME), ADVICE)
    for target in targets:
        cards = [(studies.search.targets[target], studies.search.catalogue) for studies in both]
        pairs = [[card for card, _ in cards], [catalogue.dev_card(card) for card, catalogue in cards]]
        for pair in pairs if pairs[0] != pairs[1] else pairs[:1]:
            kept = [_identity(card) for card in pair]
            for key in sorted(kept[0].keys() | kept[1].keys()):
                if kept[0].get(key) != kept[1].get(key):
                    yield Problem(f"a target's {key} differs", f"{names}: {pair[0].name}", _both(kept, key), ADVICE)
            digests = [studies.versions.get(card.name) for studies, card in zip(both, pair, strict=True)]
            if None not in digests and digests[0] != digests[1]:
                found = f"digests {digests[0]} and {digests[1]}"
                yield Problem("the data of a target differ", f"{names}: {pair[0].name}", found, ADVICE)


def _identity(card: Card) -> dict[str, Any]:
    """What of a card decides what a score on it means, flat; where its files lie is in their digest."""
    identity = card.identity
    for key in ("files", "revision"):
        identity["source"].pop(key, None)
    identity.pop("parts")
    return dict(flat(identity))


def _both(values: Sequence[Mapping[str, Any]], key: str) -> str:
    return " and ".join(str(each.get(key)) for each in values)


def _found(studies: Studies, target: str, mixes: TargetMixes) -> SearchOnTarget:
    first = mixes.best[0] if mixes.best else None
    return SearchOnTarget(
        search=studies.search.config.name,
        rung=mixes.rung,
        baseline=mixes.baseline.score if mixes.baseline else None,
        mix=first.mix if first else None,
        best_mix=mixes.best_mix,
        score=first.score if first else None,
        gain=(first.claim or first.expected) if first else None,
        reached=_reached(studies, target, first.digest, mixes.rung.index) if first else None,
    )


def _reached(studies: Studies, target: str, digest: str, rung: int) -> MixCost | None:
    """What was spent until a mix was measured."""
    family = next((recipe.family for name, recipe in studies.state.recipes.items() if name == digest), None)
    times = [
        record.finished
        for record in studies.records[target]
        if record.score and record.finished and record.rung == rung and record.recipe.family == family
    ]
    if not times:
        return None
    spent = Cost()
    for owner in studies.owners():
        if owner.cost and owner.finished and owner.finished <= min(times):
            spent += owner.cost
    return MixCost(**asdict(spent))


def _differences(studies: Sequence[Studies]) -> Iterator[Difference]:
    """Settings that are not the same in all of them."""
    settings = [dict(flat(one.search.config.model_dump(mode="json", exclude={"name", "storage"}))) for one in studies]
    for key in sorted({key for each in settings for key in each}):
        values = [each.get(key) for each in settings]
        if any(value != values[0] for value in values):
            yield Difference(key=key, values=[_text(value) for value in values])


def _text(value: Any) -> str | None:
    if value is None or value in ([], {}):
        return None
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
