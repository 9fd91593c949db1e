"""Export: the encoder of a target's best mix, or the target's whole model, in a folder that loads without us."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.config.workspace import Workspace
from search.export import model_card
from search.export.choice import check_new, choose_record
from search.export.statement import STATEMENT, Statement, describe
from search.results.row_source import StoredRows
from search.studies.begun_model import check_begun_model
from search.studies.begun_with import model_differences
from search.studies.studies import Studies
from search.studies.trial_record import Record
from spaces.errors import Failure, InputError, Problem, nearest
from spaces.mixture import Mixture
from trainables.store.filesystem import write_aside
from trainables.work.item import WorkItem
from trainables.work.keys import encoder_key, model_key
from trainables.work.outcome import PerLanguage, Report, Score
from trainables.work.plan import Plan

if TYPE_CHECKING:
    from trainables.encoders.checkpoint import Encoder
    from trainables.worker import Worker

ALIKE = 1e-9
"""Scores are shares of rows, or means of them: what differs by more is another prediction."""


@dataclass(frozen=True)
class ModelRequest:
    """What is asked for.

    Args:
        mix: a mixture, "none" for the baseline; None: the best one of the target.
        fine_tuned: the target's model, and not the encoder that it begins with.
        command: the arguments that asked for it, for the card.
    """

    target: str
    mix: str | None = None
    fine_tuned: bool = False
    command: tuple[str, ...] = ()


def export_model(
    workspace: Workspace,
    studies: Studies,
    request: ModelRequest,
    folder: Path,
    report: Report = lambda progress: None,
) -> Statement:
    """Write a model, its tokenizer, a card and `taskmix.json` into a folder; nothing partial is written.

    An encoder is taken from the store, whole and checked. A target's model is trained once more from it, and has to
    score what was recorded.

    Args:
        folder: must not exist, or be empty.
        report: told the progress of the training.

    Raises:
        InputError: there is no such mix or encoder; the head is none that transformers has.
        Failure: store, data or folder cannot be used; the model that was trained again is another one.
    """
    search, target = workspace.search, request.target
    if target not in search.config.targets:
        raise InputError(
            Problem("no target of this search", "--target", target, nearest(target, search.config.targets))
        )
    mixture = None if request.mix is None else Mixture.parse(request.mix)
    record = choose_record(search, studies, target, mixture, top_only=False)
    problems = check_new(folder) + ([record] if isinstance(record, Problem) else [])
    if problems or isinstance(record, Problem):
        raise InputError(problems)
    plan = studies.versioned(workspace.plan)
    if request.fine_tuned:
        record = _kept(workspace, studies, plan, record) or record
    if folder.is_dir():
        folder.rmdir()  # empty, and in the way of the one that is to take its place
    with write_aside(folder) as aside:
        aside.mkdir()
        write = _write_fine_tuned if request.fine_tuned else _write_encoder
        loads_with, encoder = write(workspace, studies, plan, record, aside, report)
        bare = not request.fine_tuned and "add_pooling_layer" in inspect.signature(type(encoder).__init__).parameters
        statement = describe(
            search,
            studies,
            plan,
            record,
            loads_with,
            bare,
            type(encoder).__name__,
            request.fine_tuned,
            list(request.command),
            aside,
            StoredRows(workspace, studies),
        )
        (aside / "README.md").write_text(model_card.render(statement), encoding="utf-8")
        (aside / STATEMENT).write_text(statement.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return statement


def _kept(workspace: Workspace, studies: Studies, plan: Plan, record: Record) -> Record | None:
    """The trial of the same mix whose model was kept (`storage.keep_models`): its seed has chosen nothing."""
    seed = workspace.search.fresh_seed
    for other in studies.records[record.target]:
        recipe = other.recipe
        if other.score and (recipe.family, recipe.seed, other.rung) == (record.recipe.family, seed, record.rung):
            key = model_key(plan, recipe, other.rung, record.target)
            return other if workspace.store.size(key) is not None else None
    return None


def _load_base(workspace: Workspace, studies: Studies, worker: Worker, model: str) -> Encoder:
    """The pretrained model, as the search was begun with; InputError where it is another one by now."""
    from trainables.encoders.model_files import model_version
    from trainables.encoders.vocabulary import vocabulary_of

    base = worker.load_base(model)
    changed = model_differences(model, studies.begun_model, model_version(model, worker.data.hub))
    if changed:
        raise InputError(changed)
    check_begun_model(workspace, studies, vocabulary_of(base.tokenizer))
    return base


def _write_encoder(
    workspace: Workspace, studies: Studies, plan: Plan, record: Record, folder: Path, report: Report
) -> tuple[str, Any]:
    from trainables.encoders.model_folder import save_encoder  # knows torch, which no other command needs

    encoder = _stored_encoder(workspace, studies, plan, record)
    return save_encoder(encoder, folder), encoder.model


def _stored_encoder(workspace: Workspace, studies: Studies, plan: Plan, record: Record) -> Encoder:
    """The pretrained model, or what the store has of the mix."""
    from trainables.encoders import checkpoint
    from trainables.worker import Worker

    if record.recipe.is_baseline:
        return _load_base(workspace, studies, Worker(plan), record.recipe.model)
    key, store = encoder_key(plan, record.recipe, record.rung), workspace.store
    folder = store.encoder(key)
    if folder is None:
        what = "the encoder in the store is damaged" if store.complaints else "the encoder is not in the store"
        store.complaints.clear()
        fix = "the same command with --fine-tuned trains it again, checks it by its score, and stores it"
        found = f"{record.recipe.mixture}, seed {record.recipe.seed}: {key}"
        raise InputError(Problem(what, workspace.store_url, found, fix))
    return checkpoint.load(folder)


def _write_fine_tuned(
    workspace: Workspace, studies: Studies, plan: Plan, record: Record, folder: Path, report: Report
) -> tuple[str, Any]:
    from trainables.encoders import kept_model
    from trainables.encoders.model_folder import Vectors, check_head, save_fine_tuned
    from trainables.training.process import threads
    from trainables.worker import Worker

    target, recipe = record.target, record.recipe
    assert record.score is not None, "only trials with a score are chosen"
    card, stage, worker = plan.targets[target], plan.target_for(recipe, target), Worker(plan)
    kept = workspace.store.encoder(model_key(plan, recipe, record.rung, target))
    head: Any
    if kept is not None:
        encoder, head = kept_model.load(kept, card, stage.head)
        model, tokenizer = encoder.model, encoder.tokenizer
    else:
        base = _load_base(workspace, studies, worker, recipe.model)
        check_head(base.model, card, stage.head)  # before hours of training
        with threads(round(workspace.config.resources.cpus)):
            made = worker.fine_tune(WorkItem(recipe, record.rung, (target,)), target, report)
        _check_score(made.score, record.score, target)
        model, head, tokenizer = made.encoder, made.head, made.tokenizer
    settings = plan.evaluation.of(card)
    layer = settings.layer
    if layer == "auto":
        (layer,) = {int(tuned["layer"]) for tuned in record.score.tuned.values() if "layer" in tuned}
    vectors = Vectors(settings.pooling, layer)
    return save_fine_tuned(model, head, tokenizer, card, stage.max_length, vectors, folder), model


def _check_score(now: Score, recorded: Score, target: str) -> None:
    """Raise Failure unless the model that was trained again scores what was recorded, in every language."""
    for split, here, there in (("development", now.dev, recorded.dev), ("test", now.test, recorded.test)):
        for language, metrics in there.items():
            own: PerLanguage = here
            wrong = [
                name for name, value in metrics.items() if abs(own.get(language, {}).get(name, -1) - value) > ALIKE
            ]
            if wrong:
                found = f"{wrong[0]} {own.get(language, {}).get(wrong[0])}, recorded was {metrics[wrong[0]]}"
                fix = (
                    "export it on a machine like the one that measured it: same device, same versions of the libraries"
                )
                what = "the model that was trained again is another one than was scored"
                raise Failure(Problem(what, f"{target}, {split} split, {language}", found, fix))
