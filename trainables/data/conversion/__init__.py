"""Published files of data sets that the hub lacks -> files that a card reads: lines of JSON with canonical columns.

Each data set is read as its makers publish it, in a module of its own; where it comes from is in its card. No text of
it is shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from trainables.data.conversion import bucc2018, ccg, lareqa, mewslix

CONVERTERS: Mapping[str, Callable[[Path, Path], list[Path]]] = {
    "bucc2018": bucc2018.convert,
    "ccg": ccg.convert,
    "lareqa": lareqa.convert,
    "mewslix": mewslix.convert,
}
"""Name of a card -> what makes its files."""


def convert(name: str, source: Path, target: Path) -> list[Path]:
    """Write the data set `name` (a key of `CONVERTERS`) of the folder `source` below `target`; what was written.

    Raises:
        InputError: files are missing, with what should be there; or are not what they should be.
    """
    return CONVERTERS[name](source, target)
