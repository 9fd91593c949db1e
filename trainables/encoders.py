"""Encoders: loading a pretrained one by name, and the files of a trained one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging

from spaces.errors import Failure, InputError, Problem
from trainables.data import suite_folder

logging.disable_progress_bar()  # type: ignore[no-untyped-call]
# "some weights were not used" is what heads that are dropped look like
logging.set_verbosity_error()  # type: ignore[no-untyped-call]

SUITE = "suite:"
"""``suite:mini/mini-e5`` is the model ``mini-e5`` of the suite ``mini``; all else is a folder or a hub id."""


@dataclass(frozen=True)
class Encoder:
    """A model without any head, and its tokenizer."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase


def load_base(name: str, cache: Path) -> Encoder:
    """The pretrained encoder called `name`.

    Raises:
        InputError: there is no such model, or it has no fast tokenizer.
        Failure: it cannot be fetched.
    """
    place = name
    if name.startswith(SUITE):
        suite, _, model = name.removeprefix(SUITE).partition("/")
        place = str(suite_folder(cache, suite) / "models" / model)
    elif Path(name).expanduser().is_dir():
        place = str(Path(name).expanduser())
    try:
        encoder = load(place)
    except (OSError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        fix = "a hub id, a folder with config.json and model.safetensors, or suite:mini/mini-e5; is the hub reachable?"
        kind = InputError if name.startswith(SUITE) or isinstance(error, ValueError) else Failure
        raise kind(Problem("the model cannot be loaded", where="model", found=f"{name}: {first}", fix=fix)) from error
    if not encoder.tokenizer.is_fast:
        raise InputError(Problem("the model has no fast tokenizer", where="model", found=name))
    return encoder


def load(place: str | Path) -> Encoder:
    """An encoder from a folder or hub id, in fp32, without a pooling layer.

    A pooler is new and random where the checkpoint has none, and no head of ours reads it.
    """
    model = AutoModel.from_pretrained(place, dtype=torch.float32)
    if getattr(model, "pooler", None) is not None:
        model.pooler = None
    return Encoder(model, AutoTokenizer.from_pretrained(place))


def save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """The encoder alone: config, safetensors, tokenizer; loads again with `load` or `AutoModel`."""
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
