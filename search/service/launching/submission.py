"""A search file that came over the network: what it may name, and what it must not."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from search.config.search import Search
from search.config.search_file import load
from search.service.settings import Settings
from spaces.errors import InputError, Problem
from spaces.parsing import read_yaml, to_yaml

LONGEST = 256 << 10
"""Bytes of a search file."""

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?(@[\w./-]+)?")

OWN_STORAGE = frozenset({"max_gb"})
"""What of `storage` a search file may say: where things are kept is the service's to decide."""


@contextmanager
def submitted(content: bytes, settings: Settings) -> Iterator[tuple[Search, Path]]:
    """A search that somebody sent, and the file that it is as long as the context lasts.

    Raises:
        InputError: every mistake in it, as the command line tells them.
    """
    with tempfile.TemporaryDirectory(prefix="taskmix-sent-") as folder:
        sent = Path(folder) / "search.yaml"
        try:
            sent.write_bytes(content)
            data = read_yaml(sent)
            problems = list(_forbidden(data, settings))
            if problems:
                raise InputError(problems)
            if data.get("cards") or settings.storage:
                data["cards"] = [str(_below(card, settings.cards)) for card in data.get("cards") or []]
                data["storage"] = {**(data.get("storage") or {}), **settings.storage}
                sent.write_text(to_yaml(data), encoding="utf-8")
            search = load(sent)
            if not _is_model(search.config.model, settings):
                raise InputError(_no_model(search.config.model))
        except InputError as error:
            raise InputError(
                Problem(one.what, one.where.replace(str(sent), "search.yaml"), one.found, one.fix)
                for one in error.problems
            ) from error
        yield search, sent


def _forbidden(data: Mapping[str, Any], settings: Settings) -> Iterator[Problem]:
    """What a file of one's own may say, and one that was sent may not."""
    storage = data.get("storage")
    named = {str(key): value for key, value in storage.items()} if isinstance(storage, dict) else {}
    for key, value in sorted(named.items(), key=lambda item: item[0]):
        if key not in OWN_STORAGE and value != settings.storage.get(key):
            fix = "leave it out: the service keeps its searches in one place"
            yield Problem("is the service's own", f"search.yaml: storage.{key}", fix=fix)
    if storage is not None and not isinstance(storage, dict):
        yield Problem("must be a mapping", "search.yaml: storage", type(storage).__name__)
    cards = data.get("cards")
    if cards is not None and not isinstance(cards, list):
        yield Problem("must be a list of folders", "search.yaml: cards", type(cards).__name__)
    for number, card in enumerate(cards if isinstance(cards, list) else []):
        if not isinstance(card, str) or _below(card, settings.cards) is None:
            fix = "a folder below what the service was given with --cards"
            yield Problem("is no folder of cards here", f"search.yaml: cards.{number}", str(card), fix)


def _no_model(model: str) -> Problem:
    fix = "the id of a model on the hub, suite:..., or a folder below what the service was given with --models"
    return Problem("is no model that may be used here", "search.yaml: model", model, fix)


def _is_model(model: str, settings: Settings) -> bool:
    if model.startswith("suite:"):
        return ".." not in model
    if _below(model, settings.models) is not None:
        return True
    return bool(HUB_ID.fullmatch(model)) and ".." not in model and not Path(model).exists()


def _below(text: str, folders: tuple[Path, ...]) -> Path | None:
    """A folder as it is meant: one of `folders`, or below one, whole or relative to it; None: it is none."""
    for folder in folders:
        try:
            path = (folder / text).resolve()
            if path.is_relative_to(folder) and path.is_dir():
                return path
        except (OSError, ValueError):  # what no path can be
            continue
    return None
