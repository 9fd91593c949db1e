"""Whatever stands in a card: it is read, and what was read is stored, or there are words about it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import strategies as st

from spaces.card import Card
from spaces.catalogue import Catalogue
from spaces.errors import InputError
from tests.support.fuzz import CARDS, complete, holds_for, spoilt

AT_ONCE = 10
"""Cards in a folder: the built-in ones are read with them each time."""


def read(folder: Path) -> list[Card]:
    """The cards of a folder that can be read; the files of the others are removed."""
    while True:
        try:
            catalogue = Catalogue.load([folder])
        except InputError as error:
            for problem in error.problems:
                name = re.search(r"any\d", problem.where)
                assert name, problem
                for file in folder.glob(f"*/{name[0]}.yaml"):
                    file.unlink()
            continue
        names = {file.stem for file in folder.glob("*/*.yaml")}
        return [card for card in (*catalogue.tasks.values(), *catalogue.targets.values()) if card.name in names]


@pytest.mark.long
@pytest.mark.parametrize("count", [20, pytest.param(1000, marks=pytest.mark.slow)])
def test_any_value_at_any_key_is_read_or_a_problem(tmp_path: Path, count: int) -> None:
    spoilt_cards = [spoilt(complete(form, kind, tmp_path)).map(lambda text, k=kind: (k, text)) for form, kind in CARDS]
    counts = {"written": 0, "read": 0}

    @holds_for(count, st.lists(st.one_of(spoilt_cards), min_size=AT_ONCE, max_size=AT_ONCE))
    def holds(cards: list[tuple[str, str]]) -> None:
        for kind in ("task", "target"):
            shutil.rmtree(tmp_path / f"{kind}s", ignore_errors=True)
            (tmp_path / f"{kind}s").mkdir()
        for number, (kind, text) in enumerate(cards):
            (tmp_path / f"{kind}s" / f"any{number}.yaml").write_text(text, encoding="utf-8")
            counts["written"] += 1
        for card in read(tmp_path):
            counts["read"] += 1
            assert Card.model_validate_json(card.model_dump_json()) == card
            assert json.loads(json.dumps(card.identity, allow_nan=False))

    assert 0 < counts["read"] < counts["written"]
