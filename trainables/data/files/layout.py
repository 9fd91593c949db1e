"""Which files of a hub data set make up a configuration's splits, and how they are read.

`datasets` decides it, from a repository's README and the names of its files. It is asked on a skeleton: the README and
an empty file of each name, so that nothing but the README has to be fetched, and no split but the one that is read.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import datasets
import yaml
from datasets import Features, load_dataset_builder
from pydantic import Field

from spaces.digest import digest
from spaces.parsing import Strict
from spaces.repository import Repository
from trainables.hub.hub import Hub
from trainables.hub.quiet import quiet
from trainables.store.filesystem import write_aside

README = "README.md"

FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---(?:\n|\Z)", re.DOTALL)
"""The YAML with which a data set's README begins."""

OWN = frozenset({"name", "version", "data_dir", "data_files", "description"})
"""What of a builder's configuration says which files it reads, and not how."""


class NoData(Exception):
    """A repository has no files that `datasets` can read without a script of its own."""


class Layout(Strict):
    """Where the rows of a configuration lie."""

    config: str = Field(description="name of the configuration")
    builder: str = Field(description="of `datasets`: parquet, json, csv, ...")
    options: dict[str, Any] = Field(description="of the builder, where the README sets any")
    features: dict[str, Any] | None = Field(description="types of the columns, where the README names them")
    files: dict[str, list[str]] = Field(description="split -> paths in the repository, in order")
    rows: dict[str, int] = Field(description="split -> how many rows it has, as the README says")

    @property
    def columns(self) -> Features | None:
        return None if self.features is None else Features.from_dict(self.features)


def layout_of(hub: Hub, repository: Repository, config: str | None) -> Layout:
    """The layout of a configuration; the default one where none is named. Worked out once and kept in the cache.

    Raises:
        ValueError: there is no such configuration; the message lists those that there are.
        NoData: the repository has nothing that can be read.
        TaskmixError: as `Hub.files`.
    """
    commit = hub.commit(repository)
    key = digest([repository.id, commit, config, datasets.__version__], length=32)
    kept = hub.cache / "hub" / f"{key}.json"
    if kept.is_file():
        return _read(kept)
    layout = _resolve(hub, repository, config)
    with write_aside(kept) as aside:
        aside.write_text(layout.model_dump_json(), encoding="utf-8")
    return layout


@lru_cache(maxsize=10_000)
def _read(kept: Path) -> Layout:
    return Layout.model_validate_json(kept.read_bytes())


def _resolve(hub: Hub, repository: Repository, config: str | None) -> Layout:
    names = list(hub.files(repository))
    readme = hub.fetch(repository, [README])[0].read_text(encoding="utf-8") if README in names else ""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch, "data")
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        (folder / README).write_text(_about(readme, config), encoding="utf-8")
        try:
            with quiet():
                builder = load_dataset_builder(str(folder), config)
        except (datasets.exceptions.DatasetNotFoundError, FileNotFoundError) as error:
            raise NoData(*([name for name in names if name.endswith(".py")][:1])) from error
        root = folder.resolve()
        files = {
            str(split): [Path(path).resolve().relative_to(root).as_posix() for path in paths]
            for split, paths in (builder.config.data_files or {}).items()
        }
    features = builder.info.features
    return Layout(
        config=builder.config.name,
        builder=type(builder).__module__.rpartition(".")[2],
        options=_options(builder.config),
        features=None if features is None else features.to_dict(),
        files=files,
        rows={str(name): split.num_examples for name, split in (builder.info.splits or {}).items()},
    )


def _about(readme: str, config: str | None) -> str:
    """The README's YAML on one configuration: that on hundreds takes `datasets` a second for each of them."""
    match = FRONT_MATTER.match(readme.replace("\r\n", "\n"))
    if match is None:
        return ""
    about = yaml.load(match[1], getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if not isinstance(about, Mapping):
        return ""
    kept = {key: about[key] for key in ("configs", "dataset_info") if key in about}
    for key in list(kept):
        entries = kept[key] if isinstance(kept[key], list) else [kept[key]]
        chosen = [entry for entry in entries if isinstance(entry, Mapping) and entry.get("config_name") == config]
        if config is not None and chosen:
            kept[key] = chosen
    return f"---\n{yaml.safe_dump(kept, allow_unicode=True, sort_keys=False)}---\n"


def _options(config: datasets.BuilderConfig) -> dict[str, Any]:
    """Where a configuration differs from its builder's default, as a delimiter does."""
    usual = type(config)()
    return {
        field.name: value
        for field in dataclasses.fields(config)
        if field.name not in OWN
        and field.name != "features"
        and (value := getattr(config, field.name)) != getattr(usual, field.name)
    }
