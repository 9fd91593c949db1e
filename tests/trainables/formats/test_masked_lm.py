import pytest
import torch

from spaces.errors import InputError
from trainables.formats import masked_lm
from trainables.formats.base import IGNORED

FORMAT = masked_lm.FORMAT


@pytest.fixture
def batch(bert):
    """64 texts of 100 tokens, and 64 shorter ones, masked."""
    ids = torch.randint(5, len(bert.tokenizer), (64, 98), generator=torch.Generator().manual_seed(1)).tolist()
    whole = [{"input_ids": [2, *row, 3], "token_type_ids": [0] * 100} for row in ids]
    short = [{"input_ids": [2, *row[:40], 3], "token_type_ids": [0] * 42} for row in ids]
    features = [*whole, *short]
    return features, FORMAT.collate(features, bert.tokenizer, torch.Generator().manual_seed(0))


def test_shares_of_masked_replaced_and_kept_tokens(bert, batch):
    features, made = batch
    before = torch.tensor([f["input_ids"] + [0] * (100 - len(f["input_ids"])) for f in features])
    predicted = made["labels"] != IGNORED
    assert predicted.sum() / (64 * 138) == pytest.approx(0.15, abs=0.01)
    masked = (made["input_ids"] == bert.tokenizer.mask_token_id) & predicted
    kept = (made["input_ids"] == before) & predicted
    assert masked.sum() / predicted.sum() == pytest.approx(0.8, abs=0.03)
    assert kept.sum() / predicted.sum() == pytest.approx(0.1, abs=0.03)
    assert torch.equal(made["labels"][predicted], before[predicted])
    assert torch.equal(made["input_ids"][~predicted], before[~predicted])


def test_specials_and_padding_are_never_predicted(bert, batch):
    _, made = batch
    labels = set(made["labels"].unique().tolist()) - {IGNORED}
    assert not labels & set(bert.tokenizer.all_special_ids)
    assert (made["labels"][64:, 41:] == IGNORED).all()


def test_another_generator_masks_otherwise(bert, batch):
    features, made = batch
    other = FORMAT.collate(features, bert.tokenizer, torch.Generator().manual_seed(7))
    assert not torch.equal(made["labels"], other["labels"])


def test_long_texts_become_several_features(bert, card_of):
    text = "the moon over Paris " * 30
    made = FORMAT.features({"text": ["cat", text]}, card_of("masked_lm"), bert.tokenizer, 16)
    assert made["row"][:2] == [0, 1]
    assert len(made["row"]) > 6
    pieces = [i for ids in made["input_ids"][1:] for i in ids if i not in bert.tokenizer.all_special_ids]
    assert pieces == bert.tokenizer(text, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("frozen", [False, True])
def test_the_decoder_is_the_encoders_embedding(bert, card_of, frozen):
    encoder = bert.encoder()
    embeddings = encoder.get_input_embeddings().weight.requires_grad_(not frozen)
    head = FORMAT.head(encoder, card_of("masked_lm"))
    assert all(parameter.numel() < embeddings.numel() for parameter in head.parameters())
    features = [{"input_ids": [2, *range(5, 60), 3], "token_type_ids": [0] * 57}]
    FORMAT.loss(encoder, head, FORMAT.collate(features, bert.tokenizer, torch.Generator().manual_seed(0))).backward()
    assert (embeddings.grad is None) is frozen
    assert encoder.encoder.layer[0].output.dense.weight.grad.any()


def test_logits_are_computed_at_masked_tokens_alone(bert, card_of):
    encoder = bert.encoder()
    head = FORMAT.head(encoder, card_of("masked_lm"))
    seen = []
    head.register_forward_hook(lambda module, inputs, output: seen.append(tuple(output.shape)))
    features = [{"input_ids": [2, *range(5, 60), 3], "token_type_ids": [0] * 57}]
    batch = FORMAT.collate(features, bert.tokenizer, torch.Generator().manual_seed(0))
    FORMAT.loss(encoder, head, batch)
    assert seen == [(int((batch["labels"] != IGNORED).sum()), len(bert.tokenizer))]


def test_a_batch_without_a_mask_has_no_loss(bert, card_of):
    encoder = bert.encoder()
    features = [{"input_ids": [2, 3], "token_type_ids": [0, 0]}]
    batch = FORMAT.collate(features, bert.tokenizer, torch.Generator().manual_seed(0))
    loss = FORMAT.loss(encoder, FORMAT.head(encoder, card_of("masked_lm")), batch)
    assert loss.item() == 0
    loss.backward()


def test_a_tokenizer_without_a_mask_is_a_mistake_with_a_name(bert, card_of, monkeypatch):
    monkeypatch.setattr(type(bert.tokenizer), "mask_token_id", None, raising=False)
    with pytest.raises(InputError, match="no mask token"):
        FORMAT.features({"text": ["cat"]}, card_of("masked_lm"), bert.tokenizer, 16)
