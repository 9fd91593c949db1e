"""The files that a model's name stands for, and their digest: a folder may be overwritten in place, a hub id moves."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from spaces.digest import digest
from spaces.errors import InputError, Problem
from spaces.repository import SUITE_PREFIX, Repository, is_folder
from trainables.data.mini import suite_folder
from trainables.hub.hub import Hub
from trainables.store.file_digest import file_digest

READ = frozenset({".safetensors", ".bin", ".json", ".txt", ".model", ".spm", ".tiktoken"})
"""Endings of the files that an encoder and its tokenizer are read from."""

UNREAD = frozenset({"training_args.bin", "optimizer.bin", "scheduler.bin", "trainer_state.json", "all_results.json"})
"""Files that a training run leaves beside them."""


def folder_of(name: str, cache: Path) -> Path | None:
    """The folder that a model's name stands for, there or not; None for a hub id."""
    if name.startswith(SUITE_PREFIX):
        suite, _, model = name.removeprefix(SUITE_PREFIX).partition("/")
        return suite_folder(cache, suite) / "models" / model
    return Path(name).expanduser() if is_folder(name) else None


def hub_files(name: str, hub: Hub) -> tuple[Repository, list[str]]:
    """The files that a model of the hub is read from; raises as `Hub.files`, and InputError if there are none."""
    repository = Repository.of_model(name)
    assert repository is not None, "only models of the hub are asked"
    files = read_of(hub.files(repository))
    if "config.json" not in files:
        found = f"{name}: {', '.join(sorted(hub.files(repository))[:10]) or 'no files'}"
        raise InputError(
            Problem("no config.json in the repository", "model", found, "the id of an encoder's checkpoint")
        )
    return repository, files


def fetch_model(name: str, hub: Hub) -> Path:
    """The folder with the files of a model of the hub, all of one commit; raises as `hub_files` and `Hub.fetch`."""
    repository, files = hub_files(name, hub)
    return hub.fetch(repository, files)[0].parent


def model_version(name: str, hub: Hub) -> str | None:
    """What the model called `name` is: the same wherever its files lie, another one when they are others.

    Of a folder and of a hub id it is the digest of the files that a model is read from; of a model of the offline
    suite, that of what the suite was built from.

    Args:
        name: as for `encoders.load_base`.
        hub: its cache holds suites, and the digests of files that were read before.

    Returns:
        None where nothing is known: the suite is not built.

    Raises:
        OSError: a file cannot be read.
        TaskmixError: as `hub_files`.
    """
    if name.startswith(SUITE_PREFIX):
        suite, _, model = name.removeprefix(SUITE_PREFIX).partition("/")
        manifest = suite_folder(hub.cache, suite) / "manifest.json"
        return _version("suite", [model, file_digest(manifest, hub.cache)]) if manifest.is_file() else None
    folder = folder_of(name, hub.cache)
    if folder is not None:
        return _version("files", [[path.name, file_digest(path, hub.cache)] for path in model_files(folder)])
    repository, files = hub_files(name, hub)
    tree = hub.files(repository)
    return _version("hub", [[path, tree[path].blob_id] for path in files])


def model_files(folder: Path) -> list[Path]:
    """The files of a folder that transformers reads an encoder and its tokenizer from, by name."""
    return [folder / name for name in read_of(path.name for path in folder.iterdir() if path.is_file())]


def read_of(names: Iterable[str]) -> list[str]:
    """Those of the files of a folder, or paths of a repository, that transformers reads, in order."""
    read = [name for name in names if PurePosixPath(name).suffix in READ and name not in UNREAD and "/" not in name]
    if any(name.endswith(".safetensors") for name in read):  # then weights in torch's own files are not looked at
        read = [name for name in read if not name.endswith(".bin")]
    return sorted(name for name in read if not name.startswith("."))


def _version(of: str, content: object) -> str:
    return f"{of}:{digest(content, length=32)}"
