"""Hyperparameters: the ranges and choices of a search file, checked against the settings of the stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args

from optuna.distributions import BaseDistribution
from pydantic import ValidationError

from search.config.schema import HyperparameterConfig, SearchConfig, StagesConfig
from spaces.errors import Problem, nearest
from spaces.parsing import problems_of
from spaces.recipe import Value
from spaces.space import Hyperparameter
from trainables.work.settings import StageSettings

KEY = "space.hyperparameters"

Named = Mapping[str, HyperparameterConfig]
"""By `STAGE.KEY`."""

SETTINGS = frozenset(StageSettings.model_fields) - {"examples", "low_rung"}
"""What of a stage can be searched; `examples` is the budget that rungs share out, `low_rung` what they mean."""


def typed(config: SearchConfig) -> SearchConfig:
    """The configuration with choices and defaults as the stages take them: `"0.001"` is a number, `yes` is true.

    What is wrong with them stays as it is; `check_hyperparameters` says so.
    """
    hyperparameters = typed_hyperparameters(config.stages, config.space.hyperparameters)
    space = config.space.model_copy(update={"hyperparameters": hyperparameters})
    return config.model_copy(update={"space": space})


def typed_hyperparameters(stages: StagesConfig, hyperparameters: Named) -> dict[str, HyperparameterConfig]:
    """As `typed`, of the hyperparameters alone."""
    return {
        name: one.model_copy(
            update={
                "choices": one.choices and [_typed(stages, name, choice) for choice in one.choices],
                "default": None if one.default is None else _typed(stages, name, one.default),
            }
        )
        for name, one in hyperparameters.items()
    }


def check_hyperparameters(
    stages: StagesConfig, hyperparameters: Named, file: str, stored: bool
) -> tuple[dict[str, Hyperparameter], list[Problem]]:
    """Name -> hyperparameter, of those with nothing wrong; and what is wrong with the others, by key.

    Args:
        stages: whose settings they are.
        stored: it is the file of a search that was begun: what an earlier version took is no mistake.
    """
    right, problems = dict[str, Hyperparameter](), list[Problem]()
    for name, one in sorted(hyperparameters.items()):
        where = f"{file}: {KEY}.{name}"
        wrong = list(_misnamed(name, where))
        if not wrong:
            wrong = [*_undrawable(one, where), *_unfit(stages, name, one, where)]
            wrong += () if stored else _misread(name, one, where)
        if not wrong:
            distribution = one.distribution
            default = one.default if one.default is not None else getattr(_stage(stages, name), _setting(name))
            if _holds(distribution, default):
                right[name] = Hyperparameter(distribution, default)
            else:
                fix = f"set {KEY}.{name}.default"
                wrong.append(Problem("the default is outside the range", where, str(default), fix))
        problems.extend(wrong)
    return right, problems


def _misnamed(name: str, where: str) -> Iterator[Problem]:
    stage, _, setting = name.partition(".")
    if stage not in ("intermediate", "target") or setting not in SETTINGS:
        fix = "intermediate.<setting> or target.<setting>; " + nearest(setting, SETTINGS)
        yield Problem("is no setting of a stage", where, name, fix)


def _undrawable(one: HyperparameterConfig, where: str) -> Iterator[Problem]:
    """What Optuna draws nothing from."""
    low, high, step = one.low, one.high, one.step
    if (low is not None and high is not None) == (one.choices is not None):
        yield Problem("give low and high, or choices", where)
    if one.choices is not None:
        if len(one.choices) < 2:
            yield Problem("choices: at least two", where)
        return
    if low is None or high is None:
        return
    if low > high:
        yield Problem(f"low {low} is above high {high}", where)
    if step is not None and step <= 0:
        yield Problem("must be above 0", f"{where}.step", f"{step:g}", "the distance from value to value, or no step")
    elif step is not None and one.is_whole and step != int(step):
        fix = "a whole step, or low and high with a decimal point"
        yield Problem("must be whole between whole numbers", f"{where}.step", f"{step:g}", fix)
    if one.log and step is not None and not (one.is_whole and step == 1):
        yield Problem("a logarithmic scale has no steps", f"{where}.step", f"{step:g}", "no step, or log: false")
    if one.log and low <= 0:
        what, fix = "must be above 0 on a logarithmic scale", "a low above 0, or log: false"
        yield Problem(what, f"{where}.low", f"{low:g}", fix)


def _unfit(stages: StagesConfig, name: str, one: HyperparameterConfig, where: str) -> Iterator[Problem]:
    """Values that the stage does not take."""
    values: dict[str, Value | None] = {"low": one.low, "high": one.high, "default": one.default}
    values |= {f"choices.{number}": choice for number, choice in enumerate(one.choices or [])}
    for key, value in values.items():
        if value is not None:
            settings = {**_stage(stages, name).model_dump(), _setting(name): value}
            try:
                StageSettings.model_validate(settings)
            except ValidationError as error:
                for problem in problems_of(error, settings, ""):
                    yield Problem(problem.what, f"{where}.{key}", problem.found, problem.fix)


def _misread(name: str, one: HyperparameterConfig, where: str) -> Iterator[Problem]:
    """What would be drawn, but is not what the file says."""
    if one.choices is not None:
        again = [f"{key}" for number, key in enumerate(one.choices) if key in one.choices[:number]]
        if again:
            found = ", ".join(dict.fromkeys(again))
            yield Problem("a choice stands twice", f"{where}.choices", found, "each once: all are drawn equally often")
        given = [key for key in ("low", "high", "log", "step") if key in one.model_fields_set]
        if given:
            yield Problem("choices have no order", where, ", ".join(given), "choices alone, or low and high alone")
    elif _takes_whole(name) and _is_whole_with_a_point(one) and not _in_whole_steps(one):
        found = f"{one.low!r} to {one.high!r}"
        yield Problem("takes whole numbers alone", where, found, "low and high without a decimal point")


def _is_whole_with_a_point(one: HyperparameterConfig) -> bool:
    """`2.0`; of what is not whole at all the stage complains."""
    ends = (one.low, one.high)
    return not one.is_whole and all(end is not None and float(end).is_integer() for end in ends)


def _in_whole_steps(one: HyperparameterConfig) -> bool:
    """Whether all values are whole, written with a decimal point or not."""
    return not one.log and one.step is not None and float(one.step).is_integer() and float(one.low or 0).is_integer()


def _takes_whole(name: str) -> bool:
    annotation = StageSettings.model_fields[_setting(name)].annotation
    return int in (annotation, *get_args(annotation))


def _holds(distribution: BaseDistribution, value: Value | None) -> bool:
    if value is None:
        return False
    try:
        return bool(distribution._contains(distribution.to_internal_repr(value)))
    except ValueError:  # no choice, or nothing that a number can be made of
        return False


def _typed(stages: StagesConfig, name: str, value: Value) -> Value:
    if list(_misnamed(name, "")):
        return value
    try:
        taken: Value | None = getattr(_stage(stages, name).with_values({_setting(name): value}), _setting(name))
    except ValidationError:
        return value
    # 1 and 1.0 are one value: it stays as it is written, and as the studies of earlier searches have it
    return value if taken is None or taken == value else taken


def _stage(stages: StagesConfig, name: str) -> StageSettings:
    return stages.intermediate if name.startswith("intermediate.") else stages.target


def _setting(name: str) -> str:
    return name.partition(".")[2]
