import pytest
import torch

from trainables.formats.encoding import CPU_TOKENS, cut_by_length
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


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_batches_are_cut_by_tokens_on_a_cpu_and_hold_every_feature_once(device):
    lengths = [3 * CPU_TOKENS, *range(1, 200)]
    batches = list(cut_by_length(lengths, 64, torch.device(device)))
    assert sorted(at for batch in batches for at in batch) == list(range(len(lengths)))
    longest = [max(lengths[at] for at in batch) for batch in batches]
    assert longest == sorted(longest, reverse=True), "what does not fit shows at once"
    assert all(len(batch) <= 64 for batch in batches)
    if device == "cpu":
        assert batches[0] == [0], "at least one"
        sizes = [width * len(batch) for width, batch in zip(longest, batches, strict=True)]
        assert all(size <= CPU_TOKENS for size in sizes[1:])
    else:
        assert len(batches) == -(-len(lengths) // 64)
