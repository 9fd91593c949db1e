"""What a recommended start is worth: each target in turn is one that an earlier search did not have.

The earlier search had each task alone on the other targets, one seed at the full budget; its costs are not counted,
as it is over. Each target is then searched by itself, which begins with the task that the model of `taskmix recommend`
puts first. Worlds have no texts, so there are no distances: the model has what tasks did for other targets, no more.
The fair comparison is `ours-no-sharing`, which begins with all tasks together.
"""

from __future__ import annotations

from benchmarks.efficiency.ours import Ours
from benchmarks.efficiency.replay import Laboratory, in_turns
from search.config.schema import StartConfig
from search.explanation.predict import Predictor
from search.explanation.rows import Row
from spaces.digest import derive_seed
from spaces.mixture import Mixture


class Recommended(Ours):
    """A search for each target that knows the other targets' results of an earlier one.

    Args:
        sampler: its name in search.yaml.
    """

    def __init__(self, sampler: str) -> None:
        super().__init__(sampler, sharing=False)

    def __call__(self, laboratory: Laboratory, seed: int) -> None:
        rows = earlier_rows(laboratory, seed)
        searches = {}
        for target in laboratory.targets:
            start = StartConfig(mixtures=[str(recommended(rows, target))])
            searches[target] = self._search(laboratory, (target,), target, seed, start)
        in_turns(laboratory, searches)


def recommended(rows: list[Row], target: str) -> Mixture:
    """The task that the other targets speak for most."""
    others = [row for row in rows if row.target != target]
    predictor = Predictor.fitted(others)
    tasks = sorted({task for row in others for task in row.weights})
    return Mixture.of({max(tasks, key=lambda task: predictor.gain({task: 1.0}, 0.0, 0.0, 0.0)): 1.0})


def earlier_rows(laboratory: Laboratory, seed: int) -> list[Row]:
    """Each task alone on every target, in points over the baseline."""
    observed = derive_seed("earlier", seed)

    def score(mixture: Mixture, target: str) -> float:
        defaults = laboratory.space.defaults if mixture else {}
        return laboratory.observe(target, mixture, defaults, laboratory.top, observed)

    baseline = {target: score(Mixture(), target) for target in laboratory.targets}
    return [
        Row(
            search="earlier",
            family=task,
            weights={task: 1.0},
            target=target,
            language="all",
            gains={seed: 100 * (score(Mixture.of({task: 1.0}), target) - baseline[target])},
            domain=0.0,
            typology=0.0,
            format=0.0,
            sources={"en": 1.0},
        )
        for task in laboratory.tasks
        for target in laboratory.targets
    ]
