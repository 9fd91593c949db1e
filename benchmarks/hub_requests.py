"""How often `taskmix plan` asks the hub, and how long it waits: a cold and a warm start, at the tests' stand-in.

    python -m benchmarks.hub_requests examples/xtreme/search.yaml [--latency 0.3] [--lfs]

The stand-in has every data set that a built-in card names, some rows a split, and a small model with XLM-R's name. Its
large files lie in Xet, as most of the real hub's: `api` and `resolve` are asked of the hub, `xet` is what a file is
made of, `cdn` are the downloads.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from spaces.catalogue import Catalogue
from tests.hub import benchmarks, models
from tests.hub.server import Hub


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer; default: none")
    parser.add_argument("--lfs", action="store_true", help="the large files come by HTTPS, as from a mirror")
    options = parser.parse_args()
    with TemporaryDirectory() as scratch, Hub() as hub:
        catalogue = Catalogue.load([])
        published = benchmarks.publish(hub, [*catalogue.tasks.values(), *catalogue.targets.values()])
        models.publish(hub)
        hub.latency, hub.answers.has_xet = options.latency, not options.lfs
        print(f"{len(published)} data sets, {options.latency * 1000:.0f} ms an answer")
        for start in ("cold", "warm"):
            hub.forget()
            began = time.monotonic()
            run_plan(hub, options.file, Path(scratch))
            counts = ", ".join(f"{count} {kind}" for kind, count in sorted(hub.counts.items()))
            total, size = len(hub.requests), sum(hub.bytes.values())
            print(f"{start}: {total} requests ({counts}), {size / 1e6:.1f} MB, {time.monotonic() - began:.0f} s in all")


def run_plan(hub: Hub, file: Path, folder: Path) -> None:
    """In a process of its own, with the folder's caches; ends this one if it fails."""
    of_ours = {"TASKMIX_HOME": str(folder / "searches"), "TASKMIX_CACHE": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "-m", "search", "plan", str(file)],
        env=hub.environment(folder / "hf") | of_ours,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


if __name__ == "__main__":
    main()
