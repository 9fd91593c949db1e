"""History: the scores of a search, or of plain Optuna studies, as the surrogate takes them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median

import numpy as np
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from search.statistics.noise import Noise, sum_of_squares
from search.studies.state import SearchState
from search.surrogate.features import Points
from search.surrogate.observations import ESTIMATED, Observations
from spaces.mixture import Mixture
from spaces.recipe import Candidate, Recipe, candidate_key
from spaces.space import Space


@dataclass
class History:
    """What was tried and what it scored, on several targets. Recipes, targets and rungs go by their numbers.

    Args:
        candidates: the recipes, in the order of their start.
        scores: (target, rung) -> recipe -> score.
        targets, rungs: how many there are.
        baseline: (target, rung) -> score of the empty mixture, where it was measured.
        pending: recipes that run and have no score yet.
        failed: recipes that failed and have no score.
        repeated: (target, rung) -> recipe and score of each further seed. What such scores differ by is noise alone,
            and the surrogate's noise on that target and rung is taken from it.
        estimates: target -> recipe -> score that a merged encoder had with the target stage of the lowest rung. A
            recipe may have nothing else.
    """

    candidates: list[Candidate]
    scores: dict[tuple[int, int], dict[int, float]]
    targets: int
    rungs: int
    baseline: dict[tuple[int, int], float] = field(default_factory=dict)
    pending: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    estimates: dict[int, dict[int, float]] = field(default_factory=dict)
    repeated: dict[tuple[int, int], list[tuple[int, float]]] = field(default_factory=dict)

    @classmethod
    def of(cls, state: SearchState) -> History:
        """All that a search knows about the recipes that it searches."""
        history = cls([], {}, len(state.rungs), state.top_rung + 1)
        digests = [digest for digest in state.recipes if digest in state.tried]
        numbers = {digest: number for number, digest in enumerate(digests)}
        for digest in digests:
            recipe = state.recipes[digest]
            history.candidates.append((recipe.mixture, dict(recipe.hyperparameters)))
        for target, (name, standings) in enumerate(state.rungs.items()):
            for rung, standing in enumerate(standings):
                history.scores[target, rung] = {numbers[digest]: score for digest, score in standing.scores()}
                baselines = _scores(state, name, rung, [r for r in state.recipes.values() if r.is_baseline])
                if baselines:
                    history.baseline[target, rung] = fmean(baselines)
        history._add_repeated(state, numbers)
        running = {record.recipe.digest for record in state.running()}
        history._set_apart([numbers[digest] for digest in digests if digest in running], numbers.values())
        for digest, recipe in state.estimated.items():
            number = numbers.setdefault(digest, len(history.candidates))
            if number == len(history.candidates):
                history.candidates.append((recipe.mixture, dict(recipe.hyperparameters)))
            for target, name in enumerate(state.rungs):
                record = state.at(name, digest, 0, estimate=True)
                if record is not None and record.score is not None:
                    history.estimates.setdefault(target, {})[number] = record.score.score
        return history

    @classmethod
    def of_studies(cls, studies: Sequence[Study], space: Space) -> History:
        """The trials of Optuna studies over one space, a study per target.

        The value of a trial is its score at the top rung, intermediate values are scores at lower ones, a rung for each
        step. Parameters of tasks that are new to the pool count as left out.
        """
        trials = [study.get_trials(deepcopy=False) for study in studies]
        steps = sorted({step for of_study in trials for trial in of_study for step in trial.intermediate_values})
        rungs = {step: rung for rung, step in enumerate(steps)}
        history = cls([], {}, len(studies), len(steps) + 1)
        numbers: dict[Hashable, int] = {}
        left_out = space.encode(Mixture(), {})
        for target, (study, of_study) in enumerate(zip(studies, trials, strict=True)):
            sign = -1.0 if study.direction is StudyDirection.MINIMIZE else 1.0
            for trial in of_study:
                if not set(trial.params) & set(space.distributions):
                    continue
                candidate = space.decode({**left_out, **trial.params})
                number = numbers.setdefault(candidate_key(candidate), len(history.candidates))
                if number == len(history.candidates):
                    history.candidates.append(candidate)
                history._add_trial(trial, target, number, rungs, sign)
        history._set_apart(history.pending, history.failed)
        return history

    def _add_repeated(self, state: SearchState, numbers: Mapping[str, int]) -> None:
        """The further seeds of recipes; `numbers` by the digests of those with the seed of the search."""
        by_family = {state.recipes[digest].family: number for digest, number in numbers.items()}
        for digest, recipe in state.recipes.items():
            number = None if digest in numbers else by_family.get(recipe.family)
            if number is not None:
                for target, name in enumerate(state.rungs):
                    for rung in range(self.rungs):
                        scores = _scores(state, name, rung, [recipe])
                        self.repeated.setdefault((target, rung), []).extend((number, score) for score in scores)

    def _add_trial(self, trial: FrozenTrial, target: int, number: int, rungs: Mapping[int, int], sign: float) -> None:
        for step, value in trial.intermediate_values.items():
            self.scores.setdefault((target, rungs[step]), {})[number] = sign * value
        if trial.state is TrialState.COMPLETE and trial.value is not None:
            self.scores.setdefault((target, self.rungs - 1), {})[number] = sign * trial.value
        elif trial.state is TrialState.FAIL:
            self.failed.append(number)
        elif not trial.state.is_finished():
            self.pending.append(number)

    def _set_apart(self, pending: Iterable[int], failed: Iterable[int]) -> None:
        """Note those that run and those that failed: they have no score, and what runs once more has not failed."""
        known = {number for scores in self.scores.values() for number in scores}
        self.pending = [number for number in dict.fromkeys(pending) if number not in known]
        known |= set(self.pending)
        self.failed = [number for number in dict.fromkeys(failed) if number not in known]

    def observations(self, space: Space) -> Observations | None:
        """Gains over the baseline (over the median where it was not measured); None when nothing was measured.

        A recipe that failed counts as one as bad as the worst at its lowest rung. Estimates come along.
        """
        point: list[int] = []
        target: list[int] = []
        rung: list[int] = []
        gains: list[float] = []
        for (t, r), scores in sorted(self.scores.items()):
            if not scores:
                continue
            reference = self.baseline.get((t, r), median(scores.values()))
            failed = dict.fromkeys(self.failed, min(scores.values())) if r == 0 else {}
            for number, score in (*scores.items(), *failed.items(), *self.repeated.get((t, r), ())):
                point.append(number)
                target.append(t)
                rung.append(r)
                gains.append(score - reference)
        if not point:
            return None
        for t, scores in sorted(self.estimates.items()):
            reference = self.baseline.get((t, 0), median(scores.values()))
            for number, score in scores.items():
                point.append(number)
                target.append(t)
                rung.append(ESTIMATED)
                gains.append(score - reference)
        order = np.lexsort((rung, target, point))
        point_at, target_at, rung_at = (np.array(column)[order] for column in (point, target, rung))
        points = Points.of(self.candidates, space)
        gains_at, noise = np.array(gains)[order], self._noise()
        return Observations(points, point_at, target_at, rung_at, gains_at, self.targets, self.rungs, noise)

    def _noise(self) -> dict[tuple[int, int], Noise]:
        """What the scores of one recipe differ by, on each target at each rung where some have further seeds."""
        found = {}
        for at, repeated in self.repeated.items():
            seeds = {number: [score] for number, score in self.scores.get(at, {}).items()}
            for number, score in repeated:
                seeds.setdefault(number, []).append(score)
            squares, degrees = sum_of_squares(seeds.values())
            if degrees:
                found[at] = Noise(squares / degrees, float(degrees))
        return found

    @property
    def estimated_candidates(self) -> list[Candidate]:
        """Recipes that have an estimate on some target, in the order of their start."""
        return [self.candidates[number] for number in sorted({n for scores in self.estimates.values() for n in scores})]

    def scored_on(self, target: int) -> list[int]:
        """Recipes with a score on a target, at any rung, in the order of their start."""
        return sorted({number for rung in range(self.rungs) for number in self.scores.get((target, rung), ())})


def _scores(state: SearchState, target: str, rung: int, recipes: Iterable[Recipe]) -> list[float]:
    """Of those that have one."""
    records = [state.at(target, recipe.digest, rung) for recipe in recipes]
    return [record.score.score for record in records if record is not None and record.score is not None]
