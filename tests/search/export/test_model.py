"""A model that was trained again is let go only if it is the one that was scored."""

from __future__ import annotations

from typing import Any

import pytest

from search.export.model import _check_score
from spaces.errors import Failure
from trainables.work.outcome import Score

SCORE = Score(
    target="tags",
    score=0.5,
    dev={"de": {"f1": 0.5, "accuracy": 0.7}, "fr": {"f1": 0.25, "accuracy": 0.5}},
    floor=0.0,
    floors={},
    test={"de": {"f1": 0.75, "accuracy": 0.9}},
    examples=8,
    seconds=1.0,
)


def test_what_scores_alike_is_the_same() -> None:
    _check_score(SCORE, SCORE, "tags")
    _check_score(SCORE.model_copy(update={"seconds": 99.0}), SCORE, "tags")


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"dev": {**SCORE.dev, "fr": {"f1": 0.25, "accuracy": 0.51}}}, "tags, development split, fr"),
        ({"dev": {"de": SCORE.dev["de"]}}, "tags, development split, fr"),
        ({"test": {"de": {"f1": 0.7500001, "accuracy": 0.9}}}, "tags, test split, de"),
        ({"test": {}}, "tags, test split, de"),
    ],
)
def test_another_score_in_one_language_is_another_model(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(Failure, match="another one than was scored") as caught:
        _check_score(SCORE.model_copy(update=changes), SCORE, "tags")
    assert where in str(caught.value)
