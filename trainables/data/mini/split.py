"""Which part of the suite a text belongs to, decided once by a digest of its name.

A digest rather than a shuffle, so that nothing that is added or dropped elsewhere moves a text from one part to
another, and two processes agree without talking.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping

SEED = "mini-v1"

_WORD = re.compile(r"\w+")


def fraction(*name: object) -> float:
    """A number in [0, 1) that depends on the name alone."""
    digest = hashlib.sha256("/".join([SEED, *map(str, name)]).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def part(shares: Mapping[str, float], *name: object) -> str:
    """The part that the named text falls into; shares are taken in order and sum to 1."""
    at = fraction(*name)
    for candidate, share in shares.items():
        at -= share
        if at < 0:
            return candidate
    return candidate


def dice(*name: object) -> random.Random:
    """A random generator that depends on the name alone."""
    return random.Random("/".join([SEED, *map(str, name)]))


def bare(text: str) -> str:
    """The text without case and punctuation: two texts with the same bare form count as one sentence."""
    return " ".join(_WORD.findall(text.casefold()))
