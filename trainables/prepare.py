"""Prepare: build what a search needs, check its data and model, and measure how fast this machine is.

It runs in a process of its own, because it imports torch and the driver must not.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spaces.card import Card
from spaces.errors import Failure, InputError, Problem, TaskmixError
from trainables.data.mini.build import build_suites
from trainables.data.sources import away
from trainables.work.plan import Plan
from trainables.work.preparation import PreparationReport, Say, Sizes

if TYPE_CHECKING:
    from trainables.data.card_data import Data, Split
    from trainables.training.encoders import Encoder

SAMPLE = 256
"""Rows that are tokenised to learn how long examples are."""


def prepare(
    plan: Plan, model: str, cpus: float, say: Say, offline: bool = False, measure: bool = False
) -> PreparationReport:
    """Build, check and measure in a process of its own.

    Args:
        model: name of the encoder.
        cpus: of a work item, which the measurement may use.
        say: told each step.
        offline: leave out what only the hub could answer, and licensed files that are not here.
        measure: train a few steps, to learn how long they take.

    Raises:
        InputError: every mistake in cards, data and model, at once.
        Failure: something could not be read, written or reached.
    """
    report = inspect(plan, model, cpus, say, offline, measure)
    problems = [problem for of_card in report.problems.values() for problem in of_card]
    if problems or report.model_problems:
        is_mistake = problems or not report.away
        raise (InputError if is_mistake else Failure)([*problems, *report.model_problems])
    return report


def inspect(
    plan: Plan, model: str, cpus: float, say: Say, offline: bool = False, measure: bool = False
) -> PreparationReport:
    """As `prepare`, but what is wrong with cards and model stands in the report and is not raised.

    Raises:
        Failure: a suite cannot be built, or the process came to an early end.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    asked = (sender, plan.model_dump_json(), model, cpus, offline, measure)
    process = context.Process(target=_prepare_for, args=asked, daemon=True)
    process.start()
    sender.close()
    try:
        while True:
            message = receiver.recv()
            if isinstance(message, TaskmixError):
                raise message
            if isinstance(message, PreparationReport):
                return message
            say(message)
    except EOFError as error:
        process.join()
        end = f"the process ended with code {process.exitcode}"
        what = "data and model could not be checked"
        raise Failure(Problem(what, found=end, fix="is there enough memory?")) from error
    finally:
        receiver.close()
        process.join(timeout=5)
        if process.is_alive():
            process.kill()


def _prepare_for(sender: Connection, plan: str, model: str, cpus: float, offline: bool, measure: bool) -> None:
    """The process: sends each step, then the report or an error."""
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"  # or the hub's client tries for half a minute
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # and tells of each try
    try:
        sender.send(_prepare_here(Plan.model_validate_json(plan), model, cpus, sender.send, offline, measure))
    except TaskmixError as error:
        sender.send(error)
    except KeyboardInterrupt:
        pass
    except Exception as error:
        problem = Problem("data and model could not be checked", found=f"{type(error).__name__}: {error}")
        sender.send(Failure(problem))


def _prepare_here(plan: Plan, model: str, cpus: float, say: Say, offline: bool, measure: bool) -> PreparationReport:
    build_suites(plan, model, say)
    import torch

    from trainables.data.card_data import Data
    from trainables.data.overlaps import describe_overlaps
    from trainables.training.encoders import load_base
    from trainables.training.speed import (
        device_name,
        measure_seconds_per_token,
        measure_training_seconds_per_token,
    )

    torch.set_num_threads(max(1, round(cpus)))
    data = Data(cache=Path(plan.cache), mirror=plan.mirror)
    cards = plan.cards()
    unreached = {(card.kind, card.name): list(away(card, plan.mirror)) for card in cards} if offline else {}
    here = [card for card in cards if not unreached.get((card.kind, card.name))]
    say("checking the data sets")
    problems = {card.name: of_card for card in here if (of_card := data.check(card))}
    sound = [card for card in here if card.name not in problems]
    say("comparing what is trained on with what is scored")
    notes = [note for card in sound for note in data.remarks(card)] + describe_overlaps(plan, data, sound)
    say("loading the model")
    report = PreparationReport(
        notes=notes,
        versions={card.name: data.version(card) for card in sound},
        unreached=sorted({source for sources in unreached.values() for source in sources}),
        problems=problems,
    )
    try:
        encoder = load_base(model, data.cache)
    except TaskmixError as error:
        missing = isinstance(error, Failure)
        if missing and offline:
            return report.model_copy(update={"unreached": [*report.unreached, model]})
        return report.model_copy(update={"model_problems": list(error.problems), "away": missing})
    too_long = check_lengths(plan, encoder)
    if too_long:
        return report.model_copy(update={"model_problems": too_long})
    training = None
    tasks = [card for card in sound if card.name in plan.tasks and card.kind == "task"]
    if measure and tasks:
        say(f"training a few steps on {tasks[0].name}")
        training = measure_training_seconds_per_token(encoder, model, data, tasks[0], plan)
    return report.model_copy(
        update={
            "sizes": {card.name: _measure_sizes(plan, data, card, encoder) for card in sound},
            "seconds_per_token": measure_seconds_per_token(encoder, plan),
            "training_seconds_per_token": training,
            "device": device_name(),
            "parameters": sum(parameter.numel() for parameter in encoder.model.parameters()),
            "embeddings": sum(parameter.numel() for parameter in encoder.model.get_input_embeddings().parameters()),
        }
    )


def check_lengths(plan: Plan, encoder: Encoder) -> list[Problem]:
    """Stages that ask for longer inputs than the model can read."""
    stages = {"stages.intermediate.max_length": plan.intermediate} if plan.tasks else {}
    stages |= {f"stages.target.max_length, for {name}": plan.target_stage(name) for name in plan.targets}
    problems: list[Problem] = []
    for where, stage in stages.items():
        try:
            encoder.check_length(stage.max_length, where)
        except InputError as error:
            problems.extend(error.problems)
    return problems


def _measure_sizes(plan: Plan, data: Data, card: Card, encoder: Encoder) -> Sizes:
    """Rows and mean tokens of what of a card is trained on and scored."""
    stage = plan.intermediate if card.kind == "task" else plan.target_stage(card.name)

    def mean_tokens(read: Card, split: Split, language: str) -> float:
        _, features = data.features(read, split, language, encoder.tokenizer, stage.max_length, SAMPLE)
        return float(np.mean(features["length"][:]))

    sizes = Sizes()
    if card.is_trained and card.train_from is None:
        language = card.training_language
        rows = len(data.rows(card, "train", language))
        sizes = Sizes(rows=rows, tokens=mean_tokens(card, "train", language))
    if card.kind == "task" or card.name not in plan.targets:
        return sizes
    limit = plan.evaluation.max_examples
    dev = plan.dev_card(card.name)
    scored = [len(data.rows(dev, "dev", language, limit)) for language in dev.languages_of("dev")]
    tokens = [mean_tokens(dev, "dev", language) for language in dev.languages_of("dev")]
    return sizes.model_copy(update={"evaluation_rows": sum(scored), "evaluation_tokens": float(np.mean(tokens))})
