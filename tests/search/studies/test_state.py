"""What the records of a search add up to: facts that every answer rests on."""

from __future__ import annotations

import pytest


def test_a_gain_is_over_the_baseline_with_the_same_seed_at_the_same_rung(filled) -> None:
    state = filled.studies.state

    def gain(mix: str, rung: int, target: str, seed: int = 1) -> float | None:
        record = state.at(target, filled.item(mix, rung, seed=seed).recipe.digest, rung)
        return state.gain_of(record)

    assert gain("paraphrase", 0, "related") == pytest.approx(0.56 - 0.50)
    assert gain("paraphrase", 1, "related") == pytest.approx(0.62 - 0.55)
    assert gain("paraphrase:0.7 + ner:0.3", 1, "verses", seed=2) == pytest.approx(0.61 - 0.64)
    assert gain("crossref", 0, "related") is None  # it failed
    for record in filled.studies.records["verses"]:
        if record.recipe.is_baseline:
            assert state.gain_of(record) == 0.0


def test_without_a_baseline_beside_it_there_is_no_gain(filled) -> None:
    state = filled.studies.state
    assert state.baseline("related", 0, seed=2) is None
    assert state.baseline("related", 1, seed=3) is None
    item = filled.run("paraphrase", 0, {"related": 0.7}, "confirm", seed=2)
    assert state.gain_of(state.at("related", item.recipe.digest, 0)) is None


def test_the_top_rung_is_the_last(filled) -> None:
    state = filled.studies.state
    assert filled.search.config.halving.rungs[state.top_rung] == 1.0
