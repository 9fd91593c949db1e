"""Profile: what the base encoder makes of some rows of a card. The contract, without torch.

Profiles lie in the store under the digest of all that decides them, so that a second search, another machine and a
later version of a search find them there.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spaces.card import Card, Split
from spaces.digest import digest
from spaces.formats import FORMATS
from trainables.work.plan import Plan

VERSION = 1
"""Goes up when a profile of the same rows comes out otherwise."""

ROWS = 512
"""Texts of a profile at most."""

LENGTH = 128
"""Tokens of a text at most."""

TEXT_ROLES = {"text", "passage", "words", "choices"}
"""Types of columns that hold texts (`spaces.formats.ColumnType`)."""


@dataclass(frozen=True)
class ProfileRequest:
    """Rows to be profiled: those of a card's split in a language. Never of a test split."""

    card: Card
    split: Split
    language: str

    def __post_init__(self) -> None:
        assert self.split != "test", "the test split decides nothing"

    def __hash__(self) -> int:
        return hash((self.card.kind, self.card.name, self.split, self.language))

    def key(self, plan: Plan, model: str) -> str:
        """The store's key; one for each of a card's languages."""
        evaluation = plan.evaluation
        identity = self.card.identity
        if plan.is_pinned(self.card):  # as in `keys._identity`: the data's version says what is read
            for part in (identity, *identity["parts"]):
                part["source"]["revision"] = None
        return digest(
            {
                "version": VERSION,
                "model": plan.model_version or model,
                "card": identity,
                "data": plan.version_of(self.card),
                "split": self.split,
                "language": self.language,
                "rows": ROWS,
                "length": LENGTH,
                "pooling": evaluation.pooling,
                "layer": layer_of(plan),
            },
            length=32,
        )


@dataclass(frozen=True)
class Profile:
    """Texts as the base encoder sees them.

    Args:
        vectors: (texts, hidden size), not normalised.
        pieces: piece of the tokenizer -> how often it stands in the texts, special ones left out.
    """

    vectors: NDArray[np.float32]
    pieces: Mapping[int, int]

    def pack(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "shape": list(self.vectors.shape),
            "vectors": base64.b64encode(self.vectors.astype("<f4").tobytes()).decode(),
            "pieces": {str(piece): count for piece, count in self.pieces.items()},
        }

    @classmethod
    def unpack(cls, packed: Mapping[str, Any]) -> Profile:
        """What `pack` has made.

        Raises:
            KeyError, ValueError, TypeError: it is none.
        """
        raw = np.frombuffer(base64.b64decode(packed["vectors"]), dtype="<f4")
        pieces = {int(piece): int(count) for piece, count in packed["pieces"].items()}
        return cls(raw.reshape(packed["shape"]).astype(np.float32), pieces)

    def __add__(self, other: Profile) -> Profile:
        """Both together."""
        pieces = {
            piece: self.pieces.get(piece, 0) + other.pieces.get(piece, 0) for piece in {*self.pieces, *other.pieces}
        }
        return Profile(np.concatenate([self.vectors, other.vectors]), pieces)


def layer_of(plan: Plan) -> int | None:
    """The hidden state whose vectors count: as `evaluation.layer`; None: the last, also for `auto`."""
    return None if plan.evaluation.layer == "auto" else plan.evaluation.layer


def text_roles(request: ProfileRequest) -> list[str]:
    """The columns that hold texts in the request's language.

    Of a retrieval target's pairs the second alone: the first are English, or whatever else the card asks in.
    """
    spec = FORMATS[request.card.format]
    if request.card.kind == "target" and spec.contrastive:
        return ["text_b"]
    return [role for role, kind in spec.columns.items() if kind in TEXT_ROLES]


def requests_of_task(card: Card) -> list[ProfileRequest]:
    """The rows that stand for an intermediate task: its training rows."""
    return [ProfileRequest(card, "train", card.training_language)]


def requests_of_target(plan: Plan, target: str) -> list[ProfileRequest]:
    """The rows that stand for a target: what it is fine-tuned on, in that language; else its development rows."""
    card = plan.targets[target]
    if card.is_trained:
        return [ProfileRequest(each, "train", each.training_language) for each in plan.training_cards[target]]
    dev = plan.dev_card(target)
    return [ProfileRequest(dev, "dev", language) for language in dev.languages_of("dev")]
