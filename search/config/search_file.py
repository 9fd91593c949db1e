"""search.yaml as a file: read, checked with every mistake at once, written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from search.config.hyperparameters import check_hyperparameters, typed, typed_hyperparameters
from search.config.linear_probe import probe_problems
from search.config.schema import (
    LONGEST_NAME,
    HyperparameterConfig,
    RemovedSampler,
    SearchConfig,
    StagesConfig,
    is_name,
)
from search.config.search import Search
from spaces.catalogue import Catalogue
from spaces.errors import InputError, Problem, nearest
from spaces.mixture import Mixture
from spaces.parsing import lines_named, problems_of, read_yaml, to_yaml
from spaces.space import Hyperparameter, Space
from trainables.work.settings import StageSettings


def load(path: Path, stored: bool = False, to_launch: bool = True) -> Search:
    """Read and check a search file.

    Args:
        stored: it is the copy of a search that was launched before: what earlier versions took is read as they did.
        to_launch: it is to be launched, and not just read for results: what cannot be launched any more is a mistake.

    Raises:
        InputError: every mistake in the file, at once.
    """
    data = _read(path, stored)
    with lines_named(path):
        return _checked_search(data, path, stored, to_launch)


def _read(path: Path, stored: bool) -> dict[str, Any]:
    """The file; a stored one that says nothing of `eta` is from when it was 3 by default, and its search stays so."""
    data = read_yaml(path, stored)
    halving = data.setdefault("halving", {}) if stored else None
    if isinstance(halving, dict):
        halving.setdefault("eta", 3)
    return data


def _checked_search(data: dict[str, Any], path: Path, stored: bool, to_launch: bool) -> Search:
    file, cards = str(path), data.get("cards")
    try:
        folders = [_folder(path, name, file) for name in (cards if isinstance(cards, list) else [])]
        catalogue = Catalogue.load(folders)
    except InputError as error:
        raise InputError([*error.problems, *_schema_problems(data, file)]) from error
    problems = list(_unknown_names(data, catalogue, file))
    data = _with_suite(data, catalogue)
    try:
        config = _validated(data, file)
    except InputError as error:
        raise InputError([*error.problems, *problems, *_hyperparameter_problems(data, file, stored)]) from error
    config = config if stored else typed(config)
    problems.extend(_problems(config, catalogue, file))
    hyperparameters, wrong = check_hyperparameters(config.stages, config.space.hyperparameters, file, stored)
    problems.extend(wrong)
    try:
        space = _space(config, catalogue, hyperparameters)
    except InputError as error:
        problems.extend(Problem(p.what, f"{file}: {p.where}", p.found, p.fix) for p in error.problems)
    problems.extend(_leaks(config, catalogue, file))
    problems.extend(_removed(config, file) if to_launch else ())
    if problems:
        raise InputError(problems)
    search = Search(config, catalogue, space)
    problems = [
        Problem(what, f"{file}: start.mixtures.{number}", text)
        for number, text in enumerate(config.start.mixtures)
        for what in space.problems(Mixture.parse(text))
    ]
    problems.extend(_estimate_problems(search, file))
    problems.extend(probe_problems(search, file))
    if problems:
        raise InputError(problems)
    return search


def _folder(path: Path, name: object, file: str) -> Path:
    """A folder that a search file names, relative to it."""
    try:
        return (path.parent / str(name)).resolve()
    except (OSError, RuntimeError) as error:  # a loop of links
        raise InputError(Problem("no folder can have that name", f"{file}: cards", repr(name), str(error))) from error


def stored_config(path: Path) -> SearchConfig:
    """A search file's settings as they were stored, without a look at the cards that it names.

    Raises:
        InputError: it cannot be read, or is not what `dump` has written.
    """
    data = _read(path, stored=True)
    with lines_named(path):
        return _validated(data, str(path))


def dump(config: SearchConfig, folder: Path) -> str:
    """YAML of a configuration whose relative paths are resolved against `folder`, so that it can be read elsewhere."""
    data = config.model_dump(mode="json", exclude_defaults=True)
    data.setdefault("halving", {})["eta"] = config.halving.eta  # also where it is the default: see `_read`
    if config.cards:
        data["cards"] = [str((folder / card).resolve()) for card in config.cards]
    return to_yaml(data)


def _validated(data: Mapping[str, Any], file: str) -> SearchConfig:
    try:
        return SearchConfig.model_validate(data)
    except ValidationError as error:
        problems = []
        unknown = {".".join(map(str, d["loc"])): d["loc"] for d in error.errors() if d["type"] == "extra_forbidden"}
        for problem in problems_of(error, data, file):
            loc = unknown.get(problem.where.removeprefix(f"{file}: "))
            if loc:
                fix = nearest(str(loc[-1]), _keys_at(loc[:-1]))
                problem = Problem(problem.what, problem.where, problem.found, fix)
            problems.append(problem)
        raise InputError(problems) from error


def _schema_problems(data: Mapping[str, Any], file: str) -> Iterator[Problem]:
    try:
        _validated(data, file)
    except InputError as error:
        yield from error.problems


def _hyperparameter_problems(data: Mapping[str, Any], file: str, stored: bool) -> Iterator[Problem]:
    """What is wrong with the hyperparameters, where something else in the file hides that from `SearchConfig`."""
    try:
        stages = StagesConfig.model_validate(data.get("stages"))
        given = {
            name: HyperparameterConfig.model_validate(one) for name, one in data["space"]["hyperparameters"].items()
        }
    except (ValidationError, LookupError, TypeError, AttributeError):  # `_validated` says so
        return
    given = given if stored else typed_hyperparameters(stages, given)
    yield from check_hyperparameters(stages, given, file, stored)[1]


def _keys_at(loc: tuple[int | str, ...]) -> list[str]:
    """The keys that the model at that place knows."""
    model: Any = SearchConfig
    for part in loc:
        field = getattr(model, "model_fields", {}).get(str(part))
        model = field.annotation if field else HyperparameterConfig
    return list(getattr(model, "model_fields", {}))


def _unknown_names(data: Mapping[str, Any], catalogue: Catalogue, file: str) -> Iterator[Problem]:
    """Tasks and targets that have no card, or stand twice."""
    for key, find in (("tasks", catalogue.task), ("targets", catalogue.target)):
        found = data.get(key)
        names = [str(name) for name in found] if isinstance(found, list) else []
        for number, name in enumerate(names):
            where = f"{file}: {key}.{number}"
            if name in names[:number]:
                yield Problem("stands twice", where, name, "remove one")
            try:
                find(name, where)
            except InputError as error:
                yield from error.problems

    suite = data.get("suite")
    if isinstance(suite, str) and suite not in catalogue.suites:
        yield Problem("unknown suite", f"{file}: suite", str(suite), nearest(str(suite), catalogue.suites))


def _with_suite(data: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """The file's mapping with the targets of its suite added to those that it names."""
    suite, named = data.get("suite"), data.get("targets", [])
    if not isinstance(suite, str) or suite not in catalogue.suites or not isinstance(named, list):
        return dict(data)
    return {**data, "targets": [*named, *(each for each in catalogue.suites[suite].targets if each not in named)]}


def _leaks(config: SearchConfig, catalogue: Catalogue, file: str) -> Iterator[Problem]:
    """Tasks that train on rows which a target is selected or tested on."""
    targets = [catalogue.targets[name] for name in config.targets if name in catalogue.targets]
    for number, name in enumerate(config.tasks):
        with suppress(InputError):  # `_unknown_names` says so
            trained = catalogue.task(name).locations_of("train")
            for target in targets:
                if trained & (target.locations_of("test") | catalogue.dev_card(target).locations_of("dev")):
                    fix = f"leave one of them out, or its languages that {target.name} is not scored in"
                    what = f"trains on rows that {target.name} is scored on"
                    yield Problem(what, f"{file}: tasks.{number}", name, fix)


def _problems(config: SearchConfig, catalogue: Catalogue, file: str) -> Iterator[Problem]:
    """Mistakes that need more than one key to see."""
    if not is_name(config.name):
        yield Problem("is no name of a search", f"{file}: name", config.name, "letters, digits, '.', '_' and '-'")
    elif len(config.name.encode()) > LONGEST_NAME:
        found = f"{len(config.name.encode())} bytes"
        yield Problem(
            "is too long: folders, MLflow and databases bear less", f"{file}: name", found, f"at most {LONGEST_NAME}"
        )
    for number, pair in enumerate(config.space.exclude):
        unknown = sorted(set(pair) - set(config.tasks))
        if len(set(pair)) != 2 or unknown:
            found = f"{pair}" + (f", unknown: {unknown}" if unknown else "")
            yield Problem("must be two tasks of this search", f"{file}: space.exclude.{number}", found)
    if config.storage.keep_models and not (config.confirm.top and config.confirm.seeds > 1):
        fix = "confirm: {top: 1, seeds: 2} or more, or no keep_models"
        found = f"confirm: {{top: {config.confirm.top}, seeds: {config.confirm.seeds}}}"
        yield Problem(
            "models of confirmed mixes are kept, and none is confirmed", f"{file}: storage.keep_models", found, fix
        )
    yield from _stage_problems(config, file)
    yield from _target_problems(config, catalogue, file)
    for number, text in enumerate(config.start.mixtures):
        try:
            Mixture.parse(text)
        except InputError as error:
            for problem in error.problems:
                yield Problem(problem.what, f"{file}: start.mixtures.{number}", problem.found, problem.fix)


def _removed(config: SearchConfig, file: str) -> Iterator[Problem]:
    """What earlier versions could launch."""
    if config.sampler.name in get_args(RemovedSampler):
        fix = "name: auto, or name: tpe; a search that was begun goes on from its results with either"
        yield Problem("this sampler was removed", f"{file}: sampler.name", config.sampler.name, fix)


def _estimate_problems(search: Search, file: str) -> Iterator[Problem]:
    """Estimates that nobody would read, or that have nothing to merge."""
    count, space, sampler = search.config.sampler.estimates, search.space, search.sampler
    where = f"{file}: sampler.estimates"
    if count and sampler.name != "mixture":
        found = f"{count}, and the sampler is {sampler.name}: {sampler.reason}"
        yield Problem("only the sampler of mixtures reads estimates", where, found, "name: mixture, or no estimates")
    if count and not space.min_tasks < 2 <= space.max_tasks:
        found = f"{count}, and a mixture has {space.min_tasks} to {space.max_tasks} tasks"
        fix = "space.min_tasks 1 and space.max_tasks 2 or more, or no estimates"
        yield Problem("estimates merge single tasks into mixtures of several", where, found, fix)


def _stage_problems(config: SearchConfig, file: str) -> Iterator[Problem]:
    """Rungs that are too small to train on."""
    halving = config.halving
    stages = {
        "stages.intermediate": (config.stages.intermediate, halving.rungs[0]),
        "stages.target": (config.stages.target, halving.shares_of_targets[0]),
    }
    for key, (stage_settings, share) in stages.items():
        least = stage_settings.examples * share
        if least < stage_settings.batch_size:
            found = f"{least:g} of {stage_settings.examples} examples, batch_size {stage_settings.batch_size}"
            fix = "more examples, a larger first rung, or smaller batches"
            yield Problem("the first rung is less than one batch", f"{file}: {key}", found, fix)


def _target_problems(config: SearchConfig, catalogue: Catalogue, file: str) -> Iterator[Problem]:
    """Settings of single targets."""
    for target, settings in config.stages.per_target.items():
        where, examples = f"{file}: stages.per_target.{target}", settings.get("examples")
        if target not in config.targets:
            yield Problem("is no target of this search", where, target, nearest(target, config.targets))
        if not isinstance(examples, list):
            yield from _checked(config.stages.target, settings, where)
            continue
        each = [_checked(config.stages.target, {**settings, "examples": count}, where) for count in examples]
        yield from dict.fromkeys(problem for problems in each for problem in problems)
        cards = catalogue.targets[target].trained_on if target in catalogue.targets else []
        if len(examples) != max(1, len(cards)):
            trained = f"a number for each of {', '.join(cards)}, in order" if len(cards) > 1 else "one number"
            yield Problem("does not fit what the target is trained on", f"{where}.examples", str(examples), trained)


def _checked(stage: StageSettings, values: Mapping[str, Any], where: str) -> Iterator[Problem]:
    settings = {**stage.model_dump(), **values}
    try:
        StageSettings.model_validate(settings)
    except ValidationError as error:
        for problem in problems_of(error, settings, ""):
            yield Problem(problem.what, f"{where}.{problem.where}", problem.found, problem.fix)


def _space(config: SearchConfig, catalogue: Catalogue, hyperparameters: Mapping[str, Hyperparameter]) -> Space:
    """The space of a configuration; tasks whose license is not allowed are left out."""
    allowed = config.space.licences
    cards = {}
    for name in config.tasks:
        with suppress(InputError):  # `_unknown_names` says so
            cards[name] = catalogue.task(name)
    pool = sorted(name for name, card in cards.items() if allowed is None or card.license in allowed)
    if not pool:
        found = sorted({card.license for card in cards.values()})
        raise InputError(Problem("no task is left", "space.licences", f"{allowed}; the tasks have {found}"))
    return Space(
        tasks=tuple(pool),
        min_tasks=config.space.min_tasks,
        max_tasks=min(config.space.max_tasks, len(pool)),
        min_weight=config.space.min_weight,
        step=config.space.weight_step,
        exclude=frozenset(frozenset(pair) for pair in config.space.exclude if len(set(pair)) == 2),
        hyperparameters=tuple(hyperparameters.items()),
    )
