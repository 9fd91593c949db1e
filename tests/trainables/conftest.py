"""Tiny random encoders with real kinds of tokenizers, made from a few words; small cards and their data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from datasets import Dataset
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from spaces.card import Card
from spaces.errors import Problem, TaskmixError
from spaces.formats import LABELLED, METRICS, POOLED, UNTRAINED
from tests.tiny import LABELS
from trainables.data.card_data import Data
from trainables.formats import by_name
from trainables.formats.base import Format
from trainables.training import encoders
from trainables.work.settings import EvaluationSettings

TEXTS = [
    "The cat sat on the mat and looked at the moon over Paris.",
    "Why did the little dog run away from New York in January?",
    "Die Katze saß auf der Matte und sah den Mond über Köln an.",
    "Le chat était assis sur le tapis; il regardait la lune à Paris.",
    "القطة جلست على السجادة ونظرت إلى القمر فوق القاهرة",
    "猫坐在垫子上看着北京的月亮。",
    "แมวนั่งบนเสื่อและมองดวงจันทร์เหนือกรุงเทพ",
    "Кошка сидела на коврике и смотрела на луну над Москвой.",
]


def _trained(model: Any, trainer: Any, **parts: Any) -> Tokenizer:
    tokenizer = Tokenizer(model)
    for name, part in parts.items():
        setattr(tokenizer, name, part)
    tokenizer.train_from_iterator(TEXTS * 2, trainer)
    return tokenizer


def word_piece() -> PreTrainedTokenizerBase:
    """As mBERT: WordPiece, two token types, [CLS] a [SEP] b [SEP]."""
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = _trained(
        models.WordPiece(unk_token="[UNK]"),
        trainers.WordPieceTrainer(vocab_size=320, special_tokens=specials, show_progress=False),
        normalizer=normalizers.BertNormalizer(lowercase=False, strip_accents=False),
        pre_tokenizer=pre_tokenizers.BertPreTokenizer(),
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def _roberta_like(tokenizer: Tokenizer) -> PreTrainedTokenizerBase:
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        unk_token="<unk>",
        cls_token="<s>",
        sep_token="</s>",
        mask_token="<mask>",
        model_input_names=["input_ids", "attention_mask"],
    )


SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def unigram() -> PreTrainedTokenizerBase:
    """As XLM-R: SentencePiece unigram, no token types, two separators between texts."""
    return _roberta_like(
        _trained(
            models.Unigram(),
            trainers.UnigramTrainer(
                vocab_size=320, special_tokens=SPECIALS, unk_token="<unk>", show_progress=False, n_sub_iterations=1
            ),
            normalizer=normalizers.NFKC(),
            pre_tokenizer=pre_tokenizers.Metaspace(),
            decoder=decoders.Metaspace(),
        )
    )


def unigram_of_mt5() -> PreTrainedTokenizerBase:
    """As mT5: SentencePiece unigram with an end token alone: no first token, no mask, no token types."""
    specials = ["<pad>", "</s>", "<unk>"]
    tokenizer = _trained(
        models.Unigram(),
        trainers.UnigramTrainer(
            vocab_size=320, special_tokens=specials, unk_token="<unk>", show_progress=False, n_sub_iterations=1
        ),
        pre_tokenizer=pre_tokenizers.Metaspace(),
        decoder=decoders.Metaspace(),
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", eos_token="</s>"
    )  # as its files, it leaves open whether there are token types


def byte_level() -> PreTrainedTokenizerBase:
    """As ModernBERT: byte-level BPE, where one character may be several tokens and blanks belong to words."""
    return _roberta_like(
        _trained(
            models.BPE(),
            trainers.BpeTrainer(
                vocab_size=420,
                special_tokens=SPECIALS,
                initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
                show_progress=False,
            ),
            pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=False),
            decoder=decoders.ByteLevel(),
        )
    )


KINDS: dict[str, tuple[str, Callable[[], PreTrainedTokenizerBase], dict[str, Any]]] = {
    "bert": ("bert", word_piece, {}),
    "xlm-r": ("xlm-roberta", unigram, {"type_vocab_size": 1}),
    "modernbert": (
        "modernbert",
        byte_level,
        {"bos_token_id": 0, "eos_token_id": 2, "cls_token_id": 0, "sep_token_id": 2, "global_attn_every_n_layers": 1},
    ),
    "mdeberta": (
        "deberta-v2",
        unigram,
        {
            "type_vocab_size": 0,
            "relative_attention": True,
            "position_biased_input": False,
            "position_buckets": 16,
            "pos_att_type": ["p2c", "c2p"],
            "share_att_key": True,
            "norm_rel_ebd": "layer_norm",
        },
    ),
    "mt5": (
        "mt5",
        unigram_of_mt5,
        {"d_kv": 16, "d_ff": 64, "intermediate_size": None, "max_position_embeddings": None},
    ),
}


@dataclass(frozen=True)
class Kit:
    """A tokenizer and how to make an encoder for it."""

    model_type: str
    tokenizer: PreTrainedTokenizerBase
    options: dict[str, Any]

    def encoder(self, seed: int = 0) -> PreTrainedModel:
        """A new random encoder of some 30,000 parameters, in evaluation mode."""
        torch.manual_seed(seed)
        usual = {
            "vocab_size": len(self.tokenizer),
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 64,
            "max_position_embeddings": 160,
            "pad_token_id": self.tokenizer.pad_token_id,
            "attn_implementation": "eager",
        }
        options = {name: value for name, value in {**usual, **self.options}.items() if value is not None}
        config = AutoConfig.for_model(self.model_type, **options)
        return encoders.architecture(config).from_config(config).eval()


@cache
def kit_of(kind: str) -> Kit:
    model_type, tokenizer, options = KINDS[kind]
    return Kit(model_type, tokenizer(), options)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def kits() -> Callable[[str], Kit]:
    """Gives the kit "bert", "xlm-r", "modernbert", "mdeberta" or "mt5"."""
    return kit_of


@pytest.fixture
def bert() -> Kit:
    """The kind with token types, where the kind does not matter."""
    return kit_of("bert")


EXAMPLES: dict[str, dict[str, list[Any]]] = {
    "pair_classification": {
        "text_a": [TEXTS[0], TEXTS[1], TEXTS[4], TEXTS[5]],
        "text_b": ["the cat looked", TEXTS[2], "القمر", "月亮"],
        "label": [1, 0, 2, 1],
    },
    "sentence_classification": {"text": [*TEXTS[:5]], "label": [0, 1, 2, 0, 1]},
    "tagging": {
        "tokens": [text.split() for text in TEXTS[:4]],
        "tags": [[(7 * at + row) % 5 for at, _ in enumerate(text.split())] for row, text in enumerate(TEXTS[:4])],
    },
    "span_qa": {
        "id": ["0", "1", "2", "3"],
        "question": ["Where is the moon?", "أين القمر؟", "月亮在哪里?", "Who?"],
        "context": [TEXTS[0], TEXTS[4], TEXTS[5], TEXTS[2]],
        "answers": [
            {"text": ["Paris"], "answer_start": [TEXTS[0].index("Paris")]},
            {"text": ["القاهرة"], "answer_start": [TEXTS[4].index("القاهرة")]},
            {"text": ["北京"], "answer_start": [TEXTS[5].index("北京")]},
            {"text": [], "answer_start": []},
        ],
    },
    "multiple_choice": {
        "context": [TEXTS[0], TEXTS[3], TEXTS[7]],
        "choices": [["cat", "the little dog ran", "moon"], ["Paris", "la lune", "le"], ["на луну", "над", "кошка"]],
        "label": [0, 2, 1],
    },
    "retrieval": {"text_a": TEXTS[:4], "text_b": TEXTS[4:]},
    "bitext_mining": {"id": list("abcd"), "text": TEXTS[:4], "relevant": [["a"], ["b"], [], ["a"]]},
    "answer_retrieval": {"id": list("abcd"), "text": TEXTS[4:], "relevant": [["a", "b"], ["b"], ["d"], ["a"]]},
    "masked_lm": {"text": TEXTS[:6]},
}
"""Format -> canonical rows."""


def _card(form: str, **changes: Any) -> Card:
    target = bool(METRICS[form])
    card = {
        "name": f"some_{form}",
        "kind": "target" if target else "task",
        "description": "for tests",
        "format": form,
        "licence": "none",
        "origin": "tests",
        "source": {"files": "nowhere"},
        "labels": LABELS[form] if form in LABELLED else [],
        "splits": {"train": "train", "dev": "dev", "test": "test"},
        "languages": ["en"],
        "train_language": "en" if target and form not in UNTRAINED else None,
        "pool": {"config": "pool"} if form in POOLED else None,
        "metric": METRICS[form][0] if target else None,
    }
    return Card.model_validate({**card, **changes})


@pytest.fixture
def card_of() -> Callable[..., Card]:
    """Makes a valid card of a format, a target where the format can be one; keywords change it."""
    return _card


@pytest.fixture
def examples() -> Callable[[str], dict[str, list[Any]]]:
    """Gives a few canonical rows of a format, in several scripts."""
    return EXAMPLES.__getitem__


@pytest.fixture
def texts() -> list[str]:
    """Sentences that the tokenizers were trained on."""
    return TEXTS


@pytest.fixture
def tables(tmp_path: Path) -> Callable[..., Path]:
    """Writes a table as `<folder>/<split>.parquet` and returns the folder."""

    def write(columns: dict[str, list[Any]], split: str = "train", folder: str = "files", features: Any = None) -> Path:
        path = tmp_path / folder / f"{split}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(Dataset.from_dict(columns, features=features).data.table, path)
        return path.parent

    return write


ROWS = {"text": ["the moon", "Paris", "the cat"], "label": [0, 2, 1]}


@pytest.fixture
def sentences(card_of: Callable[..., Card], tables: Callable[..., Path]) -> Callable[..., Card]:
    """A card over a table of sentences, by default `ROWS` as every split."""

    def make(table: dict[str, list[Any]] = ROWS, features: Any = None, split: str = "train", **changes: Any) -> Card:
        folder = tables(table, split, features=features)
        return card_of("sentence_classification", source={"files": str(folder)}, **changes)

    return make


def problem(error: pytest.ExceptionInfo[TaskmixError]) -> Problem:
    """The one problem of an error."""
    (found,) = error.value.problems
    return found


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """Reads into a new cache."""
    return Data(cache=tmp_path / "cache")


Featurised = tuple[Dataset, Dataset]


@pytest.fixture
def featurise() -> Callable[..., Featurised]:
    """Canonical rows -> (rows, features) as `trainables.data.Data.features` gives them."""

    def make(rows: dict[str, list[Any]], card: Card, kit: Any, max_length: int = 64) -> Featurised:
        features = by_name(card.format).features(rows, card, kit.tokenizer, max_length)
        count = len(next(iter(rows.values())))
        return Dataset.from_dict(rows), Dataset.from_dict({"row": list(range(count)), **features})

    return make


@pytest.fixture
def score() -> Callable[..., dict[str, float]]:
    """The metrics of a format on some rows, with what is tuned on the same rows."""

    def make(
        form: Format,
        encoder: Any,
        head: Any,
        featurised: Featurised,
        card: Card,
        kit: Any,
        batch_size: int = 3,
        language: str = "en",
    ) -> dict[str, float]:
        rows, features = featurised
        settings = EvaluationSettings(batch_size=batch_size)
        predicted = form.predict(encoder, head, rows, features, card, kit.tokenizer, settings)
        tuned = form.tune(rows, predicted, card, language)
        return form.metrics(rows, form.decide(predicted, tuned, card), card, language)

    return make
