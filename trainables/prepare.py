"""Prepare: build what a search needs, check its data and model, and measure how fast this machine is.

It runs in a process of its own, because it imports torch and the driver must not.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spaces.card import Card
from spaces.errors import Failure, InputError, Problem, TaskmixError
from trainables.data.files.sources import away
from trainables.data.mini.build import build_suites
from trainables.work.plan import Plan
from trainables.work.preparation import PreparationReport, Say, Sizes

if TYPE_CHECKING:
    from datasets import Dataset

    from trainables.data.card_data import Data, Split
    from trainables.encoders.checkpoint import Encoder

ROOT = Path(__file__).resolve().parents[1]

PROCESS = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends it without a word until there is something to clean up
root, connection = sys.argv[1:]
if root not in sys.path:
    sys.path.insert(0, root)
from trainables.prepare import answer
answer(int(connection))
"""
"""Not one of `multiprocessing`, which would run the script of whoever calls `import taskmix` a second time."""

SAMPLE = 256
"""Rows that are tokenised to learn how long examples are, and how much of them the tokenizer knows."""

UNKNOWN_NOTED, UNKNOWN_REFUSED = 0.1, 0.5
"""Shares of unknown pieces that are told, and refused. A tokenizer that fits has next to none: of the mini suite's
texts none are unknown to XLM-R's pieces, in any language. Where it is half of them, most words are one and the same to
the model."""


def prepare(
    plan: Plan, model: str, cpus: float, say: Say, offline: bool = False, measure: bool = False, news: bool = False
) -> PreparationReport:
    """Build, check and measure in a process of its own.

    Args:
        model: name of the encoder.
        cpus: of a work item, which the measurement may use.
        say: told each step.
        offline: leave out what only the hub could answer, and licensed files that are not here.
        measure: train a few steps, to learn how long they take.
        news: ask whether what the plan has commits of is at others by now.

    Raises:
        InputError: every mistake in cards, data and model, at once.
        Failure: something could not be read, written or reached.
    """
    report = inspect(plan, model, cpus, say, offline, measure, news)
    problems = [problem for of_card in report.problems.values() for problem in of_card]
    if problems or report.model_problems:
        is_mistake = problems or not report.away
        raise (InputError if is_mistake else Failure)([*problems, *report.model_problems])
    return report


def inspect(
    plan: Plan, model: str, cpus: float, say: Say, offline: bool = False, measure: bool = False, news: bool = False
) -> PreparationReport:
    """As `prepare`, but what is wrong with cards and model stands in the report and is not raised.

    Raises:
        Failure: a suite cannot be built, or the process came to an early end.
    """
    ours, theirs = Pipe()
    with theirs:
        start = [sys.executable, "-P", "-c", PROCESS, str(ROOT), str(theirs.fileno())]
        process = subprocess.Popen(start, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
    try:
        ours.send((plan.model_dump_json(), model, cpus, offline, measure, news))
        while True:
            message = ours.recv()
            if isinstance(message, TaskmixError):
                raise message
            if isinstance(message, PreparationReport):
                return message
            say(message)
    except (EOFError, ConnectionError) as error:
        end = f"the process ended with code {process.wait()}"
        what = "data and model could not be checked"
        raise Failure(Problem(what, found=end, fix="is there enough memory?")) from error
    finally:
        ours.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answer(connection: int) -> None:
    """The process: sends each step, then the report or an error.

    Args:
        connection: number of the open file by which it was asked.
    """
    sender = Connection(connection)
    try:
        plan, model, cpus, offline, measure, news = sender.recv()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if offline:
            os.environ["HF_HUB_OFFLINE"] = "1"  # or the hub's client tries for half a minute
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # and tells of each try
        sender.send(_prepare_here(Plan.model_validate_json(plan), model, cpus, sender.send, offline, measure, news))
    except TaskmixError as error:
        sender.send(error)
    except (KeyboardInterrupt, EOFError, ConnectionError):  # whoever asked went away
        pass
    except Exception as error:
        problem = Problem("data and model could not be checked", found=f"{type(error).__name__}: {error}")
        sender.send(Failure(problem))


def _prepare_here(
    plan: Plan, model: str, cpus: float, say: Say, offline: bool, measure: bool, news: bool
) -> PreparationReport:
    build_suites(plan, model, say)
    import torch

    from trainables.data.card_data import Data
    from trainables.data.overlaps import describe_overlaps
    from trainables.encoders.checkpoint import load_base
    from trainables.encoders.model_files import model_version
    from trainables.pinning import commits_of, layout_problems, moved, needs_of, pinned, version_of
    from trainables.training.speed import (
        device_name,
        measure_seconds_per_token,
        measure_training_seconds_per_token,
    )

    torch.set_num_threads(max(1, round(cpus)))
    cards = plan.cards()
    data = Data(Path(plan.cache), plan.mirror, plan.commits, say)
    unreached = {(card.kind, card.name): list(away(card, plan.mirror)) for card in cards} if offline else {}
    here = [card for card in cards if not unreached.get((card.kind, card.name))]
    say("checking the data sets")
    of_hub = [card for card in here if data.repositories(card)]
    problems = {card.name: of_card for card in here if card not in of_hub and (of_card := data.check(card))}
    fetched = None if offline else model
    data = pinned(plan, data, of_hub, fetched)
    if problems:  # files that have to be brought by hand, or were spoilt: named before gigabytes are fetched
        problems |= {card.name: of_card for card in of_hub if (of_card := layout_problems(data, card))}
        return PreparationReport(problems=problems)
    needs = needs_of(data, of_hub, fetched)
    needs.fetch()
    problems |= {card.name: of_card for card in of_hub if (of_card := data.check(card))}
    sound = [card for card in here if card.name not in problems]
    say("comparing what is trained on with what is scored")
    notes = [note for card in sound for note in data.remarks(card)] + describe_overlaps(plan, data, sound)
    say("loading the model")
    report = PreparationReport(
        notes=notes,
        versions={plan.version_name(card): version_of(plan, data, card) for card in sound},
        hub_bytes=needs.size_of(needs.files),
        moved=moved(data, plan.commits) if news and not data.hub.is_away else None,
        commits=commits_of(plan, data, sound, model),
        unreached=sorted({source for sources in unreached.values() for source in sources}),
        problems=problems,
    )
    try:
        encoder = load_base(model, data.hub)
    except TaskmixError as error:
        missing = isinstance(error, Failure)
        if missing and offline:
            return report.model_copy(update={"unreached": [*report.unreached, model]})
        return report.model_copy(update={"model_problems": list(error.problems), "away": missing})
    too_long = check_lengths(plan, encoder)
    if too_long:
        return report.model_copy(update={"model_problems": too_long})
    unreadable = {card.name: unknown for card in sound if (unknown := check_vocabulary(plan, data, card, encoder, say))}
    if unreadable:
        return report.model_copy(update={"problems": {**problems, **unreadable}})
    training = None
    tasks = [card for card in sound if card.name in plan.tasks and card.kind == "task"]
    if measure and tasks:
        say(f"training a few steps on {tasks[0].name}")
        training = measure_training_seconds_per_token(encoder, model, data, tasks[0], plan)
    return report.model_copy(
        update={
            "model_version": model_version(model, data.hub),
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


Sampled = tuple[Card, "Split", str]
"""Card, split and language of rows that are sampled."""


def _trained_on(card: Card) -> list[Sampled]:
    """The training rows of a card, if it has its own."""
    has_rows = card.is_trained and card.train_from is None
    return [(card, "train", card.training_language)] if has_rows else []


def _scored(plan: Plan, card: Card) -> list[Sampled]:
    """The development rows that a card is scored on, if it is a target."""
    if card.kind == "task" or card.name not in plan.targets:
        return []
    dev = plan.dev_card(card.name)
    return [(dev, "dev", language) for language in dev.languages_of("dev")]


def _features(plan: Plan, data: Data, card: Card, sampled: Sampled, encoder: Encoder) -> Dataset:
    """The features of a sample of the rows, as long as `card`'s stage makes them."""
    stage = plan.intermediate if card.kind == "task" else plan.target_stage(card.name)
    return data.features(*sampled, encoder.tokenizer, stage.max_length, SAMPLE)[1]


def check_vocabulary(plan: Plan, data: Data, card: Card, encoder: Encoder, say: Say) -> list[Problem]:
    """Training rows, or scored rows of all languages together, of which the tokenizer does not know the most.

    One language of several may be strange to a model; that is told and not refused. Byte-level tokenizers have no
    unknown piece and nothing to be refused.
    """
    problems, remarks = [], []
    for which, samples in (("training", _trained_on(card)), ("development", _scored(plan, card))):
        counts = {
            language: _count_unknown(_features(plan, data, card, (read, split, language), encoder), encoder)
            for read, split, language in samples
        }
        unknown, pieces = sum(of_one for of_one, _ in counts.values()), sum(of_one for _, of_one in counts.values())
        if unknown > UNKNOWN_REFUSED * pieces:
            what = "the model's tokenizer does not know most of what the texts are made of"
            found = f"{unknown / pieces:.0%} of the pieces of {which} rows are unknown ({', '.join(counts)})"
            fix = "the tokenizer that belongs to the model, or a model that reads these languages"
            problems.append(Problem(what, card.name, found, fix))
        shares = {language: unknown / max(1, pieces) for language, (unknown, pieces) in counts.items()}
        strange = [f"{share:.0%} in {language}" for language, share in shares.items() if share > UNKNOWN_NOTED]
        if strange:
            remarks.append(f"{card.name}: of {which} rows the tokenizer does not know {', '.join(strange)}")
    for remark in remarks if not problems else []:
        say(remark)
    return problems


def _count_unknown(features: Dataset, encoder: Encoder) -> tuple[int, int]:
    """How many pieces of the features the tokenizer did not know, and how many there are, special ones left out.

    The blank that SentencePiece puts before a word does not count either: it is known before any unknown word.
    """
    import pyarrow.compute

    tokenizer, unknown, pieces = encoder.tokenizer, 0, 0
    left_out = {*tokenizer.all_special_ids, tokenizer.backend_tokenizer.token_to_id("▁")} - {
        tokenizer.unk_token_id,
        None,
    }
    table = features.with_format("arrow")[:]
    for column in (table[name] for name in table.column_names if name.endswith("input_ids")):
        while pyarrow.types.is_list(column.type):  # multiple choice has a list for each choice
            column = pyarrow.compute.list_flatten(column)
        ids = column.to_numpy()
        unknown += int((ids == tokenizer.unk_token_id).sum()) if tokenizer.unk_token_id is not None else 0
        pieces += int((~np.isin(ids, list(left_out))).sum())
    return unknown, pieces


def _measure_sizes(plan: Plan, data: Data, card: Card, encoder: Encoder) -> Sizes:
    """Rows and mean tokens of what of a card is trained on and scored."""

    def mean_tokens(sampled: Sampled) -> float:
        return float(np.mean(_features(plan, data, card, sampled, encoder)["length"][:]))

    sizes = Sizes()
    for sampled in _trained_on(card):
        sizes = Sizes(rows=len(data.rows(*sampled)), tokens=mean_tokens(sampled))
    scored = _scored(plan, card)
    if not scored:
        return sizes
    rows = sum(len(data.rows(*sampled, plan.evaluation.max_examples)) for sampled in scored)
    tokens = float(np.mean([mean_tokens(sampled) for sampled in scored]))
    return sizes.model_copy(update={"evaluation_rows": rows, "evaluation_tokens": tokens})
