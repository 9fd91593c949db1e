"""The card of a model that is taken home: what it says of its gain is what `best` says."""

from __future__ import annotations

import pytest

from search.answers.mixes import MixResult
from search.export import model_card
from search.export.statement import BaseModel as Pretrained
from search.export.statement import StageDone, Statement, StoreKeys
from search.formatting import points, points_between
from search.results.ranking import rank
from tests.support.searches import Filler


@pytest.fixture
def statement(filled: Filler) -> Statement:
    """Of the best mix of a target, as `describe` fills it."""
    mixes = rank(filled.studies, "related").targets["related"]
    best, card = mixes.best[0], filled.studies.search.targets["related"]
    return Statement(
        content="fine-tuned",
        loads_with="SentenceTransformer",
        takes_pooler_away=False,
        architecture="BertModel",
        code=[],
        search="s",
        target="related",
        format=card.format,
        metric=card.metric,
        languages=card.languages,
        model=Pretrained(name="m", version=None, commit=None),
        mix=best.mix,
        mixture=best.mixture,
        hyperparameters={},
        seed=1,
        recipe={},
        rung=mixes.rung,
        max_length=48,
        evaluated_rows=None,
        stages=[StageDone(data=best.mix, examples=8, settings={})],
        keys=StoreKeys(encoder="k", score="k"),
        result=best,
        baseline=mixes.baseline,
        data=[],
        versions={},
        command="c",
        files={},
    )


def test_gains_have_intervals_in_every_language(statement: Statement) -> None:
    card = model_card.render(statement)
    assert isinstance(statement.result, MixResult)
    for estimate in (statement.result.expected, statement.result.claim):
        assert estimate is not None and estimate.languages
        for gain in (estimate, *estimate.languages.values()):
            assert gain.low is not None and gain.high is not None
            assert f"| {points(gain.mean)} ({points_between(gain.low, gain.high)}) |" in card
    assert "the test split had no say in the choice" in card and "1 fresh seed against 2" in card
    assert "1.00" not in card, "nothing is certain"


def test_a_claim_by_the_rows_that_chose_is_said_to_be_one(statement: Statement) -> None:
    result = statement.result
    assert isinstance(result, MixResult) and result.claim is not None
    claim = result.claim.model_copy(update={"optimistic": "its development and test split are one at the source"})
    told = statement.model_copy(update={"result": result.model_copy(update={"claim": claim})})
    card = model_card.render(told)
    assert "optimistic: its development and test split are one" in card
    assert "no say in the choice" not in card and "fresh" not in card
