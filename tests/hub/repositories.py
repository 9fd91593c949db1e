"""Repositories as the hub has them: commits that hold files, branches that point at commits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import yaml

Kind = Literal["dataset", "model"]

LFS = (".parquet", ".safetensors", ".bin", ".model", ".gz", ".zip", ".arrow", ".h5")
"""Endings of files whose content lies in LFS: the hub knows their SHA-256 and sends on to another host for them."""


@dataclass(frozen=True)
class Blob:
    """The content of a file."""

    content: bytes
    is_lfs: bool

    @property
    def size(self) -> int:
        return len(self.content)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def oid(self) -> str:
        """Git's id of it; of what lies in LFS, the id of the pointer."""
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {self.size}\n".encode()
        content = pointer if self.is_lfs else self.content
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.is_lfs else self.oid


Files = Mapping[str, Blob]


@dataclass
class Repository:
    """A data set or a model.

    Args:
        gated: as the hub says it; the list of files stays public, the files do not.
        is_private: not there, for whom it is not meant.
        readers: tokens that may read it all the same.
        is_deleted: not there for anyone.
    """

    kind: Kind
    id: str
    gated: Literal[False, "auto", "manual"] = False
    is_private: bool = False
    readers: set[str] = field(default_factory=set)
    is_deleted: bool = False
    commits: dict[str, Files] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)

    def commit(self, files: Mapping[str, bytes | str | None], branch: str = "main") -> str:
        """A new commit on a branch: its files with these changes, None for one that goes. Returns the commit's id."""
        there = dict(self.commits.get(self.branches.get(branch, ""), {}))
        for path, content in files.items():
            there.pop(path, None)
            if content is not None:
                there[path] = Blob(content.encode() if isinstance(content, str) else content, path.endswith(LFS))
        tree = [self.kind, self.id, str(len(self.commits)), *(f"{path} {there[path].oid}" for path in sorted(there))]
        commit = hashlib.sha1("\n".join(tree).encode()).hexdigest()
        self.commits[commit] = dict(sorted(there.items()))
        self.move(commit, branch)
        return commit

    def move(self, commit: str, branch: str = "main") -> None:
        """Let a branch point at another commit, which exists."""
        assert commit in self.commits
        self.branches[branch] = commit

    @property
    def main(self) -> str:
        """The commit that main is at."""
        return self.branches["main"]

    def find(self, revision: str | None) -> str | None:
        """The commit of a branch, or of the beginning of its id; None where there is none."""
        name = revision or "main"
        if name in self.branches:
            return self.branches[name]
        return next((commit for commit in self.commits if len(name) >= 7 and commit.startswith(name)), None)

    def files(self, revision: str | None = None) -> Files:
        """Path -> content at a revision, which exists."""
        return self.commits[self.find(revision) or ""]

    def card(self, commit: str) -> dict[str, object]:
        """The YAML of its README."""
        readme = self.commits[commit].get("README.md")
        parts = readme.content.decode().split("---\n", 2) if readme else []
        return dict(yaml.safe_load(parts[1]) or {}) if len(parts) == 3 and not parts[0] else {}


def folders_of(files: Files) -> Iterator[str]:
    """Every folder that files lie in."""
    seen: set[str] = set()
    for path in files:
        parts = path.split("/")[:-1]
        for end in range(1, len(parts) + 1):
            folder = "/".join(parts[:end])
            if folder not in seen:
                seen.add(folder)
                yield folder
