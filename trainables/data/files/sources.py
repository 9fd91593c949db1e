"""Where the rows of a card come from: local files, a mirror or the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from spaces.card import Card, Source, Split
from spaces.card_files import splits_in
from spaces.errors import Failure, InputError, Problem, gather
from trainables.data.files.file_split import FileSplit
from trainables.data.files.hub_split import HubSplit
from trainables.data.files.lfs_pointer import check_pointer
from trainables.data.files.likely_split import NoSuchSplit, likely_split
from trainables.data.files.mirror import BUILDERS, copies_of, files_of, mounted, names_in, other_kinds
from trainables.data.mini import suite_folder
from trainables.hub.hub import Hub

SourceSplit = FileSplit | HubSplit

T = TypeVar("T")


def sources_of(card: Card, split: Split, language: str, hub: Hub, mirror: str | None) -> list[SourceSplit]:
    """What makes up a split, in order: of a card with parts, all their training rows.

    Args:
        hub: its cache is that of everything that is read.

    Raises:
        InputError: the card has no such split, or its files are not there.
        Failure: a suite is not built, the mirror cannot be read.
    """
    named = _named(card, split, language)
    return gather(partial(_source, part, split, name, of_part, hub, mirror) for part, name, of_part in named)


def read_each(
    card: Card, split: Split, language: str, hub: Hub, mirror: str | None, read: Callable[[SourceSplit], T]
) -> list[T]:
    """What `read` makes of each of `sources_of`.

    Raises:
        InputError: with the mistakes of all of them; of a split that is not there, also those of the one that was
            likely meant.
        Failure: as `sources_of`, or as `read`.
    """

    def of_one(part: Card, name: str, of_part: str) -> T:
        try:
            return read(_source(part, split, name, of_part, hub, mirror))
        except NoSuchSplit as error:
            problems = list(error.problems)
            if error.likely is not None:
                try:
                    read(_source(part, split, error.likely, of_part, hub, mirror))
                except InputError as of_that:
                    problems += of_that.problems
            raise InputError(problems) from error

    return gather(partial(of_one, *one) for one in _named(card, split, language))


def _named(card: Card, split: Split, language: str) -> list[tuple[Card, str, str]]:
    """The card that each source of a split is of, the source's name for it, and the language."""
    if card.parts:
        return [one for part in card.parts for one in _named(part, split, part.training_language)]
    names = card.splits.names(split)
    if not names:
        fix = "name the split as it is called at the source"
        raise InputError(Problem(f"the card has no {split} split", card.where(f"splits.{split}"), fix=fix))
    return [(card, name, language) for name in names]


def _source(card: Card, split: Split, name: str, language: str, hub: Hub, mirror: str | None) -> SourceSplit:
    """One split of the source."""
    source, config, cache = card.source, card.source.config_for(language), hub.cache
    if source.hub and mirror is None:
        return HubSplit(card, split, language, name, config, hub)
    local = mounted(mirror) if mirror is not None else None
    if source.hub and mirror is not None and local is None:
        below = "/".join(part for part in (source.hub, config) if part)
        copies = copies_of(mirror, below, name, cache)
        if not copies:
            raise no_files(card, split, name, f"{mirror}/{below}", names_in(mirror, below) or None)
        return FileSplit(card, split, language, copies, cache)
    try:
        return FileSplit(card, split, language, _files(card, split, name, config, cache, local), cache)
    except OSError as error:  # a name that no folder can have, or no right to look
        found = f"{error.strerror}: {error.filename}"[:300]
        fix = "name a folder that can be read by whoever runs this"
        raise InputError(Problem("the data cannot be read", card.where("source"), found, fix)) from error


def _files(card: Card, split: Split, name: str, config: str | None, cache: Path, local: Path | None) -> list[Path]:
    """The files of a split of a suite, of the card's own folder, or of a `local` mirror."""
    source = card.source
    if source.suite:
        suite = suite_folder(cache, source.suite)
        if not suite.is_dir():
            fix = "launch builds it at first use"
            raise Failure(Problem(f"the offline suite {source.suite!r} is not built", str(suite), fix=fix))
        folder = suite / "data" / str(source.path)
    else:
        folder = local / source.hub if local and source.hub else _folder_of(source)
    folder = folder / config if config else folder
    files = files_of(folder, name)
    if not files:
        there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else None
        likely = None if there is None else likely_split(card, split, name, splits_in(folder))
        raise no_files(card, split, name, str(folder), there, likely)
    others = [path.name for path in other_kinds(folder, name, files[0].suffix)] if source.files else []
    if others:
        found, fix = f"{files[0].name}, {', '.join(others)}", "keep the one that is meant"
        raise InputError(Problem(f"split {name!r} lies there in several kinds of files", str(folder), found, fix))
    pointers = [problem for path in files if (problem := check_pointer(path, card.where("source")))]
    if pointers:
        raise InputError(pointers)
    return files


def _folder_of(source: Source) -> Path:
    folder = Path(str(source.files))
    try:
        return folder.expanduser()
    except RuntimeError:  # `~name`, and nobody is called so
        return folder


def no_files(
    card: Card, split: Split, name: str, folder: str, there: Sequence[str] | None, likely: str | None = None
) -> InputError:
    """What is wrong where a split's files are missing.

    Args:
        there: what the folder has, None if it is not there.
        likely: the split there that was likely meant.
    """
    endings = "|".join(BUILDERS)
    if there is None:
        fix = f"name a folder beside the card, or its whole path, with a file for each split: {FILES}"
        if card.source.hub:
            fix = f"the mirror has to hold a file for each split there: {FILES}"
        if card.source.suite:
            fix = "the suite has no such data set; if it was built before that came, delete its folder and launch again"
        return InputError(Problem("no such folder", card.where("source"), folder, card.source.supply or fix))
    found = f"{folder} has: {', '.join(there[:20]) or 'nothing'}"
    fix = f"{name}.{endings}" if likely is None else f"name it {likely!r} as there, or bring {name}.{endings}"
    where = card.where(f"splits.{split}")
    return NoSuchSplit(Problem(f"no file for split {name!r}", where, found, card.source.supply or fix), likely)


FILES = "train.csv, dev.jsonl, ..."
"""Names of the files of a folder, as examples."""


def away(card: Card, mirror: str | None) -> Iterator[str]:
    """What of a card only the hub has, or whoever holds licensed files."""
    for source in (part.source for part in card.parts or (card,)):
        licensed = source.supply is not None and source.files is not None
        if (source.hub and mirror is None) or (licensed and not _is_there(_folder_of(source))):
            yield source.location


def _is_there(folder: Path) -> bool:
    try:
        return folder.exists()
    except OSError:  # a name that no folder can have
        return False
