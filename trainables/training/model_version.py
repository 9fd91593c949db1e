"""What a model's name stands for: a folder may be overwritten in place, and a hub id goes on to the next commit."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import try_to_load_from_cache
from huggingface_hub.errors import HFValidationError

from spaces.digest import digest
from trainables.data.file_digest import file_digest
from trainables.data.mini import SUITE_PREFIX, suite_folder

READ = frozenset({".safetensors", ".bin", ".json", ".txt", ".model", ".spm", ".tiktoken"})
"""Endings of the files that an encoder and its tokenizer are read from."""

UNREAD = frozenset({"training_args.bin", "optimizer.bin", "scheduler.bin", "trainer_state.json", "all_results.json"})
"""Files that a training run leaves beside them."""


def model_version(name: str, cache: Path) -> str | None:
    """What the model called `name` is: the same wherever its files lie, another one when they are others.

    Of a folder it is the digest of the files that a model is read from; of a model of the offline suite, that of what
    the suite was built from; of a hub id, the commit that this machine has.

    Args:
        name: as for `encoders.load_base`.
        cache: folder of suites, and of the digests of files that were read before.

    Returns:
        None where nothing is known: the suite is not built, or the hub's model not yet here.

    Raises:
        OSError: a file cannot be read.
    """
    if name.startswith(SUITE_PREFIX):
        suite, _, model = name.removeprefix(SUITE_PREFIX).partition("/")
        manifest = suite_folder(cache, suite) / "manifest.json"
        return _version("suite", [model, file_digest(manifest, cache)]) if manifest.is_file() else None
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _version("files", [[path.name, file_digest(path, cache)] for path in model_files(folder)])
    try:
        config = try_to_load_from_cache(name, "config.json")
    except HFValidationError:
        return None
    return f"commit:{Path(config).parent.name}" if isinstance(config, str) else None


def model_files(folder: Path) -> list[Path]:
    """The files of a folder that transformers reads an encoder and its tokenizer from, by name."""
    files = [path for path in folder.iterdir() if path.suffix in READ and path.name not in UNREAD and path.is_file()]
    if any(path.suffix == ".safetensors" for path in files):  # then weights in torch's own files are not looked at
        files = [path for path in files if path.suffix != ".bin"]
    return sorted(path for path in files if not path.name.startswith("."))


def _version(of: str, content: object) -> str:
    return f"{of}:{digest(content, length=32)}"
