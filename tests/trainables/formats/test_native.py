"""Heads of the architectures themselves: what they are made of, and that they belong to the encoder they stood on."""

import pytest
import torch
import transformers

from spaces.errors import InputError
from spaces.formats import FORMATS
from trainables.formats import by_name
from trainables.formats.encoding import DROPOUT
from trainables.formats.native import NativeHead

CHOOSING = [form for form, spec in FORMATS.items() if spec.architecture]


def native_head(encoder, card):
    return by_name(card.format).new_head(encoder, card, "native")


def parts(head):
    return {name: tuple(value.shape) for name, value in head.model.named_parameters()}


def test_they_are_those_of_transformers(kits, card_of):
    xlmr, card = kits("xlm-r").encoder(), card_of("sentence_classification")
    assert parts(native_head(xlmr, card)) == {
        "classifier.dense.weight": (32, 32),
        "classifier.dense.bias": (32,),
        "classifier.out_proj.weight": (3, 32),
        "classifier.out_proj.bias": (3,),
    }
    bert, choices = kits("bert").encoder(), card_of("multiple_choice")
    names = {"bert.pooler.dense.weight", "bert.pooler.dense.bias", "classifier.weight", "classifier.bias"}
    assert set(parts(native_head(bert, choices))) == names
    tagging = native_head(bert, card_of("tagging"))
    assert parts(tagging) == {"classifier.weight": (5, 32), "classifier.bias": (5,)}
    assert 0.01 < tagging.model.classifier.weight.std() < 0.03, "drawn as transformers draws it"
    assert tagging.model.dropout.p == DROPOUT and tagging.training


@pytest.mark.parametrize("kind", ["bert", "xlm-r", "modernbert", "mdeberta"])
@pytest.mark.parametrize("form", CHOOSING)
def test_the_whole_model_says_what_encoder_and_head_say(form, kind, kits, card_of, examples, featurize):
    """Random numbers in every weight, biases included, so that none is left out."""
    kit, card, format_ = kits(kind), card_of(form), by_name(form)
    encoder = kit.encoder()
    encoder.pooler = None
    head = native_head(encoder, card).eval()
    generator = torch.Generator().manual_seed(7)
    for weight in [*encoder.parameters(), *head.parameters()]:
        weight.data.copy_(torch.randn(weight.shape, generator=generator) * 0.5)
    whole = head.with_encoder(encoder)
    assert type(whole) is type(getattr(transformers, FORMATS[form].architecture).from_config(encoder.config))
    _, made = featurize(examples(form), card, kit)
    batch = format_.collate(list(made)[:3], kit.tokenizer, torch.Generator())
    inputs = {name: batch[name] for name in kit.tokenizer.model_input_names}
    with torch.no_grad():
        if form == "multiple_choice":
            expected = format_.logits(encoder, head, batch)
            given = whole(**{name: value.reshape(3, 3, -1) for name, value in inputs.items()}).logits
        elif form == "tagging":
            expected = head(encoder(**inputs).last_hidden_state, batch)
            given = whole(**inputs).logits
        elif form == "span_qa":
            expected = head(encoder(**inputs).last_hidden_state, batch)
            output = whole(**inputs)
            given = torch.stack([output.start_logits, output.end_logits], dim=-1)
        else:
            expected, given = format_.logits(encoder, head, batch), whole(**inputs).logits
    torch.testing.assert_close(given, expected)
    assert len(expected.unique()) > 3


def test_the_encoder_is_left_alone(kits, card_of):
    encoder = kits("bert").encoder()
    before, labels = {name: value.clone() for name, value in encoder.state_dict().items()}, encoder.config.num_labels
    head = native_head(encoder, card_of("tagging"))
    head.with_encoder(encoder)
    assert encoder.config.num_labels == labels
    assert all(torch.equal(before[name], value) for name, value in encoder.state_dict().items())
    assert not any("encoder" in name or "embeddings" in name for name, _ in head.named_parameters())


@pytest.mark.parametrize("form", ["sentence_classification", "span_qa", "multiple_choice"])
def test_an_architecture_without_such_a_head_is_refused(form, kits, card_of):
    """Of mT5 transformers has a model for tagging alone that needs no decoder."""
    encoder = kits("mt5").encoder()
    assert isinstance(native_head(encoder, card_of("tagging")), NativeHead)
    with pytest.raises(InputError, match=r"no head of this kind.*\n.*MT5EncoderModel.*\n.*head: mean"):
        native_head(encoder, card_of(form))


def test_formats_without_a_choice_have_their_own_head(kits, card_of):
    encoder = kits("bert").encoder()
    for form in set(FORMATS) - set(CHOOSING):
        assert type(native_head(encoder, card_of(form))) is type(by_name(form).head(encoder, card_of(form)))
