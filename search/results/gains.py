"""What the gains of a search are worth, by one definition for every command and every view (docs/statistics.md).

* The development split chooses, the test split claims: one mix per target, the first of the ranking, is held against
  the baseline on the test split, with fresh seeds, those that did not choose it. Nothing that proposes, promotes or
  ranks reads a test score.
* What chose cannot claim as if it had not: where a mix has no fresh seed, or development and test split are one at the
  source, the interval is one that holds for all mixes that were tried at once, and the estimate says so. The gains on
  the development split are of this kind.
* The noise of a seed is that of the target's repeated recipes, shrunk towards the other targets' (`statistics/noise`);
  the error of rows comes from stored predictions (`statistics/rows`), and where there are none from the binomial
  formula for two independent scores, which is too wide rather than too narrow.
* A seed that collapsed is named and left out of means and noise: it stays near the floor, within a fifth of the way to
  what other seeds of the same mix reach. Where all seeds stay so near, by the best score of the target, the mix is at
  the floor, and a difference to it is no gain; that is named, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cache

from search.answers.answer import Interval
from search.answers.mixes import GainEstimate, RowsKnown
from search.results.row_source import DrawnRows, RowSource
from search.statistics.gain import Gain, estimate_gain
from search.statistics.noise import Noise, pool
from search.statistics.rows import RowError, RowErrors
from search.studies.studies import Studies
from search.studies.trial_record import Record
from spaces.card import Card, Split
from trainables.work.outcome import Score

COLLAPSED = 0.2
"""Of the way from the floor to a good score: who stays below was trained in vain."""

BySeed = Mapping[int, Record]
"""Seed -> the record of one mix on one target at one rung."""

ONE_SPLIT = "its development and test split are one at the source"
NOT_FRESH = "claimed with the seed that it was chosen by"
CHOSEN_BY = "on the rows and with the seeds that mixes are chosen by"


class Gains:
    """Estimates the gains of a search.

    Args:
        rows: who knows the rows behind scores; None: nobody.
    """

    def __init__(self, studies: Studies, rows: RowSource | None = None) -> None:
        self._studies, self._search, self._rows = studies, studies.search, rows
        self._at_rung = cache(self._read)
        self._noise = cache(self._pooled)

    def claim(self, target: str, mix: BySeed, baseline: BySeed) -> GainEstimate | None:
        """The gain of the mix that was chosen, on the test split; None below the top rung."""
        tried, base = self._tried(target), self._trained(target, baseline)
        used = self.claiming(target, mix)
        fresh = self._search.config.seed not in used
        if not used or not base or not all(map(_is_tested, (*used.values(), *base.values()))):
            return None
        reasons = list[str]()
        if tried > 1:  # of one mix none was chosen
            reasons = [ONE_SPLIT] * self._is_one_split(target) + [NOT_FRESH] * (not fresh)
        candidates = tried if reasons else 1
        return self._estimate(target, "test", used, base, candidates, "; ".join(reasons) or None, (mix, baseline))

    def claiming(self, target: str, mix: BySeed) -> BySeed:
        """The seeds that a claim rests on: those that did not choose the mix, if there are any; none that collapsed."""
        whole = self._trained(target, mix)
        fresh = {seed: record for seed, record in whole.items() if seed != self._search.config.seed}
        return fresh if fresh and self._tried(target) > 1 else whole

    def compare(
        self, target: str, rung: int, scores: Sequence[float], others: Sequence[float], errors: RowErrors | None
    ) -> Gain:
        """What one model scores more than another on the test split, as `claim` has it of a mix and the baseline.

        Args:
            scores, others: one per seed, at that rung.
            errors: of these measurements in this order; None: not known, so the binomial formula bounds it.
        """
        card, count = self._search.targets[target], len(scores)
        numbers = list(range(count)), list(range(count, count + len(others)))
        drawn = DrawnRows(errors, 1.0) if errors is not None else None
        error = self._row_error(card, "test", scores, others, drawn, numbers, None)
        return estimate_gain(scores, others, self._noise("test", rung).get(target), error)

    def expect(self, target: str, mix: BySeed, baseline: BySeed) -> GainEstimate | None:
        """The gain of a mix on the development split; None without a baseline beside it."""
        used, base = self._trained(target, mix), self._trained(target, baseline)
        if not used or not base:
            return None
        tried = self._tried(target)
        return self._estimate(target, "dev", used, base, tried, CHOSEN_BY if tried > 1 else None, (mix, baseline))

    def collapsed(self, target: str, mix: BySeed) -> list[int]:
        """Seeds whose score lies at the floor."""
        scores = {seed: record.score for seed, record in mix.items() if record.score}
        if not scores:
            return []
        card, any_record = self._search.targets[target], next(iter(mix.values()))
        best = max(score.score for score in scores.values())
        if card.is_trained or not any_record.recipe.is_baseline:  # who is not trained cannot be trained in vain
            best_of_all = self._best_of(target, any_record.rung)
            if all(_is_at_floor(score, best_of_all) for score in scores.values()):
                return list(scores)
        return [seed for seed, score in scores.items() if best > score.floor and _is_at_floor(score, best)]

    # --- parts of an estimate

    def _estimate(
        self,
        target: str,
        split: Split,
        mix: BySeed,
        baseline: BySeed,
        candidates: int,
        optimistic: str | None,
        whole: tuple[BySeed, BySeed],
    ) -> GainEstimate:
        card, rung = self._search.targets[target], next(iter(mix.values())).rung
        numbers = list(range(len(mix))), list(range(len(mix), len(mix) + len(baseline)))
        records = [*mix.values(), *baseline.values()]
        tested = all(map(_is_tested, records))
        drawn = self._rows.draw(target, records) if self._rows is not None and tested else None

        def gain_of(value: Callable[[Record], float | None], noise: Noise | None, language: str | None) -> Gain | None:
            own, base = [value(record) for record in mix.values()], [value(record) for record in baseline.values()]
            if None in own or None in base:
                return None
            scores, others = [x for x in own if x is not None], [x for x in base if x is not None]
            error = self._row_error(card, split, scores, others, drawn, numbers, language)
            return estimate_gain(scores, others, noise, error, candidates, not card.is_trained)

        gain = gain_of(lambda record: _value(record, split, None, card), self._noise(split, rung).get(target), None)
        assert gain is not None
        noise, languages = self._noise_by_language(target, split, rung), {}
        for language in _languages(records[0], split):
            found = gain_of(
                lambda record, language=language: _value(record, split, language, card),  # type: ignore[misc]
                noise.get(language),
                language,
            )
            if found is not None:
                languages[language] = Interval(mean=found.mean, low=found.low, high=found.high)
        known: RowsKnown = "bootstrap" if drawn else "bound" if gain.row_error is not None else "unknown"
        return GainEstimate(
            **asdict(gain),
            split="test" if split == "test" else "dev",
            rows=known,
            optimistic=optimistic,
            collapsed=len(self.collapsed(target, whole[0])),
            baseline_collapsed=len(self.collapsed(target, whole[1])),
            languages=languages,
        )

    def _row_error(
        self,
        card: Card,
        split: Split,
        mix: Sequence[float],
        baseline: Sequence[float],
        drawn: DrawnRows | None,
        numbers: tuple[Sequence[int], Sequence[int]],
        language: str | None,
    ) -> RowError | None:
        if drawn is not None and (language is None or language in drawn.errors.languages):
            return drawn.errors.of_difference(*numbers, language).times(drawn.development if split == "dev" else 1.0)
        counts = self._count_rows(card, split, language)
        if not counts:
            return None
        shares = [min(max(sum(scores) / len(scores), 0.0), 1.0) for scores in (mix, baseline)]
        # of two independent scores, and as if the rows of all languages were translations of each other
        variance = sum(share * (1 - share) for share in shares)
        return RowError((sum((variance / count) ** 0.5 for count in counts) / len(counts)) ** 2)

    def _count_rows(self, card: Card, split: Split, language: str | None) -> list[int]:
        """Of each language as the card says, or of one; empty where it does not."""
        of = self._search.catalogue.dev_card(card) if split == "dev" else card
        limit = self._search.config.evaluation.max_examples
        sizes = [of.size_of(split, one) for one in ([language] if language else of.languages_of(split))]
        return [] if None in sizes else [min(size, limit or size) for size in sizes if size]

    def _pooled(self, split: Split, rung: int) -> dict[str, Noise]:
        targets = self._search.targets
        return pool({name: self._repeated(name, split, rung, None) for name in targets})

    def _noise_by_language(self, target: str, split: Split, rung: int) -> dict[str, Noise]:
        records = next((records for records in self._at_rung(target, rung).values()), None)
        languages = _languages(next(iter(records.values())), split) if records else []
        return pool({language: self._repeated(target, split, rung, language) for language in languages})

    def _repeated(self, target: str, split: Split, rung: int, language: str | None) -> list[list[float]]:
        """The scores of each recipe that has several seeds, less those that collapsed."""
        card, found = self._search.targets[target], []
        for records in self._at_rung(target, rung).values():
            is_baseline = next(iter(records.values())).recipe.is_baseline
            if len(records) < 2 or (is_baseline and not card.is_trained):
                continue  # of a target that is not trained the baseline is the same with every seed
            values = [_value(record, split, language, card) for record in self._trained(target, records).values()]
            found.append([value for value in values if value is not None])
        return [scores for scores in found if len(scores) > 1]

    # --- what was measured

    def _read(self, target: str, rung: int) -> dict[str, dict[int, Record]]:
        """Family -> its records at a rung, by seed."""
        found: dict[str, dict[int, Record]] = defaultdict(dict)
        for record in self._studies.records[target]:
            if record.score and record.rung == rung:
                found[record.recipe.family][record.recipe.seed] = record
        return {family: dict(sorted(records.items())) for family, records in found.items()}

    def _tried(self, target: str) -> int:
        """How many mixes the target has scores of, at whichever rung."""
        families = {
            record.recipe.family
            for record in self._studies.records[target]
            if record.score and not record.recipe.is_baseline
        }
        return len(families)

    def _trained(self, target: str, mix: BySeed) -> dict[int, Record]:
        """Without the seeds that collapsed, unless all did."""
        fallen = set(self.collapsed(target, mix))
        return {seed: record for seed, record in mix.items() if seed not in fallen} or dict(mix)

    def _best_of(self, target: str, rung: int) -> float:
        return max(
            record.score.score
            for records in self._at_rung(target, rung).values()
            for record in records.values()
            if record.score
        )

    def _is_one_split(self, target: str) -> bool:
        card = self._search.targets[target]
        return bool(self._search.catalogue.dev_card(card).locations_of("dev") & card.locations_of("test"))


def _is_at_floor(score: Score, good: float) -> bool:
    return score.score <= score.floor + COLLAPSED * max(0.0, good - score.floor)


def _is_tested(record: Record) -> bool:
    return record.score is not None and record.score.test_score is not None


def _languages(record: Record, split: Split) -> list[str]:
    score = record.score
    return list((score.dev if split == "dev" else score.test) if score else ())


def _value(record: Record, split: Split, language: str | None, card: Card) -> float | None:
    score: Score | None = record.score
    if score is None:
        return None
    if language is None:
        return score.score if split == "dev" else score.test_score
    return (score.dev if split == "dev" else score.test).get(language, {}).get(card.metric or "")
