"""Which mixes are best, by one definition for every command and every view.

A *mix* is a recipe whatever its seed. For a target:

* Candidates are the mixes with a score at the top rung. While there are none, those at the highest rung that has
  scores, and the answer says so (`rung.top` is false). The baseline is compared at the same rung.
* `score` is the mean over seeds of the score on the development split: the mean of the target's metric over its
  languages. `gain` is the mean over seeds of the score minus the baseline's score with the same seed at the same rung.
* Mixes that were measured with fresh seeds, where `confirm` asks for them, come before the others; then the higher
  score; then fewer tasks.
  What is equal still goes by digest: time spent would make the answer a matter of chance.
* A spread is the sample standard deviation over seeds. The test split drove nothing and ranks nothing; what it says of
  the first mix is its claim (`gains.py`). The best mix is `none` where neither split says that the first one is
  likelier than not to beat the baseline, and where its score is not above the floor: then nothing is claimed.
* The cost of a mix is what its own work items cost, over all rungs and seeds and all targets they were measured on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from statistics import fmean, stdev

from search.answers.answer import GainedMeasurement, Measurement
from search.answers.mixes import Baseline, BestMixes, Floor, Insights, MeanGain, MixCost, MixResult, Rung, TargetMixes
from search.config.search import Search
from search.results.floor import at_floor
from search.results.gains import Gains
from search.results.row_source import RowSource
from search.statistics.gain import LEVEL, Gain, mean_gain
from search.studies.studies import Studies
from search.studies.trial_record import Cost, Record
from spaces.card import Card
from spaces.errors import InputError, Problem, nearest
from spaces.recipe import Recipe
from trainables.work.keys import encoder_key
from trainables.work.outcome import Score


def rank(studies: Studies, target: str | None = None, top: int = 3, rows: RowSource | None = None) -> BestMixes:
    """The best mixes of every target, or of one; see the definition above.

    Args:
        rows: who knows the rows behind scores; None: nobody, so that their error is bounded.

    Raises:
        InputError: the search has no such target.
    """
    targets = studies.search.config.targets
    if target is not None and target not in targets:
        raise InputError(Problem("no target of this search", "--target", target, nearest(target, targets)))
    costs, gains = mix_costs(studies), Gains(studies, rows)
    asked = [target] if target is not None else targets
    ranked = {name: rank_target(studies, costs, name, top, gains=gains) for name in asked}
    return BestMixes(search=studies.search.config.name, targets=ranked, mean=mean_claim(list(ranked.values())))


def rank_and_explain(
    studies: Studies, target: str | None = None, top: int = 3, rows: RowSource | None = None
) -> BestMixes:
    """As `rank`, and for each target what the search has learned about it."""
    from search.sampling.insights import derive_insights  # brings scipy: half a second that nobody else has to wait for

    ranked, search = rank(studies, target, top, rows), studies.search
    insights = derive_insights(studies.state, search.space, list(ranked.targets), search.config.seed)
    targets = {}
    for name, mixes in ranked.targets.items():
        insight = insights[name]
        learned = Insights.model_validate(insight.to_dict()) if insight is not None else None
        best = _with_encoders(studies, name, mixes)
        targets[name] = mixes.model_copy(update={"learned": learned, "best": best})
    return ranked.model_copy(update={"targets": targets})


def _with_encoders(studies: Studies, target: str, mixes: TargetMixes) -> list[MixResult]:
    """The mixes of a target with the keys under which the store has their encoders."""
    seed, plan = studies.search.config.seed, studies.versioned(studies.search.plan("", ""))
    seeds: dict[str, list[Recipe]] = defaultdict(list)
    for record in studies.records[target]:
        if record.score and record.rung == mixes.rung.index:
            seeds[record.recipe.with_seed(seed).digest].append(record.recipe)
    found = []
    for mix in mixes.best:
        recipe = min(seeds[mix.digest], key=lambda recipe: (recipe.seed != seed, recipe.seed))
        found.append(mix.model_copy(update={"encoder": encoder_key(plan, recipe, mixes.rung.index)}))
    return found


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

    @property
    def sorted(self) -> dict[int, Record]:
        """By rising seed."""
        return dict(sorted(self.by_seed.items()))

    def values(self, value: Callable[[Score], float | None]) -> dict[int, float]:
        """Seed -> value, where there is one; by seed."""
        found = {seed: value(record.score) for seed, record in sorted(self.by_seed.items()) if record.score}
        return {seed: number for seed, number in found.items() if number is not None}


def rank_target(
    studies: Studies,
    costs: Mapping[str, Cost],
    target: str,
    top: int,
    among: Callable[[Recipe], bool] = lambda recipe: True,
    gains: Gains | None = None,
) -> TargetMixes:
    """The best mixes of one target, of those that are `among`; see the definition above.

    Args:
        gains: what they are worth is estimated by; None: it is not asked for.
    """
    search = studies.search
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

    def order(family: str) -> tuple[bool, float, int, str]:
        values, tasks = mixes[family].values(_mean_of("dev")), mixes[family].any.recipe.mixture.tasks
        return not _is_confirmed(search, len(values)), -fmean(values.values()), len(tasks), family

    families, base = sorted(mixes, key=order)[: max(top, 1)], baseline.sorted
    ranked = [_result(search, card, mixes[family], baseline, costs.get(family, Cost())) for family in families]
    if gains is not None:
        ranked = [
            result.model_copy(
                update={
                    "expected": gains.expect(target, mixes[family].sorted, base),
                    "claim": gains.claim(target, mixes[family].sorted, base)
                    if not place and result.above_floor is not False
                    else None,
                }
            )
            for place, (family, result) in enumerate(zip(families, ranked, strict=True))
        ]
    beats = beats_baseline(ranked[0]) if ranked else None
    return TargetMixes(
        metric=card.metric,
        languages=_languages(scored[0].score, "dev") if scored else card.languages,
        rung=Rung(index=rung, share=rungs[rung], top=rung == search.config.halving.top_rung),
        baseline=_baseline(card, baseline) if baseline.by_seed else None,
        floor=_floor(card, baseline if baseline.by_seed else next(iter(mixes.values()), None)),
        beats_baseline=beats,
        best_mix=None if beats is None else ranked[0].mix if beats else "none",
        full_baseline=_full_baseline(scored, rung),
        at_floor=_why_at_floor(search, target, baseline, mixes[families[0]] if families else None),
        candidates=len(mixes),
        tried=len({record.recipe.family for record in scored if not record.recipe.is_baseline}),
        spread=_spread(score for mix in (*mixes.values(), baseline) for score in mix.values(_mean_of("dev")).values()),
        best=ranked[:top],
    )


def beats_baseline(result: MixResult) -> bool | None:
    """Whether it is likelier than not that a mix beats the baseline, by what chose it and by what did not."""
    if result.gain is None or result.above_floor is False:
        return None if result.gain is None else False
    means = [result.gain, *(one.mean for one in (result.expected, result.claim) if one is not None)]
    return min(means) > 0  # the distributions are symmetric: likelier than not is a mean above 0


def mean_claim(ranked: Sequence[TargetMixes]) -> MeanGain | None:
    """The mean of the claims, with an interval of its own."""
    claims = [mixes.best[0].claim for mixes in ranked if mixes.best]
    found = [claim for claim in claims if claim is not None]
    if len(found) < len(ranked) or not found:
        return None
    mean = mean_gain([Gain(**{field.name: getattr(claim, field.name) for field in fields(Gain)}) for claim in found])
    sure = [claim.probability for claim in found if claim.probability is not None and claim.probability > LEVEL]
    return MeanGain(
        mean=fmean(claim.mean for claim in found),
        low=mean.low if mean else None,
        high=mean.high if mean else None,
        probability=mean.probability if mean else None,
        targets=len(found),
        claims=len(sure),
        expected_false=sum(1 - probability for probability in sure),
    )


def _result(search: Search, card: Card, mix: _Mix, baseline: _Mix, cost: Cost) -> MixResult:
    recipe = mix.any.recipe
    return MixResult(
        digest=recipe.with_seed(search.config.seed).digest,
        mixture=recipe.mixture.weights,
        mix=str(recipe.mixture),
        hyperparameters=dict(recipe.hyperparameters),
        **dict(_gained(card, mix, baseline, "dev")),
        confirmed=_is_confirmed(search, len(mix.by_seed)),
        seen_languages=search.seen_languages(recipe.mixture, card),
        above_floor=_is_above_floor(mix),
        test=_gained(card, mix, baseline, "test") if mix.values(_mean_of("test")) else None,
        cost=MixCost(**asdict(cost)),
    )


def _is_confirmed(search: Search, seeds: int) -> bool:
    """Whether a mix with so many seeds was measured with one that did not choose it; `confirm` decides on more."""
    return seeds >= min(2, search.config.confirm.seeds)


def _baseline(card: Card, baseline: _Mix) -> Baseline:
    test = _measured(card, baseline, "test") if baseline.values(_mean_of("test")) else None
    return Baseline(**dict(_measured(card, baseline, "dev")), test=test)


def _mean_of(split: str) -> Callable[[Score], float | None]:
    return (lambda score: score.score) if split == "dev" else (lambda score: score.test_score)


def _languages(score: Score | None, split: str) -> list[str]:
    """The languages of a split: not every language has development rows."""
    return list(score.dev if split == "dev" else score.test) if score else []


def _in_language(card: Card, split: str, language: str) -> Callable[[Score], float | None]:
    metric = card.metric or ""
    return lambda score: (score.dev if split == "dev" else score.test).get(language, {}).get(metric)


def _measured(card: Card, mix: _Mix, split: str) -> Measurement:
    """Mean and spread over seeds, for all languages together and for each."""
    values = mix.values(_mean_of(split))
    measured = _languages(mix.any.score, split)
    languages = {language: mix.values(_in_language(card, split, language)) for language in measured}
    return Measurement(
        score=fmean(values.values()) if values else None,
        spread=_spread(values.values()),
        languages={language: fmean(found.values()) for language, found in languages.items() if found},
        seeds=list(values.values()),
    )


def _gained(card: Card, mix: _Mix, baseline: _Mix, split: str) -> GainedMeasurement:
    """The same, and what is gained over the baseline with the same seeds."""

    def differences(value: Callable[[Score], float | None]) -> list[float]:
        own, base = mix.values(value), baseline.values(value)
        return [own[seed] - base[seed] for seed in own if seed in base]

    gains = differences(_mean_of(split))
    measured = _languages(mix.any.score, split)
    languages = {language: differences(_in_language(card, split, language)) for language in measured}
    return GainedMeasurement(
        **dict(_measured(card, mix, split)),
        gain=fmean(gains) if gains else None,
        gain_spread=_spread(gains),
        gain_languages={language: fmean(found) for language, found in languages.items() if found},
        gain_seeds=gains,
    )


def _floor(card: Card, mix: _Mix | None) -> Floor | None:
    score = mix.any.score if mix else None
    if score is None:
        return None
    metric = card.metric or ""
    return Floor(score=score.floor, languages={lang: score.floors[lang][metric] for lang in score.floors})


def _score_and_floor(mix: _Mix) -> tuple[float, float] | None:
    """The mean over its seeds, and what guessing gets; of evidence, which is no score, there is no floor."""
    scores = [record.score for record in mix.by_seed.values() if record.score and record.score.dev]
    return (fmean(score.score for score in scores), scores[0].floor) if scores else None


def _is_above_floor(mix: _Mix) -> bool | None:
    found = _score_and_floor(mix)
    return None if found is None else found[0] > found[1]


def _full_baseline(scored: Sequence[Record], rung: int) -> float | None:
    """The baseline's score at the highest rung above `rung` that it has one at."""
    above = [record for record in scored if record.recipe.is_baseline and record.rung > rung and record.score]
    top = max((record.rung for record in above), default=None)
    found = [record.score.score for record in above if record.rung == top and record.score]
    return fmean(found) if found else None


def _why_at_floor(search: Search, target: str, baseline: _Mix, mix: _Mix | None) -> str | None:
    """What to raise where the baseline, or else the first mix, is not above the floor."""
    for what, measured in (("the baseline", baseline), ("the first mix", mix)):
        found = _score_and_floor(measured) if measured else None
        if measured and found and (line := at_floor(search, target, measured.any.rung, *found, what)):
            return line
    return None


def _spread(values: Iterable[float]) -> float | None:
    numbers = list(values)
    return stdev(numbers) if len(numbers) > 1 else None
