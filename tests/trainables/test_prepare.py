"""What of a search's data can be looked at where the hub is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from spaces.card import Card
from spaces.catalogue import Catalogue
from trainables.data.sources import away


def test_what_only_the_hub_or_the_owner_of_files_has(tmp_path: Path, card_of: Callable[..., Card]) -> None:
    tasks = Catalogue.load().tasks
    assert list(away(tasks["mnli"], mirror=None)) == ["nyu-mll/glue"]
    assert set(away(tasks["anli_plus"], mirror=None)) == {"stanfordnlp/snli", "nyu-mll/glue", "facebook/anli"}
    assert list(away(tasks["anli_plus"], mirror=str(tmp_path))) == []
    assert list(away(tasks["ccg"], mirror=str(tmp_path))) == ["ccg"]
    here = tasks["ccg"].source.model_copy(update={"files": str(tmp_path)})
    assert list(away(tasks["ccg"].model_copy(update={"source": here}), mirror=None)) == []
    assert list(away(card_of("tagging", source={"files": "nowhere"}), mirror=None)) == [], "a mistake, not a licence"
