"""The cards that docs/add-a-task.md shows: they are read, one of each format, and need the keys that are marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from spaces.catalogue import Catalogue
from spaces.errors import InputError
from spaces.formats import FORMATS

PAGE = Path(__file__).parent.parent / "docs" / "add-a-task.md"

CARD = re.compile(r"^```yaml\n# my_cards/(\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

MARKED = re.compile(r"^(\w+): .* # \*", re.MULTILINE)


def cards() -> dict[str, str]:
    """Path below the folder -> text."""
    return dict(CARD.findall(PAGE.read_text(encoding="utf-8")))


def marked() -> Iterator[tuple[str, str]]:
    """Path of a card, and a key of it that is marked."""
    for path, text in cards().items():
        for key in MARKED.findall(text):
            yield path, key


def write(folder: Path, texts: dict[str, str]) -> Path:
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def test_all_are_read_and_every_format_has_one_in_full(tmp_path: Path) -> None:
    catalogue = Catalogue.load([write(tmp_path, cards())])
    assert all(
        Path(path).stem in (catalogue.tasks if path.startswith("tasks") else catalogue.targets) for path in cards()
    )
    full = [
        yaml.safe_load(text) for path, text in cards().items() if any(path == marked_in for marked_in, _ in marked())
    ]
    assert sorted(card["format"] for card in full) == sorted(FORMATS)


@pytest.mark.long
def test_a_card_without_a_key_that_is_marked_is_refused(tmp_path: Path) -> None:
    found = list(marked())
    assert len(found) > 50
    for number, (path, key) in enumerate(found):
        text = re.sub(rf"^{key}: .*\n", "", cards()[path], flags=re.MULTILINE)
        folder = write(tmp_path / str(number), {**cards(), path: text})
        with pytest.raises(InputError, match=key):
            Catalogue.load([folder])


def test_keys_that_are_not_marked_can_be_left_out(tmp_path: Path) -> None:
    """But for those that say where the documented files have other columns than the format's."""
    for number, path in enumerate({path for path, _ in marked()}):
        keys = [key for marked_in, key in marked() if marked_in == path]
        kept = {key: value for key, value in yaml.safe_load(cards()[path]).items() if key in keys}
        folder = write(tmp_path / str(number), {**cards(), path: yaml.safe_dump(kept)})
        Catalogue.load([folder])
