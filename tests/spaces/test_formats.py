"""Formats: what is declared of them fits together, and what the documents say of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spaces.formats import FORMATS, FormatSpec

DOCS = Path(__file__).parents[2] / "docs" / "add-a-task.md"


@pytest.mark.parametrize("spec", FORMATS.values(), ids=FORMATS)
def test_declarations_fit_together(spec: FormatSpec) -> None:
    assert spec.tokens > 0
    assert spec.has("tags") <= spec.has("words")
    assert spec.has("choice") == spec.has("choices")
    assert spec.has("answers") <= spec.has("passage")
    assert spec.has_pool <= spec.has("id")
    assert spec.has_pool == (spec.trained_as is not None)
    if spec.trained_as is not None:
        assert spec.metrics, "it is for targets alone"
        assert FORMATS[spec.trained_as].trained_as is None
    assert bool(spec.metrics) == bool(spec.metrics_everywhere)


def test_the_documents_list_their_columns_and_metrics() -> None:
    table = DOCS.read_text().split("| format | columns")[1]
    lines = re.findall(r"^\| `(\w+)` \| (.*) \| (.*) \|$", table, re.MULTILINE)
    assert [name for name, *_ in lines] == list(FORMATS)
    for name, *cells in lines:
        columns, metrics = (re.findall(r"`(\w+)`", re.sub(r"\{.*?\}", "", cell)) for cell in cells)
        assert columns == list(FORMATS[name].columns)
        assert metrics == list(FORMATS[name].metrics)
