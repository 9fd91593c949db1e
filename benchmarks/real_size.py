"""Real size: the memory that a stage takes with encoders of XLM-R's shape and random weights.

    python benchmarks/real_size.py [--size half|base|large] [--zero 0 1 2 3] [--workers N] [--frozen] [--mixture]

Each stage runs in processes of its own, as many as train together, on CPUs: two steps of 4 x 32 tokens. Prints a line
of JSON for each: the peak of the first process beside what libraries take, and what `memory_need` says. Base takes 6 to
11 GB in each process and about a minute for each line, `half` (135 M parameters) half of that: rows of docs/scale.md.

    python benchmarks/real_size.py --store [--size ...] [--frozen]

What it takes to store one encoder and to look it up again: bytes that pass through read and write, seconds. With
`--frozen` two encoders of one base whose embedding is the base's; and what both take on the disk.
"""

from __future__ import annotations

import argparse
import copy
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parent.parent))

SHAPES = {
    "half": (120_000, 768, 6, 12),
    "base": (250_002, 768, 12, 12),
    "large": (250_002, 1024, 24, 16),
}
"""Size -> pieces, width, layers, heads."""

ROWS, TOKENS = 4, 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", choices=SHAPES, default="base")
    parser.add_argument("--zero", type=int, nargs="+", default=[0, 1, 2, 3])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--frozen", action="store_true", help="embeddings are not trained")
    parser.add_argument("--mixture", action="store_true", help="the stage begins with an encoder that is not the base")
    parser.add_argument("--store", action="store_true", help="store an encoder instead, and look it up again")
    parser.add_argument("--rank", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--meeting", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.rank is not None:
        measure(asked)
        return
    if asked.store:
        measure_store(asked.size, asked.frozen)
        return
    for zero in asked.zero:
        with tempfile.TemporaryDirectory() as folder:
            options = ["--size", asked.size, "--zero", str(zero), "--workers", str(asked.workers)]
            options += [f"--{name}" for name in ("frozen", "mixture") if getattr(asked, name)]
            options += ["--meeting", (Path(folder) / "meeting").as_uri()]
            group = [
                subprocess.Popen([sys.executable, __file__, *options, "--rank", str(rank)])
                for rank in range(asked.workers)
            ]
            for process in group:
                process.wait()


def encoder_of(size: str) -> Any:
    """XLM-R with random weights and without a pooler."""
    from transformers import XLMRobertaConfig, XLMRobertaModel

    pieces, width, layers, heads = SHAPES[size]
    config = XLMRobertaConfig(
        vocab_size=pieces,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * width,
        max_position_embeddings=514,
        type_vocab_size=1,
    )
    return XLMRobertaModel(config, add_pooling_layer=False)


def measure_store(size: str, frozen: bool) -> None:
    """Store encoders as a worker does and look them up; prints a line of JSON for each step."""
    import torch

    from trainables.encoders import checkpoint
    from trainables.encoders.frozen_embedding import SharedWith
    from trainables.store.store import Store

    model = encoder_of(size)
    base = copy.deepcopy(model)
    if not frozen:
        with torch.no_grad():
            model.get_input_embeddings().get_parameter("weight").mul_(1.01)
    with tempfile.TemporaryDirectory(dir=".") as folder:
        store = Store(str(Path(folder, "store")), Path(folder, "cache"))

        def save(key: str) -> None:
            with store.staging() as staged:
                checkpoint.save_model(model, staged, shared=SharedWith(base, store.shared))
                store.put_encoder(key, staged, {})

        steps = [("store", save, "one"), ("store another", save, "two"), ("look up", store.encoder, "one")]
        for step, run, key in steps if frozen else [steps[0], steps[2]]:
            before, began = io_bytes(), time.monotonic()
            run(key)
            read, written = (now - then for now, then in zip(io_bytes(), before, strict=True))
            seconds = round(time.monotonic() - began, 1)
            print(json.dumps({"size": size, "step": step, "read": read, "written": written, "seconds": seconds}))
        inodes = {path.stat().st_ino: path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()}
        print(json.dumps({"size": size, "on disk": sum(inodes.values())}))


def io_bytes() -> tuple[int, int]:
    """What this process read and wrote so far, page cache included."""
    counters = psutil.Process().io_counters()
    return counters.read_chars, counters.write_chars


class Tokenizer:
    """As much of one as a batch of rows of equal length needs."""

    padding_side, pad_token_id = "right", 0

    def pad(self, features: list[dict[str, Any]], **how: Any) -> dict[str, Any]:
        import torch

        return {"input_ids": torch.tensor([feature["input_ids"] for feature in features])}


def measure(asked: argparse.Namespace) -> None:
    """Train one stage as one process of a group; the first one prints."""
    import numpy as np
    import torch
    from datasets import Dataset

    from search.checks.node_checks import LIBRARIES, memory_need
    from spaces.mixture import Mixture
    from tests.support.cards import card_of
    from trainables.training import engine, process
    from trainables.training.stage import StageSpec, train
    from trainables.work.plan import Plan
    from trainables.work.preparation import PreparationReport
    from trainables.work.settings import EngineSettings, StageSettings

    torch.set_num_threads(max(1, (psutil.cpu_count() or 1) // asked.workers))
    engine.join(asked.rank, asked.workers, process.find_meeting(asked.meeting, asked.workers), asked.meeting)
    own = psutil.Process()
    libraries, peak = own.memory_info().rss, [0]

    def sample() -> None:
        while True:
            peak[0] = max(peak[0], own.memory_info().rss)
            time.sleep(0.02)

    threading.Thread(target=sample, daemon=True).start()
    base = encoder_of(asked.size)
    parameters = sum(parameter.numel() for parameter in base.parameters())
    embeddings = base.get_input_embeddings().weight.numel()
    rows = np.random.default_rng(0).integers(5, 4000, (2 * ROWS, TOKENS)).tolist()
    features = Dataset.from_dict({"input_ids": rows, "label": [0, 1] * ROWS, "length": [TOKENS] * len(rows)})
    stage = StageSettings(examples=2 * ROWS, batch_size=ROWS, max_length=TOKENS, freeze_embeddings=asked.frozen)
    settings, cards = EngineSettings(zero=asked.zero[0]), {"rows": card_of("sentence_classification")}
    spec = StageSpec(asked.size, cards, Mixture.of({"rows": 1.0}), (2 * ROWS,), stage, settings, 1)
    start = copy.deepcopy(base) if asked.mixture else base
    began, encoder = time.monotonic(), copy.deepcopy(start)
    tokenizer: Any = Tokenizer()
    train(encoder, tokenizer, {"rows": features}, spec)
    plan = Plan(
        tasks=cards if asked.mixture else {},
        targets={},
        training_cards={},
        rungs=[1.0],
        intermediate=stage,
        target=stage,
        engine=settings,
        workers=asked.workers,
        store="",
        cache="",
    )
    need = memory_need(plan, PreparationReport(parameters=parameters, embeddings=embeddings))
    assert need is not None
    found = {
        "size": asked.size,
        "zero": settings.zero,
        "workers": asked.workers,
        "frozen": asked.frozen,
        "mixture": asked.mixture,
        "peak_gb": round((peak[0] - libraries) / 1e9, 2),
        "forecast_gb": round((need.host - LIBRARIES) / 1e9, 2),
        "after_gb": round((own.memory_info().rss - libraries) / 1e9, 2),
        "seconds": round(time.monotonic() - began, 1),
    }
    if asked.rank == 0:
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
