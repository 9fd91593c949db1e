"""What is taken home predicts what was scored, row by row, for whoever has transformers and nothing of ours."""

import json
import os
import re
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from spaces.errors import InputError
from spaces.formats import FORMATS
from tests.support import reader
from trainables.encoders import checkpoint
from trainables.encoders.model_folder import Vectors, check_head, save_encoder, save_fine_tuned
from trainables.formats import by_name
from trainables.work.settings import EvaluationSettings

LENGTH = {"tagging": 128, "span_qa": 128}
"""Tokens; elsewhere so few that texts are cut."""

HEADS = [
    *((form, kind) for form, spec in FORMATS.items() if spec.architecture for kind in ("mean", "native")),
    ("retrieval", "mean"),
]

KINDS = ["bert", "xlm-r", "modernbert", "mdeberta"]

CASES = [
    (form, head, kind)
    for form, head in HEADS
    for kind in KINDS
    if not (kind == "modernbert" and head == "mean" and form in ("tagging", "span_qa"))
]
"""ModernBERT's heads for tokens are more than a linear layer."""


@pytest.fixture
def fine_tuned(kits, card_of, examples, featurize, tmp_path):
    """Trains a model a little and writes it; gives its folder, the rows, and what is predicted in a search."""

    def make(form, head_kind, kind):
        kit, card, form_, length = kits(kind), card_of(form), by_name(form), LENGTH.get(form, 14)
        checkpoint.save(kit.encoder(), kit.tokenizer, tmp_path / f"base-{kind}")
        base = checkpoint.load(tmp_path / f"base-{kind}")
        rows, features = featurize(examples(form), card, base, length)
        torch.manual_seed(1)
        head = form_.new_head(base.model, card, head_kind)
        optimizer = torch.optim.AdamW([*base.model.parameters(), *head.parameters()], lr=3e-3)
        batch = form_.collate(list(features), base.tokenizer, torch.Generator())
        for _ in range(30):
            optimizer.zero_grad()
            form_.loss(base.model.train(), head.train(), batch).backward()
            optimizer.step()
        settings = EvaluationSettings(batch_size=2)
        predicted = form_.predict(base.model, head, rows, features, card, base.tokenizer, settings)
        folder = tmp_path / f"{form}-{head_kind}-{kind}"
        save_fine_tuned(base.model, head, base.tokenizer, card, length, Vectors(), folder)
        return folder, examples(form), form_.decide(predicted, {}, card)

    return make


@pytest.mark.parametrize(("form", "head", "kind"), CASES)
def test_predictions_of_the_folder_are_those_that_are_scored(form, head, kind, fine_tuned):
    folder, rows, predicted = fine_tuned(form, head, kind)
    assert reader.predict(str(folder), form, rows) == predicted
    assert len({json.dumps(one) for one in predicted}) > 1, "nothing was learned that could be told apart"


@pytest.mark.slow  # installs transformers 4
@pytest.mark.parametrize("kind", KINDS)
def test_transformers_4_predicts_the_same(kind, fine_tuned, transformers_4, tmp_path):
    for form, head in [case[:2] for case in CASES if case[2] == kind]:
        folder, rows, predicted = fine_tuned(form, head, kind)
        question = tmp_path / "question.json"
        question.write_text(json.dumps({"folder": str(folder), "format": form, "rows": rows}), encoding="utf-8")
        command = [transformers_4, reader.__file__, question]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert answer.returncode == 0, answer.stderr
        assert json.loads(answer.stdout.splitlines()[-1]) == predicted, (form, head)


@pytest.fixture(scope="session")
def transformers_4(tmp_path_factory):
    """The Python of an environment with transformers 4.57; torch and the rest are those of this one."""
    folder = tmp_path_factory.mktemp("transformers-4")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "transformers==4.57.*"], check=True)
    (site,) = (folder / "lib").glob("python*/site-packages")
    (site / "zz_others.pth").write_text(sysconfig.get_path("purelib") + os.linesep)  # behind its own
    version = subprocess.run([python, "-c", "import transformers as t; print(t.__version__)"], capture_output=True)
    assert version.stdout.startswith(b"4.57"), version.stderr
    return python


@pytest.mark.parametrize("kind", [*KINDS, "mt5"])
def test_an_encoder_gives_out_what_was_stored(kind, kits, texts, tmp_path):
    kit = kits(kind)
    checkpoint.save(kit.encoder(), kit.tokenizer, tmp_path / "stored")
    stored = checkpoint.load(tmp_path / "stored")
    assert save_encoder(stored, tmp_path / "home") in ("AutoModel", "AutoModelForTextEncoding")
    model, tokenizer = checkpoint.architecture(stored.model.config), AutoTokenizer.from_pretrained(tmp_path / "home")
    assert tokenizer.model_input_names == stored.tokenizer.model_input_names
    inputs = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        given = model.from_pretrained(tmp_path / "home")(**inputs).last_hidden_state
        torch.testing.assert_close(given, stored.model.eval()(**inputs).last_hidden_state)
    config = json.loads((tmp_path / "home" / "tokenizer_config.json").read_text())
    assert config["tokenizer_class"] == "PreTrainedTokenizerFast"


def test_special_tokens_stay_what_they_are(kits, tmp_path):
    """transformers 4 calls further ones otherwise, and takes a list of the new name for a dictionary."""
    tokenizer = checkpoint.load(_saved(kits("xlm-r"), tmp_path)).tokenizer
    tokenizer.add_special_tokens({"additional_special_tokens": ["<query>"]})
    tokenizer(["cut " * 50], truncation=True, max_length=8)
    checkpoint.save_tokenizer(tokenizer, tmp_path / "home")
    config = json.loads((tmp_path / "home" / "tokenizer_config.json").read_text())
    assert config["additional_special_tokens"] == ["<query>"] and "extra_special_tokens" not in config
    assert json.loads((tmp_path / "home" / "tokenizer.json").read_text())["truncation"] is None
    read = AutoTokenizer.from_pretrained(tmp_path / "home")
    assert read.all_special_tokens == tokenizer.all_special_tokens
    assert read("a <query> b")["input_ids"] == tokenizer("a <query> b")["input_ids"]


def _saved(kit, folder: Path):
    checkpoint.save(kit.encoder(), kit.tokenizer, folder / "base")
    return folder / "base"


@pytest.mark.parametrize("form", ["sentence_classification", "multiple_choice"])
def test_a_linear_layer_over_the_mean_brings_its_class_along(form, fine_tuned):
    """transformers has none; the code is a copy of ours and imports nothing of it."""
    folder, *_ = fine_tuned(form, "mean", "xlm-r")
    code = (folder / "modeling_mean.py").read_text()
    assert "from transformers import XLMRobertaConfig" in code
    assert not re.search(r"^(from|import) (?!copy|typing|torch|transformers|__future__)", code, re.MULTILINE)
    config = json.loads((folder / "config.json").read_text())
    assert list(config["auto_map"]) == [FORMATS[form].architecture]
    folder, *_ = fine_tuned(form, "native", "xlm-r")
    assert not (folder / "modeling_mean.py").exists() and "auto_map" not in (folder / "config.json").read_text()


def test_a_linear_layer_for_each_token_is_one_where_nothing_else_stands(kits, card_of):
    """ModernBERT has a layer more."""
    for kind in ("bert", "xlm-r", "mdeberta"):
        check_head(kits(kind).encoder(), card_of("tagging"), "mean")
    with pytest.raises(InputError):
        check_head(kits("modernbert").encoder(), card_of("tagging"), "mean")


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_vectors_of_a_lower_layer_are_those_of_a_smaller_encoder(pooling, kits, card_of, examples, featurize, tmp_path):
    kit, card, form = kits("xlm-r"), card_of("retrieval"), by_name("retrieval")
    base = checkpoint.load(_saved(kit, tmp_path))
    rows, features = featurize(examples("retrieval"), card, base, 14)
    settings = EvaluationSettings(pooling=pooling, layer=1)
    predicted = form.predict(base.model, torch.nn.Identity(), rows, features, card, base.tokenizer, settings)
    kind = save_fine_tuned(base.model, None, base.tokenizer, card, 14, Vectors(pooling, 1), tmp_path / "home")
    assert kind == "SentenceTransformer"
    assert reader.predict(str(tmp_path / "home"), "retrieval", examples("retrieval")) == predicted
    assert AutoModel.from_pretrained(tmp_path / "home").config.num_hidden_layers == 1
    assert base.model.config.num_hidden_layers == 2


def test_a_layer_that_cannot_be_the_last_is_refused(kits, card_of, tmp_path):
    """ModernBERT's last layer is normalised, the others are not."""
    base = checkpoint.load(_saved(kits("modernbert"), tmp_path))
    with pytest.raises(InputError, match="a layer that this architecture cannot end with"):
        save_fine_tuned(
            base.model, None, base.tokenizer, card_of("retrieval"), 14, Vectors("mean", 1), tmp_path / "home"
        )
