"""How fast a service answers, with one client and with many, about a small search and a large one; and what a running
search notices of those who look at it.

    python benchmarks/service.py --home searches --name mini
    python benchmarks/service.py --recipes 10000
    python benchmarks/service.py --watched 12

A service is started and asked over HTTP: each answer cold and warm, by clients in parallel, and over event streams.
Beside the times stand ratios to that of `/healthz`, the least that an answer takes here, which the machine's other work
changes less. `--recipes` makes a search of that size first, as benchmarks/scale.py does. `--watched` launches a search
with so many work items, all alike, on the offline suite: while every second one runs, clients have its page open.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psutil

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

QUESTIONS = ("", "/best", "/recipes", "/recipes?limit=100", "/work-items?limit=100")
WARM = 50
PAUSE = 0.4
"""Seconds that a page waits for further events before it asks, as `app.js` does."""

WATCHED = """\
name: watched
model: suite:mini/mini-e5
tasks: [crossref]
targets: [verses]
space:
  max_tasks: 1
  hyperparameters: {{intermediate.learning_rate: {{low: 1.0e-5, high: 1.0e-4, log: true}}}}
stages:
  intermediate: {{examples: 640, batch_size: 16, max_length: 48, freeze_embeddings: true}}
  target: {{examples: 160, batch_size: 16, max_length: 48}}
halving: {{rungs: [1.0]}}
budget: {{recipes: {recipes}}}
confirm: {{top: 0, seeds: 1}}
resources: {{cpus: 1, concurrency: 1}}
"""
MILLISECONDS = 1000.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="a $TASKMIX_HOME with a search")
    parser.add_argument("--name", default="mini", help="of that search")
    parser.add_argument("--recipes", type=int, help="make a search with so many, instead")
    parser.add_argument("--watched", type=int, metavar="N", help="launch a search with N work items, instead")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0, help="that the clients ask for")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="taskmix-service-") as folder:
        if options.watched:
            print(json.dumps(watched(Path(folder) / "home", options.watched, options.clients), indent=1))
            return
        home, name = options.home, options.name
        if options.recipes:
            home, name = Path(folder), "scale"
            make_search(home, options.recipes)
        print(json.dumps(measure(home.resolve(), name, options.clients, options.seconds), indent=1))


def make_search(home: Path, recipes: int) -> None:
    """A search that has come that far, in a $TASKMIX_HOME."""
    os.environ["TASKMIX_HOME"] = str(home)
    from benchmarks.scale import copied, made, simulated
    from search.config.workspace import Workspace

    search = made(home, recipes, "random")
    workspace = Workspace.of(search)
    workspace.enter(next(home.glob("*.yaml")))
    copied(simulated(search, recipes), search, workspace.studies_url)


def measure(home: Path, name: str, clients: int, seconds: float) -> dict[str, Any]:
    """All figures of one service."""
    began = time.perf_counter()
    with serving(home) as (process, url, token):
        row: dict[str, Any] = {"load average": os.getloadavg()[0], "up, s": round(time.perf_counter() - began, 2)}
        headers = {"Authorization": f"Bearer {token}"}
        with httpx2.Client(headers=headers, timeout=120) as client:
            row["healthz"] = asked(client, f"{url}/healthz")
            for question in QUESTIONS:
                row[question or "status"] = asked(client, f"{url}/api/v1/searches/{name}{question}")
            row["page"] = asked(client, f"{url}/searches/{name}")
        least = row["healthz"]["warm median, ms"]
        for answer in row.values():
            if isinstance(answer, dict):
                answer["times healthz"] = round(answer["warm median, ms"] / least, 1)
        row["resident, MB"] = round(process.memory_info().rss / 1e6)
        row[f"{clients} clients"] = many(f"{url}/api/v1/searches/{name}", headers, clients, seconds)
        row[f"{clients} streams"] = streamed(f"{url}/api/v1/searches/{name}/events", headers, clients)
        row["resident after, MB"] = round(process.memory_info().rss / 1e6)
    return row


def asked(client: httpx2.Client, question: str) -> dict[str, Any]:
    """One answer: the first one, the first that is no 503, and warm."""
    began = time.perf_counter()
    first = client.get(question)
    until_first = time.perf_counter() - began
    while client.get(question).status_code == 503:
        time.sleep(0.2)
    until_there = time.perf_counter() - began
    times = []
    for _ in range(WARM):
        start = time.perf_counter()
        answer = client.get(question)
        times.append(time.perf_counter() - start)
    return {
        "first": f"{first.status_code} after {until_first:.2f} s",
        "there, s": round(until_there, 2),
        "warm median, ms": round(statistics.median(times) * MILLISECONDS, 1),
        "kB": round(len(answer.content) / 1000),
    }


def many(url: str, headers: dict[str, str], clients: int, seconds: float) -> dict[str, Any]:
    """Clients that ask one thing after the other, each over a connection of its own."""
    end = time.monotonic() + seconds

    def ask(number: int) -> list[tuple[int, float]]:
        found = []
        with httpx2.Client(headers=headers, timeout=60) as client:
            while time.monotonic() < end:
                start = time.perf_counter()
                status = client.get(f"{url}{QUESTIONS[number % 2]}").status_code
                found.append((status, time.perf_counter() - start))
        return found

    with ThreadPoolExecutor(clients) as pool:
        answers = [one for found in pool.map(ask, range(clients)) for one in found]
    times = sorted(took for _, took in answers)
    return {
        "answers": len(answers),
        "errors": sum(status != 200 for status, _ in answers),
        "median, ms": round(statistics.median(times) * MILLISECONDS),
        "p99, ms": round(times[int(len(times) * 0.99)] * MILLISECONDS),
    }


def streamed(url: str, headers: dict[str, str], streams: int) -> dict[str, Any]:
    """Streams that are open at once, until each has had its first event."""
    started, opened = time.perf_counter(), threading.Barrier(streams)
    times = []

    def read() -> None:
        with httpx2.stream("GET", url, headers=headers, timeout=60) as answer:
            for line in answer.iter_lines():
                if line.startswith("event:"):
                    times.append(time.perf_counter() - started)
                    opened.wait(60)
                    return

    threads = [threading.Thread(target=read) for _ in range(streams)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"with an event": len(times), "until the last one, s": round(max(times, default=0.0), 2)}


def watched(home: Path, items: int, clients: int) -> dict[str, Any]:
    """Seconds of the work items of a search while nobody looks at it, and while clients do, in turns."""
    home.mkdir()
    seconds: dict[bool, list[float]] = {False: [], True: []}
    with serving(home, "--searches", "1") as (_, url, token):
        headers, api = {"Authorization": f"Bearer {token}"}, f"{url}/api/v1/searches/watched"
        with httpx2.Client(headers=headers, timeout=120) as client:
            kind, file = {"Content-Type": "application/yaml"}, WATCHED.format(recipes=items)
            client.put(api, content=file, headers=kind).raise_for_status()
            seen, audience = 0, Audience(url, headers, clients)
            while client.get(api).json()["state"] != "over":
                ended = [one for one in client.get(f"{api}/work-items").json()["work_items"] if one["state"] == "done"]
                if len(ended) > seen:
                    if seen > 0 and len(ended) == seen + 1:  # the first one reads data and model
                        seconds[audience.looks].append(ended[-1]["seconds"])
                    seen = len(ended)
                    audience.turn()
                time.sleep(0.2)
            audience.close()
    medians = {looks: statistics.median(found) for looks, found in seconds.items() if found}
    return {
        "load average": os.getloadavg()[0],
        "work items alone, s": seconds[False],
        f"with {clients} who look, s": seconds[True],
        "pages and parts of pages that were sent": audience.answers,
        "median with / median alone": round(medians[True] / medians[False], 3),
    }


class Audience:
    """Clients that have the page of a search open, or have not: they ask again when an event comes."""

    def __init__(self, url: str, headers: dict[str, str], clients: int) -> None:
        self._url, self._headers = url, headers
        self.looks, self.answers, self._is_over = False, 0, False
        self._threads = [threading.Thread(target=self._look, daemon=True) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def turn(self) -> None:
        """Look, or look away."""
        self.looks = not self.looks

    def close(self) -> None:
        self._is_over = True

    def _look(self) -> None:
        with httpx2.Client(headers=self._headers, timeout=60) as client:
            while not self._is_over:
                if not self.looks:
                    time.sleep(0.1)
                    continue
                client.get(f"{self._url}/searches/watched")
                with client.stream("GET", f"{self._url}/api/v1/searches/watched/events") as events:
                    self._follow(client, events)

    def _follow(self, client: httpx2.Client, events: httpx2.Response) -> None:
        asked = time.monotonic()
        for line in events.iter_lines():
            if not self.looks or self._is_over:
                return
            if line.startswith("event:") and time.monotonic() - asked > PAUSE:
                whole = not line.endswith("progress")
                client.get(f"{self._url}/searches/watched{'' if whole else '/now'}")
                asked, self.answers = time.monotonic(), self.answers + 1


@contextmanager
def serving(home: Path, *options: str) -> Iterator[tuple[psutil.Process, str, str]]:
    """A service of a $TASKMIX_HOME: its process, address and token."""
    command = [sys.executable, "-m", "search", "serve", "--port", "0", *(options or ("--searches", "0"))]
    environment = {**os.environ, "TASKMIX_HOME": str(home)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.search(r"at (http://[^/]+)/\?token=(\S+)", line)
        assert match, line
        yield psutil.Process(process.pid), match[1], match[2]
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
