"""Tiny random encoders with real kinds of tokenizers, made from a few words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from tests.support.examples import TEXTS
from trainables.encoders import checkpoint


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
        return checkpoint.architecture(config).from_config(config).eval()


@cache
def kit_of(kind: str) -> Kit:
    model_type, tokenizer, options = KINDS[kind]
    return Kit(model_type, tokenizer(), options)
