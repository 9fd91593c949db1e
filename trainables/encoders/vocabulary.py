"""The vocabulary of an encoder: which piece of text each of its embeddings stands for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from spaces.digest import digest

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def vocabulary_of(tokenizer: PreTrainedTokenizerBase) -> str:
    """Digest of the pieces and their numbers."""
    return _digest_of(tokenizer.get_vocab())


def vocabulary_in(folder: Path) -> str:
    """The same of a folder with a stored encoder, without torch."""
    from tokenizers import Tokenizer

    return _digest_of(Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab())


def _digest_of(numbers: Mapping[str, int]) -> str:
    return digest(sorted(numbers.items()), length=32)
