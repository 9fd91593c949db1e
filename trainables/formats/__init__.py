"""Formats: how the examples of a kind of task become features, a head, a loss and a score.

One module per format, all with the protocol of `trainables.formats.base.Format`; each is declared by a row of
`spaces.formats.FORMATS`. `by_name` imports on demand.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from spaces.formats import FORMATS

if TYPE_CHECKING:
    from trainables.formats.base import Format


def by_name(name: str) -> Format:
    """The format of that name: module `trainables.formats.<name>`, which defines `FORMAT`."""
    if name not in FORMATS:
        raise KeyError(name)
    form: Format = import_module(f"trainables.formats.{name}").FORMAT
    return form
