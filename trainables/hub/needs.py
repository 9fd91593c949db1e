"""What a search needs of the hub: which files, how many bytes of them are not here yet, and fetching them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from huggingface_hub.repocard import metadata_load

from spaces.byte_size import size
from spaces.repository import Repository
from trainables.hub.hub import Hub
from trainables.store.patience import telling_of_silence

TOLD_EVERY = 20.0
"""Seconds between two lines of a long download."""


@dataclass(frozen=True)
class Need:
    """What is needed of one repository.

    Args:
        files: how many.
        size: bytes of them.
        missing: bytes of those that are not in the cache.
        license: as its README says; None: it does not.
        is_gated: only those may read it whom its owners let in.
    """

    repository: Repository
    commit: str
    files: int
    size: int
    missing: int
    license: str | None
    is_gated: bool = False


@dataclass(frozen=True)
class Needs:
    """Files of the hub.

    Args:
        files: repository -> paths.
    """

    hub: Hub
    files: Mapping[Repository, Sequence[str]]

    @property
    def lines(self) -> list[Need]:
        """A line for each repository, by name."""
        missing = self.missing
        return [
            Need(
                repository=repository,
                commit=self.hub.commit(repository),
                files=len(self.files[repository]),
                size=self.size_of({repository: self.files[repository]}),
                missing=self.size_of({repository: missing.get(repository, [])}),
                license=_license_of(self.hub, repository),
                is_gated=repository in self.hub.gated,
            )
            for repository in sorted(self.files)
        ]

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
        count, total = sum(map(len, missing.values())), size(self.size_of(missing))
        most = f"{largest.id}, {size(self.size_of({largest: missing[largest]}))}"
        gated = sorted(repository.id for repository in missing if repository in self.hub.gated)
        gates = f"; gated, so with your token: {', '.join(gated)}" if gated else ""
        return f"{count} files, {total}, from {len(missing)} repositories of the hub (the most: {most}){gates}"

    def fetch(self) -> None:
        """Fetch what is not here, repositories side by side; raises as `Hub.fetch`."""
        missing = self.missing
        if not missing:
            return
        self.hub.say(f"fetching {self.describe()}")
        total = self.size_of(missing)

        def tell(seconds: float) -> None:
            left = {repository: self.hub.missing(repository, paths) for repository, paths in missing.items()}
            self.hub.say(f"fetched {size(total - self.size_of(left))} of {size(total)}; to come: {_named(left)}")

        with telling_of_silence(tell, TOLD_EVERY, TOLD_EVERY):
            self.hub.each(lambda repository: self.hub.fetch(repository, missing[repository]), sorted(missing))


def _license_of(hub: Hub, repository: Repository) -> str | None:
    if "README.md" not in hub.files(repository):
        return None
    license = (metadata_load(hub.fetch(repository, ["README.md"])[0]) or {}).get("license")
    return ", ".join(map(str, license)) if isinstance(license, list) else license


def _named(files: Mapping[Repository, Sequence[str]]) -> str:
    names = [repository.id for repository, paths in files.items() if paths]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
