"""The floor: what guessing scores. What is not above it has learned nothing, and a difference to it is no gain."""

from __future__ import annotations

from collections.abc import Iterator

from search.config.search import Search
from search.formatting import number, percent
from trainables.work.settings import StageSettings

LEAST_STEPS = 50
"""Steps of a target stage below which a model with a new head has hardly begun to learn, by experience with encoders of
the kind of BERT at their usual learning rates."""

LEAST_FAST_STEPS = 10
"""The same where the head has a learning rate of its own of at least `FAST`, as in examples/mini."""

FAST = 1e-3

RAISE = 4
"""How many times more examples are proposed where a stage that was not obviously short has learned nothing."""


def at_floor(search: Search, target: str, rung: int, score: float, floor: float, what: str) -> str | None:
    """A line if a score of a target that is trained is not above its floor: why, and what to raise to what.

    Args:
        what: that has the score, as "the baseline".
    """
    if not search.targets[target].is_trained or score > floor:
        return None
    plan = search.plan("", "")
    stage = plan.target_stage(target)
    share = search.config.halving.shares_of_targets[rung]
    at_rung = _steps(stage, share)
    wanted = max(RAISE * stage.examples, _least(stage) * stage.batch_size)
    where = "" if share == 1 else f" at rung {rung} ({share:.0%})"
    says = (
        f"{target}: {what} scores {percent(score)}{where}, not above the floor of {percent(floor)}, which guessing gets"
    )
    if plan.by_probe(target, rung):
        return f"{says}: a linear probe of its training rows finds nothing that holds in other languages"
    return f"{says}: {at_rung} steps of the target stage are too few; {_raise(search, target, stage, wanted)}"


def short_stages(search: Search) -> Iterator[str]:
    """A line for each target whose stage is so short that it will hardly leave the floor."""
    plan = search.plan("", "")
    for target, card in search.targets.items():
        stage = plan.target_stage(target)
        steps, least = _steps(stage, 1.0), _least(stage)
        if card.is_trained and steps < least and plan.probed_card(target, plan.top_rung) is None:
            wanted = least * stage.batch_size
            yield (
                f"{target}: {steps} steps of the target stage are few to learn it from; "
                f"{_raise(search, target, stage, wanted)}"
            )


def steps_of_targets(search: Search) -> str:
    """Steps of the target stage of each target that is trained, at each rung."""
    plan, shares = search.plan("", ""), search.config.halving.shares_of_targets

    def steps(target: str, rung: int) -> str:
        return "a probe" if plan.by_probe(target, rung) else number(_steps(plan.target_stage(target), shares[rung]))

    each = {target: [steps(target, rung) for rung in range(len(shares))] for target in search.targets}
    return ", ".join(f"{name} {' / '.join(each[name])}" for name, card in search.targets.items() if card.is_trained)


def _raise(search: Search, target: str, stage: StageSettings, wanted: int) -> str:
    own = "examples" in search.config.stages.per_target.get(target, {})
    key = f"stages.per_target.{target}.examples" if own else "stages.target.examples"
    return f"raise {key} from {number(stage.examples)} to {number(wanted)}"


def _least(stage: StageSettings) -> int:
    fast = stage.head_learning_rate is not None and stage.head_learning_rate >= FAST
    return LEAST_FAST_STEPS if fast else LEAST_STEPS


def _steps(stage: StageSettings, share: float) -> int:
    return -(-stage.at(share).examples // stage.batch_size)
