"""A tiny encoder, data and cards in a folder, for tests that run the whole program. No torch at import."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from spaces.formats import FORMATS
from tests.support.cards import LABELS


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
    from trainables.training import encoders

    kit = kit_of("bert")
    encoders.save(kit.encoder(), kit.tokenizer, folder / "model")
    for name, form in {**tasks, **targets}.items():
        for split in ("train", "dev", "test"):
            pq.write_table(Dataset.from_dict(EXAMPLES[form]).data.table, folder / "data" / name / f"{split}.parquet")
