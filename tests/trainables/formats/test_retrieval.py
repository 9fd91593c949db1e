import pytest
import torch
from datasets import Dataset
from torch import nn

from trainables.formats import retrieval
from trainables.formats.retrieval import nearest


def test_nearest_by_hand(monkeypatch):
    queries = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    candidates = torch.tensor([[0.8, 0.6], [1.0, 0.0], [0.0, 1.0]])
    assert nearest(queries, candidates) == [1, 2, 0]
    monkeypatch.setattr(retrieval, "CHUNK", 2)
    assert nearest(queries, candidates) == [1, 2, 0]


@pytest.fixture
def accuracy(bert, card_of, featurise, score):
    """Scores pairs of texts with an encoder whose vectors are one-hot in the ids, so that like texts are close."""

    class Bag(nn.Module):
        def __init__(self):
            super().__init__()
            self.vectors = nn.Embedding(len(bert.tokenizer), len(bert.tokenizer))
            nn.init.eye_(self.vectors.weight)
            self.last_hidden_state = None

        def forward(self, input_ids, attention_mask, token_type_ids):
            self.last_hidden_state = self.vectors(input_ids) * 3.0  # lengths must not matter
            return self

    def make(text_a, text_b):
        card = card_of("retrieval")
        featurised = featurise({"text_a": text_a, "text_b": text_b}, card, bert)
        return score(retrieval.FORMAT, Bag(), nn.Identity(), featurised, card, bert, 2)["accuracy"]

    return make


def test_each_text_is_looked_up_among_all_others(accuracy):
    text_a = ["the cat sat", "the moon", "New York in January", "Paris"]
    text_b = ["cat sat on the mat", "the moon over Paris and the moon", "January in York", "over Paris"]
    assert accuracy(text_a, text_b) == 1.0
    assert accuracy(text_a, [*text_b[1:], text_b[0]]) == 0.0


def test_of_equal_texts_any_is_right(accuracy):
    assert accuracy(["the moon", "moon", "Paris"], ["the moon", "the moon", "Paris"]) == 1.0


def test_floor_is_the_share_that_guessing_finds(card_of):
    def rows(texts):
        return Dataset.from_dict({"text_a": texts, "text_b": texts})

    assert retrieval.FORMAT.floor(None, rows(list("abcd")), card_of("retrieval"), "en") == {"accuracy": 0.25}
    assert retrieval.FORMAT.floor(None, rows(list("aabc")), card_of("retrieval"), "en") == {"accuracy": 6 / 16}
