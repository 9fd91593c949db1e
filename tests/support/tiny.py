"""A tiny encoder, data and cards in a folder, for tests that run the whole program. No torch at import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from spaces.formats import FORMATS
from tests.support.cards import LABELS
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome


def write_cards(folder: Path, tasks: Mapping[str, str], targets: Mapping[str, str]) -> None:
    """Cards (name -> format) in `folder`/cards, with their data in `folder`/data."""
    for kind, names in (("tasks", tasks), ("targets", targets)):
        for name, form in names.items():
            is_target = kind == "targets"
            card = {
                "description": "for tests",
                "format": form,
                "licence": "none",
                "origin": "tests",
                "source": {"files": str(folder / "data" / name)},
                "splits": {"train": "train", "dev": "dev", "test": "test"},
                "languages": ["en"],
                **({"labels": LABELS[form]} if form in LABELS else {}),
                **({"metric": next(iter(FORMATS[form].metrics))} if is_target else {}),
                **({"train_language": "en"} if is_target and not FORMATS[form].scored_untrained else {}),
            }
            path = folder / "cards" / kind / f"{name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(card))
            (folder / "data" / name).mkdir(parents=True)


def write_data(folder: Path, tasks: Mapping[str, str], targets: Mapping[str, str]) -> None:
    """The data of those cards, and an encoder in `folder`/model."""
    import pyarrow.parquet as pq
    from datasets import Dataset

    from tests.support.encoders import kit_of
    from tests.support.examples import EXAMPLES
    from trainables.encoders import checkpoint

    kit = kit_of("bert")
    checkpoint.save(kit.encoder(), kit.tokenizer, folder / "model")
    for name, form in {**tasks, **targets}.items():
        for split in ("train", "dev", "test"):
            pq.write_table(Dataset.from_dict(EXAMPLES[form]).data.table, folder / "data" / name / f"{split}.parquet")


def run_search(file: Path) -> Iterator[tuple[WorkItem, Outcome]]:
    """Run a search file to its end in this process, without Ray: each work item with what came of it."""
    import torch

    from search.config import search_file
    from search.config.workspace import Workspace
    from search.scheduling.agenda import Agenda
    from search.studies.studies import Studies
    from trainables.data.card_data import Data
    from trainables.worker import Worker

    search = search_file.load(file)
    workspace = Workspace.of(search)
    workspace.enter(file)
    plan, data = workspace.plan, Data(workspace.cache, search.config.storage.mirror)
    studies = Studies.create(workspace)
    studies.remember(search.config)
    studies.remember_data({card.name: data.version(card) for card in plan.cards()})
    torch.set_num_threads(1)  # as Ray gives a work item of one core
    worker, agenda = Worker(plan.model_copy(update={"versions": studies.versions})), Agenda(search, studies)
    while (item := agenda.next()) is not None:
        outcome = worker.run(item)
        assert outcome.failure is None, outcome.failure.details
        agenda.done(item, outcome)
        yield item, outcome
    assert agenda.over
