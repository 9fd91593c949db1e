"""What a job is given: our packages, the search file and the cards that it names; and what cannot be shipped.

What is shipped is a list, never the user's folder. All that a search has to find again (studies, runs, encoders, data)
lies outside of the job, whose own folder goes with it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from cluster.connect import PACKAGES, ROOT
from spaces.card import Card
from spaces.errors import Problem
from spaces.parsing import to_yaml, yaml_files

SEARCH_FILE = "search.yaml"

SHARED_STORAGE = {
    "studies": "postgresql://USER@HOST/DATABASE",
    "mlflow": "http://HOST:5000, an MLflow server, or postgresql://USER@HOST/DATABASE",
    "store": "a folder that all nodes share (/shared/taskmix/store), or s3://BUCKET/store",
    "cache": "a folder that all nodes share (/shared/taskmix/cache)",
}
"""Keys under `storage:` that must name what outlives the job and other machines reach -> what to write there."""


def check_shared(config: Mapping[str, Any], file: str) -> list[Problem]:
    """Checks that a search file leaves nothing to this machine or to the job's own folder, which nobody finds again.

    Args:
        config: the search file's content with its defaults, as a mapping.
        file: its name, for the messages.

    Returns:
        A problem for each key that does; none when all is well.
    """
    problems = []
    for key, fix in SHARED_STORAGE.items():
        value = config["storage"][key]
        if value is None:
            found = "nothing, which means the job's own folder" if key != "cache" else "nothing: each node has its own"
        elif value.startswith("sqlite"):
            found = f"{value}, a file of one machine"
        elif _is_relative(value):
            found = f"{value}, below the job's own folder"
        else:
            continue
        problems.append(Problem("must outlive the job and be reached from elsewhere", _at(file, key), found, fix))
    for where, value in ((f"{file}: model", config["model"]), (_at(file, "mirror"), config["storage"]["mirror"])):
        if value and _is_relative(value) and Path(value).is_dir():
            fix = "an absolute path that all nodes have"
            problems.append(Problem("a folder of this machine, which is not shipped", where, value, fix))
    return problems


def check_data(cards: Iterable[Card]) -> tuple[list[Problem], list[str]]:
    """Checks that the data of cards, which are not shipped, can be seen by nodes.

    Returns:
        A problem for each card whose folder is a relative one, since each process has its own; and the folders that all
        nodes must have, for people to look at.
    """
    problems, folders = [], list[str]()
    for card in cards:
        path = card.source.files
        if path and _is_relative(path):
            what = "its data are not shipped, and a relative path is another folder on each node"
            fix = "copy it to a folder that all nodes share, and name that with its whole path"
            problems.append(Problem(what, f"{card.name}.yaml: source.files", path, fix))
        elif path and "://" not in path:
            folders.append(path)
    return problems, list(dict.fromkeys(folders))


def pack(folder: Path, search: str, cards: Sequence[Path]) -> str:
    """Writes what a job needs into an empty folder.

    Args:
        folder: becomes the job's working directory.
        search: the search file as YAML.
        cards: the folders with cards that it names, in its order; cards and suites in them are taken along.

    Returns:
        What was packed, in one line.
    """
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "manifests")
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    if (ROOT / "requirements.txt").is_file():
        shutil.copy(ROOT / "requirements.txt", folder)
    content = yaml.safe_load(search)
    if cards:
        content["cards"] = [f"cards/{number}" for number in range(len(cards))]
    for number, source in enumerate(cards):
        files = [path for sub in ("tasks", "targets", "suites") for path in yaml_files(source / sub)]
        for file in sorted([*files, *source.glob("suites/*.csv")]):
            target = folder / "cards" / str(number) / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    (folder / SEARCH_FILE).write_text(to_yaml(content), encoding="utf-8")
    files = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    return f"{size / 1000:,.0f} kB in {len(files)} files: {', '.join(sorted(path.name for path in folder.iterdir()))}"


def _is_relative(value: str) -> bool:
    return "://" not in value and not re.match(r"[/~]", value)


def _at(file: str, key: str) -> str:
    return f"{file}: storage.{key}"
