"""What holds for every format, with every kind of encoder and tokenizer (see `trainables.formats.base`)."""

from __future__ import annotations

import json
from importlib import import_module

import pytest
import torch

from spaces import formats
from spaces.formats import FORMATS
from trainables.formats import by_name
from trainables.formats.base import IGNORED
from trainables.formats.vectors import PoolIndex, text_vectors
from trainables.training.engine import autocast
from trainables.work.settings import EngineSettings, EvaluationSettings

TRAINED = [form for form, spec in FORMATS.items() if not spec.has_pool]
HEADS = [
    (form, kind) for form in TRAINED for kind in ("mean", "native") if kind == "mean" or FORMATS[form].architecture
]
SCORED = [form for form, spec in FORMATS.items() if spec.metrics]
LABELED = [form for form, spec in FORMATS.items() if spec.is_labeled]


@pytest.fixture(params=list(FORMATS))
def form(request):
    return request.param


@pytest.fixture(params=TRAINED)
def trained(request):
    return request.param


@pytest.fixture(params=HEADS, ids="-".join)
def headed(request):
    """A format that is trained, and the kind of its head."""
    return request.param


@pytest.fixture(params=SCORED)
def scored(request):
    return request.param


@pytest.fixture(params=LABELED)
def labeled(request):
    return request.param


@pytest.fixture
def kit(request, kits):
    """Every kind of encoder and tokenizer, or those that the test names."""
    return kits(getattr(request, "param", "bert"))


every_kit = pytest.mark.parametrize("kit", ["bert", "xlm-r", "modernbert"], indirect=True)


@pytest.fixture
def made(examples, card_of, featurize, kit):
    """Name of a format -> format, card, rows, features of a few examples."""

    def make(form, max_length=64):
        card = card_of(form)
        return by_name(form), card, *featurize(examples(form), card, kit, max_length)

    return make


def batch_of(form, features, tokenizer, seed=0):
    return form.collate(list(features), tokenizer, torch.Generator().manual_seed(seed))


def head_of(form, encoder, card, seed=1, kind="mean"):
    torch.manual_seed(seed)
    return form.new_head(encoder, card, kind).eval()


def scoring_head(form, encoder, card, rows, features, kit):
    """The head, or the pool: the rows themselves."""
    if card.pool is None:
        return head_of(form, encoder, card)
    vectors = text_vectors(encoder, features, kit.tokenizer, EvaluationSettings(batch_size=3), [None])
    return PoolIndex(rows, vectors)


def widened(batch, tokenizer, more=5):
    """The same batch with more padding than it needs."""
    fill = {"input_ids": tokenizer.pad_token_id, "labels": IGNORED}
    width = batch["input_ids"].shape[1]
    return {
        name: torch.nn.functional.pad(tensor, (0, more), value=fill.get(name, 0))
        if tensor.dim() == 2 and tensor.shape[1] == width
        else tensor
        for name, tensor in batch.items()
    }


@every_kit
@pytest.mark.parametrize("max_length", [16, 64])
def test_features_fit_and_none_is_lost(form, made, max_length):
    _, _, rows, features = made(form, max_length)
    lists = (
        features["input_ids"][:] if form != "multiple_choice" else [ids for row in features["input_ids"] for ids in row]
    )
    if form == "retrieval":
        lists = [*lists, *features["b_input_ids"][:]]
    assert max(len(ids) for ids in lists) <= max_length
    assert set(features["row"][:]) == set(range(len(rows)))
    if form == "multiple_choice":
        assert features["length"][:] == [len(row) * max(map(len, row)) for row in features["input_ids"]]
    elif form == "retrieval":
        pairs = zip(features["input_ids"], features["b_input_ids"], strict=True)
        assert features["length"][:] == [len(a) + len(b) for a, b in pairs]
    else:
        assert features["length"][:] == [len(ids) for ids in lists]


def test_features_are_a_batched_map(form, made, examples, card_of, kit):
    """Features of two batches are those of the rows in one."""
    rows, card, whole = examples(form), card_of(form), made(form)[3]
    parts = [
        by_name(form).features({name: column[a:b] for name, column in rows.items()}, card, kit.tokenizer, 64)[
            "input_ids"
        ]
        for a, b in ((0, 2), (2, None))
    ]
    assert sorted([*parts[0], *parts[1]]) == sorted(whole["input_ids"])


def test_collate_gives_cpu_tensors_and_is_decided_by_the_generator(form, made, kit):
    form, _, _, features = made(form)
    first, again = (batch_of(form, features, kit.tokenizer) for _ in range(2))
    assert set(kit.tokenizer.model_input_names) <= set(first)
    for name, tensor in first.items():
        assert tensor.device.type == "cpu"
        assert tensor.dtype == torch.int64
        assert torch.equal(tensor, again[name])


@every_kit
def test_padding_changes_nothing(headed, made, kit):
    trained, kind = headed
    form, card, _, features = made(trained)
    encoder = kit.encoder()
    head, batch = head_of(form, encoder, card, kind=kind), batch_of(form, features, kit.tokenizer)
    loss = form.loss(encoder, head, batch)
    torch.testing.assert_close(form.loss(encoder, head, widened(batch, kit.tokenizer)), loss)


@every_kit
def test_loss_is_a_float32_scalar_that_reaches_every_parameter(headed, made, kit):
    trained, kind = headed
    form, card, _, features = made(trained)
    encoder = kit.encoder().to(torch.bfloat16)
    head = head_of(form, encoder, card, kind=kind).to(torch.bfloat16)
    loss = form.loss(encoder, head, batch_of(form, features, kit.tokenizer))
    assert loss.shape == ()
    assert loss.dtype == torch.float32
    loss.backward()
    assert encoder.get_input_embeddings().weight.grad is not None
    assert all(parameter.grad is not None for parameter in head.parameters())


def test_training_fits_a_few_examples_and_goes_on_after_scoring(headed, made, kit, score):
    trained, kind = headed
    form, card, rows, features = made(trained)
    encoder = kit.encoder()
    head, batch = head_of(form, encoder, card, kind=kind), batch_of(form, features, kit.tokenizer)
    # a native head looks at the first token alone, which nothing was pretrained for here
    rate, steps = (1e-2, 25) if kind == "mean" else (3e-3, 75)
    optimizer = torch.optim.AdamW([*encoder.parameters(), *head.parameters()], lr=rate)
    losses = []
    for step in range(steps):
        if step == 1 and FORMATS[trained].metrics:
            score(form, encoder, head, (rows, features), card, kit)
        loss = form.loss(encoder, head, batch)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < losses[0] / 2
    if FORMATS[trained].metrics:
        assert (
            score(form, encoder, head, (rows, features), card, kit)[card.metric]
            > form.floor(rows, rows, card, "en")[card.metric]
        )


def test_head_is_new_seeded_and_shares_nothing_with_the_encoder(headed, made, kit):
    trained, kind = headed
    form, card, *_ = made(trained)
    encoder = kit.encoder()
    head, same, other = (head_of(form, encoder, card, seed, kind) for seed in (1, 1, 2))
    pairs = list(zip(head.parameters(), same.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in pairs)
    different = [not torch.equal(a, b) for a, b in zip(head.parameters(), other.parameters(), strict=True)]
    assert any(different) or not different, "retrieval compares the vectors as they are"
    assert not {id(p) for p in head.parameters()} & {id(p) for p in encoder.parameters()}


@every_kit
def test_score_does_not_depend_on_the_batches(scored, made, kit, score):
    form, card, rows, features = made(scored)
    encoder = kit.encoder()
    head = scoring_head(form, encoder, card, rows, features, kit)
    encoder.train()
    head.train()
    scores = [score(form, encoder, head, (rows, features), card, kit, size) for size in (1, 3, 64)]
    assert scores[0] == scores[1] == scores[2]
    assert not encoder.training
    assert not head.training
    assert all(0 <= value <= 1 for value in scores[0].values())


def test_scores_are_taken_in_half_precision_too(scored, made, kit, score):
    form, card, rows, features = made(scored)
    encoder = kit.encoder()
    with autocast(EngineSettings(precision="bf16")):
        head = scoring_head(form, encoder, card, rows, features, kit)
        found = score(form, encoder, head, (rows, features), card, kit)
    assert all(0 <= value <= 1 for value in found.values())
    assert all(parameter.dtype == torch.float32 for parameter in encoder.parameters())


def test_floor_has_the_metrics_of_the_score(scored, made, kit, score):
    form, card, rows, features = made(scored)
    encoder = kit.encoder()
    head = scoring_head(form, encoder, card, rows, features, kit)
    floor = form.floor(rows, rows, card, "en")
    assert card.metric in floor
    assert set(floor) == set(score(form, encoder, head, (rows, features), card, kit))


@every_kit
def test_predictions_are_json_one_per_row_and_read_no_gold_answers(scored, made, kit):
    form, card, rows, features = made(scored)
    encoder, settings = kit.encoder(), EvaluationSettings(batch_size=3)
    head = scoring_head(form, encoder, card, rows, features, kit)
    predicted = form.predict(encoder, head, rows, features, card, kit.tokenizer, settings)
    assert len(predicted) == len(rows)
    decided = form.decide(predicted, form.tune(rows, predicted, card, "en"), card)
    kept = json.loads(json.dumps(decided))
    assert form.metrics(rows, kept, card, "en") == form.metrics(rows, decided, card, "en")
    blind = rows.remove_columns(
        [name for name in ("label", "tags", "answers", "relevant") if name in rows.column_names]
    )
    assert form.predict(encoder, head, blind, features, card, kit.tokenizer, settings) == predicted


def test_labels_and_what_the_head_sees_of_them_fit(labeled, made, kit):
    form, _, _, features = made(labeled)
    encoder, batch = kit.encoder(), batch_of(form, features, kit.tokenizer)
    assert form.labeled_states(encoder, batch).shape == (*batch["labels"].shape, encoder.config.hidden_size)


def test_what_is_handed_in_is_a_file_of_text(scored, made, kit):
    form, card, rows, features = made(scored)
    encoder, settings = kit.encoder(), EvaluationSettings(batch_size=3)
    head = scoring_head(form, encoder, card, rows, features, kit)
    predicted = form.predict(encoder, head, rows, features, card, kit.tokenizer, settings)
    ending, text = form.submission(rows, form.decide(predicted, {}, card), card)
    assert ending in ("tsv", "json", "jsonl")
    assert text.endswith("\n")


def test_a_module_bears_the_name_of_its_row_and_each_names_the_other(form):
    module = import_module(f"trainables.formats.{form}")
    assert by_name(form) is module.FORMAT
    assert module.FORMAT.name == form
    assert "`spaces/formats.py`" in module.__doc__.splitlines()[0]
    assert "`trainables/formats/`" in formats.__doc__.splitlines()[0]


def test_what_a_format_cannot_do_says_so(form, made, kit, score):
    encoder = kit.encoder()
    format_, card, rows, features = made(form)
    if FORMATS[form].has_pool:
        assert not list(format_.head(encoder, card).parameters())
        with pytest.raises(NotImplementedError, match="no training loss"):
            format_.loss(encoder, format_.head(encoder, card), {})
    if not FORMATS[form].metrics:
        with pytest.raises(NotImplementedError, match="no score"):
            score(format_, encoder, head_of(format_, encoder, card), (rows, features), card, kit)
        with pytest.raises(NotImplementedError, match="no score"):
            format_.floor(rows, rows, card, "en")
        with pytest.raises(NotImplementedError, match="nothing of it is handed in"):
            format_.submission(rows, [], card)
