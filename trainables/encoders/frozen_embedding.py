"""A frozen embedding: the word embedding of an encoder whose stages left it as the base has it, in a file of its own.

An encoder's folder then holds two shards and their index, as transformers itself writes and reads large models.
"""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import PreTrainedModel
from transformers.utils import SAFE_WEIGHTS_INDEX_NAME, SAFE_WEIGHTS_NAME

from trainables.store import shared_files
from trainables.store.shared_files import SharedFiles

SHARDS = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
"""Names of the embedding's file and of that of all other weights."""

TYPES = {torch.float32: "F32", torch.bfloat16: "BF16"}
METADATA = {"format": "pt"}


@dataclass(frozen=True)
class SharedWith:
    """The base that an encoder began as, and the shared files of the store that it goes into."""

    base: PreTrainedModel
    files: SharedFiles


@dataclass(frozen=True)
class FrozenEmbedding:
    """Weights under their name in the model's state, on the CPU."""

    name: str
    weight: Tensor

    @cached_property
    def sha256(self) -> str:
        """Digest of the file that `write` makes, from what lies in memory."""
        data = self.weight.view(torch.uint8).numpy()
        entry = {"dtype": TYPES[self.weight.dtype], "shape": list(self.weight.shape), "data_offsets": [0, data.nbytes]}
        header = json.dumps({"__metadata__": METADATA, self.name: entry}, separators=(",", ":")).encode()
        header += b" " * (-len(header) % 8)
        digest = hashlib.sha256(len(header).to_bytes(8, "little") + header)
        digest.update(data.data)
        return digest.hexdigest()

    def write(self, path: Path) -> None:
        save_file({self.name: self.weight}, path, metadata=METADATA)


def take_out(state: dict[str, Tensor], model: PreTrainedModel, base: PreTrainedModel) -> FrozenEmbedding | None:
    """The word embedding, taken out of what is to be stored of a model; None, and nothing taken, if it is small or not
    bit for bit what would be stored of the base's."""
    places = {name: value.data_ptr() for name, value in model.state_dict().items()}
    own = _embedding(model).data_ptr()
    names = [name for name, place in places.items() if place == own]  # several: the same weights are tied
    main = [name for name in names if name not in model.all_tied_weights_keys]
    if len(main) != 1:
        return None
    found = state[main[0]].detach().cpu().contiguous()
    theirs = _embedding(base)
    if found.nbytes < shared_files.LARGE or found.dtype not in TYPES or found.shape != theirs.shape:
        return None
    if not torch.equal(_bits(found), _bits(theirs.cpu().to(found.dtype))):
        return None
    for name in names:
        del state[name]
    return FrozenEmbedding(main[0], found)


def _embedding(model: PreTrainedModel) -> Tensor:
    weight: Tensor = model.get_input_embeddings().get_parameter("weight")
    return weight.detach()


def _bits(weight: Tensor) -> Tensor:
    """What tells 0 from -0, and takes a value that is no number for itself."""
    return weight.contiguous().view(torch.int32 if weight.itemsize == 4 else torch.int16)


def add(embedding: FrozenEmbedding, folder: Path, files: SharedFiles) -> None:
    """Put the embedding beside the other weights that `save_pretrained` has written."""
    rest = folder / SHARDS[1]
    (folder / SAFE_WEIGHTS_NAME).rename(rest)

    def write(path: Path) -> None:
        embedding.write(path)
        path.chmod(stat.S_IMODE(rest.stat().st_mode))  # who may read the one may read the other

    files.place(folder / SHARDS[0], embedding.sha256, write)
    with rest.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    del header["__metadata__"]
    total = embedding.weight.nbytes + max((entry["data_offsets"][1] for entry in header.values()), default=0)
    places = {embedding.name: SHARDS[0], **dict.fromkeys(header, SHARDS[1])}
    index = {"metadata": {"total_size": total}, "weight_map": places}
    text = json.dumps(index, indent=2, sort_keys=True) + "\n"
    (folder / SAFE_WEIGHTS_INDEX_NAME).write_text(text, encoding="utf-8")
