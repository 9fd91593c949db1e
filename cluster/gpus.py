"""The GPUs of this machine as nvidia-smi shows them: no driver library is loaded, no memory of them taken."""

from __future__ import annotations

import csv
import subprocess
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20


@dataclass(frozen=True)
class Gpu:
    """A GPU as nvidia-smi shows it.

    Args:
        total, used: bytes of its memory; None where it has none of its own, or is cut into parts (MIG).
        used_by: a text for each process on it, where nvidia-smi may see them.
    """

    index: int
    name: str
    total: int | None
    used: int | None
    used_by: tuple[str, ...] = ()


def list_gpus() -> tuple[Gpu, ...]:
    """All GPUs of this machine.

    Raises:
        OSError, subprocess.SubprocessError, ValueError: nvidia-smi is not there, fails or says something else.
    """
    devices = _nvidia_smi("--query-gpu=index,uuid,name,memory.total,memory.used")
    return parse_gpus(devices, _nvidia_smi("--query-compute-apps=gpu_uuid,pid,process_name,used_memory"))


def _nvidia_smi(query: str) -> str:
    command = ["nvidia-smi", query, "--format=csv,noheader,nounits"]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout


def parse_gpus(devices: str, processes: str) -> tuple[Gpu, ...]:
    """Reads GPUs from nvidia-smi's CSV without header and units.

    Args:
        devices: lines "index, uuid, name, MiB in all, MiB used".
        processes: lines "uuid of the GPU, process id, name, MiB used"; "[N/A]" where the system does not say.

    Raises:
        ValueError: a line is not like that.
    """
    used_by: dict[str, list[str]] = {}
    for gpu, process, name, used in _rows(processes, 4):
        text = f"process {process} ({Path(name).name})" + (f" {used} MiB" if used.isdigit() else "")
        used_by.setdefault(gpu, []).append(text)
    return tuple(
        Gpu(int(index), name, _bytes(total), _bytes(used), tuple(used_by.get(identity, ())))
        for index, identity, name, total, used in _rows(devices, 5)
    )


def _bytes(text: str) -> int | None:
    return int(text) * MIB if text.isdigit() else None


def _rows(text: str, columns: int) -> list[list[str]]:
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines()) if row]
    if any(len(row) != columns for row in rows):
        raise ValueError(f"nvidia-smi said something else: {text.strip().splitlines()[0]}")
    return rows
