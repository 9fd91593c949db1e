"""Where a search is disturbed: a folder with a tiny encoder, data, cards and a search file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from search.config import search_file
from search.config.search import Search
from tests.support.tiny import write_cards, write_data

TASKS = {"tags": "tagging", "words": "masked_lm", "books": "sentence_classification"}
TARGETS = {"pairs": "pair_classification", "texts": "retrieval"}

NAME = "chaos"
RETRIES = 50
"""How often a work item may lose its worker within one driver's life: more often than this test kills."""


@dataclass(frozen=True)
class Lab:
    """A folder; each search in it has a file of its own."""

    folder: Path

    @property
    def model(self) -> Path:
        """Is there when there is something to train."""
        return self.folder / "model"

    def search(self, home: str, storage: dict[str, str], recipes: int, at_once: int) -> tuple[Search, Path]:
        """A search and its file, under `<folder>/<home>`.

        Args:
            home: folder of its own.
            storage: where things are kept, as in a search file.
            recipes: how many are tried.
            at_once: work items.
        """
        stage = {"examples": 32, "batch_size": 8, "max_length": 48, "learning_rate": 1e-3}
        rate = {"low": 1e-4, "high": 1e-2, "log": True, "default": 1e-3}
        settings: dict[str, Any] = {
            "name": NAME,
            "model": str(self.model) if self.model.exists() else "simulated",
            "cards": [str(self.folder / "cards")],
            "tasks": list(TASKS),
            "targets": list(TARGETS),
            "space": {
                "max_tasks": 2,
                "min_weight": 0.2,
                "weight_step": 0.2,
                "hyperparameters": {"intermediate.learning_rate": rate},
            },
            "stages": {"intermediate": stage, "target": stage},
            "halving": {"rungs": [0.25, 0.5, 1.0], "eta": 2},
            "budget": {"recipes": recipes},
            "confirm": {"top": 1, "seeds": 2},
            # What a sampler that models results proposes depends on the order of their arrival.
            "sampler": {"name": "random"},
            "resources": {"cpus": 1, "concurrency": at_once},
            "failures": {"retries": RETRIES},
            "storage": storage,
        }
        file = self.folder / home / "search.yaml"
        (file.parent / "cache").mkdir(parents=True)
        file.write_text(yaml.safe_dump(settings))
        return search_file.load(file), file

    @classmethod
    def made(cls, folder: Path, data: bool) -> Lab:
        """A new lab.

        Args:
            folder: is there.
            data: whether there is something to train: without, a search can only be simulated.
        """
        folder.mkdir(exist_ok=True)
        lab = cls(folder)
        write_cards(folder, TASKS, TARGETS)
        if data:
            write_data(folder, TASKS, TARGETS)
        return lab
