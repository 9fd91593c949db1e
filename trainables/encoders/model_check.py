"""What may be wrong with a pretrained model: its files as they lie, the weights that were read, and the tokenizer."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import SAFE_WEIGHTS_INDEX_NAME, SAFE_WEIGHTS_NAME, WEIGHTS_INDEX_NAME, WEIGHTS_NAME

from spaces.errors import InputError, Problem
from trainables.data.files.lfs_pointer import check_pointer

WEIGHTS = (SAFE_WEIGHTS_NAME, SAFE_WEIGHTS_INDEX_NAME, WEIGHTS_NAME, WEIGHTS_INDEX_NAME)
"""The files that transformers looks for, in this order: the first that is there is read, no other."""

FEWEST_PIECES = 10
"""Pieces beside the special ones that a tokenizer must know. Where there is no vocabulary file, transformers makes a
tokenizer of special pieces and one or two more."""

COPY_AGAIN = "copy or fetch it again"
WEIGHTS_FIX = "save the model with model.save_pretrained, so that config.json and the weights belong together"
UNQUANTIZED = "the model in floating point, from which the quantized one was made"
TOKENIZER_FIX = "save it there: tokenizer.save_pretrained"

SAMPLE = 100_000
"""Values of a matrix that show whether it was quantized."""
BYTE = 256

_NUMBER = re.compile(r"(?<=\.)\d+(?=\.)")
"""The number of a layer in a weight's name."""


def check_files(folder: Path) -> list[Problem]:
    """What is wrong with the files of a model's folder, seen from their first bytes: missing, cut off, no JSON, a Git
    LFS pointer. Of the weights only what transformers would read is looked at."""
    config = folder / "config.json"
    if not config.is_file():
        return [_missing("config.json", folder)]
    try:
        settings = _read_json(config)
        weights = _find_weights(folder, settings)
    except InputError as error:
        return list(error.problems)
    texts = [path for path in sorted(folder.iterdir()) if path.suffix in (".json", ".model", ".txt") and path.is_file()]
    problems = [check_pointer(path, "model") for path in texts] + [_check_weights_file(path) for path in weights]
    return [problem for problem in problems if problem is not None]


def _find_weights(folder: Path, settings: Mapping[str, Any]) -> list[Path]:
    """The files of weights that transformers reads; raises InputError where one is missing."""
    named = settings.get("transformers_weights")
    name = next((name for name in ([named] if named else WEIGHTS) if (folder / name).is_file()), None)
    if name is None:
        raise InputError(_missing(named or f"{SAFE_WEIGHTS_NAME} or {WEIGHTS_NAME}", folder))
    if not name.endswith(".index.json"):
        return [folder / name]
    shards = sorted(set(_read_json(folder / name).get("weight_map", {}).values()))
    missing = [shard for shard in shards if not (folder / shard).is_file()]
    if missing:
        what = f"{len(missing)} of the {len(shards)} files of weights that {name} names are not in {folder}"
        raise InputError(Problem(what, "model", _several(missing), "copy or fetch them again"))
    return [folder / shard for shard in shards]


def _missing(name: str, folder: Path) -> Problem:
    files = sorted(path.name for path in folder.iterdir())
    return Problem(f"no {name} in {folder}", "model", _several(files) if files else "the folder is empty", WEIGHTS_FIX)


def _several(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; raises InputError if there is none."""
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        problem = check_pointer(path, "model") or Problem(
            f"{path.name} is not JSON", "model", f"{path}: {error}", COPY_AGAIN
        )
        raise InputError(problem) from error
    if not isinstance(content, dict):
        raise InputError(Problem(f"{path.name} is no JSON object", "model", str(path), COPY_AGAIN))
    return content


def _check_weights_file(path: Path) -> Problem | None:
    """Whether a file of weights is all there, as far as it tells itself."""
    pointer = check_pointer(path, "model")
    if pointer is not None:
        return pointer
    size = path.stat().st_size
    if size == 0:
        return Problem(f"{path.name} is empty", "model", str(path), COPY_AGAIN)
    check = _check_safetensors if path.suffix == ".safetensors" else _check_pickled
    return check(path, size)


def _check_safetensors(path: Path, size: int) -> Problem | None:
    """Compare the size with what the header promises: 8 bytes with its length, JSON with each tensor's end, tensors."""
    with path.open("rb") as file:
        length, start = int.from_bytes(file.read(8), "little"), file.read(1)
        if size > 8 and start != b"{":
            file.seek(0)
            found = f"{path}: begins with {file.read(20)!r}"
            return Problem(f"{path.name} is not a safetensors file", "model", found, COPY_AGAIN)
        if size < 8 + length:
            return _cut_off(path, f"{size:,} bytes, which end in its header")
        file.seek(8)
        try:
            header = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        except (ValueError, LookupError, TypeError):
            return Problem(f"{path.name} has a damaged header", "model", str(path), COPY_AGAIN)
    full = 8 + length + max(ends, default=0)
    if size < full:
        return _cut_off(path, f"{size:,} of {full:,} bytes")
    if size > full:
        found = f"{path}: {size:,} bytes instead of {full:,}"
        return Problem(f"{path.name} is longer than its header says", "model", found, COPY_AGAIN)
    return None


def _check_pickled(path: Path, size: int) -> Problem | None:
    """PyTorch's zip files have their table of contents at the end. Older files tell nothing of their size."""
    with path.open("rb") as file:
        start = file.read(20)
    if start.startswith(b"PK"):
        return None if zipfile.is_zipfile(path) else _cut_off(path, f"{size:,} bytes, without the zip file's end")
    if start.startswith(b"\x80"):
        return None
    return Problem(f"{path.name} is not a PyTorch file", "model", f"{path}: begins with {start!r}", COPY_AGAIN)


def _cut_off(path: Path, found: str) -> Problem:
    return Problem(f"{path.name} is cut off", "model", f"{path}: {found}", COPY_AGAIN)


def check_names(model: PreTrainedModel, report: Mapping[str, Any], name: str) -> None:
    """Raise InputError unless the encoder's weights are those of its file, one for one.

    transformers gives new random values to weights that the file lacks or has in another shape, and skips layers that
    the configuration does not count. A pooler may be missing, for nothing reads it; heads of the pretraining may be
    left over.

    Args:
        report: what `from_pretrained` gives with `output_loading_info`.
        name: of the model, for people.
    """
    tied = model.all_tied_weights_keys  # a second name of a weight
    weights = [key for key in model.state_dict() if not _of_pooler(key) and key not in tied]
    missing = sorted(key for key in report["missing_keys"] if not _of_pooler(key) and key not in tied)
    unexpected = sorted(report["unexpected_keys"])
    if missing:
        example = next((key for key in weights if key in missing), missing[0])
        has = f"; the file has {unexpected[0]} and {len(unexpected) - 1} more of other names" if unexpected else ""
        found = f"{name}: {len(missing)} of {len(weights)}, for example {example}{has}"
        longer = next((key for key in unexpected if key.endswith(f".{example}")), None)
        fix = f"take {longer.removesuffix(example)!r} off the names in the file" if longer else WEIGHTS_FIX
        raise InputError(Problem("weights of the encoder are not in the file", "model", found, fix))
    shapes = sorted(mismatch for mismatch in report["mismatched_keys"] if not _of_pooler(mismatch[0]))
    if shapes:
        key, in_file, in_model = shapes[0]
        found = f"{name}: {len(shapes)} of {len(weights)}, for example {key}: {list(in_file)} in the file, "
        found += f"{list(in_model)} after config.json"
        what = "weights of the encoder have another shape than config.json says"
        raise InputError(Problem(what, "model", found, WEIGHTS_FIX))
    extra = _extra_layers(weights, (key.removeprefix(f"{model.base_model_prefix}.") for key in unexpected))
    if extra:
        found = f"{name}: {', '.join(extra)}"
        fix = "count all layers of the file in config.json; to drop some, save the smaller model: model.save_pretrained"
        raise InputError(Problem("the file has more layers than config.json says", "model", found, fix))


def _of_pooler(key: str) -> bool:
    return key.startswith("pooler.")


def _extra_layers(weights: Iterable[str], unexpected: Iterable[str]) -> list[str]:
    """Layers of the encoder, e.g. ``encoder.layer.4``, that the file has beyond the model's."""
    known, alike = {_layer(key) for key in weights}, {_NUMBER.sub("*", key) for key in weights}
    beyond = [_layer(key) for key in unexpected if _NUMBER.sub("*", key) in alike]
    return [layer for layer in dict.fromkeys(beyond) if layer not in known]


def _layer(key: str) -> str:
    """The name up to the first number; empty where there is none."""
    number = _NUMBER.search(key)
    return key[: number.end()] if number else ""


def check_numbers(model: PreTrainedModel, name: str) -> None:
    """Raise InputError if a weight is not a finite number.

    A sum is not finite if one of its terms is not, and needs no memory of the weights' size as `torch.isfinite` does.
    """
    weights = dict(model.named_parameters())
    with torch.inference_mode():
        wrong = [key for key, weight in weights.items() if not torch.isfinite(weight.sum())]
    if wrong:
        found = f"{name}: {len(wrong)} of {len(weights)}, for example {wrong[0]}"
        fix = "take a checkpoint from before the training diverged, or copy the file again"
        raise InputError(Problem("weights of the encoder are NaN or infinite", "model", found, fix))


def check_matrices(model: PreTrainedModel, name: str) -> None:
    """Raise InputError if a matrix of the encoder says nothing: all its values are one, or those of 8 bits.

    Whole numbers, or hardly any different ones, are what is left of quantized weights that were read as weights; of
    the first so many values, for large vocabularies. Other embeddings than those of the words may be zero, as XLM-R's
    of its one token type are.
    """
    embeddings = [module for module in model.modules() if isinstance(module, nn.Embedding)]
    others = {id(module.weight) for module in embeddings} - {id(model.get_input_embeddings().weight)}
    matrices = {key: one for key, one in model.named_parameters() if one.dim() > 1 and id(one) not in others}
    with torch.inference_mode():
        equal = [key for key, matrix in matrices.items() if matrix.amin() == matrix.amax()]
        samples = {key: matrix.flatten()[:SAMPLE] for key, matrix in matrices.items() if key not in equal}
        whole = [key for key, sample in samples.items() if torch.equal(sample, sample.round())]
        coarse = [key for key, sample in samples.items() if _has_values_of_a_byte(sample)]
    for keys, what, fix in (
        (equal, "matrices of the encoder have one value everywhere", "save the model again, after it was trained"),
        (whole, "weights of the encoder are whole numbers, as quantized ones are", UNQUANTIZED),
        (coarse, "weights of the encoder have at most 256 values, as quantized ones have", UNQUANTIZED),
    ):
        if keys:
            found = f"{name}: {len(keys)} of {len(matrices)}, for example {keys[0]}"
            raise InputError(Problem(what, "model", found, fix))


def _has_values_of_a_byte(sample: torch.Tensor) -> bool:
    """Whether there are many values, zeros aside, and at most as many different ones as fp8 and int8 have."""
    values = sample[sample != 0]
    return len(values) >= 4 * BYTE and len(torch.unique(values)) <= BYTE


def check_quantization(config: PreTrainedConfig, name: str) -> None:
    """Raise InputError if the model is stored quantized: what transformers makes of that cannot be trained."""
    quantization = getattr(config, "quantization_config", None)
    if quantization:
        method = quantization.get("quant_method") if isinstance(quantization, dict) else quantization.quant_method
        found = f"{name}: quantization_config in config.json ({method})"
        raise InputError(Problem("the model is quantized, which cannot be trained", "model", found, UNQUANTIZED))


def check_tokenizer(tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel, name: str) -> None:
    """Raise InputError unless the tokenizer has a vocabulary, and the model a vector for each of its pieces."""
    if not tokenizer.is_fast:
        raise InputError(Problem("the model has no fast tokenizer", "model", name))
    vocabulary = tokenizer.get_vocab()
    pieces = len(vocabulary.keys() - tokenizer.get_added_vocab().keys() - set(tokenizer.all_special_tokens))
    if pieces < FEWEST_PIECES:
        found = f"beside special pieces a vocabulary of {pieces}, which is what transformers makes of nothing"
        raise InputError(Problem(f"no tokenizer in {name}", "model", found, TOKENIZER_FIX))
    embeddings = model.get_input_embeddings()
    if not isinstance(embeddings, nn.Embedding):
        raise InputError(Problem("the model does not read text", "model", f"{name}: {type(model).__name__}"))
    # T5's tokenizer makes a hundred of these where its files do not say how many, and no text contains them
    ids = {piece: at for piece, at in vocabulary.items() if not piece.startswith("<extra_id_")}
    last = max(ids, key=ids.__getitem__)
    if ids[last] >= embeddings.num_embeddings:
        found = f"{name}: {last!r} is piece {ids[last]:,} of a model with {embeddings.num_embeddings:,} vectors"
        fix = "the tokenizer of this model, or model.resize_token_embeddings(len(tokenizer)), trained, and saved"
        raise InputError(Problem("the tokenizer is larger than the model's embeddings", "model", found, fix))
