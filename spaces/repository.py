"""A repository of the hub, as a card or a search file names it. No client of the hub is imported here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

RepositoryType = Literal["dataset", "model"]

SUITE_PREFIX = "suite:"
"""``suite:mini/mini-e5`` is the model ``mini-e5`` of the offline suite ``mini``."""

COMMIT = re.compile(r"[0-9a-f]{40}")
"""A revision that cannot move."""


@dataclass(frozen=True, order=True)
class Repository:
    """A repository and the revision that is asked for.

    Args:
        revision: a branch, tag or commit; None: the default branch.
    """

    type: RepositoryType
    id: str
    revision: str | None = None

    @classmethod
    def of_model(cls, name: str) -> Repository | None:
        """The repository of a model's name, `id` or `id@revision`; None where it is a suite's, or a folder."""
        if name.startswith(SUITE_PREFIX) or is_folder(name):
            return None
        id, _, revision = name.partition("@")
        return cls("model", id, revision or None)

    @classmethod
    def parse(cls, text: str) -> Repository:
        """The repository that `str` is of."""
        type, _, name = text.partition("s/")
        id, _, revision = name.partition("@")
        return cls("model" if type == "model" else "dataset", id, revision or None)

    @property
    def name(self) -> str:
        """As it is written in a search file, `id` or `id@revision`."""
        return f"{self.id}@{self.revision}" if self.revision else self.id

    def __str__(self) -> str:
        """As a key, other for a data set than for a model of the same name."""
        return f"{self.type}s/{self.name}"


def is_folder(model: str) -> bool:
    """Whether a model's name is a folder, there or not: nothing but how it is written tells a path from a hub id."""
    return model.startswith(("/", ".", "~")) or Path(model).exists()
