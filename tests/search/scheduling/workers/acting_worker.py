"""A worker that acts out what a work item's hyperparameters ask of it; runs in the processes that Ray starts."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from trainables.work.item import WorkItem
from trainables.work.outcome import Failed, Outcome, Progress, Report
from trainables.work.plan import Plan


class ActingWorker:
    """Writes a line to `plan.store`/ran for each start of a work item, so that a test can count them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.served = 0

    def run(self, item: WorkItem, report: Report, batch_halvings: int) -> Outcome:
        asked = dict(item.recipe.hyperparameters)
        began = time.time()
        starts = Path(self.plan.store) / "ran"
        with starts.open("a") as file:
            file.write(f"{item.recipe.seed}\n")
        report(Progress(phase="acting", done=0.0))
        self.served += 1
        match asked.get("act"):
            case "fail":
                return Outcome(failure=Failed(kind="diverged", message="loss is nan"))
            case "lack":  # on nodes whose folder's name has that in it
                if str(asked["where"]) in Path.cwd().name:
                    return Outcome(failure=Failed(kind="environment", message="no credentials"))
            case "raise":
                raise KeyError("a mistake of the worker's author")
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "die once":
                mark = Path(self.plan.store) / f"died-{item.recipe.seed}"
                if not mark.exists():
                    mark.touch()
                    os.kill(os.getpid(), signal.SIGKILL)
            case "meet":  # until so many have begun
                while len(starts.read_text().split()) < float(asked["count"]):
                    time.sleep(0.05)
            case "swell":  # by so many gigabytes, half as much with half the batch
                size = round(float(asked["gigabytes"]) * 1e9) >> batch_halvings
                held = bytearray(b"x") * size
                time.sleep(2.0)
                del held
        time.sleep(float(asked.get("seconds", 0.0)))
        # What a test wants to know of this process goes back in fields that are free here.
        environment = [f"{name}={os.environ.get(name, '')}" for name in ("OMP_NUM_THREADS", "DS_ACCELERATOR")]
        environment.append(f"batch_halvings={batch_halvings}")
        seen = [f"pid={os.getpid()}", f"began={began}", f"ended={time.time()}", f"cwd={Path.cwd()}"]
        return Outcome(examples=self.served, reused=[*seen, *environment])
