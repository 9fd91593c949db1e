"""Whether the store's disk has room for the encoders that a search will write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cluster.node_report import free_bytes
from search.checks.check import HERE, Check
from search.config.workspace import Workspace
from search.forecast.estimate import WEIGHT_BYTES, Estimate
from spaces.byte_size import size
from trainables.work.preparation import PreparationReport

AT_LEAST = 2
"""Encoders that have to fit: one that is written beside one that is promoted."""

FIX = "taskmix gc, storage.max_gb, or storage.store on another disk"


@dataclass(frozen=True)
class DiskSpace:
    """Of a store in a folder.

    Args:
        free: bytes.
        encoder: bytes of one.
        needed: bytes of all that the search will write, as far as `storage.max_gb` lets it.
    """

    folder: str
    free: float
    encoder: float
    needed: float

    def check(self) -> Check:
        text = f"{size(self.free)} free for at most {size(self.needed)} of encoders, {size(self.encoder)} each"
        if self.free < AT_LEAST * self.encoder:
            return Check("disk", HERE, "failed", f"{self.folder}: {text}", FIX)
        return Check("disk", HERE, "ok", text)

    def shortage(self) -> Iterator[str]:
        """A line if not all of them will fit."""
        if self.free < self.needed:
            yield f"disk: {self.folder} has {size(self.free)} free; the search writes up to {size(self.needed)}: {FIX}"


def disk_space(workspace: Workspace, report: PreparationReport, work: Estimate) -> DiskSpace | None:
    """What is free for a search and what it needs; None where its store is elsewhere, or the model's size unknown."""
    if not workspace.store.is_local or report.parameters is None or work.disk is None:
        return None
    most = workspace.config.storage.max_gb
    needed = work.disk if most is None else min(work.disk, most * 1e9)
    folder = workspace.store_url.removeprefix("file://")
    encoder = report.parameters * WEIGHT_BYTES[workspace.config.storage.dtype]
    return DiskSpace(folder, free_bytes(Path(folder)), encoder, needed)
