"""Families of encoders: what is loaded, with which tokenizer, and how much it can read."""

import json

import pytest
import sentencepiece
import torch
from transformers import AutoConfig, BartConfig, BartModel, MT5EncoderModel

from spaces.errors import InputError
from tests.support.encoders import KINDS
from tests.support.examples import TEXTS
from trainables.encoders import checkpoint
from trainables.formats import by_name, masked_lm
from trainables.hub.hub import Hub
from trainables.prepare import check_lengths
from trainables.work.plan import Plan
from trainables.work.settings import StageSettings


@pytest.fixture
def saved(kits, tmp_path):
    """Saves a random encoder of a kind and loads it."""

    def make(kind):
        kit = kits(kind)
        checkpoint.save(kit.encoder(), kit.tokenizer, tmp_path / kind)
        return checkpoint.load_base(str(tmp_path / kind), Hub(tmp_path))

    return make


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("form", ["pair_classification", "tagging", "span_qa"])
def test_what_was_saved_scores_as_what_was_trained(kits, kind, form, card_of, examples, featurize, score, tmp_path):
    kit, card = kits(kind), card_of(form)
    encoder, format_ = kit.encoder(), by_name(form)
    head = format_.head(encoder, card)
    checkpoint.save(encoder, kit.tokenizer, tmp_path / "base")
    base = checkpoint.load(tmp_path / "base")  # its tokenizer decides what the model is given
    rows, made = featurize(examples(form), card, base)
    batch = format_.collate(list(made), base.tokenizer, torch.Generator().manual_seed(0))
    optimizer = torch.optim.AdamW([*encoder.parameters(), *head.parameters()], lr=3e-3)
    first = format_.loss(encoder, head, batch).item()
    for _ in range(8):
        optimizer.zero_grad()
        format_.loss(encoder, head, batch).backward()
        optimizer.step()
    assert format_.loss(encoder, head, batch).item() < first
    checkpoint.save(encoder, base.tokenizer, tmp_path / "trained")
    trained = checkpoint.load(tmp_path / "trained")
    assert type(trained.model) is type(encoder)
    with torch.inference_mode():
        loss = format_.loss(trained.model.eval(), head.eval(), batch)
        torch.testing.assert_close(loss, format_.loss(encoder.eval(), head, batch))
    assert score(format_, trained.model, head, (rows, made), card, trained) == score(
        format_, encoder, head, (rows, made), card, base
    )


def test_of_mt5_the_encoder_alone_is_loaded(saved, tmp_path):
    """Saved again, too: its configuration then no longer says that there was a decoder."""
    once = saved("mt5")
    checkpoint.save(once.model, once.tokenizer, tmp_path / "again")
    for loaded in (once, checkpoint.load(tmp_path / "again")):
        assert isinstance(loaded.model, MT5EncoderModel)
        assert not [name for name, _ in loaded.model.named_parameters() if "decoder" in name]


def test_an_encoder_decoder_that_cannot_be_taken_apart_is_refused(tmp_path, kits):
    config = BartConfig(vocab_size=20, d_model=16, encoder_layers=1, decoder_layers=1)
    BartModel(config).save_pretrained(tmp_path / "bart")
    kits("bert").tokenizer.save_pretrained(tmp_path / "bart")
    with pytest.raises(InputError, match="bart is an encoder with a decoder"):
        checkpoint.load_base(str(tmp_path / "bart"), Hub(tmp_path))


@pytest.mark.parametrize(
    ("kind", "types"), [("bert", True), ("xlm-r", False), ("mdeberta", False), ("mt5", False), ("modernbert", False)]
)
def test_token_types_are_given_to_models_that_tell_them_apart(saved, kits, kind, types, tmp_path):
    names = ["input_ids", "token_type_ids", "attention_mask"]  # what a tokenizer gives whose files do not say
    saved(kind)
    path = tmp_path / kind / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "model_input_names": names}))
    encoder = checkpoint.load(tmp_path / kind)
    batch = encoder.tokenizer("the cat", "the moon", return_tensors="pt")
    assert ("token_type_ids" in batch) == types
    assert encoder.model(**batch).last_hidden_state.shape[-1] == 32


@pytest.mark.parametrize(
    ("kind", "longest"), [("bert", 160), ("xlm-r", 158), ("mdeberta", 160), ("modernbert", 160), ("mt5", None)]
)
def test_how_much_a_model_can_read(saved, kind, longest):
    """XLM-R's positions begin behind that of the padding."""
    encoder = saved(kind)
    assert encoder.longest == longest
    ids = torch.full((1, longest or 400), 5)
    assert encoder.model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state.shape[1] == ids.shape[1]
    encoder.check_length(longest or 400, "stages.target.max_length")
    if longest:
        with pytest.raises(InputError, match=f"at most {longest}"):
            encoder.check_length(longest + 1, "stages.target.max_length")


def test_the_real_xlm_r_can_read_512():
    config = AutoConfig.for_model(
        "xlm-roberta", vocab_size=9, hidden_size=4, num_hidden_layers=1, num_attention_heads=1
    )
    config.max_position_embeddings = 514  # as in its config.json
    model = checkpoint.architecture(config).from_config(config)
    assert checkpoint.Encoder(model, None).longest == 512


def test_all_stages_that_are_too_long_are_told_at_once(saved, card_of):
    stage = StageSettings(examples=32, max_length=48)
    plan = Plan(
        tasks={"words": card_of("masked_lm")},
        targets={name: card_of("tagging", name=name) for name in ("short", "long")},
        training_cards={},
        rungs=[1.0],
        intermediate=stage.model_copy(update={"max_length": 161}),
        target=stage,
        per_target={"long": {"max_length": 200}},
        store="s",
        cache="c",
    )
    found = [(problem.where, problem.found) for problem in check_lengths(plan, saved("bert"))]
    assert found == [("stages.intermediate.max_length", "161"), ("stages.target.max_length, for long", "200")]
    assert check_lengths(plan, saved("mt5")) == []


def test_masked_lm_needs_a_mask_token(saved, card_of):
    with pytest.raises(InputError, match="no mask token"):
        masked_lm.FORMAT.features({"text": ["cat"]}, card_of("masked_lm"), saved("mt5").tokenizer, 16)


@pytest.mark.parametrize(("kind", "file"), [("mt5", "spiece.model"), ("mdeberta", "spm.model")])
def test_a_tokenizer_that_comes_as_a_sentencepiece_file_alone(saved, tmp_path, kind, file):
    """As mT5 and mDeBERTa-v3 lie on the hub: no tokenizer.json."""
    folder = tmp_path / kind
    model = saved(kind).model
    for path in folder.iterdir():
        if "token" in path.name:
            path.unlink()
    (folder / "texts").write_text("\n".join(TEXTS * 3))
    specials = {"pad_id": 0, "eos_id": 1 if kind == "mt5" else 2, "unk_id": 2 if kind == "mt5" else 3}
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "texts"),
        model_prefix=str(folder / "made"),
        vocab_size=200,
        hard_vocab_limit=False,
        bos_id=-1 if kind == "mt5" else 1,
        minloglevel=2,
        **specials,
    )
    (folder / "made.model").rename(folder / file)
    (folder / "texts").unlink()
    loaded = checkpoint.load_base(str(folder), Hub(tmp_path))
    assert loaded.tokenizer.is_fast
    encoding = loaded.tokenizer("Köln 北京", return_offsets_mapping=True)
    assert encoding["offset_mapping"][-2][1] == 7
    assert loaded.tokenizer.decode(encoding["input_ids"], skip_special_tokens=True) == "Köln 北京"
    checkpoint.save(model, loaded.tokenizer, tmp_path / "kept")
    again = checkpoint.load(tmp_path / "kept").tokenizer
    assert again("Köln 北京")["input_ids"] == encoding["input_ids"]


def test_weights_stay_when_their_file_is_overwritten_in_place(kits, tmp_path):
    kit = kits("bert")
    checkpoint.save(kit.encoder(), kit.tokenizer, tmp_path)
    model = checkpoint.load(tmp_path).model
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    weights = tmp_path / "model.safetensors"
    with weights.open("r+b") as file:
        file.seek(weights.stat().st_size // 4)
        file.write(bytes(weights.stat().st_size // 2))
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
