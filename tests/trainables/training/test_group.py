"""Several workers for one work item: real Ray actors, gloo, and real signals and limits to end them with."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray
import torch
from ray.util import placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from cluster.connect import connect
from cluster.resources import ItemResources
from search.scheduling.driver import SearchEnd, run
from spaces.mixture import Mixture
from tests.support.encoders import kit_of
from tests.support.examples import EXAMPLES, TEXTS
from tests.support.weights import ROUNDING, differ
from tests.support.work_items import STAGE, encoder_of, item, plan_in
from trainables.encoders import checkpoint
from trainables.formats import by_name
from trainables.peer import Peer
from trainables.training import group, process, stage
from trainables.training.engine import join
from trainables.training.group import Group
from trainables.training.stage import StageResult, StageSpec, train
from trainables.work.failures import OutOfMemory, WorkersLost
from trainables.work.item import WorkItem
from trainables.work.keys import encoder_key
from trainables.work.outcome import Outcome, Progress
from trainables.work.plan import Plan
from trainables.work.settings import EngineSettings
from trainables.worker import Worker

pytestmark = pytest.mark.ray

MIX = Mixture.parse("pairs:0.4 + tags:0.4 + words:0.2")
CARDS = ("pairs", "tags", "words")


class WholePeer(Peer):
    """A peer that cuts no batch by tokens, as on a GPU: so a large one takes much memory."""

    def __init__(self, plan: str) -> None:
        super().__init__(plan)
        stage.CPU_TOKENS = 10**9


class Leader:
    """Rank 0, in bundle 0 of two, without Tune. Cuts as its peer does."""

    def __init__(self, plan: str) -> None:
        torch.set_num_threads(1)
        stage.CPU_TOKENS = 10**9
        self.group = Group(plan, 2, WholePeer)
        self.worker = Worker(Plan.model_validate_json(plan), self.group)

    def pid(self) -> int:
        return os.getpid()

    def run(self, work: WorkItem) -> Outcome:
        return self.worker.run(work)

    def train(
        self, spec: StageSpec, folder: Path, heads: dict[str, torch.nn.Module] | None = None
    ) -> tuple[list[float], torch.Tensor]:
        """A stage from the encoder in `folder`: its losses, and the weights of the encoder and of all heads.

        Args:
            heads: that this worker has and its peer has not.
        """
        model, base = checkpoint.load(folder).model, self.worker.load_base(spec.model)
        features = self.worker.trainer.features(base, spec)
        own_part = partial(train, model, base.tokenizer, features, spec, heads)
        return losses_and_weights(model, self.group.train(spec, own_part))


def losses_and_weights(model: torch.nn.Module, result: StageResult) -> tuple[list[float], torch.Tensor]:
    modules = [model, *(result.heads[task] for task in sorted(result.heads))]
    values = [value.detach().flatten() for module in modules for value in module.parameters()]
    return result.losses, torch.cat(values)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Long texts, so that a large batch takes much memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(EXAMPLES, "masked_lm", {"text": [" ".join(TEXTS[at:] + TEXTS[:at]) for at in range(6)]})
        return plan_in(tmp_path_factory.mktemp("group"), workers=2)


@pytest.fixture(scope="module")
def local_ray() -> Iterator[None]:
    with connect("local", cpus=4):
        yield


@pytest.fixture(scope="module")
def leader(local_ray: None, plan: Plan) -> Any:
    placed = placement_group([{"CPU": 1}] * 2)
    strategy = PlacementGroupSchedulingStrategy(placed, placement_group_bundle_index=0)
    return ray.remote(Leader).options(num_cpus=1, scheduling_strategy=strategy).remote(plan.model_dump_json())


def spec_of(plan: Plan, **changes: Any) -> StageSpec:
    """25 examples in batches of at most 8: 4 batches, some of an odd number."""
    cards = {task: {**plan.tasks, **plan.targets}[task] for task in CARDS}
    model = str(Path(plan.cache).parent / "model")
    return replace(StageSpec(model, cards, MIX, (8, 25), STAGE, EngineSettings(), 1), **changes)


@pytest.fixture(scope="module")
def alone(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], tuple[list[float], torch.Tensor]]:
    """Trains the same in this process, with micro-batches."""
    found: dict[int, tuple[list[float], torch.Tensor]] = {}

    def trained(size: int) -> tuple[list[float], torch.Tensor]:
        if size not in found:
            worker, spec = Worker(plan), spec_of(plan).with_micro_batch(size)
            base = worker.load_base(spec.model)
            model = checkpoint.load(other_encoder(plan)).model
            result = train(model, base.tokenizer, worker.trainer.features(base, spec), spec)
            found[size] = losses_and_weights(model, result)
        return found[size]

    return trained


def other_encoder(plan: Plan) -> Path:
    """An encoder that the peers do not have: as one from the store."""
    folder, kit = Path(plan.cache).parent / "other", kit_of("bert")
    if not folder.exists():
        checkpoint.save(kit.encoder(seed=7), kit.tokenizer, folder)
    return folder


@pytest.mark.parametrize(
    ("zero", "size"), [(0, None), *(pytest.param(zero, 3, marks=pytest.mark.slow) for zero in (1, 2)), (3, 3)]
)
def test_two_workers_train_as_one_does(leader: Any, plan: Plan, alone: Any, zero: Any, size: int | None) -> None:
    """With dropout and masking; with 3 rows per pass one of the workers has nothing to do in some of them."""
    losses, weights = alone(size or 4)
    settings = STAGE.model_copy(update={"micro_batch": size})
    spec = spec_of(plan, settings=settings, engine=EngineSettings(zero=zero))
    both_losses, both_weights = ray.get(leader.train.remote(spec, other_encoder(plan)))
    assert both_losses == pytest.approx(losses, rel=1e-4)
    assert differ(both_weights, weights) < ROUNDING


@pytest.mark.parametrize("zero", [0, 3])
def test_the_heads_that_rank_0_was_given_are_trained(leader: Any, plan: Plan, zero: Any) -> None:
    settings = STAGE.model_copy(update={"micro_batch": 3})
    spec, worker = spec_of(plan, settings=settings, engine=EngineSettings(zero=zero)), Worker(plan)
    model, base = checkpoint.load(other_encoder(plan)).model, worker.load_base(spec.model)
    torch.manual_seed(42)
    heads = {task: by_name(card.format).head(model, card) for task, card in spec.cards.items()}
    both_losses, both_weights = ray.get(leader.train.remote(spec, other_encoder(plan), heads))
    one = replace(spec, engine=EngineSettings())
    result = train(model, base.tokenizer, worker.trainer.features(base, one), one, heads)
    losses, weights = losses_and_weights(model, result)
    assert both_losses == pytest.approx(losses, rel=1e-4)
    assert differ(both_weights, weights) < ROUNDING


def test_a_work_item_of_two_workers_and_its_next_rung_with_one(leader: Any, plan: Plan) -> None:
    low, top = item(plan, "tags", 0), item(plan, "tags", 1)
    outcome = ray.get(leader.run.remote(low))
    assert outcome.failure is None, outcome.failure.details
    halves = STAGE.model_copy(update={"micro_batch": 4})  # as two workers share a batch
    one = plan.model_copy(update={"workers": 1, "intermediate": halves, "target": halves})
    resumed = _run(one, top)
    assert resumed.examples == 16 + 32, "the encoder of two workers was gone on from"
    alone = one.model_copy(update={"store": plan.store + "-alone"})
    assert _run(alone, top).examples == 32 + 32
    for work in (low, top):
        assert differ(encoder_of(plan, work), encoder_of(alone, work)) < ROUNDING


def _run(plan: Plan, work: WorkItem) -> Outcome:
    outcome = Worker(plan).run(work)
    assert outcome.failure is None, outcome.failure.details
    return outcome


def test_all_agree_that_a_loss_diverged_and_go_on(leader: Any, plan: Plan) -> None:
    broken = item(plan, "tags", 0, targets=("texts",), learning_rate=1e30, clip=1e30, warmup=0.0)
    outcome = ray.get(leader.run.remote(broken))
    assert outcome.failure.kind == "diverged"
    assert ray.get(leader.run.remote(item(plan, "tags", 0, seed=5))).failure is None


def test_a_worker_that_never_comes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "RENDEZVOUS", timedelta(seconds=0.2))
    for host in (process.LOOPBACK, "127.0.0.2"):  # by a file, by a port
        store, address = process.open_meeting(2, host)
        with pytest.raises(WorkersLost):
            join(0, 2, store, address, host)
    assert address.startswith("tcp://127.0.0.2:")


def test_memory_of_one_worker_breaks_the_group(leader: Any, plan: Plan) -> None:
    """The peer gets a real limit. The last test with this group."""
    large = item(plan, "words", 1, targets=("texts",), batch_size=256, examples=256, max_length=128)
    assert ray.get(leader.run.remote(item(plan, "tags", 0, seed=6))).failure is None
    (peer,) = _processes("ray::WholePeer")
    memory = peer.memory_info().vms + 120 * 2**20
    peer.rlimit(resource.RLIMIT_AS, (memory, memory))
    with pytest.raises(OutOfMemory) as caught:
        ray.get(leader.run.remote(large))
    assert "memory" in str(caught.value)
    (limit,) = [path.read_text() for path in Path(plan.store, "limits").iterdir()]
    assert '"too_large": 128' in limit
    assert '"workers": 2' in limit
    _gone([peer])


class OneItem:
    """An agenda of one work item."""

    stop_reason = None

    def __init__(self, work: WorkItem) -> None:
        self.waiting, self.outcomes = [work], list[Outcome]()

    @property
    def over(self) -> bool:
        return not self.waiting

    def next(self) -> WorkItem | None:
        return self.waiting.pop() if self.waiting else None

    def progress(self, item: WorkItem, progress: Progress) -> None: ...

    def done(self, item: WorkItem, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


def test_a_group_that_memory_broke_is_replaced(local_ray: None, leader: Any, plan: Plan, tmp_path: Path) -> None:
    """Its process ends, although Tune does not know of anything but an exception; another one does the work item."""
    ray.kill(leader)  # for its CPUs
    agenda = OneItem(item(plan, "tags", 0))
    elsewhere = plan.model_copy(update={"store": str(tmp_path)})
    worker = "tests.trainables.breaking_worker:BreakingWorker"
    assert run(elsewhere, agenda, ItemResources(workers=2), 1, retries=0, worker=worker) is SearchEnd.OVER
    (outcome,) = agenda.outcomes
    assert outcome.failure is None, outcome.failure
    assert len(set(outcome.reused)) == 2
    assert outcome.examples == 0, "what did not fit is in the store: nothing is to be halved blindly"
    _until(lambda: not any(psutil.pid_exists(int(process)) for process in outcome.reused), "their ends")


@pytest.mark.slow
def test_kills(local_ray: None, plan: Plan) -> None:
    """A peer, then rank 0, both while they train: each time it goes on from the store, and nobody stays behind."""
    work = item(plan, "tags", 1, seed=9, examples=640)
    stored = Path(plan.store, "encoders", f"{encoder_key(plan, work.recipe, 0)}.json")
    peers: list[psutil.Process] = []

    def kill() -> None:
        peers.append(_new_peer(peers))
        _until(stored.exists, "the first segment")
        peers[0].kill()
        peers.append(_new_peer(peers))
        _until(lambda: _title(peers[1]) == "ray::Peer.train", "the second segment")
        (rank_0,) = _processes("Trainable")
        rank_0.kill()
        _gone([peers[1]])
        peers.append(_new_peer(peers))

    agenda = OneItem(work)
    with ThreadPoolExecutor(1) as aside:
        killing = aside.submit(kill)
        ending = run(plan, agenda, ItemResources(workers=2), 1, retries=2)
        killing.result(timeout=60)
    assert ending is SearchEnd.OVER
    (outcome,) = agenda.outcomes
    assert outcome.failure is None, outcome.failure
    assert outcome.examples == 320 + 32, "the first segment was not trained again"
    _gone(peers)


def _processes(title: str) -> list[psutil.Process]:
    """Of the Ray of this process, by what they call themselves."""
    found = [process for process in psutil.Process().children(recursive=True) if title in _title(process)]
    pids = {process.pid for process in found}
    return [process for process in found if _parent(process) not in pids]  # not what one of them has just forked


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()).strip()
    except psutil.Error:
        return ""


def _parent(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.Error:
        return None


def _new_peer(known: list[psutil.Process]) -> psutil.Process:
    found: list[psutil.Process] = []

    def look() -> bool:
        found.extend(process for process in _processes("ray::WholePeer") if process not in known)
        return bool(found)

    _until(look, "another peer")
    return found[0]


def _until(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def _gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=30)
    assert alive == []


class Idler:
    """Takes its time."""

    def __init__(self, plan: str) -> None:
        del plan

    def rest(self, seconds: float) -> float:
        time.sleep(seconds)
        return seconds


class Waiting:
    """Waits for an idler, and hears what is said."""

    def wait(self, seconds: float) -> tuple[list[float], list[str]]:
        group.SILENCE = 0.2
        said: list[str] = []
        idlers = Group("", 2, Idler)
        idlers.say = said.append
        return idlers.ask_all("rest", seconds), said


@pytest.mark.slow
def test_it_is_said_that_a_peer_is_waited_for(local_ray: None) -> None:
    placed = placement_group([{"CPU": 1}] * 2)
    strategy = PlacementGroupSchedulingStrategy(placed, placement_group_bundle_index=0)
    waiting = ray.remote(Waiting).options(num_cpus=1, scheduling_strategy=strategy).remote()
    answers, said = ray.get(waiting.wait.remote(2.0))
    assert answers == [2.0]
    assert said[0].startswith("1 of 1 peers not ready after")
    remove_placement_group(placed)
