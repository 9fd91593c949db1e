"""A stage: one fine-tuning run of a shared encoder with a head per task. Progress is counted in examples seen.

It runs in one process or in every worker of a group. Each step's batch is cut into micro-batches (on a CPU of about as
many tokens as its caches hold, which also saves padding), which are dealt to the workers in turn. What is computed does
not depend on how many workers there are, nor, beyond dropout and masking, on the size of the micro-batches: randomness
belongs to a micro-batch, and each counts by the labels in it. Retrieval alone learns from the other rows of its
micro-batch, so there the size counts.

Nothing but torch, transformers, scikit-learn and DeepSpeed (and what these bring along, pydantic for one) is imported
here: a stage can be measured where neither `datasets` nor Ray is installed.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, overload

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from spaces.card import Card
from spaces.digest import derive_seed
from spaces.formats import FORMATS
from spaces.mixture import Mixture
from trainables.formats import by_name
from trainables.formats.base import IGNORED
from trainables.formats.encoding import CPU_TOKENS
from trainables.training.batches import TaskBatch, cut, plan_batches
from trainables.training.engine import begin_step, gather, training_engine
from trainables.training.prefetch import onto, prepared
from trainables.training.process import device, rank, sum_over_workers, world_size
from trainables.work.failures import Diverged, needed_for_any_batch
from trainables.work.settings import EngineSettings, HeadKind, StageSettings

REPORT_EVERY = 5.0
"""Seconds between two reports of a running stage."""


LOOK_EVERY = 32
"""Steps between two looks at the losses where a look has to wait for the device."""


class Features(Protocol):
    """The features of a task's training rows, read as a `datasets.Dataset`: one column, or some rows of all columns.

    There is a column ``length``: the tokens of each row's feature.
    """

    @overload
    def __getitem__(self, key: str) -> Sequence[Any]: ...

    @overload
    def __getitem__(self, key: list[int]) -> Mapping[str, Sequence[Any]]: ...


@dataclass(frozen=True)
class StageSpec:
    """A stage as values: all that a worker has to know to take part in it.

    Args:
        model: name of the base encoder, which tells the architecture and the tokenizer.
        cards: of every task of `mixture`.
        segments: examples of each segment; the last one is trained, earlier ones decide which examples come next.
        seed: decides heads, dropout, masking and the order of the examples.
    """

    model: str
    cards: Mapping[str, Card]
    mixture: Mixture
    segments: tuple[int, ...]
    settings: StageSettings
    engine: EngineSettings
    seed: int

    def with_micro_batch(self, size: int) -> StageSpec:
        """The same stage in forward passes of at most `size` examples."""
        return replace(self, settings=self.settings.model_copy(update={"micro_batch": size}))

    def stream(self, *parts: Any) -> int:
        """The seed of one stream of random numbers of this segment."""
        return derive_seed(self.seed, *parts, len(self.segments))


@dataclass
class StageResult:
    """What a stage leaves beside the trained encoder.

    Args:
        heads: of each task, trained.
        examples: that were seen.
        seconds: from the first batch to the last.
        losses: of each optimiser step, the mean over its batch.
    """

    heads: dict[str, nn.Module]
    examples: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)


class _MultiTask(nn.Module):
    """The shared encoder and a head per task, a given one or a new one; `forward` is the loss of one task's batch."""

    def __init__(
        self,
        encoder: PreTrainedModel,
        cards: Mapping[str, Card],
        head: HeadKind,
        given: Mapping[str, nn.Module] | None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.names = {task: f"head_{number}" for number, task in enumerate(sorted(cards))}
        self.formats = {task: by_name(card.format) for task, card in cards.items()}
        heads = given or {task: self.formats[task].new_head(encoder, cards[task], head) for task in sorted(cards)}
        self.heads = nn.ModuleDict({name: heads[task] for task, name in self.names.items()})

    def forward(self, task: str, batch: dict[str, Tensor]) -> Tensor:
        return self.formats[task].loss(self.encoder, self.heads[self.names[task]], batch)


def train(
    encoder: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    features: Mapping[str, Features],
    spec: StageSpec,
    heads: Mapping[str, nn.Module] | None = None,
    report: Callable[[int], None] = lambda examples: None,
) -> StageResult:
    """Train `encoder` in place.

    In a group every worker calls it with the same `spec`. All begin with the encoder and the heads of rank 0, and its
    own are the ones that count in the end: only rank 0 has to be given heads.

    Args:
        features: of every task of the mixture.
        heads: of every task of the mixture, trained in place; None: new ones.
        report: told the examples seen so far, every `REPORT_EVERY` seconds; training waits for it.

    Raises:
        Diverged: the loss became infinite or not a number; in a group all workers raise it.
    """
    settings = spec.settings
    torch.manual_seed(spec.stream("heads"))
    encoder.get_input_embeddings().requires_grad_(not settings.freeze_embeddings)
    model = _MultiTask(encoder, spec.cards, settings.head, heads)
    # ZeRO 3 takes apart what it trains, and never quite puts it together again: it gets a copy
    trained = (copy.deepcopy(model) if spec.engine.zero == 3 else model).to(device())
    lengths = {task: features[task]["length"][:] for task in spec.mixture.tasks}
    batches = plan_batches(spec.mixture, lengths, spec.segments, settings.batch_size, derive_seed(spec.seed, "data"))
    result = StageResult(heads={task: model.heads[name] for task, name in model.names.items()})
    started = reported = time.monotonic()
    with training_engine(trained, trained.encoder, trained.heads, settings, spec.engine, len(batches)) as engine:
        trained.train()
        losses = _Losses([batch.task for batch in batches], wait=device().type == "cpu")

        def prepare(step: int) -> list[_MicroBatch]:
            task = batches[step].task
            return _collate(trained, batches[step], step, features[task], lengths[task], tokenizer, spec)

        for batch, parts in zip(batches, prepared(prepare, len(batches), device()), strict=True):
            losses.add(_step(engine, trained, batch.task, parts, spec))
            result.examples += len(batch.indices)
            if time.monotonic() - reported > REPORT_EVERY:
                reported = time.monotonic()
                report(result.examples)
        result.losses = losses.values()
        if trained is not model:
            gather(trained.parameters(), model.parameters())
    model.to(device())
    result.seconds = time.monotonic() - started
    return result


def state_size(model: nn.Module, frozen: bool) -> int:
    """Bytes of a model, its gradients and Adam's moments in one process, all in fp32.

    Args:
        frozen: its input embeddings are not trained.
    """
    encoder = model.encoder if isinstance(model, _MultiTask) else model
    sizes = {id(part): getattr(part, "ds_numel", part.numel()) for part in model.parameters()}  # of ZeRO 3, whole
    embeddings = sizes[id(encoder.get_input_embeddings().weight)] if frozen else 0  # type: ignore[operator]
    return 4 * (4 * sum(sizes.values()) - 3 * embeddings)


@dataclass
class _MicroBatch:
    """What goes through the model at once: tensors on the device, the labels that count, the seed of its dropout."""

    tensors: dict[str, Tensor]
    labels: int
    seed: int


class _Losses:
    """The mean losses of the steps so far, which stay on the device: to look at them is to wait for it.

    Args:
        tasks: of all steps.
        wait: look at each at once; else every `LOOK_EVERY` steps, in all workers of a group at the same one, since
            those that go on would wait for one that does not.
    """

    def __init__(self, tasks: Sequence[str], wait: bool) -> None:
        self._tasks, self._every = tasks, 1 if wait else LOOK_EVERY
        self._new: list[Tensor] = []
        self._seen: list[float] = []

    def add(self, loss: Tensor) -> None:
        """The loss of the next step.

        Raises:
            Diverged: one that is looked at is infinite or not a number.
        """
        self._new.append(loss)
        if len(self._new) >= self._every:
            self._look()

    def values(self) -> list[float]:
        """All of them; raises as `add`."""
        self._look()
        return self._seen

    def _look(self) -> None:
        found = torch.stack(self._new).tolist() if self._new else []
        for loss in found:
            if not math.isfinite(loss):
                raise Diverged(f"the loss of task {self._tasks[len(self._seen)]!r} is {loss}")
            self._seen.append(loss)
        self._new.clear()


def _collate(
    model: _MultiTask,
    batch: TaskBatch,
    step: int,
    features: Features,
    lengths: Sequence[int],
    tokenizer: PreTrainedTokenizerBase,
    spec: StageSpec,
) -> list[_MicroBatch]:
    """This worker's micro-batches of a step, on the device."""
    workers = world_size()
    size = spec.settings.micro_batch_on(workers)
    # where rows learn from each other, how many there are is the plan's to say
    by_tokens = device().type == "cpu" and not FORMATS[spec.cards[batch.task].format].contrastive
    cuts = cut(batch.indices, lengths, size, CPU_TOKENS if by_tokens else None)
    mine: list[_MicroBatch] = []
    # ZeRO 2 and 3 communicate in each pass, so all workers do equally many: who has none left does one that counts 0
    for number in range(rank(), -(-len(cuts) // workers) * workers, workers):
        indices = cuts[number] if number < len(cuts) else batch.indices[:1]
        columns = features[list(indices)]
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        masking = torch.Generator().manual_seed(spec.stream("masking", step, number))
        tensors = model.formats[batch.task].collate(rows, tokenizer, masking)
        labels = _count_labels(tensors, len(rows)) if number < len(cuts) else 0
        mine.append(_MicroBatch(onto(device(), tensors), labels, spec.stream("dropout", step, number)))
    return mine


def _step(engine: Any, model: _MultiTask, task: str, mine: Sequence[_MicroBatch], spec: StageSpec) -> Tensor:
    """One optimiser step over this worker's micro-batches; the mean loss of the whole batch, on the device."""
    workers, labels = world_size(), sum(part.labels for part in mine)
    if workers > 1:
        labels = int(sum_over_workers(torch.tensor(labels, device=engine.device)).item())
    mean = torch.zeros((), device=engine.device)
    begin_step(engine)
    for part in mine:
        _seed(part.seed)
        loss = engine(task, part.tensors)
        share = part.labels / max(1, labels)
        engine.set_gradient_accumulation_boundary(part is mine[-1])
        engine.backward(loss * (share * workers), scale_wrt_gas=False)  # the engine takes the mean over the workers
        with needed_for_any_batch(state_size(model, spec.settings.freeze_embeddings)):
            engine.step()
        mean += loss.detach() * share
    return sum_over_workers(mean)


def _count_labels(tensors: Mapping[str, Tensor], rows: int) -> int:
    """How many labels of a micro-batch count: its weight, since a format's loss is the mean over them."""
    return int((tensors["labels"] != IGNORED).sum()) if "labels" in tensors else rows


def _seed(seed: int) -> None:
    """Seed what dropout draws from. As torch.manual_seed, which takes 0.3 ms: as long as the smallest micro-batches."""
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_available():
        torch.cuda.manual_seed(seed)
