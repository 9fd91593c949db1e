"""Where the rows of a card come from: local files, a mirror or the hub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from spaces.card import Card, Source, Split
from spaces.errors import Failure, InputError, Problem
from trainables.data.files.file_split import FileSplit
from trainables.data.files.hub_split import HubSplit
from trainables.data.files.lfs_pointer import check_pointer
from trainables.data.files.mirror import BUILDERS, copies_of, files_of, mounted, names_in, other_kinds
from trainables.data.mini import suite_folder
from trainables.hub.hub import Hub

SourceSplit = FileSplit | HubSplit


def sources_of(card: Card, split: Split, language: str, hub: Hub, mirror: str | None) -> list[SourceSplit]:
    """What makes up a split, in order: of a card with parts, all their training rows.

    Args:
        hub: its cache is that of everything that is read.

    Raises:
        InputError: the card has no such split, or its files are not there.
        Failure: a suite is not built, the mirror cannot be read.
    """
    if card.parts:
        parts = [sources_of(part, split, part.training_language, hub, mirror) for part in card.parts]
        return [source for part in parts for source in part]
    names = card.splits.names(split)
    if not names:
        fix = "name the split as it is called at the source"
        raise InputError(Problem(f"the card has no {split} split", f"{card.name}.yaml: splits.{split}", fix=fix))
    return [_source(card, split, name, language, hub, mirror) for name in names]


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
            raise InputError(no_files(card, split, name, f"{mirror}/{below}", names_in(mirror, below) or None))
        return FileSplit(card, split, language, copies, cache)
    try:
        return FileSplit(card, split, language, _files(card, split, name, config, cache, local), cache)
    except OSError as error:  # a name that no folder can have, or no right to look
        found = f"{error.strerror}: {error.filename}"[:300]
        fix = "name a folder that can be read by whoever runs this"
        raise InputError(Problem("the data cannot be read", f"{card.name}.yaml: source", found, fix)) from error


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
        raise InputError(no_files(card, split, name, str(folder), there))
    others = [path.name for path in other_kinds(folder, name, files[0].suffix)] if source.files else []
    if others:
        found, fix = f"{files[0].name}, {', '.join(others)}", "keep the one that is meant"
        raise InputError(Problem(f"split {name!r} lies there in several kinds of files", str(folder), found, fix))
    pointers = [problem for path in files if (problem := check_pointer(path, f"{card.name}.yaml: source"))]
    if pointers:
        raise InputError(pointers)
    return files


def _folder_of(source: Source) -> Path:
    folder = Path(str(source.files))
    try:
        return folder.expanduser()
    except RuntimeError:  # `~name`, and nobody is called so
        return folder


def no_files(card: Card, split: Split, name: str, folder: str, there: Sequence[str] | None) -> Problem:
    """What is wrong where a split's files are missing; `there` is what the folder has, None if it is not there."""
    endings = "|".join(BUILDERS)
    if there is None:
        fix = f"{'the mirror' if card.source.hub else 'the source'} has to hold {name}.{endings} there"
        if card.source.suite:
            fix = "the suite has no such data set; if it was built before that came, delete its folder and launch again"
        return Problem("no such folder", f"{card.name}.yaml: source", folder, card.source.supply or fix)
    found = f"{folder} has: {', '.join(there[:20]) or 'nothing'}"
    fix = card.source.supply or f"{name}.{endings}"
    return Problem(f"no file for split {name!r}", f"{card.name}.yaml: splits.{split}", found, fix)


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
