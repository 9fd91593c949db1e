"""How far apart languages are, by their typology: cosine distances of URIEL's features (Littell et al. 2017).

The features come from the wheel of `lang2vec`, whose files are read where they lie: the package itself cannot be
imported without `pkg_resources`. Its data are under CC BY-SA 4.0; nothing of them is copied here.

Each file lists the languages in an order of its own, so a language is looked up in the file that its features are in.
"""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from spaces.errors import InputError, Problem, nearest

TypologyName = Literal["syntax", "inventory", "phonology", "family", "geography", "observed"]

_FILES: dict[TypologyName, tuple[str, str]] = {
    "syntax": ("feature_predictions.npz", "S_"),
    "inventory": ("feature_predictions.npz", "INV_"),
    "phonology": ("feature_predictions.npz", "P_"),
    "family": ("family_features.npz", ""),
    "geography": ("geocoord_features.npz", ""),
    "observed": ("feature_averages.npz", "S_"),
}
"""Typology -> file of the wheel, and what the names of its features begin with."""

OBSERVED_IN = {"syntax": "S_", "inventory": "INV_", "phonology": "P_", "observed": "S_"}
"""Typology -> prefix of the features that may have been predicted, where that is so."""

LOW_COVERAGE = 0.5
"""Below this share of features that both languages have observed, a distance is more guess than observation."""

REQUIREMENT = "lang2vec==1.1.2"


@dataclass(frozen=True)
class Typology:
    """One of URIEL's sets of features.

    Raises:
        InputError: `lang2vec` is not installed, or there is no set of that name.
    """

    name: TypologyName = "syntax"

    def __post_init__(self) -> None:
        if self.name not in get_args(TypologyName):
            known = get_args(TypologyName)
            raise InputError(Problem("unknown typology", "--typology", str(self.name), nearest(str(self.name), known)))
        _folder()

    def distance(self, one: str, other: str) -> float | None:
        """1 - cosine over the features that both have a value for, 0 for a language and itself; None: no such value.

        Args:
            one, other: codes of two or three letters; a region ("pt-BR", "zh_TW") does not count.
        """
        first, second = three_letters(one), three_letters(other)
        if first is None or second is None:
            return None
        left, right = self._features(first), self._features(second)
        if left is None or right is None:
            return None
        if first == second:
            return 0.0
        both = (left >= 0) & (right >= 0)
        norms = float(np.linalg.norm(left[both]) * np.linalg.norm(right[both]))
        if not norms:
            return None
        return float(np.clip(1 - left[both] @ right[both] / norms, 0.0, 2.0))

    def coverage(self, one: str, other: str) -> float | None:
        """Share of the features that somebody has observed in both languages; 1 where none is ever predicted.

        None: one of the languages is not known.
        """
        first, second = three_letters(one), three_letters(other)
        if first is None or second is None:
            return None
        prefix = OBSERVED_IN.get(self.name)
        if prefix is None:
            return 1.0
        left, right = _row("feature_averages.npz", prefix, first), _row("feature_averages.npz", prefix, second)
        if left is None or right is None:
            return 0.0
        return float(np.mean((left >= 0) & (right >= 0)))

    def _features(self, language: str) -> NDArray[np.float64] | None:
        """The features of a language, below 0 where there is no value; None where none has one."""
        row = _row(*_FILES[self.name], language)
        return row if row is not None and (row > 0).any() else None


def three_letters(language: str) -> str | None:
    """The code that URIEL has for a language, by lang2vec's own table; None: it has none."""
    bare = language.replace("_", "-").partition("-")[0].lower()
    if len(bare) == 2:
        return _codes().get(bare)
    return bare if len(bare) == 3 else None


@cache
def _folder() -> Path:
    """Where the wheel's files lie. Not by `find_spec`, which may find the wheel's script of that name."""
    try:
        folder = Path(str(importlib.metadata.distribution("lang2vec").locate_file("lang2vec/data")))
    except importlib.metadata.PackageNotFoundError:
        folder = None
    if folder is None or not folder.is_dir():
        raise InputError(
            Problem(
                "typology is read from a pip package that is not here",
                "distances between languages",
                "not installed: lang2vec",
                f'pip install "{REQUIREMENT}"',
            )
        )
    return folder


@cache
def _codes() -> dict[str, str]:
    codes: dict[str, str] = json.loads((_folder() / "letter_codes.json").read_text(encoding="utf-8"))
    return codes


@cache
def _table(file: str) -> tuple[dict[str, int], NDArray[np.str_], NDArray[Any]]:
    """Language -> row, the features' names, and the values (languages, features)."""
    with np.load(_folder() / file, allow_pickle=False) as archive:
        languages, names, values = archive["langs"], archive["feats"], archive["data"][:, :, 0]
    return {str(language): row for row, language in enumerate(languages)}, names, values


@cache
def _row(file: str, prefix: str, language: str) -> NDArray[np.float64] | None:
    rows, names, values = _table(file)
    if language not in rows:
        return None
    row: NDArray[np.float64] = values[rows[language], np.char.startswith(names, prefix)].astype(float)
    return row
