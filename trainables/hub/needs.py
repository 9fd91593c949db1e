"""What a search needs of the hub: which files, how many bytes of them are not here yet, and fetching them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from spaces.repository import Repository
from trainables.hub.hub import Hub

TOLD_EVERY = 20.0
"""Seconds between two lines of a long download."""


@dataclass(frozen=True)
class Needs:
    """Files of the hub.

    Args:
        files: repository -> paths.
    """

    hub: Hub
    files: Mapping[Repository, Sequence[str]]

    @property
    def missing(self) -> dict[Repository, list[str]]:
        """Those that are not in the cache."""
        missing = {repository: self.hub.missing(repository, paths) for repository, paths in self.files.items()}
        return {repository: paths for repository, paths in missing.items() if paths}

    def size_of(self, files: Mapping[Repository, Sequence[str]]) -> int:
        """Bytes of files, as the hub says."""
        return sum(self.hub.files(repository)[path].size for repository, paths in files.items() for path in paths)

    def describe(self) -> str:
        """What would be fetched, in a line."""
        missing = self.missing
        if not missing:
            return f"all {sum(map(len, self.files.values()))} files that are needed of the hub are here"
        largest = max(missing, key=lambda repository: self.size_of({repository: missing[repository]}))
        size = self.size_of(missing)
        of_one = self.size_of({largest: missing[largest]})
        return (
            f"{sum(map(len, missing.values()))} files, {gigabytes(size)}, from {len(missing)} repositories of the hub"
            f" (the most: {largest.id}, {gigabytes(of_one)})"
        )

    def fetch(self) -> None:
        """Fetch what is not here, repositories side by side; raises as `Hub.fetch`."""
        missing = self.missing
        if not missing:
            return
        self.hub.say(f"fetching {self.describe()}")
        with self._telling(missing):
            self.hub.each(lambda repository: self.hub.fetch(repository, missing[repository]), sorted(missing))

    @contextmanager
    def _telling(self, files: Mapping[Repository, Sequence[str]]) -> Iterator[None]:
        """Says now and then how much of it is there."""
        over, total = threading.Event(), self.size_of(files)

        def tell() -> None:
            while not over.wait(TOLD_EVERY):
                left = {repository: self.hub.missing(repository, paths) for repository, paths in files.items()}
                here = total - self.size_of(left)
                self.hub.say(f"fetched {gigabytes(here)} of {gigabytes(total)}; to come: {_named(left)}")

        teller = threading.Thread(target=tell, daemon=True)
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join()


def gigabytes(size: int) -> str:
    """A size for people."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def _named(files: Mapping[Repository, Sequence[str]]) -> str:
    names = [repository.id for repository, paths in files.items() if paths]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
