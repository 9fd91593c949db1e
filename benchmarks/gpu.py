"""GPU: how fast a stage is trained, here, against a bare PyTorch loop and against transformers' Trainer.

    python benchmarks/gpu.py [--size base|small|tiny] [--rounds 3] [--formats ...] [--ways ...]

A random encoder of XLM-R's shape and made-up rows of the lengths that XTREME's have: nothing is downloaded. It needs
torch, transformers, scikit-learn and what they bring along; DeepSpeed may lie beside as its source (`--deepspeed
FOLDER`), and without accelerate the two ways of the Trainer are left out. Each round runs every way once, one after the
other, so that a machine that is busy is as busy for all. Lines of JSON: tokens per second (padding is none), also of
processor time, which says more on a busy machine without a GPU; how much is padding; the peak of the GPU's memory; how
many times as fast ours is as the others (`ours_against`). In the end, on a GPU, whether losses are those of the CPU.
"""

from __future__ import annotations

import argparse
import copy
import gc
import importlib.util
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent.parent))

SHAPES = {"base": (250_002, 768, 12, 12), "small": (4_000, 384, 4, 6), "tiny": (200, 32, 2, 2)}
"""Size -> pieces, width, layers, heads."""

LENGTHS = {"classification": (44.0, 0.45, 128), "tagging": (33.0, 0.55, 128), "span_qa": (215.0, 0.45, 384)}
"""Format -> median and spread (of the logarithm) of a row's tokens, and the most: as of MNLI, PAN-X and SQuAD."""

SWITCHES = ("no prefetch", "look at each loss", "no fused AdamW", "no padding to 8", "tf32", "compile")
"""What can be turned off, or on, on a GPU, one at a time."""

MOST_STEPS_APART = 5
"""Steps whose losses are compared with the CPU's."""


class Table:
    """Features in memory, read as a stage reads them. `began` is when the first batch was read: by the clock, and of
    processor time."""

    def __init__(self, columns: Mapping[str, list[Any]]) -> None:
        self.columns = columns
        self.began: tuple[float, float] | None = None

    def begin(self) -> None:
        self.began = self.began or (time.perf_counter(), time.process_time())

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self.columns[key]
        self.begin()
        return {name: [values[at] for at in key] for name, values in self.columns.items()}

    def __len__(self) -> int:
        return len(self.columns["length"])


class Tokenizer:
    """As much of one as padding needs."""

    pad_token_id = 1


@dataclass(frozen=True)
class Task:
    """What is trained: an encoder, made-up rows of one format, a stage."""

    encoder: Any
    card: Any
    features: Table
    spec: Any

    @property
    def tokens(self) -> int:
        """Of all examples of the stage, each row being read as often as any other."""
        return round(sum(self.features["length"]) / len(self.features) * self.spec.segments[-1])


@dataclass(frozen=True)
class Run:
    """One run of one way: seconds by the clock and of this process's processors, the share of padding, peak bytes."""

    seconds: float
    processor: float
    tokens: int
    padding: float | None = None
    peak: int | None = None


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", choices=SHAPES, default="base")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=24, help="of each run")
    parser.add_argument("--rows", type=int, default=32, help="of a batch")
    parser.add_argument("--formats", nargs="+", choices=LENGTHS, default=list(LENGTHS))
    parser.add_argument("--ways", nargs="+", help="those alone whose names begin so; default: all")
    parser.add_argument("--deepspeed", type=Path, help="folder with DeepSpeed's source")
    asked = parser.parse_args(arguments)
    if asked.deepspeed is not None:
        sys.path.insert(0, str(asked.deepspeed))
    import torch

    on_gpu = torch.cuda.is_available()
    name = torch.cuda.get_device_name() if on_gpu else "cpu"
    print(json.dumps({"device": name, "torch": torch.__version__, "size": asked.size, "batch": asked.rows}), flush=True)
    for form in asked.formats:
        task = make_task(form, asked.size, asked.steps, asked.rows)
        ways = {
            way: run
            for way, run in ways_of(on_gpu).items()
            if not asked.ways or any(way.startswith(begin) for begin in asked.ways)
        }
        runs: dict[str, list[Run]] = defaultdict(list)
        for run in ways.values():  # the first run of a process is slower
            run(shortened(task))
        for _ in range(asked.rounds):
            for way, run in ways.items():
                runs[way].append(run(task))
        for way, found in runs.items():
            print(json.dumps({"format": form, "way": way, **summary(found)}), flush=True)
        print(json.dumps({"format": form, "ours_against": against(runs)}), flush=True)
    if on_gpu:
        print(json.dumps({"losses_differ_at_most_from_cpu": losses_apart(asked.formats)}), flush=True)


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """The medians of the runs of one way."""
    found: dict[str, Any] = {
        "tokens_per_second": round(median(run.tokens / run.seconds for run in runs)),
        "per_processor_second": round(median(run.tokens / run.processor for run in runs)),
    }
    if runs[0].padding is not None:
        found["padding"] = round(runs[0].padding, 3)
    if runs[0].peak is not None:
        found["peak_gb"] = round(max(run.peak or 0 for run in runs) / 1e9, 2)
    return found


def against(runs: Mapping[str, Sequence[Run]]) -> dict[str, list[float]]:
    """Way -> how many times as fast ours is in its precision, by the clock and by processor time: medians of rounds."""
    ratios = {}
    for way, found in runs.items():
        kind, _, precision = way.partition(" ")
        ours = runs.get(f"ours {precision}")
        if kind == "ours" or ours is None:
            continue
        ratios[way] = [
            round(median(getattr(other, of) / getattr(own, of) for own, other in zip(ours, found, strict=True)), 2)
            for of in ("seconds", "processor")
        ]
    return ratios


def make_task(form: str, size: str, steps: int, rows: int, dropout: float = 0.1) -> Task:
    """An encoder and rows of one format, and a stage of so many steps."""
    from spaces.card import Card
    from spaces.mixture import Mixture
    from trainables.training.stage import StageSpec
    from trainables.work.settings import EngineSettings, StageSettings

    name = {"classification": "sentence_classification"}.get(form, form)
    labels = {"classification": ["a", "b", "c"], "tagging": ["O", "B-X", "I-X"]}.get(form, [])
    card = Card.model_validate(
        {
            "name": "rows",
            "kind": "task",
            "description": "made up",
            "format": name,
            "licence": "none",
            "origin": "made up",
            "source": {"files": "nowhere"},
            "labels": labels,
            "splits": {"train": "train"},
            "languages": ["en"],
        }
    )
    settings = StageSettings(examples=steps * rows, batch_size=rows, max_length=LENGTHS[form][2])
    engine = EngineSettings(precision="fp32")
    spec = StageSpec("random", {"rows": card}, Mixture.of({"rows": 1.0}), (steps * rows,), settings, engine, 1)
    return Task(encoder_of(size, dropout), card, features_of(form, SHAPES[size][0], steps * rows), spec)


def shortened(task: Task) -> Task:
    """Two steps of it."""
    return replace(task, spec=replace(task.spec, segments=(2 * task.spec.settings.batch_size,)))


def encoder_of(size: str, dropout: float) -> Any:
    """XLM-R with random weights and without a pooler."""
    import torch
    from transformers import XLMRobertaConfig, XLMRobertaModel

    pieces, width, layers, heads = SHAPES[size]
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=pieces,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * width,
        max_position_embeddings=514,
        type_vocab_size=1,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )
    return XLMRobertaModel(config, add_pooling_layer=False)


def features_of(form: str, pieces: int, count: int) -> Table:
    """Made-up features, as the format makes them of rows."""
    import numpy as np

    middle, spread, most = LENGTHS[form]
    rng = np.random.default_rng(0)
    lengths = np.clip(np.exp(rng.normal(np.log(middle), spread, count)).round(), 8, most).astype(int).tolist()
    columns: dict[str, list[Any]] = {
        "input_ids": [rng.integers(5, pieces, length).tolist() for length in lengths],
        "length": lengths,
    }
    if form == "classification":
        columns["label"] = rng.integers(0, 3, count).tolist()
    elif form == "tagging":
        columns["labels"] = [rng.integers(0, 3, length).tolist() for length in lengths]
        columns["words"] = [list(range(length)) for length in lengths]
    else:
        columns["begins"] = columns["ends"] = [[-1] * 5 + list(range(length - 5)) for length in lengths]
        columns["start"] = [int(rng.integers(5, length)) for length in lengths]
        columns["end"] = columns["start"]
    return Table(columns)


def ways_of(on_gpu: bool) -> dict[str, Callable[[Task], Run]]:
    """Name -> how a task is trained."""
    precisions = ["fp32", "bf16"] if on_gpu else ["fp32"]
    ways: dict[str, Callable[[Task], Run]] = {}
    for precision in precisions:
        if importlib.util.find_spec("deepspeed") is not None:
            ways[f"ours {precision}"] = with_ours(precision)
            if on_gpu:
                ways |= {f"ours {precision} zero {zero}": with_ours(precision, zero) for zero in (1, 2, 3)}
                ways |= {f"ours {precision} {switch}": with_ours(precision, switch=switch) for switch in SWITCHES}
        ways[f"bare {precision}"] = with_bare_loop(precision)
        if importlib.util.find_spec("accelerate") is not None:
            ways[f"trainer {precision}"] = with_trainer(precision, grouped=False)
            ways[f"grouped-trainer {precision}"] = with_trainer(precision, grouped=True)
    return ways


def with_ours(precision: str, zero: int = 0, switch: str = "") -> Callable[[Task], Run]:
    """A stage as a search trains it."""

    def run(task: Task) -> Run:
        from trainables.training import stage
        from trainables.work.settings import EngineSettings

        engine = EngineSettings(precision=precision, zero=zero)  # type: ignore[arg-type]
        spec, encoder = replace(task.spec, engine=engine), copy.deepcopy(task.encoder)
        with ExitStack() as stack:
            for change in turned(switch, encoder):
                stack.enter_context(change)
            return timed(
                task, lambda: stage.train(encoder, Tokenizer(), {"rows": task.features}, spec), padding_of(task)
            )

    return run


def turned(switch: str, encoder: Any) -> Iterator[AbstractContextManager[Any]]:
    """What one switch changes while a stage is trained."""
    import torch

    from trainables.formats import encoding
    from trainables.training import engine, stage

    if switch == "no prefetch":
        yield mock.patch.object(stage, "prepared", lambda make, count, where: map(make, range(count)))
    elif switch == "look at each loss":
        yield mock.patch.object(stage, "LOOK_EVERY", 1)
    elif switch == "no fused AdamW":
        plain = torch.optim.AdamW
        yield mock.patch.object(engine.torch.optim, "AdamW", lambda groups, fused: plain(groups))
    elif switch == "no padding to 8":
        yield mock.patch.object(encoding, "multiple", lambda: 1)
    elif switch == "tf32":
        yield tf32()
    elif switch == "compile":
        encoder.compile(dynamic=True)


@contextmanager
def tf32() -> Iterator[None]:
    """Within it a GPU multiplies matrices of fp32 with ten bits behind the point."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def with_bare_loop(precision: str) -> Callable[[Task], Run]:
    """The same batches in the shortest loop that does the same: loss, gradient, clipping, AdamW, learning rate."""

    def run(task: Task) -> Run:
        import torch
        from torch.nn.utils import clip_grad_norm_
        from transformers import get_linear_schedule_with_warmup

        from trainables.formats import by_name

        form, settings = by_name(task.card.format), task.spec.settings
        where = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        encoder = copy.deepcopy(task.encoder).to(where).train()
        head = form.head(encoder, task.card).to(where).train()
        batches = batches_of(task)
        parameters = [*encoder.parameters(), *head.parameters()]

        def loop() -> None:
            optimizer = torch.optim.AdamW(parameters, lr=settings.learning_rate, fused=True)
            schedule = get_linear_schedule_with_warmup(optimizer, len(batches) // 10, len(batches))
            for batch in batches:
                columns = task.features[list(batch.indices)]
                rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
                tensors = form.collate(rows, Tokenizer(), torch.Generator())  # type: ignore[arg-type]
                with torch.autocast(where.type, torch.bfloat16, enabled=precision == "bf16"):
                    loss = form.loss(encoder, head, {name: tensor.to(where) for name, tensor in tensors.items()})
                loss.backward()
                clip_grad_norm_(parameters, settings.clip)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()

        return timed(task, loop, padding_of(task))

    return run


def with_trainer(precision: str, grouped: bool) -> Callable[[Task], Run]:
    """transformers' Trainer on the same rows, in an order of its own, with its defaults."""

    def run(task: Task) -> Run:
        import torch
        from torch import nn
        from transformers import Trainer, TrainingArguments

        from trainables.formats import by_name

        form, settings = by_name(task.card.format), task.spec.settings
        encoder, padded = copy.deepcopy(task.encoder), [0, 0]

        class Model(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.encoder, self.head = encoder, form.head(encoder, task.card)

            def forward(self, **batch: Any) -> dict[str, Any]:
                return {"loss": form.loss(self.encoder, self.head, batch)}

        def collate(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
            task.features.begin()
            tensors = form.collate(rows, Tokenizer(), torch.Generator())  # type: ignore[arg-type]
            padded[0] += int(tensors["attention_mask"].sum())
            padded[1] += tensors["attention_mask"].numel()
            return tensors

        rows = [
            dict(zip(task.features.columns, values, strict=True))
            for values in zip(*task.features.columns.values(), strict=True)
        ]
        with tempfile.TemporaryDirectory() as folder:
            options = TrainingArguments(
                output_dir=folder,
                per_device_train_batch_size=settings.batch_size,
                max_steps=-(-task.spec.segments[-1] // settings.batch_size),
                learning_rate=settings.learning_rate,
                bf16=precision == "bf16",
                train_sampling_strategy="group_by_length" if grouped else "random",
                remove_unused_columns=False,
                save_strategy="no",
                logging_strategy="no",
                report_to=[],
                disable_tqdm=True,
            )
            trainer = Trainer(model=Model(), args=options, train_dataset=rows, data_collator=collate)  # type: ignore[arg-type]
            found = timed(task, trainer.train, None)
        return replace(found, tokens=padded[0], padding=1 - padded[0] / padded[1])

    return run


def batches_of(task: Task) -> Any:
    """The batches of the stage."""
    from spaces.digest import derive_seed
    from trainables.training.batches import plan_batches

    spec, lengths = task.spec, {"rows": task.features["length"]}
    return plan_batches(spec.mixture, lengths, spec.segments, spec.settings.batch_size, derive_seed(spec.seed, "data"))


def padding_of(task: Task) -> float:
    """The share of padding in the stage's batches."""
    from trainables.training.batches import padding_share

    return padding_share(batches_of(task), {"rows": task.features["length"]})


def timed(task: Task, run: Callable[[], Any], padding: float | None) -> Run:
    """Seconds from the first batch to the end, and the peak of the GPU's memory."""
    import torch

    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    task.features.began = None
    run()
    if on_gpu:
        torch.cuda.synchronize()
    assert task.features.began is not None, "a batch was read"
    seconds, processor = time.perf_counter() - task.features.began[0], time.process_time() - task.features.began[1]
    peak = torch.cuda.max_memory_allocated() if on_gpu else None
    gc.collect()
    return Run(seconds, processor, task.tokens, padding, peak)


def losses_apart(formats: Sequence[str]) -> dict[str, float]:
    """Format -> the largest relative difference between a stage's losses here and on the CPU, without dropout, fp32."""
    import torch

    from trainables.formats import encoding
    from trainables.training import stage

    apart = {}
    for form in formats:
        task = make_task(form, "small", MOST_STEPS_APART, 8, dropout=0.0)
        found = []
        for where in ("cuda", "cpu"):
            with ExitStack() as stack:
                stack.enter_context(mock.patch.object(encoding, "DROPOUT", 0.0))
                if where == "cpu":
                    found.append(losses_on_cpu(task))
                    continue
                encoder = copy.deepcopy(task.encoder)
                found.append(stage.train(encoder, Tokenizer(), {"rows": task.features}, task.spec).losses)  # type: ignore[arg-type]
        apart[form] = max(abs(here - there) / abs(there) for here, there in zip(*found, strict=True))
        torch.cuda.empty_cache()
    return apart


def losses_on_cpu(task: Task) -> list[float]:
    """The losses of the bare loop on the CPU, with the stage's own heads."""
    import torch
    from torch.nn.utils import clip_grad_norm_

    from trainables.formats import by_name
    from trainables.training.engine import learning_rate_factor

    form, settings, batches, losses = by_name(task.card.format), task.spec.settings, batches_of(task), []
    encoder = copy.deepcopy(task.encoder).train()
    torch.manual_seed(task.spec.stream("heads"))
    head = form.head(encoder, task.card)
    parameters = [*encoder.parameters(), *head.parameters()]
    groups = [
        {
            "params": [p for p in parameters if (p.ndim > 1) is many],
            "weight_decay": settings.weight_decay if many else 0.0,
        }
        for many in (True, False)
    ]
    optimizer = torch.optim.AdamW(groups, lr=settings.learning_rate)
    for step, batch in enumerate(batches):
        columns = task.features[list(batch.indices)]
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        loss = form.loss(encoder, head, form.collate(rows, Tokenizer(), torch.Generator()))  # type: ignore[arg-type]
        losses.append(loss.item())
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * learning_rate_factor(step, len(batches), settings)
        loss.backward()
        clip_grad_norm_(parameters, settings.clip)
        optimizer.step()
        optimizer.zero_grad()
    return losses


if __name__ == "__main__":
    main()
