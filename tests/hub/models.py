"""A tiny encoder with its tokenizer, as a repository of the hub."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from tests.hub.repositories import Repository
from tests.hub.server import Hub
from tests.support.encoders import kit_of
from trainables.encoders import checkpoint

XLM_R = "FacebookAI/xlm-roberta-base"
OLD_NAME = "xlm-roberta-base"

POSITIONS = 514
"""As XLM-R has them, so that texts may be as long as the examples want them."""


def publish(hub: Hub, id: str = XLM_R, kind: str = "xlm-r", seed: int = 0) -> Repository:
    """Add a model; XLM-R has its old name, too."""
    repository = hub.add("model", id, files_of(kind, seed))
    if id == XLM_R:
        hub.answers.renamed["model", OLD_NAME] = id
    return repository


def files_of(kind: str = "xlm-r", seed: int = 0) -> dict[str, bytes | str]:
    """Path -> content, with the weights in both forms, as the hub has them."""
    kit = kit_of(kind)
    encoder = replace(kit, options={**kit.options, "max_position_embeddings": POSITIONS}).encoder(seed)
    with TemporaryDirectory() as folder:
        checkpoint.save(encoder, kit.tokenizer, Path(folder))
        there = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    old = io.BytesIO()
    torch.save(encoder.state_dict(), old)
    card = f"---\nlicense: mit\n---\n# {kind}\n\nMade for tests.\n"
    return {**there, "pytorch_model.bin": old.getvalue(), "README.md": card, ".gitattributes": "*.bin filter=lfs\n"}
