"""Which mixes are best, by one definition for every command and every view. `docs/json.md` describes every field.

A *mix* is a recipe whatever its seed. For a target:

* Candidates are the mixes with a score at the top rung. While there are none, those at the highest rung that has
  scores, and the answer says so (`rung.top` is false). The baseline is compared at the same rung.
* `score` is the mean over seeds of the score on the development split: the mean of the target's metric over its
  languages. `gain` is the mean over seeds of the score minus the baseline's score with the same seed at the same rung.
* Mixes that were measured with all `confirm.seeds` come before the others; then the higher score; then fewer tasks.
  What is equal still goes by digest: time spent would make the answer a matter of chance.
* A spread is the sample standard deviation over seeds. The test split drove nothing and ranks nothing.
* The cost of a mix is what its own work items cost, over all rungs and seeds and all targets they were measured on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from statistics import fmean, stdev
from typing import Any

from search.config.search import Search
from search.studies.studies import Studies
from search.studies.trial_record import Cost, Record
from spaces.card import Card
from spaces.errors import InputError, Problem, nearest
from spaces.recipe import Recipe
from trainables.work.outcome import Score


def best(search: Search, studies: Studies, target: str | None = None, top: int = 3) -> dict[str, Any]:
    """The best mixes of every target, or of one; see the definition above.

    Raises:
        InputError: the search has no such target.
    """
    if target is not None and target not in search.config.targets:
        raise InputError(
            Problem("no target of this search", "--target", target, nearest(target, search.config.targets))
        )
    costs = mix_costs(studies)
    chosen = [target] if target is not None else search.config.targets
    return {
        "search": search.config.name,
        "targets": {name: best_of(search, studies, costs, name, top) for name in chosen},
    }


def mix_costs(studies: Studies) -> dict[str, Cost]:
    """Mix (family digest) -> what its work items cost."""
    costs: dict[str, Cost] = defaultdict(Cost)
    for record in studies.owners():
        if record.cost and not record.is_estimate:
            costs[record.recipe.family] += record.cost
    return costs


@dataclass
class _Mix:
    """The records of one mix on one target at one rung, by seed."""

    by_seed: dict[int, Record] = field(default_factory=dict)

    @property
    def any(self) -> Record:
        return next(iter(self.by_seed.values()))

    def values(self, value: Callable[[Score], float | None]) -> dict[int, float]:
        """Seed -> value, where there is one; by seed."""
        found = {seed: value(record.score) for seed, record in sorted(self.by_seed.items()) if record.score}
        return {seed: number for seed, number in found.items() if number is not None}


def best_of(
    search: Search,
    studies: Studies,
    costs: Mapping[str, Cost],
    target: str,
    top: int,
    among: Callable[[Recipe], bool] = lambda recipe: True,
) -> dict[str, Any]:
    """The best mixes of one target, of those that are `among`; see the definition above."""
    card, rungs = search.targets[target], search.config.halving.rungs
    scored = [
        record
        for record in studies.records[target]
        if record.score and (record.recipe.is_baseline or among(record.recipe))
    ]
    rung = max((record.rung for record in scored if not record.recipe.is_baseline), default=None)
    if rung is None:
        rung = max((record.rung for record in scored), default=0)
    baseline, mixes = _Mix(), defaultdict[str, _Mix](_Mix)
    for record in scored:
        if record.rung == rung:
            mix = baseline if record.recipe.is_baseline else mixes[record.recipe.family]
            mix.by_seed[record.recipe.seed] = record

    def rank(family: str) -> tuple[bool, float, int, str]:
        values, tasks = mixes[family].values(lambda score: score.score), mixes[family].any.recipe.mixture.tasks
        return len(values) < search.config.confirm.seeds, -fmean(values.values()), len(tasks), family

    ranked = [
        _entry(search, card, mixes[family], baseline, costs.get(family, Cost()))
        for family in sorted(mixes, key=rank)[: max(top, 1)]
    ]
    gain = ranked[0]["gain"] if ranked else None
    return {
        "metric": card.metric,
        "languages": _languages(scored[0].score, "dev") if scored else card.languages,
        "rung": {"index": rung, "share": rungs[rung], "top": rung == len(rungs) - 1},
        "baseline": _measured(card, baseline, "dev") | _test(card, baseline, None) if baseline.by_seed else None,
        "floor": _floor(card, baseline if baseline.by_seed else next(iter(mixes.values()), None)),
        "beats_baseline": None if gain is None else gain > 0,
        "candidates": len(mixes),
        "best": ranked[:top],
    }


def _entry(search: Search, card: Card, mix: _Mix, baseline: _Mix, cost: Cost) -> dict[str, Any]:
    recipe = mix.any.recipe
    return {
        "digest": recipe.with_seed(search.config.seed).digest,
        "mixture": recipe.mixture.weights,
        "mix": str(recipe.mixture),
        "hyperparameters": dict(recipe.hyperparameters),
        **_measured(card, mix, "dev"),
        **_gains(card, mix, baseline, "dev"),
        "confirmed": len(mix.by_seed) >= search.config.confirm.seeds,
        **_test(card, mix, baseline),
        "cost": asdict(cost),
    }


def _mean_of(split: str) -> Callable[[Score], float | None]:
    return (lambda score: score.score) if split == "dev" else (lambda score: score.test_score)


def _languages(score: Score | None, split: str) -> list[str]:
    """The languages of a split: not every language has development rows."""
    return list(score.dev if split == "dev" else score.test) if score else []


def _in_language(card: Card, split: str, language: str) -> Callable[[Score], float | None]:
    metric = card.metric or ""
    return lambda score: (score.dev if split == "dev" else score.test).get(language, {}).get(metric)


def _measured(card: Card, mix: _Mix, split: str) -> dict[str, Any]:
    """Mean and spread over seeds, for all languages together and for each."""
    values = mix.values(_mean_of(split))
    measured = _languages(mix.any.score, split)
    languages = {language: mix.values(_in_language(card, split, language)) for language in measured}
    return {
        "score": fmean(values.values()) if values else None,
        "spread": _spread(values.values()),
        "languages": {language: fmean(found.values()) for language, found in languages.items() if found},
        "seeds": list(values.values()),
    }


def _gains(card: Card, mix: _Mix, baseline: _Mix, split: str) -> dict[str, Any]:
    """What is gained over the baseline with the same seeds."""

    def differences(value: Callable[[Score], float | None]) -> list[float]:
        own, base = mix.values(value), baseline.values(value)
        return [own[seed] - base[seed] for seed in own if seed in base]

    gains = differences(_mean_of(split))
    measured = _languages(mix.any.score, split)
    languages = {language: differences(_in_language(card, split, language)) for language in measured}
    return {
        "gain": fmean(gains) if gains else None,
        "gain_spread": _spread(gains),
        "gain_languages": {language: fmean(found) for language, found in languages.items() if found},
        "gain_seeds": gains,
    }


def _test(card: Card, mix: _Mix, baseline: _Mix | None) -> dict[str, Any]:
    if not mix.values(_mean_of("test")):
        return {"test": None}
    return {"test": _measured(card, mix, "test") | (_gains(card, mix, baseline, "test") if baseline else {})}


def _floor(card: Card, mix: _Mix | None) -> dict[str, Any] | None:
    score = mix.any.score if mix else None
    if score is None:
        return None
    metric = card.metric or ""
    return {"score": score.floor, "languages": {lang: score.floors[lang][metric] for lang in score.floors}}


def _spread(values: Iterable[float]) -> float | None:
    found = list(values)
    return stdev(found) if len(found) > 1 else None


def answers(search: Search, studies: Studies, target: str | None = None, top: int = 3) -> dict[str, Any]:
    """`best`, and for each target what the search has learned about it (`search/sampling/insights.py`)."""
    from search.sampling.insights import derive_insights  # brings scipy: half a second that nobody else has to wait for

    found = best(search, studies, target, top)
    insights = derive_insights(studies.state, search.space, list(found["targets"]), search.config.seed)
    for name, answer in found["targets"].items():
        about = insights[name]
        answer["learned"] = about.to_dict() if about is not None else None
    return found
