"""docs/settings.md has every key of a search file, as the models have it."""

from __future__ import annotations

import re

from search.config.schema import SearchConfig, flat
from search.config.settings_document import PAGE, describe_settings
from tests.support.searches import SEARCH

ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]*) \| (.+) \| (yes|no|grows) \|$", re.MULTILINE)


def test_the_page_is_what_the_models_say() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == describe_settings(), "python -m search.config.settings_document"


def test_every_key_has_a_meaning_and_a_row() -> None:
    rows = {key: meaning for key, _, _, meaning, _ in ROW.findall(describe_settings())}
    assert not [key for key, meaning in rows.items() if not meaning.strip()]
    dumped = SearchConfig.model_validate({**SEARCH, "space": {}}).model_dump(mode="json")
    assert {key for key, _ in flat(dumped)} <= rows.keys()


def test_what_may_change_is_what_a_launch_lets_change() -> None:
    changes = {key: changes for key, _, _, _, changes in ROW.findall(describe_settings())}
    fixed = SearchConfig.model_validate(SEARCH).fixed()
    assert {key for key in fixed if changes.get(key) == "yes"} == set()
    assert changes["budget.recipes"] == "yes" and changes["tasks"] == "grows" and changes["seed"] == "no"
