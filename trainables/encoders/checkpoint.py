"""Encoders: loading a pretrained one by name, and the files of a trained one."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForTextEncoding,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_TEXT_ENCODING_MAPPING
from transformers.utils import logging

from spaces.errors import InputError, Problem, TaskmixError
from trainables.encoders import frozen_embedding
from trainables.encoders.frozen_embedding import SharedWith
from trainables.encoders.model_check import (
    TOKENIZER_FIX,
    check_files,
    check_matrices,
    check_names,
    check_numbers,
    check_quantization,
    check_tokenizer,
)
from trainables.encoders.model_files import fetch_model, folder_of
from trainables.hub.hub import Hub
from trainables.work.failures import is_out_of_memory
from trainables.work.settings import StoredType

logging.disable_progress_bar()  # type: ignore[no-untyped-call]
# "some weights were not used" is what heads that are dropped look like
logging.set_verbosity_error()  # type: ignore[no-untyped-call]

LONGEST_REASON = 200
"""Characters of what a library says of files that it cannot read; advice to programmers comes behind them."""


@dataclass(frozen=True)
class Encoder:
    """A model without any head, and its tokenizer."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase

    @property
    def longest(self) -> int | None:
        """Tokens that the model has positions for; None where it has no limit (mT5's positions are relative)."""
        limit: int | None = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        table = getattr(getattr(self.model, "embeddings", None), "position_embeddings", None)
        padding = getattr(table, "padding_idx", None)
        # XLM-R counts positions from behind the one that stands for padding: of its 514 it can use 512
        return limit if limit is None or padding is None else limit - padding - 1

    def check_length(self, tokens: int, where: str) -> None:
        """Raise InputError if `tokens` are more than the model can read.

        Args:
            where: the setting that asks for so many.
        """
        if self.longest is not None and tokens > self.longest:
            what = "more tokens than the model has positions for"
            raise InputError(Problem(what, where, str(tokens), f"at most {self.longest}"))


def load_base(name: str, hub: Hub) -> Encoder:
    """The pretrained encoder called `name`.

    Args:
        name: a hub id, or `id@revision`; a folder; or `suite:<suite>/<model>`.
        hub: where a hub id is looked up; suites are built in its cache.

    Raises:
        InputError: there is no such model, its files are damaged, its weights are not the encoder's
            (`model_check.check_names`) or none that an encoder can have, or it has no fast tokenizer that fits them.
        Failure: it cannot be fetched.
    """
    folder = folder_of(name, hub.cache)
    if folder is None:
        folder = fetch_model(name, hub)
    fix = "a hub id, a folder with config.json and model.safetensors, or suite:mini/mini-e5"
    if not folder.is_dir():
        raise InputError(Problem("there is no such folder with a model", "model", str(folder), fix))
    problems = check_files(folder)
    if problems:
        raise InputError(problems)
    with _explaining("the model cannot be loaded", name, fix):
        model = _load_model(folder)
    with _explaining(f"no tokenizer that can be read in {name}", name, TOKENIZER_FIX):
        tokenizer = _load_tokenizer(folder, model.config)
    check_numbers(model, name)
    check_tokenizer(tokenizer, model, name)
    check_matrices(model, name)
    return Encoder(model, tokenizer)


@contextmanager
def _explaining(what: str, name: str, fix: str) -> Iterator[None]:
    """Turns what transformers, safetensors, tokenizers and torch raise of a model's files into a problem.

    Those raise errors of many classes, tokenizers `Exception` itself.
    """
    try:
        yield
    except TaskmixError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        reason = " ".join(str(error).split())[:LONGEST_REASON]
        problem = Problem(what, where="model", found=f"{name}: {reason or type(error).__name__}", fix=fix)
        raise InputError(problem) from error


def load(path: str | Path) -> Encoder:
    """An encoder from a folder, in fp32, without a pooling layer.

    A pooler is new and random where the checkpoint has none, and no head of ours reads it. Of an encoder-decoder such
    as mT5 it is the encoder alone.

    Raises:
        InputError: the encoder's weights are not those of the file.
        ValueError, OSError: as transformers and `architecture` do.
    """
    model = _load_model(path)
    return Encoder(model, _load_tokenizer(path, model.config))


def _load_model(path: str | Path) -> PreTrainedModel:
    config = AutoConfig.from_pretrained(path)
    check_quantization(config, str(path))
    model, report = architecture(config).from_pretrained(
        path,
        dtype=torch.float32,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # so that they stand in the report, with their shapes
    )
    check_names(model, report, str(path))
    if getattr(model, "pooler", None) is not None:
        model.pooler = None
    for tensor in (*model.parameters(), *model.buffers()):
        tensor.data = tensor.data.clone()  # what was loaded are pages of the file, which others may overwrite or cut
    encoder: PreTrainedModel = model
    return encoder


def _load_tokenizer(path: str | Path, config: PreTrainedConfig) -> PreTrainedTokenizerBase:
    return _drop_token_types(AutoTokenizer.from_pretrained(path), config)


def architecture(config: PreTrainedConfig) -> type[AutoModel] | type[AutoModelForTextEncoding]:
    """The class that makes the encoder of a configuration.

    Raises:
        ValueError: an encoder-decoder whose encoder transformers knows no class for.
    """
    if type(config) in MODEL_FOR_TEXT_ENCODING_MAPPING:
        return AutoModelForTextEncoding
    if config.is_encoder_decoder:
        raise ValueError(f"{config.model_type} is an encoder with a decoder, and transformers loads both or none")
    return AutoModel


def _drop_token_types(tokenizer: PreTrainedTokenizerBase, config: PreTrainedConfig) -> PreTrainedTokenizerBase:
    """The tokenizer, which from now on gives token types only if the model tells at least two apart.

    Many tokenizers' files leave open what they give; then it is token types, which ModernBERT refuses, and of which
    XLM-R knows one.
    """
    if (getattr(config, "type_vocab_size", None) or 0) < 2:
        names = [name for name in tokenizer.model_input_names if name != "token_type_ids"]
        tokenizer.model_input_names = names
    return tokenizer


def save(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path, shared: SharedWith | None = None
) -> None:
    """Write a model, such as the encoder alone, and its tokenizer: config, safetensors and the tokenizer's files.

    Both load with transformers 4 and 5; an encoder also with `load`.
    """
    save_model(model, folder, shared=shared)
    save_tokenizer(tokenizer, folder)


def save_model(
    model: PreTrainedModel, folder: Path, dtype: StoredType = "fp32", shared: SharedWith | None = None
) -> None:
    """Write a model's config and safetensors; with bf16 a model that `round_weights` has rounded loses nothing.

    Args:
        shared: where an embedding that is as the base's is kept once for all. The folder has to be staged there.
    """
    state, rounded = model.state_dict(), dict[int, torch.Tensor]()
    if dtype == "bf16":
        for name, tensor in state.items():  # tied weights stay one tensor
            if tensor.is_floating_point():
                state[name] = rounded.setdefault(tensor.data_ptr(), tensor.to(torch.bfloat16))
    embedding = frozen_embedding.take_out(state, model, shared.base) if shared else None
    model.save_pretrained(folder, state_dict=state, safe_serialization=True)
    open_weights(folder)
    if shared and embedding:
        frozen_embedding.add(embedding, folder, shared.files)


def open_weights(folder: Path) -> None:
    """Let those read a folder's weights who may read its config: safetensors 0.8 writes files for their owner alone."""
    mode = stat.S_IMODE((folder / "config.json").stat().st_mode)
    for weights in folder.glob("*.safetensors"):
        if stat.S_IMODE(weights.stat().st_mode) != mode:  # one that is shared may be somebody else's
            weights.chmod(mode)


def round_weights(model: PreTrainedModel, dtype: StoredType) -> None:
    """Give every weight the value that it has when it comes back from a store of that type."""
    if dtype == "bf16":
        with torch.no_grad():
            for tensor in (*model.parameters(), *model.buffers()):
                if tensor.is_floating_point():
                    tensor.copy_(tensor.to(torch.bfloat16))


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path, **settings: Any) -> None:
    """Write a fast tokenizer so that transformers 4 reads it as 5 does: all of it stands in tokenizer.json.

    transformers 5 names a class that 4 does not know, `TokenizersBackend`, or one that makes the tokenizer anew from
    its vocabulary; and it calls further special tokens otherwise.

    Args:
        settings: what is to stand in tokenizer_config.json instead of the tokenizer's own.
    """
    tokenizer.save_pretrained(folder)
    _without_last_call(folder / "tokenizer.json")
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    for name in ("backend", "is_local", "local_files_only"):  # of this machine, or of transformers 5 alone
        config.pop(name, None)
    if isinstance(config.get("extra_special_tokens"), list):
        config["additional_special_tokens"] = config.pop("extra_special_tokens")
    config |= {"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": list(tokenizer.model_input_names)}
    path.write_text(json.dumps(config | settings, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _without_last_call(path: Path) -> None:
    """Take out of tokenizer.json how the last call of the tokenizer cut and padded."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content |= {"truncation": None, "padding": None}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
