import pytest
import torch

from trainables.formats.vectors import text_vectors
from trainables.work.settings import EvaluationSettings


@pytest.mark.parametrize("kind", ["bert", "xlm-r", "modernbert"])
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_vectors_are_those_of_the_texts_alone(kind, pooling, kits, texts, featurize, card_of):
    kit = kits(kind)
    encoder = kit.encoder()
    card = card_of("answer_retrieval")
    entries = {"id": [str(at) for at, _ in enumerate(texts)], "text": texts, "relevant": [[]] * len(texts)}
    _, features = featurize(entries, card, kit, 128)
    settings = EvaluationSettings(batch_size=3, pooling=pooling)
    found = text_vectors(encoder, features, kit.tokenizer, settings, [0, 1, 2, None])
    for at, text in enumerate(texts):
        with torch.no_grad():
            output = encoder(**kit.tokenizer(text, return_tensors="pt"), output_hidden_states=True)
        for number, states in enumerate([*output.hidden_states[:3], output.last_hidden_state]):
            vector = states[0].mean(dim=0) if pooling == "mean" else states[0, 0]
            torch.testing.assert_close(found[number, at], vector / vector.norm(), rtol=1e-4, atol=1e-5)
