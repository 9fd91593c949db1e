"""Export: a benchmark's submission from what a search has stored. Nothing is trained, nothing partial is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from search.config.workspace import Workspace
from search.export.choice import check_new, choose_record
from search.studies.begun_with import DATA_CHANGED, FIX_DATA
from search.studies.studies import Studies
from search.studies.trial_record import Record
from spaces.errors import InputError, Problem, nearest
from spaces.mixture import Mixture
from spaces.suite import Suite
from trainables.work.keys import score_key
from trainables.work.plan import Plan


@dataclass(frozen=True)
class Exported:
    """What was written for one task: predictions of which mix and seed, in which files."""

    task: str
    mix: str
    seed: int
    files: list[str]


def export(
    workspace: Workspace,
    studies: Studies,
    suite_name: str,
    folder: Path,
    tasks: Sequence[str] = (),
    mix: str | None = None,
) -> list[Exported]:
    """Write the test predictions of the best mix of each task, or of one mix, in the layout of a benchmark.

    The best mix is that of `taskmix best`, chosen on the development split. Of its seeds the search's own is taken.

    Args:
        folder: must not exist, or be empty.
        tasks: of the suite, by name or by the name of their card; default: all.
        mix: a mixture, "none" for the baseline; default: the best one of each task.

    Raises:
        InputError: all that is missing for a whole submission of these tasks. Then nothing is written.
        Failure: data, store or folder cannot be used.
    """
    from trainables.data.card_data import Data  # these know torch, which no other command of `search` needs
    from trainables.evaluation.submission import make_test_file, write

    search, store = workspace.search, workspace.store
    suite = search.catalogue.suite(suite_name, "--format")
    wanted = [_task(suite, name) for name in tasks] or suite.order
    plan = studies.versioned(workspace.plan)
    data = Data(workspace.cache, plan.mirror, plan.commits)
    mixture = None if mix is None else Mixture.parse(mix)
    problems: list[Problem] = []
    problems.extend(check_new(folder))
    texts: dict[str, str] = {}
    found: list[Exported] = []
    for task in wanted:
        record = choose_record(search, studies, suite.target(task), mixture, top_only=True)
        if isinstance(record, Problem):
            problems.append(record)
            continue
        predictions = store.predictions(score_key(plan, record.recipe, record.rung, record.target))
        if predictions is None:
            problems.append(_not_stored(plan, record, damaged=bool(store.complaints)))
            store.complaints.clear()
            continue
        card, known = search.targets[record.target], plan.version_of(search.targets[record.target])
        if known is not None and not data.has_version(card, known):  # as many rows, but others or in another order
            problems.append(Problem(DATA_CHANGED, card.name, f"the digest is not {known}", FIX_DATA))
            continue
        names, wrong = [], list[Problem]()
        for language in suite.tasks[task].languages:
            if language not in predictions:
                wrong.append(Problem("no predictions in this language", f"{record.target}, {language}"))
                continue
            file = make_test_file(data, card, language, predictions[language])
            if isinstance(file, Problem):
                wrong.append(file)
            else:
                names.append(f"{task}/{file[0]}")
                texts[names[-1]] = file[1]
        problems.extend(_together(wrong))
        found.append(Exported(task, str(record.recipe.mixture), record.recipe.seed, names))
    if problems:
        whole = [one.task for one in found if len(one.files) == len(suite.tasks[one.task].languages)]
        fix = "only what is whole: " + " ".join(f"--target {task}" for task in whole) if whole else ""
        raise InputError([*problems, Problem("nothing was written", fix=fix)])
    write(folder, texts)
    return found


def _together(problems: Sequence[Problem]) -> list[Problem]:
    """What is wrong in the same way in several languages is said once, of the first, with how many more there are."""
    kinds: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        kinds.setdefault((problem.what, problem.fix), []).append(problem)
    return [
        replace(first, where=f"{first.where} and {len(rest)} more") if rest else first
        for first, *rest in kinds.values()
    ]


def _task(suite: Suite, name: str) -> str:
    """A task by its own name or by that of its card."""
    known = {**{suite.target(task): task for task in suite.order}, **{task: task for task in suite.order}}
    if name not in known:
        raise InputError(Problem(f"no task of {suite.name}", "--target", name, nearest(name, known)))
    return known[name]


def _not_stored(plan: Plan, record: Record, damaged: bool) -> Problem:
    found = f"{record.recipe.mixture}, seed {record.recipe.seed}"
    again = "launch the same file under another name: only what is missing is computed again"
    if damaged:
        return Problem("the predictions in the store are damaged", record.target, found, again)
    fix = f"is this the search's store? {plan.store}; if so, {again}"
    return Problem("no predictions in the store", record.target, found, fix)
