from operator import eq
from random import Random

import pytest
import torch
from datasets import Dataset

from trainables.formats import multiple_choice, pair_classification, sentence_classification
from trainables.formats.encoding import LinearHead, text_states


def test_both_texts_are_in_and_the_longer_one_is_cut_first(bert, card_of):
    rows = {"text_a": ["moon " * 60], "text_b": ["the cat"], "label": [0]}
    made = pair_classification.FORMAT.features(rows, card_of("pair_classification"), bert.tokenizer, 16)
    assert bert.tokenizer.decode(made["input_ids"][0], skip_special_tokens=True).endswith("the cat")
    assert made["length"] == [16]
    assert set(made["token_type_ids"][0]) == {0, 1}


@pytest.mark.parametrize("kind", ["xlm-r", "modernbert"])
def test_token_types_are_left_to_models_that_have_them(kits, kind, card_of, examples):
    kit = kits(kind)
    made = pair_classification.FORMAT.features(
        examples("pair_classification"), card_of("pair_classification"), kit.tokenizer, 32
    )
    assert "token_type_ids" not in made


def test_pooling_is_the_mean_over_tokens_and_not_over_padding(bert):
    encoder = bert.encoder()
    ids = torch.tensor([[2, 7, 8, 3, 0, 0], [2, 7, 8, 9, 10, 3]])
    mask = (ids != 0).long()
    states = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    pooled = text_states(encoder, {"input_ids": ids, "attention_mask": mask})
    torch.testing.assert_close(pooled[0], states[0, :4].mean(0))
    torch.testing.assert_close(pooled[1], states[1].mean(0))


def test_head_has_an_output_per_label_and_small_weights(bert, card_of):
    encoder = bert.encoder()
    head = sentence_classification.FORMAT.head(encoder, card_of("sentence_classification", labels=list("abcdefg")))
    assert head(torch.zeros(2, 32)).shape == (2, 7)
    assert isinstance(head, LinearHead)
    assert head.linear.weight.std() < 0.03
    assert not head.linear.bias.any()


def test_scores_are_put_back_in_the_order_of_the_rows(bert, card_of, featurize, texts, score):
    """Batches go by length; a head that reads the label off the text must still be right for every row."""
    card = card_of("sentence_classification")
    ordered = sorted(texts, key=len)
    rows, features = featurize({"text": [ordered[i] for i in (3, 0, 5, 1, 4)], "label": [0, 1, 2, 0, 1]}, card, bert)
    encoder = bert.encoder()
    states = {tuple(ids): label for ids, label in zip(features["input_ids"], rows["label"], strict=True)}

    class Oracle(torch.nn.Module):
        def forward(self, pooled):
            return torch.nn.functional.one_hot(torch.tensor(self.labels), 3).float()

    head, form = Oracle(), type(sentence_classification.FORMAT)

    class Spy(form):
        def logits(self, encoder, head, batch):
            lengths = batch["attention_mask"].sum(1).tolist()
            head.labels = [states[tuple(i[:n].tolist())] for i, n in zip(batch["input_ids"], lengths, strict=True)]
            return super().logits(encoder, head, batch)

    assert score(Spy(), encoder, head, (rows, features), card, bert, 2) == {"accuracy": 1.0}


def test_floor_is_the_training_rows_commonest_label(bert, card_of, featurize):
    card = card_of("sentence_classification")
    train, _ = featurize({"text": ["a"] * 5, "label": [1, 1, 1, 0, 2]}, card, bert)
    rows, _ = featurize({"text": ["a"] * 4, "label": [0, 0, 0, 1]}, card, bert)
    assert sentence_classification.FORMAT.floor(train, rows, card, "en") == {"accuracy": 0.25}


def test_choices_are_padded_to_the_longest_of_the_batch_and_scored_apart(bert, card_of, examples, featurize):
    """The logits of a batch are those of every context with every choice on its own."""
    form, card, encoder = multiple_choice.FORMAT, card_of("multiple_choice"), bert.encoder()
    rows, features = featurize(examples("multiple_choice"), card, bert)
    head = form.head(encoder, card).eval()
    batch = form.collate(list(features), bert.tokenizer, torch.Generator())
    assert batch["input_ids"].shape[0] == 9
    assert batch["labels"].tolist() == [0, 2, 1]
    logits = form.logits(encoder, head, batch)
    assert logits.shape == (3, 3)
    for row in range(3):
        for choice in range(3):
            inputs = bert.tokenizer(rows[row]["context"], rows[row]["choices"][choice], return_tensors="pt")
            alone = head(encoder(**inputs).last_hidden_state.mean(1))
            torch.testing.assert_close(logits[row, choice], alone.squeeze())


def test_two_choices_and_five_use_the_same_kind_of_head(bert, card_of, featurize):
    form, card, encoder = multiple_choice.FORMAT, card_of("multiple_choice"), bert.encoder()
    head = form.head(encoder, card).eval()
    for count in (2, 5):
        _, features = featurize({"context": ["cat"], "choices": [["moon"] * count], "label": [1]}, card, bert)
        batch = form.collate(list(features), bert.tokenizer, torch.Generator())
        loss = form.loss(encoder, head, batch)
        torch.testing.assert_close(loss, torch.tensor(float(count)).log())  # equal choices: a guess


@pytest.mark.parametrize("kind", ["bert", "xlm-r", "mt5", "modernbert"])
def test_a_long_context_keeps_its_end_and_every_choice_is_whole(kits, kind, card_of):
    """As Cosmos QA is read: a passage with the question after it; and HellaSwag, whose endings go on from the end."""
    kit = kits(kind)
    rows = {"context": ["the cat sat " * 40 + "moon over Paris"], "choices": [["little dog", "New York"]], "label": [1]}
    made = multiple_choice.FORMAT.features(rows, card_of("multiple_choice"), kit.tokenizer, 40)
    for ids, choice in zip(made["input_ids"][0], rows["choices"][0], strict=True):
        text = kit.tokenizer.decode(ids, skip_special_tokens=True).replace("##", "")
        assert len(ids) == 40
        assert "".join(text.split()).endswith("moonoverParis" + "".join(choice.split()))
    pair = pair_classification.FORMAT.features(
        {"text_a": rows["context"], "text_b": ["cat"], "label": [0]}, card_of("pair_classification"), kit.tokenizer, 16
    )
    assert "moon" not in kit.tokenizer.decode(pair["input_ids"][0]), "the tokenizer is as it was"


def test_a_head_trained_on_three_choices_scores_two(bert, card_of, featurize, score):
    """Social IQa, then XCOPA: trained until it has learned to pick the moon, it picks it among fewer."""
    form, card, encoder = multiple_choice.FORMAT, card_of("multiple_choice"), bert.encoder()
    head, words = form.head(encoder, card), ["cat", "dog", "Paris", "Köln", "York", "January"]
    three = [[words[at], words[(at + 1) % 6], words[(at + 2) % 6]] for at in range(6)]
    for at, choices in enumerate(three):
        choices[at % 3] = "moon"
    labels = [at % 3 for at in range(6)]
    _, made = featurize({"context": ["Why?"] * 6, "choices": three, "label": labels}, card, bert)
    batch = form.collate(list(made), bert.tokenizer, torch.Generator())
    optimizer = torch.optim.AdamW([*encoder.parameters(), *head.parameters()], lr=5e-3)
    for _ in range(30):
        optimizer.zero_grad()
        form.loss(encoder, head, batch).backward()
        optimizer.step()
    two = {"context": ["Why?"] * 4, "choices": [["moon", "cat"], ["Köln", "moon"]] * 2, "label": [0, 1] * 2}
    assert score(form, encoder, head, featurize(two, card, bert), card, bert) == {"accuracy": 1.0}


def test_accuracy_is_the_share_of_the_rows(card_of):
    random = Random(0)
    for _ in range(50):
        gold, found = ([random.randrange(3) for _ in range(20)] for _ in range(2))
        rows = Dataset.from_dict({"label": gold})
        share = sum(map(eq, gold, found)) / 20
        form, card = sentence_classification.FORMAT, card_of("sentence_classification")
        assert form.metrics(rows, found, card, "en") == {"accuracy": pytest.approx(share)}


def test_rows_with_two_and_three_choices_share_a_batch(bert, card_of):
    form, card, encoder = multiple_choice.FORMAT, card_of("multiple_choice"), bert.encoder()
    rows = {"context": ["the moon"] * 2, "choices": [["cat", "dog"], ["Paris", "moon", "mat"]], "label": [1, 2]}
    made = form.features(rows, card, bert.tokenizer, 32)
    features = [{name: values[row] for name, values in made.items()} for row in range(2)]
    head, generator = form.head(encoder, card).eval(), torch.Generator()
    together = form.logits(encoder, head, form.collate(features, bert.tokenizer, generator))
    alone = [form.logits(encoder, head, form.collate([feature], bert.tokenizer, generator))[0] for feature in features]
    assert together.shape == (2, 3)
    assert together[0, 2] == float("-inf")
    torch.testing.assert_close(together[0, :2], alone[0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(together[1], alone[1], atol=1e-5, rtol=1e-4)
    loss = form.loss(encoder, head, form.collate(features, bert.tokenizer, generator))
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(weight.grad).all() for weight in head.parameters())
