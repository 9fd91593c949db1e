"""A stored encoder's vocabulary is read without torch, and is the one that its tokenizer has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.encoders import Kit
from trainables.encoders import checkpoint
from trainables.encoders.vocabulary import vocabulary_in, vocabulary_of


@pytest.mark.parametrize("kind", ["bert", "xlm-r", "modernbert"])
def test_what_was_stored_has_the_same_vocabulary(kits: Callable[[str], Kit], tmp_path: Path, kind: str) -> None:
    tokenizer = kits(kind).tokenizer
    checkpoint.save_tokenizer(tokenizer, tmp_path)
    assert vocabulary_in(tmp_path) == vocabulary_of(tokenizer)


def test_other_pieces_are_another_vocabulary(kits: Callable[[str], Kit]) -> None:
    assert vocabulary_of(kits("bert").tokenizer) != vocabulary_of(kits("xlm-r").tokenizer)
