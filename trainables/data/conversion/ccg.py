"""CCGbank as jiant reads it, for the card `ccg`."""

from __future__ import annotations

import json
from pathlib import Path

from spaces.errors import InputError, Problem
from trainables.data.conversion.files import not_as_published, read, tabbed, write


def convert(source: Path, target: Path) -> list[Path]:
    """CCGbank as jiant reads it: `ccg.{train,dev,test}`, words, a tab, supertags, all with blanks between them; and
    `tags_to_id.json`, supertag -> number."""
    try:
        numbers = json.loads(read(source / "tags_to_id.json"))
    except json.JSONDecodeError as error:
        raise not_as_published(source / "tags_to_id.json", "JSON", error) from error
    written = []
    for split in ("train", "dev", "test"):
        file, rows = source / f"ccg.{split}", []
        for number, (words, tags) in enumerate(tabbed(file), 1):
            unknown = [tag for tag in tags.split() if tag not in numbers]
            if unknown or len(words.split()) != len(tags.split()):
                found = f"line {number}: {unknown[0] if unknown else words}"
                raise InputError(Problem("words and known supertags do not match", str(file), found))
            rows.append({"tokens": words.split(), "tags": [int(numbers[tag]) for tag in tags.split()]})
        written.append(write(target / f"{split}.jsonl", rows))
    return written
