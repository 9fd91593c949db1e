"""The data sets that cards name, as repositories of the hub: configurations, files, READMEs, a dozen rows a split.

Rows and columns are those of `tests/support/hub.py`; here stands how the hub lays them out, and what it has that no
card reads. What each layout is known from: docs/xtreme.md.
"""

from __future__ import annotations

import gzip
import io
import json
from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import pyarrow.parquet as pq
import yaml
from datasets import Dataset, Features

from spaces.card import Card
from tests.hub.repositories import Repository
from tests.hub.server import Hub
from tests.support import hub as tables

LAYOUT = "{config}/{split}-{shard:05}-of-{shards:05}.parquet"
IN_DATA = "data/{split}-{shard:05}-of-{shards:05}.parquet"

LAYOUTS = {
    "Rowan/hellaswag": IN_DATA,
    "Samsoup/cosmos_qa": IN_DATA,
    "tau/commonsense_qa": IN_DATA,
    "lighteval/siqa": "data/{split}-{shard:05}-of-{shards:05}-da17dfc1120ed1ee.parquet",
    "izhx/xtreme-r-udpos": "{config}/{split}.parquet",
    "mteb/tatoeba-bitext-mining": "{config}/{split}.jsonl.gz",
}
"""Repository -> where the files of a split lie, where not as in `LAYOUT`."""

SHARDS = {"wikimedia/wikipedia": 2}
"""Repository -> files of a split, where there is more than one."""

WITHOUT_CONFIGS = ("lighteval/siqa",)
"""Repositories whose READMEs say nothing of files: they are found by their names."""

MORE_SPLITS = {"facebook/xnli": ("train",), "google-research-datasets/paws-x": ("train", "test")}
"""Repository -> splits of every configuration that cards do not read."""

MORE_CONFIGS = {
    "nyu-mll/glue": ("ax", "cola", "sst2", "wnli"),
    "aps/super_glue": ("boolq", "cb", "rte"),
    "google-research-datasets/tydiqa": ("primary_task",),
    "google/xtreme": ("MLQA.ar.de", "XNLI"),
}
"""Repository -> configurations that no card reads."""

RENAMED = {"glue": "nyu-mll/glue", "squad": "rajpurkar/squad", "xnli": "facebook/xnli"}
"""Old id of a data set -> what it is now called."""


def publish(hub: Hub, cards: Iterable[Card]) -> list[Repository]:
    """Add the repositories that cards name to a hub, each with what the cards read of it, and more."""
    wanted: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for card in cards:
        for part in card.parts or (card,):
            if part.source.hub is None:
                continue
            for split, language in tables.named_splits(part):
                config = part.source.config_for(language) or "default"
                wanted[part.source.hub][config].update(part.splits.names(split))
    made = [hub.add("dataset", id, files_of(id, configs)) for id, configs in sorted(wanted.items())]
    for old, new in RENAMED.items():
        if new in wanted:
            hub.answers.renamed["dataset", old] = new
    return made


def files_of(id: str, configs: dict[str, set[str]]) -> dict[str, bytes | str]:
    """The files of a repository that has these splits, and those that cards do not read."""
    more = MORE_SPLITS.get(id, ())
    splits = {config: sorted({*names, *more}) for config, names in sorted(configs.items())}
    splits |= {config: ["train"] for config in MORE_CONFIGS.get(id, ()) if config not in splits}
    files: dict[str, bytes | str] = {".gitattributes": "*.parquet filter=lfs diff=lfs merge=lfs -text\n"}
    for config, names in splits.items():
        for split in names:
            files |= shards_of(id, config, split)
    return {**files, "README.md": readme(id, splits)}


@cache
def shards_of(id: str, config: str, split: str) -> dict[str, bytes]:
    """Path -> content of the files of a split."""
    rows, shards = rows_of(id, config, split), SHARDS.get(id, 1)
    parts = [rows.shard(shards, at, contiguous=True) for at in range(shards)] if shards > 1 else [rows]
    paths = [layout_of(id).format(config=config, split=split, shard=at, shards=shards) for at in range(shards)]
    return {path: content_of(part, path) for path, part in zip(paths, parts, strict=True)}


def content_of(rows: Dataset, path: str) -> bytes:
    """Rows as a file of this name."""
    if path.endswith(".jsonl.gz"):
        lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        return gzip.compress(lines.encode(), mtime=0)
    file = io.BytesIO()
    pq.write_table(rows.data.table.combine_chunks(), file)
    return file.getvalue()


def layout_of(id: str) -> str:
    return LAYOUTS.get(id, LAYOUT)


@cache
def rows_of(id: str, config: str, split: str) -> Dataset:
    features, row = table_of(id, config, split)
    rows = [row(number) for number in range(tables.COUNT)]
    return Dataset.from_dict({name: [each[name] for each in rows] for name in features}, features=Features(features))


def table_of(id: str, config: str, split: str) -> tables.Table:
    """Columns and rows; of a configuration that no card reads, some."""
    if config in MORE_CONFIGS.get(id, ()):
        return tables.pairs(("sentence1", "sentence2"), ["no", "yes"])
    return tables.table(id, "" if config == "default" else config, split)


def readme(id: str, splits: dict[str, list[str]]) -> str:
    """With the YAML that says what the configurations are, in the words that `datasets` writes."""
    infos, configs = [], []
    for config, names in splits.items():
        features = Features(table_of(id, config, names[0])[0])
        sizes = [{"name": name, "num_bytes": 1000, "num_examples": tables.COUNT} for name in names]
        info = {"features": features._to_yaml_list(), "splits": sizes, "download_size": 1000, "dataset_size": 1000}
        infos.append({"config_name": config, **info} if config != "default" else info)
        data_files = [{"split": name, "path": pattern_of(id, config, name)} for name in names]
        configs.append({"config_name": config, "data_files": data_files})
    card = {"license": "other", "dataset_info": infos if len(infos) > 1 else infos[0], "configs": configs}
    if id in WITHOUT_CONFIGS:
        del card["configs"]
    said = yaml.safe_dump(card, sort_keys=False, allow_unicode=True)
    return f"---\n{said}---\n\n# Dataset Card for {id}\n\nRows that were written for tests.\n"


def pattern_of(id: str, config: str, split: str) -> str:
    """The files of a split, as READMEs name them."""
    layout = layout_of(id)
    if "{shard" not in layout:
        return layout.format(config=config, split=split)
    return layout.partition("{split}")[0].format(config=config) + f"{split}-*"
