"""How often the README's first search convinces: `python -m benchmarks.first_search FOLDER` (8 idle minutes a seed).

`examples/mini/search.yaml` is launched with seeds that have no further seed in common, so that no score is shared.
What is over is not run again. Printed is a table of the answers, and in how many runs at least two of the three targets
have a mix that beats the baseline with a probability above .95.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from search.answers.mixes import BestMixes, TargetMixes
from search.statistics.gain import LEVEL
from spaces.parsing import read_yaml, to_yaml

FILE = Path(__file__).parents[1] / "examples" / "mini" / "search.yaml"

APART = 10
"""Between two seeds: more than `confirm` asks for."""


def write_searches(folder: Path, runs: int) -> list[Path]:
    """A search file for each run, with a name and a seed of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for run in range(runs):
        content = {**read_yaml(FILE), "name": f"mini-{run + 1}", "seed": 1 + APART * run}
        files.append(folder / f"{content['name']}.yaml")
        files[-1].write_text(to_yaml(content), encoding="utf-8")
    return files


def is_sure(mixes: TargetMixes) -> bool:
    """Whether a target's best mix beats the baseline with a probability above .95."""
    claim = mixes.best[0].claim if mixes.best else None
    return bool(mixes.beats_baseline) and claim is not None and (claim.probability or 0.0) > LEVEL


def table(answers: Mapping[str, BestMixes]) -> Iterator[str]:
    """Markdown: a row per run and target, then the count."""
    yield "| run | target | best mix | test gain in points | probability | second |"
    yield "|---|---|---|---|---|---|"
    for run, answer in answers.items():
        for target, mixes in answer.targets.items():
            claim = mixes.best[0].claim if mixes.best else None
            gain = "" if claim is None else f"{100 * claim.mean:+.1f}"
            if claim is not None and claim.low is not None and claim.high is not None:
                gain += f" ({100 * claim.low:+.1f} to {100 * claim.high:+.1f})"
            sure = "" if claim is None or claim.probability is None else f"{claim.probability:.3f}"
            second = mixes.best[1].mix if len(mixes.best) > 1 else ""
            yield f"| {run} | {target} | {mixes.best_mix} | {gain} | {sure} | {second} |"
    convincing = sum(sum(map(is_sure, answer.targets.values())) >= 2 for answer in answers.values())
    yield ""
    yield f"at least two targets with a probability above {LEVEL:g} in {convincing} of {len(answers)} runs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    os.environ["TASKMIX_HOME"] = str(options.folder.resolve() / "home")
    files = write_searches(options.folder, options.runs)
    for file in files:
        subprocess.run([sys.executable, "-m", "search", "launch", str(file)], check=True)
    import taskmix

    print("\n".join(table({file.stem: taskmix.best(file.stem) for file in files})))


if __name__ == "__main__":
    main()
