import numpy as np
import pytest
import torch
from datasets import Dataset
from torch import nn

from trainables.formats import retrieval


@pytest.fixture
def accuracy(bert, card_of, featurize, score):
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
        featurized = featurize({"text_a": text_a, "text_b": text_b}, card, bert)
        return score(retrieval.FORMAT, Bag(), nn.Identity(), featurized, card, bert, 2)["accuracy"]

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


def batch_of(pairs, kit):
    text_a, text_b = zip(*pairs, strict=True)
    columns = retrieval.FORMAT.features({"text_a": text_a, "text_b": text_b}, None, kit.tokenizer, 128)
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return retrieval.FORMAT.collate(rows, kit.tokenizer, torch.Generator())


def loss_in_numpy(encoder, kit, pairs):
    """Text by text, without padding; the published loss written out."""

    def vector(text):
        with torch.no_grad():
            states = encoder(**kit.tokenizer(text, return_tensors="pt")).last_hidden_state[0].double().numpy()
        return states.mean(axis=0) / np.linalg.norm(states.mean(axis=0))

    terms = []
    for a, b in pairs:
        others = [pair for pair in pairs if pair[0] != a and pair[1] != b]
        own = vector(a) @ vector(b) / retrieval.TEMPERATURE
        wrong_b = [vector(a) @ vector(other) / retrieval.TEMPERATURE for _, other in others]
        wrong_a = [vector(other) @ vector(b) / retrieval.TEMPERATURE for other, _ in others]
        terms += [np.log(np.exp([own, *wrong]).sum()) - own for wrong in (wrong_b, wrong_a)]
    return float(np.mean(terms))


@pytest.mark.parametrize("kind", ["bert", "xlm-r"])
def test_loss_is_the_softmax_over_the_batch_in_both_directions(kind, kits, texts):
    kit = kits(kind)
    encoder = kit.encoder()
    pairs = [*zip(texts[:4], texts[4:], strict=True)]
    loss = retrieval.FORMAT.loss(encoder, nn.Identity(), batch_of(pairs, kit))
    assert loss.item() == pytest.approx(loss_in_numpy(encoder, kit, pairs), rel=1e-4)


def test_pairs_that_share_a_text_are_no_negatives_of_each_other(bert, texts):
    encoder = bert.encoder()
    pairs = [(texts[0], texts[4]), (texts[1], texts[4]), (texts[0], texts[5]), (texts[2], texts[6])]
    loss = retrieval.FORMAT.loss(encoder, nn.Identity(), batch_of(pairs, bert))
    assert loss.item() == pytest.approx(loss_in_numpy(encoder, bert, pairs), rel=1e-4)
    alone = retrieval.FORMAT.loss(encoder, nn.Identity(), batch_of(pairs[:1], bert))
    assert alone.item() == 0.0
