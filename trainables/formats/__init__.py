"""Formats: how the examples of a kind of task become features, a head, a loss and a score.

One module per format, all with the protocol of `trainables.formats.base.Format`. `by_name` imports on demand.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from spaces.formats import FORMAT_ROLES

if TYPE_CHECKING:
    from trainables.formats.base import Format


def by_name(name: str) -> Format:
    """The format of that name: module `trainables.formats.<name>`, which defines `FORMAT`."""
    if name not in FORMAT_ROLES:
        raise KeyError(name)
    found: Format = import_module(f"trainables.formats.{name}").FORMAT
    return found
