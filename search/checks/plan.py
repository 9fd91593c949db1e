"""What a search file asks for, checked without training: the workers' plan, and what the search would cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cluster.connect import count_local_resources
from search.answers.plan import PlannedSearch, StartLine, WorkItemsLine
from search.checks.check import gigabytes
from search.checks.disk_space import disk_space
from search.checks.node_checks import MemoryNeed, fit_into_memory, memory_need, memory_of
from search.config.linear_probe import without_labels
from search.config.search import Search
from search.config.workspace import Workspace
from search.forecast.concurrency import concurrency_here, item_resources
from search.forecast.estimate import NEW_RECIPES, Estimate, Work, estimate, expected
from search.forecast.reduction import reduction_factors
from search.formatting import duration
from search.results import warm_start
from search.results.floor import short_stages, steps_of_targets
from search.scheduling.simulation import simulate
from spaces.initial_design import Start
from spaces.mixture import Mixture
from trainables.prepare import prepare
from trainables.work.plan import Plan
from trainables.work.preparation import PreparationReport

SLOW_STEP = 60.0
"""Seconds of a training step from which on a machine is said to be too slow."""

MOST_EVALUATION = 0.5
"""Share of a low rung's work that evaluation may be before something is said."""

LOW_RUNG_ROWS = 500
"""Rows of each language that are proposed for low rungs: as many as Phang et al. (2020) looked at while they trained on
tasks of XTREME (`eval_subset_num` in their code)."""


def checked(
    workspace: Workspace,
    plan: Plan,
    say: Callable[[str], None],
    offline: bool = False,
    measure: bool = False,
    news: bool = False,
) -> tuple[Plan, PreparationReport]:
    """The plan for the workers, after everything it names was built, read and checked (`trainables/prepare.py`).

    Args:
        plan: of the workspace; of a search that was begun, with what it was begun with.
    """
    config = workspace.config
    report = prepare(plan, config.model, config.resources.cpus, say, offline, measure, news)
    known = {"versions": report.versions, "model_version": report.model_version, "commits": report.commits}
    return plan.model_copy(update=known), report


def planned(
    workspace: Workspace,
    say: Callable[[str], None],
    offline: bool = False,
    measure: bool = False,
    simulated: bool = False,
    recommended: Callable[[Plan], Sequence[Start]] = lambda plan: (),
) -> PlannedSearch:
    """What a search would begin with, do and cost, from data and model as they are.

    Args:
        say: told what takes time.
        offline: what only the hub, or the owner of files, could answer is left out.
        measure: a few steps are trained, to learn how long they take here.
        simulated: the search is played through on a made-up response surface, instead of reckoned.
        recommended: what the prior of that name begins with; not looked at unless given.

    Raises:
        InputError: cards, data, model or resources are wrong.
        Failure: they cannot be reached.
    """
    search, config = workspace.search, workspace.config
    concurrency = concurrency_here(config.resources, say)
    plan, report = checked(workspace, workspace.plan, say, offline, measure)
    item, here = item_resources(config.resources), count_local_resources()
    need = memory_need(plan, report, item.gpus)
    if config.resources.concurrency is None:
        concurrency = fit_into_memory(concurrency, [here], item, need)
    work = (simulate if simulated else estimate)(search, plan, report, concurrency)
    earlier = warm_start.starts(workspace) if "earlier" in config.start.priors else ()
    space = disk_space(workspace, report, work)
    too_small = [*too_little_memory(need, memory_of(here)), *(space.shortage() if space else ()), *too_slow(work)]
    also = [*own_data(search), *without_labels(search), *too_small, *long_evaluation(search, plan, report)]
    notes = [*report.notes, *also]
    report = report.model_copy(update={"notes": notes})
    return describe(search, search.starts(earlier, recommended(plan)), report, work)


def own_data(search: Search) -> Iterator[str]:
    """A line for each task that trains on a target's own data in languages that it is scored in."""
    for task in search.space.tasks:
        for target, card in search.targets.items():
            seen = search.seen_languages(Mixture.of({task: 1.0}), card)
            if seen:
                where = ", ".join(seen)
                yield f"{task}: trains on {target}'s own data in {where}: with it {target} is not zero-shot there"


def too_little_memory(need: MemoryNeed | None, free: float) -> Iterator[str]:
    """A line if one worker would not fit into that many bytes."""
    if need is not None and 0 < free < need.host:
        yield f"memory: a worker takes {gigabytes(need.host)} and what a batch needs; {gigabytes(free)} are free here"


def too_slow(work: Estimate) -> Iterator[str]:
    """A line if a training step takes minutes here."""
    step = max((line.seconds / line.steps for line in work.lines if line.seconds and line.steps), default=0.0)
    if step > SLOW_STEP:
        yield f"speed: a training step takes {duration(step)} here; this search is for a GPU, or for a smaller model"


def long_evaluation(search: Search, plan: Plan, findings: PreparationReport) -> Iterator[str]:
    """A line if new recipes are evaluated for longer than they are trained, and fewer rows would change that."""
    items = next(items for items in expected(search) if items.kind == NEW_RECIPES)
    rows = plan.evaluation.model_copy(update={"low_rung_examples": LOW_RUNG_ROWS})
    shorter = plan.model_copy(update={"evaluation": rows})
    share, less = (Work.of(search, one, findings).line(items).evaluation for one in (plan, shorter))
    if share > MOST_EVALUATION and less < share and plan.evaluation.low_rung_examples is None:
        fewer = f"evaluation: {{low_rung_examples: {LOW_RUNG_ROWS}}}"
        yield f"evaluation is {share:.0%} of a new recipe; with {fewer} it would be {less:.0%} (docs/speed.md)"


def describe(search: Search, starts: Sequence[Start], report: PreparationReport, work: Estimate) -> PlannedSearch:
    """What was found out, put together."""
    config, sampler = search.config, search.sampler
    return PlannedSearch(
        search=config.name,
        model=config.model,
        tasks=list(search.space.tasks),
        targets=config.targets,
        mixes=search.space.size,
        hyperparameters=list(search.space.defaults),
        rungs=config.halving.rungs,
        factors=list(reduction_factors(search)),
        sampler=sampler.name,
        sampler_reason=sampler.reason,
        unreached=report.unreached,
        notes=report.notes,
        target_steps=steps_of_targets(search),
        short_stages=list(short_stages(search)),
        starts=[StartLine(mix=str(start.mixture), reason=start.reason) for start in starts],
        recipes=config.budget.recipes,
        work_items=[WorkItemsLine.model_validate(line) for line in work.lines],
        items=work.items,
        examples=work.examples,
        steps=work.steps,
        seconds=work.seconds,
        concurrency=work.concurrency,
        simulated=work.wall is not None,
        gpus=work.gpus,
        gpu_hours=work.gpu_hours,
        measured_gpu_hours=work.measured_gpu_hours,
        measured_on=work.measured,
        disk_bytes=work.disk,
        max_gb=config.storage.max_gb,
        assumed=work.assumed,
    )
