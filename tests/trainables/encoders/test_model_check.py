"""Models that are not what they seem: each is refused by `load_base` with its file and what to do."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import (
    AutoModel,
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    MT5Config,
    MT5ForConditionalGeneration,
    ViTConfig,
    ViTModel,
)

from spaces.errors import InputError, Problem
from tests.support.encoders import KINDS, Kit
from tests.support.problems import problem
from trainables.encoders import checkpoint
from trainables.hub.hub import Hub

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 45000000\n"
LAYERS = {"mt5": "num_layers"}
"""What a configuration calls the number of its layers, if not num_hidden_layers."""

Make = Callable[..., Path]
Change = Callable[[Path], object]


@pytest.fixture
def folder(kits: Callable[[str], Kit], tmp_path: Path) -> Make:
    """A folder with a saved encoder of a kind."""

    def make(kind: str = "bert") -> Path:
        checkpoint.save(kits(kind).encoder(), kits(kind).tokenizer, tmp_path / kind)
        return tmp_path / kind

    return make


def refused(folder: Path) -> Problem:
    with pytest.raises(InputError) as error:
        checkpoint.load_base(str(folder), Hub(folder))
    assert problem(error).where == "model"
    return problem(error)


def configure(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def weights_of(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "model.safetensors")


def rewrite(folder: Path, weights: dict[str, Tensor]) -> None:
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def cut(folder: Path, name: str, at: int) -> None:
    (folder / name).write_bytes((folder / name).read_bytes()[:at])


def pickle(folder: Path, **options: Any) -> Path:
    """Weights as PyTorch's own file, instead of safetensors."""
    torch.save(weights_of(folder), folder / "pytorch_model.bin", **options)
    (folder / "model.safetensors").unlink()
    return folder / "pytorch_model.bin"


def split(folder: Path) -> None:
    """Weights in several files with an index."""
    model = AutoModel.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="40KB")


# --- names


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prefix", ["module.", "encoder.model."])
def test_weights_under_other_names(folder: Make, kind: str, prefix: str) -> None:
    path = folder(kind)
    weights = weights_of(path)
    rewrite(path, {f"{prefix}{name}": weight for name, weight in weights.items()})
    said = refused(path)
    count = len([name for name in weights if not name.startswith("pooler.")])
    assert said.what == "weights of the encoder are not in the file"
    assert f"{count} of {count}, for example " in said.found
    assert f"the file has {prefix}" in said.found
    assert said.fix == f"take {prefix!r} off the names in the file"
    with pytest.raises(InputError, match=f"{count} of {count}"):
        checkpoint.load(path)  # as of the store


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"modernbert"}))  # whose configuration names each layer
def test_fewer_layers_in_the_file_than_in_the_configuration(folder: Make, kind: str) -> None:
    path = folder(kind)
    configure(path, **{LAYERS.get(kind, "num_hidden_layers"): 3})
    assert re.search(r": (16|9) of \d+, for example encoder\.(layer|block)\.2\.", refused(path).found)


@pytest.mark.parametrize("kind", KINDS)
def test_more_layers_in_the_file_than_in_the_configuration(folder: Make, kind: str) -> None:
    path = folder(kind)
    configure(path, layer_types=None, **{LAYERS.get(kind, "num_hidden_layers"): 1})
    said = refused(path)
    assert said.what == "the file has more layers than config.json says"
    assert re.search(r"(layers?|block)\.1$", said.found)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_of_another_shape(folder: Make, kind: str) -> None:
    path = folder(kind)
    size = len(AutoTokenizer.from_pretrained(path))
    configure(path, vocab_size=size + 7)
    said = refused(path)
    assert said.what == "weights of the encoder have another shape than config.json says"
    assert f"[{size}, 32] in the file, [{size + 7}, 32]" in said.found


def test_a_training_checkpoint_is_no_model(folder: Make) -> None:
    path = folder()
    weights = weights_of(path)
    torch.save({"model": weights, "epoch": 1}, pickle(path))
    assert "37 of 37" in refused(path).found


SMALL = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}


@pytest.mark.parametrize(
    "model",
    [
        lambda: BertForMaskedLM(BertConfig(vocab_size=320, hidden_size=32, **SMALL)),
        lambda: GPT2LMHeadModel(GPT2Config(vocab_size=320, n_embd=32, n_layer=2, n_head=2)),
        lambda: MT5ForConditionalGeneration(
            MT5Config(vocab_size=320, d_model=32, d_kv=16, d_ff=64, num_layers=2, num_decoder_layers=4, num_heads=2)
        ),
    ],
    ids=["bert", "gpt2", "mt5"],
)
def test_a_pooler_may_be_missing_and_heads_left_over(
    tmp_path: Path, kits: Callable[[str], Kit], model: Callable[[], Any]
) -> None:
    pretrained = model()
    pretrained.save_pretrained(tmp_path)
    kits("bert").tokenizer.save_pretrained(tmp_path)
    loaded = checkpoint.load_base(str(tmp_path), Hub(tmp_path)).model
    assert torch.equal(loaded.get_input_embeddings().weight, pretrained.get_input_embeddings().weight)


def test_weights_of_layer_norm_under_their_old_names_are_known(folder: Make) -> None:
    """As many checkpoints of BERT on the hub."""
    path, old = folder(), {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    weights = {name: torch.rand_like(weight) for name, weight in weights_of(path).items()}
    renamed = {re.sub("LayerNorm.(weight|bias)$", lambda m: old[m[0]], name): w for name, w in weights.items()}
    rewrite(path, renamed)
    assert any(name.endswith("gamma") for name in renamed)
    loaded = checkpoint.load_base(str(path), Hub(path)).model.state_dict()
    assert all(torch.equal(weight, weights[name]) for name, weight in loaded.items())


@pytest.mark.parametrize("name", ["shared.weight", "encoder.embed_tokens.weight"])
def test_tied_weights_may_have_either_name(folder: Make, name: str) -> None:
    path = folder("mt5")
    weights = weights_of(path)
    words = weights.pop("shared.weight")
    rewrite(path, {**weights, name: words})
    assert torch.equal(checkpoint.load_base(str(path), Hub(path)).model.get_input_embeddings().weight, words)


# --- files


@pytest.mark.parametrize(
    ("change", "what", "found"),
    [
        (lambda f: (f / "model.safetensors").write_bytes(POINTER), "is a Git LFS pointer", "45,000,000 bytes"),
        (lambda f: cut(f, "model.safetensors", -1000), "is cut off", r"137,528 of 138,528 bytes"),
        (lambda f: cut(f, "model.safetensors", 1000), "is cut off", "1,000 bytes, which end in its header"),
        (lambda f: cut(f, "model.safetensors", 4), "is cut off", "4 bytes"),
        (lambda f: cut(f, "model.safetensors", 0), "is empty", "safetensors"),
        (lambda f: (f / "model.safetensors").write_text("<html>sign in</html>"), "is not a safetensors file", "<html>"),
        (lambda f: (f / "model.safetensors").open("ab").write(b"0" * 9), "is longer than its header says", "138,537"),
        (lambda f: cut(f, "config.json", 50), "config.json is not JSON", "config.json"),
        (lambda f: (f / "config.json").write_text("[]"), "config.json is no JSON object", "config.json"),
        (lambda f: (f / "config.json").unlink(), "no config.json in", "model.safetensors, tokenizer.json"),
        (lambda f: (f / "model.safetensors").unlink(), "no model.safetensors or pytorch_model.bin in", "config.json"),
        (lambda f: [path.unlink() for path in f.iterdir()], "no config.json in", "the folder is empty"),
        (lambda f: (f / "tokenizer.json").write_bytes(POINTER), "tokenizer.json is a Git LFS pointer", "45,000,000"),
        (lambda f: cut(f, "tokenizer.json", 500), "no tokenizer that can be read in", r"line \d+ column"),
        (lambda f: cut(f, pickle(f).name, -1000), "pytorch_model.bin is cut off", "without the zip file's end"),
        (lambda f: pickle(f).write_bytes(POINTER), "pytorch_model.bin is a Git LFS pointer", "45,000,000 bytes"),
        (lambda f: pickle(f).write_text("<html>"), "pytorch_model.bin is not a PyTorch file", "<html>"),
        (
            lambda f: cut(f, pickle(f, _use_new_zipfile_serialization=False).name, -1000),
            "the model cannot be loaded",
            "unexpected EOF",
        ),
        (
            lambda f: [split(f), (f / "model-00002-of-00004.safetensors").unlink()],
            "1 of the 4 files of weights that model.safetensors.index.json names are not in",
            "model-00002-of-00004.safetensors",
        ),
        (lambda f: [split(f), cut(f, "model-00002-of-00004.safetensors", -50)], "model-00002.* is cut off", "bytes"),
        (lambda f: [split(f), cut(f, "model.safetensors.index.json", 9)], "index.json is not JSON", "Unterminated"),
    ],
)  # fmt: skip
def test_damaged_files_are_named(folder: Make, change: Change, what: str, found: str) -> None:
    path = folder()
    change(path)
    said = refused(path)
    assert re.search(what, said.what)
    assert re.search(found, said.found)
    assert str(path) in said.what + said.found
    assert said.fix


@pytest.mark.parametrize("name", ["{}/nowhere", "./nowhere", "~/nowhere", "{}/file", "suite:mini/nothing"])
def test_a_path_is_never_looked_up_on_the_hub(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError) as error:
        checkpoint.load_base(name.format(tmp_path), Hub(tmp_path))
    assert problem(error).what == "there is no such folder with a model"


def test_the_way_out_of_a_pointer(folder: Make) -> None:
    path = folder()
    (path / "model.safetensors").write_bytes(POINTER)
    assert refused(path).fix == f"git -C {path} lfs pull"


@pytest.mark.parametrize(
    "change",
    [
        pickle,
        lambda folder: pickle(folder, _use_new_zipfile_serialization=False),
        split,
        lambda folder: (folder / "pytorch_model.bin").write_bytes(POINTER),  # safetensors come first
        lambda folder: rewrite(folder, {name: weight.half() for name, weight in weights_of(folder).items()}),
    ],
    ids=["zip", "old pickle", "shards", "both", "fp16"],
)
def test_sound_files_of_every_kind_are_read(folder: Make, change: Change) -> None:
    path = folder()
    weights = weights_of(path)
    change(path)
    loaded = checkpoint.load_base(str(path), Hub(path)).model.state_dict()
    assert all(torch.allclose(weight, weights[name], atol=1e-3) for name, weight in loaded.items())
    assert {weight.dtype for weight in loaded.values()} == {torch.float32}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_no_numbers(folder: Make, value: float) -> None:
    path = folder()
    weights = weights_of(path)
    name = "encoder.layer.1.output.dense.weight"
    weights[name][3, 5] = value
    rewrite(path, weights)
    assert refused(path).found == f"{path}: 1 of 37, for example {name}"


MATRIX = "encoder.layer.1.output.dense.weight"


@pytest.mark.parametrize("name", [MATRIX, "embeddings.word_embeddings.weight"])
@pytest.mark.parametrize("value", [0.0, 0.02])
def test_a_matrix_of_one_value(folder: Make, name: str, value: float) -> None:
    path = folder()
    weights = weights_of(path)
    weights[name].fill_(value)
    rewrite(path, weights)
    said = refused(path)
    assert said.what == "matrices of the encoder have one value everywhere"
    assert said.found == f"{path}: 1 of 13, for example {name}"


@pytest.mark.parametrize("write", [rewrite, lambda folder, weights: (rewrite(folder, weights), pickle(folder))])
def test_quantized_weights_without_their_scales(folder: Make, write: Callable[..., object]) -> None:
    """transformers casts them to floats without a word."""
    path = folder()
    weights = weights_of(path)
    matrix = weights[MATRIX]
    write(path, {**weights, MATRIX: (matrix / matrix.abs().max() * 127).to(torch.int8)})
    said = refused(path)
    assert said.what == "weights of the encoder are whole numbers, as quantized ones are"
    assert said.found == f"{path}: 1 of 13, for example {MATRIX}"


def test_weights_of_eight_bits_without_their_scales(folder: Make) -> None:
    """Nothing in config.json says so, and transformers casts them."""
    path = folder()
    weights = weights_of(path)
    weights[MATRIX] = weights[MATRIX].to(torch.float8_e4m3fn)
    rewrite(path, weights)
    said = refused(path)
    assert said.what == "weights of the encoder have at most 256 values, as quantized ones have"
    assert said.found == f"{path}: 1 of 13, for example {MATRIX}"
    assert "floating point" in said.fix


def test_weights_of_sixteen_bits_are_sound(folder: Make) -> None:
    path = folder()
    rewrite(path, {name: weight.bfloat16() for name, weight in weights_of(path).items()})
    checkpoint.load(path)


@pytest.mark.parametrize("method", ["bitsandbytes", "gptq"])
def test_a_quantized_model(folder: Make, method: str) -> None:
    path = folder()
    configure(path, quantization_config={"quant_method": method, "bits": 8})
    said = refused(path)
    assert said.what == "the model is quantized, which cannot be trained"
    assert method in said.found


def test_token_types_and_biases_may_be_zero(folder: Make) -> None:
    """As RoBERTa's and XLM-R's are, and those of a layer that was never trained."""
    path = folder()
    weights = weights_of(path)
    for name, weight in weights.items():
        if "token_type" in name or name.endswith("bias"):
            weight.zero_()
    rewrite(path, weights)
    assert not checkpoint.load_base(str(path), Hub(path)).model.embeddings.token_type_embeddings.weight.any()


# --- tokenizers


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("left", [[], ["tokenizer_config.json"]], ids=["none", "its configuration alone"])
def test_a_folder_without_a_tokenizer(folder: Make, kind: str, left: list[str]) -> None:
    path = folder(kind)
    for file in path.glob("*token*"):
        if file.name not in left:
            file.unlink()
    said = refused(path)
    assert re.fullmatch(rf"no tokenizer (that can be read )?in {path}", said.what)
    assert said.fix == "save it there: tokenizer.save_pretrained"


def test_a_tokenizer_with_more_pieces_than_the_model(folder: Make) -> None:
    path = folder()
    tokenizer = AutoTokenizer.from_pretrained(path)
    tokenizer.add_tokens(["<first>", "<second>"])
    tokenizer.save_pretrained(path)
    said = refused(path)
    assert said.what == "the tokenizer is larger than the model's embeddings"
    assert "'<second>' is piece 321 of a model with 320 vectors" in said.found


def test_a_model_of_images(folder: Make, tmp_path: Path) -> None:
    shutil.copytree(folder(), tmp_path / "vit")
    ViTModel(ViTConfig(hidden_size=32, image_size=32, **SMALL)).save_pretrained(tmp_path / "vit")
    assert refused(tmp_path / "vit").what == "the model does not read text"
