"""A search of three recipes with XLM-R base at its real size, within 12 GB, undisturbed and with three deaths.

    python -m benchmarks.real_search FOLDER [--size half|base|large] [--gigabytes 12]

Once with `TASKMIX_HOME` FOLDER/undisturbed, once with FOLDER/killed, where everything that belongs to the search is
ended with SIGKILL three times: while an encoder is written, after half of the scores, after five sixths. The same
command is typed again each time. Both run in a control group with a limit of memory (Linux, root). The encoder has
random weights, the texts are those of the offline suite (examples/mini/requirements.txt). Prints a line of JSON for
each run, and whether the answers are the same.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.real_size import SHAPES, encoder_of

GROUPS = Path("/sys/fs/cgroup")

PEAKS = ("memory.peak", "memory.max_usage_in_bytes")
"""Of a control group, in its second and first version."""

SEARCH = """\
name: real
model: {model}
tasks: [book, crossref]
targets: [genres, verses]
space: {{max_tasks: 2, min_weight: 0.5, weight_step: 0.5}}
stages:
  intermediate: {{examples: 64, batch_size: 16, max_length: 64, learning_rate: 1.0e-5}}
  target: {{examples: 32, batch_size: 16, max_length: 64, learning_rate: 1.0e-5}}
evaluation: {{max_examples: 24}}
halving: {{rungs: [0.5, 1.0], eta: 2}}
budget: {{recipes: 3}}
start: {{mixtures: [book, crossref], priors: [], single_tasks: false, all_tasks: true}}
confirm: {{top: 1, seeds: 1}}
resources: {{cpus: 2}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", choices=SHAPES, default="base")
    parser.add_argument("--gigabytes", type=float, default=12.0)
    asked = parser.parse_args()
    folder = asked.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "search.yaml"
    file.write_text(SEARCH.format(model=write_model(asked.size, folder / f"xlm-r-{asked.size}")), encoding="utf-8")
    with limited(round(asked.gigabytes * 1e9)) as group:
        undisturbed = Run(file, folder / "undisturbed", group)
        undisturbed.launch()
        undisturbed.report()
        scores = undisturbed.scores
        killed = Run(file, folder / "killed", group)
        for is_time in (
            lambda: killed.is_writing,
            lambda: killed.scores >= scores / 2,
            lambda: killed.scores >= 2 * scores / 2,
        ):
            killed.launch(is_time)
        killed.launch()
        killed.report()
    print(json.dumps({"same answer": undisturbed.answer() == killed.answer()}))


def write_model(size: str, folder: Path) -> Path:
    """A folder as the hub has it: random weights, and the tokenizer of the offline suite."""
    import torch

    from search.config.workspace import cache_folder
    from trainables.data.mini.build import MODEL, build
    from trainables.encoders import checkpoint

    if not (folder / "model.safetensors").is_file():
        torch.manual_seed(1)
        suite = build(cache_folder(None), print)
        checkpoint.save(encoder_of(size), checkpoint.load(suite / "models" / MODEL).tokenizer, folder)
    return folder


@contextmanager
def limited(size: int) -> Iterator[Path]:
    """A control group whose processes may take so many bytes together, page cache included."""
    version_2 = (GROUPS / "cgroup.controllers").is_file()
    folder = (GROUPS if version_2 else GROUPS / "memory") / f"taskmix-real-{os.getpid()}"
    folder.mkdir()
    try:
        (folder / ("memory.max" if version_2 else "memory.limit_in_bytes")).write_text(str(size))
        yield folder
    finally:
        end_all(folder)
        folder.rmdir()


def end_all(group: Path) -> None:
    """SIGKILL for all processes of a group, as a machine that dies ends them."""
    while pids := (group / "cgroup.procs").read_text().split():
        for pid in map(int, pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


@dataclass
class Run:
    """A search that is launched until it is over; `deaths` counts how often it was ended before."""

    file: Path
    home: Path
    group: Path
    deaths: int = 0
    seconds: float = 0.0

    def launch(self, is_time: Callable[[], bool] | None = None) -> None:
        """Launch, and wait for the end; with `is_time`, for that, and end everything.

        Raises:
            RuntimeError: the launch failed, or was over before its time.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        if is_time and is_time():
            raise RuntimeError(f"more is over than was meant to be: {self.scores} scores")
        began = time.monotonic()
        command = f'echo $$ > {self.group}/cgroup.procs; exec "$@"'
        environment = {**os.environ, "TASKMIX_HOME": str(self.home)}
        with (self.home / "launch.log").open("a", encoding="utf-8") as log:
            launch = [sys.executable, "-m", "search", "launch", str(self.file)]
            process = subprocess.Popen(["sh", "-c", command, "sh", *launch], env=environment, stdout=log, stderr=log)
            while process.poll() is None and not (is_time and is_time()):
                time.sleep(0.02)
        self.seconds += time.monotonic() - began
        if (process.poll() is None) is not (is_time is not None) or process.poll():
            raise RuntimeError(f"the launch ended with {process.returncode}: see {self.home / 'launch.log'}")
        if is_time:
            self.deaths += 1
            end_all(self.group)
            process.wait(timeout=10)

    @property
    def scores(self) -> int:
        """How many are in the store."""
        return len(list(self.home.glob("store/scores/*.json")))

    @property
    def is_writing(self) -> bool:
        """Whether the weights of an encoder are on their way into the store."""
        return any(path.stat().st_size > 0 for path in self.home.glob("store/encoders/new-*/*.safetensors"))

    def ask(self, command: str) -> dict[str, Any]:
        """What a command answers about the search."""
        environment = {**os.environ, "TASKMIX_HOME": str(self.home)}
        asked = [sys.executable, "-m", "search", command, "real", "--format", "json"]
        answer: dict[str, Any] = json.loads(subprocess.run(asked, env=environment, check=True, stdout=-1).stdout)
        return answer

    def answer(self) -> Any:
        """The best mixes with their scores, without what they have cost."""
        compared = ("mix", "hyperparameters", "score", "spread", "languages", "seeds")
        return {
            target: (mixes["baseline"], [{name: mix.get(name) for name in compared} for mix in mixes["best"]])
            for target, mixes in self.ask("best")["targets"].items()
        }

    def report(self) -> None:
        """A line of JSON: seconds, work items, examples, the most memory that the group ever had."""
        peak = next(path for path in map(self.group.joinpath, PEAKS) if path.is_file())
        status = self.ask("status")
        said = {
            "run": self.home.name,
            "deaths": self.deaths,
            "seconds": round(self.seconds),
            "work_items": status["work_items"],
            "examples": status["examples"],
            "scores": self.scores,
            "peak_gb": round(int(peak.read_text()) / 1e9, 2),
            "halved": (self.home / "launch.log").read_text(encoding="utf-8").count("smaller batch"),
        }
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
