"""The data sets that cards name, as repositories of the hub: configurations, files, READMEs, a dozen rows a split.

Rows and columns are those of `tests/support/hub.py`; here stands how the hub lays them out, and what it has that no
card reads. What each layout is known from: docs/xtreme.md.
"""

from __future__ import annotations

import gzip
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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

# fmt: off
SPLITS = {
    "Rowan/hellaswag": ("train", "validation", "test"),
    "Samsoup/cosmos_qa": ("train", "validation", "test"),
    "aps/super_glue": ("train", "validation", "test"),
    "cambridgeltl/xcopa": ("validation", "test"),
    "facebook/anli": tuple(f"{split}_r{number}" for split in ("train", "dev", "test") for number in (1, 2, 3)),
    "facebook/xnli": ("train", "validation", "test"),
    "google-research-datasets/paws-x": ("train", "validation", "test"),
    "google-research-datasets/tydiqa": ("train", "validation"),
    "google/xquad": ("validation",),
    "google/xtreme MLQA": ("validation", "test"),
    "google/xtreme bucc18": ("validation", "test"),
    "google/xtreme udpos": ("train", "validation", "test"),
    "izhx/xtreme-r-udpos": ("test",),
    "lighteval/siqa": ("train", "validation"),
    "mteb/tatoeba-bitext-mining": ("test",),
    "nyu-mll/glue mnli":
        ("train", "validation_matched", "validation_mismatched", "test_matched", "test_mismatched"),
    "nyu-mll/glue qqp": ("train", "validation", "test"),
    "rajpurkar/squad": ("train", "validation"),
    "rajpurkar/squad_v2": ("train", "validation"),
    "stanfordnlp/snli": ("train", "validation", "test"),
    "tau/commonsense_qa": ("train", "validation", "test"),
    "unimelb-nlp/wikiann": ("train", "validation", "test"),
    "wikimedia/wikipedia": ("train",),
}
"""Repository, or with the beginning of its configurations' names -> the splits of a configuration."""
# fmt: on

MISSING = {
    *((f"udpos.{name}", "validation") for name in ("Kazakh", "Tagalog", "Thai", "Yoruba")),
    *((f"udpos.{name}", "train") for name in ("Tagalog", "Thai", "Yoruba")),
}
"""Splits of google/xtreme that a configuration has not, where others have."""

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
    """Add the repositories that cards name to a hub: all of each configuration that they read, and some others."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for card in cards:
        for part in card.parts or (card,):
            if part.source.hub is not None:
                configs = (part.source.config_for(language) for _, language in tables.named_splits(part))
                wanted[part.source.hub].update(config or "default" for config in configs)
    made = [hub.add("dataset", id, files_of(id, sorted(configs))) for id, configs in sorted(wanted.items())]
    for old, new in RENAMED.items():
        if new in wanted:
            hub.answers.renamed["dataset", old] = new
    return made


def splits_of(id: str, config: str) -> list[str]:
    """The splits that a configuration has on the hub."""
    known = SPLITS.get(f"{id} {config.partition('.')[0]}") or SPLITS[id]
    return [split for split in known if id != "google/xtreme" or (config, split) not in MISSING]


def files_of(id: str, configs: Sequence[str]) -> dict[str, bytes | str]:
    """The files of a repository with these configurations, and some more."""
    splits = {config: splits_of(id, config) for config in configs}
    splits |= {config: ["train"] for config in MORE_CONFIGS.get(id, ())}
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
    """Rows as a file of this name; two files of the same rows differ, or the client would fetch one of them alone."""
    file = io.BytesIO()
    if path.endswith(".jsonl.gz"):
        with gzip.GzipFile(path.replace("/", "-"), "wb", fileobj=file, mtime=0) as lines:
            lines.writelines(f"{json.dumps(row, ensure_ascii=False)}\n".encode() for row in rows)
    else:
        table = rows.data.table.combine_chunks()
        pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), b"path": path.encode()}), file)
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


def readme(id: str, splits: Mapping[str, Sequence[str]]) -> str:
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
