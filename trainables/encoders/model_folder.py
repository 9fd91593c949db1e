"""The folder of a fine-tuned model as transformers, or sentence-transformers, loads it without us."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
import transformers
from torch import nn
from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from spaces.card import Card
from spaces.errors import Failure, InputError, Problem
from spaces.formats import FORMATS
from trainables.encoders import modeling_mean
from trainables.encoders.checkpoint import Encoder, open_weights, save, save_tokenizer
from trainables.encoders.checkpoint import load as load_encoder
from trainables.formats import by_name
from trainables.formats.native import NativeHead
from trainables.work.settings import HeadKind

SENTENCE_TRANSFORMER = "SentenceTransformer"
"""The class that loads what is compared by vectors."""

MODULES = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
"""Folder -> module of sentence-transformers, as its published models have them."""


CODE = Path(modeling_mean.__file__)

CLASSES = {
    "AutoModelForSequenceClassification": "MeanForSequenceClassification",
    "AutoModelForMultipleChoice": "MeanForMultipleChoice",
}
"""What `modeling_mean.py` has for a class of transformers."""


@dataclass(frozen=True)
class Vectors:
    """How texts become the vectors that are compared.

    Args:
        layer: index of the encoder's hidden states; None: what it gives out.
    """

    pooling: Literal["mean", "cls"] = "mean"
    layer: int | None = None


def save_encoder(encoder: Encoder, folder: Path) -> str:
    """Write an encoder without any head; the class that loads it.

    Raises:
        Failure: what was written is not what was given.
    """
    save(encoder.model, encoder.tokenizer, folder)
    _compare(load_encoder(folder).model, encoder.model)
    _compare_tokenizers(folder, encoder.tokenizer)
    return "AutoModel"


def check_head(encoder: PreTrainedModel, card: Card, head: HeadKind) -> None:
    """Raise InputError if there is no model for what such a head on this encoder becomes."""
    if FORMATS[card.format].architecture is not None:
        made = by_name(card.format).new_head(encoder, card, head)
        if not isinstance(made, NativeHead) and _as_native(encoder, made, card) is None:
            _class_over_the_mean(encoder, card)


def save_fine_tuned(
    encoder: PreTrainedModel,
    head: nn.Module | None,
    tokenizer: PreTrainedTokenizerBase,
    card: Card,
    max_length: int,
    vectors: Vectors,
    folder: Path,
) -> str:
    """Write a target's model; the class that loads it.

    The tokenizer cuts where the target's texts were cut, to `max_length` tokens, unless told otherwise.

    Args:
        head: None where texts are compared as `vectors` says.

    Raises:
        InputError: the head is none that transformers knows, or the vectors are of a layer that cannot be the last.
        Failure: what was written is not what was given.
    """
    form = by_name(card.format)
    folder.mkdir(parents=True, exist_ok=True)
    if FORMATS[card.format].architecture is None:
        model, kind = _cut(encoder, vectors.layer), SENTENCE_TRANSFORMER
        _write_modules(folder, model, max_length, vectors)
    else:
        assert head is not None, "a format with an architecture is trained"
        model, kind = _whole(encoder, head, card, folder), FORMATS[card.format].architecture or ""
    model.save_pretrained(folder, safe_serialization=True)
    open_weights(folder)
    save_tokenizer(tokenizer, folder, model_max_length=max_length, truncation_side=form.truncation_side)
    if kind == SENTENCE_TRANSFORMER:
        _compare(load_encoder(folder).model, model)
    else:
        # the code in it is ours, written a moment ago
        _compare(getattr(transformers, kind).from_pretrained(folder, trust_remote_code=True), model)
    _compare_tokenizers(folder, tokenizer)
    return kind


def _whole(encoder: PreTrainedModel, head: nn.Module, card: Card, folder: Path) -> PreTrainedModel:
    native = head if isinstance(head, NativeHead) else _as_native(encoder, head, card)
    model = native.with_encoder(encoder) if native is not None else _over_the_mean(encoder, head, card, folder)
    if card.labels:
        model.config.id2label = dict(enumerate(card.labels))
        model.config.label2id = {label: number for number, label in enumerate(card.labels)}
    return model


def _as_native(encoder: PreTrainedModel, head: nn.Module, card: Card) -> NativeHead | None:
    """A linear head as the architecture's own, where that is nothing but the same linear layer."""
    architecture, own = FORMATS[card.format].architecture, dict(head.state_dict())
    assert architecture is not None, "only formats with one are asked"
    try:
        native = NativeHead(encoder, architecture, by_name(card.format).outputs(card)).eval()
    except InputError:  # the architecture has none
        return None
    given = dict(native.model.state_dict())
    if sorted(tuple(value.shape) for value in given.values()) == sorted(tuple(value.shape) for value in own.values()):
        for name, value in native.model.named_parameters():
            value.data.copy_(own[f"linear.{name.rpartition('.')[2]}"])
        states = torch.randn(2, 5, encoder.config.hidden_size, generator=torch.Generator().manual_seed(0))
        batch = {"input_ids": torch.ones(2, 5, dtype=torch.long), "attention_mask": torch.ones(2, 5, dtype=torch.long)}
        with torch.no_grad():
            theirs = native(states, batch)
            ours = head.eval()(states if theirs.dim() == 3 else states.mean(dim=1))
        if theirs.shape == ours.shape and torch.allclose(theirs, ours, atol=1e-5):
            return native
    return None


def _over_the_mean(encoder: PreTrainedModel, head: nn.Module, card: Card, folder: Path) -> PreTrainedModel:
    """A model of the classes in `modeling_mean.py`, a copy of which the folder gets: transformers has none for it."""
    config, name = copy.deepcopy(encoder.config), _class_over_the_mean(encoder, card)
    config.num_labels = by_name(card.format).outputs(card)
    config.auto_map = {FORMATS[card.format].architecture: f"{CODE.stem}.{name}"}
    of = type(config).__name__
    source = f"{CODE.read_text(encoding='utf-8')}\n\nfrom transformers import {of}  # noqa: E402\n"
    source += "".join(f"\n{each}.config_class = {of}" for each in CLASSES.values())
    (folder / CODE.name).write_text(f"{source}\n", encoding="utf-8")
    model: modeling_mean.OverTheMean = getattr(modeling_mean, name)(config)
    model.encoder.load_state_dict(
        {name: value for name, value in encoder.state_dict().items() if not name.startswith("pooler.")}
    )
    model.linear.load_state_dict({name.removeprefix("linear."): value for name, value in head.state_dict().items()})
    model.train(False)
    return model


def _class_over_the_mean(encoder: PreTrainedModel, card: Card) -> str:
    """The class of `modeling_mean.py`.

    Raises:
        InputError: there is none.
    """
    architecture = FORMATS[card.format].architecture or ""
    if architecture not in CLASSES:
        what = f"a linear layer on each token is no {architecture} of transformers for this architecture"
        fix = "search with stages.target.head: native; or take the encoder home, without --fine-tuned"
        raise InputError(Problem(what, "stages.target.head: mean", type(encoder).__name__, fix))
    return CLASSES[architecture]


def _cut(encoder: PreTrainedModel, layer: int | None) -> PreTrainedModel:
    """The encoder with no more layers than lead to that hidden state.

    Raises:
        InputError: what the smaller encoder gives out is not that hidden state.
    """
    config: Any = encoder.config
    if layer is None or layer == config.num_hidden_layers:
        return encoder
    changes: dict[str, Any] = {"num_hidden_layers": layer}
    if getattr(config, "layer_types", None):
        changes["layer_types"] = config.layer_types[:layer]
    smaller = type(encoder)(type(config).from_dict({**config.to_dict(), **changes}))
    if getattr(smaller, "pooler", None) is not None:
        smaller.pooler = None  # type: ignore[assignment]
    state = encoder.state_dict()
    smaller.load_state_dict({name: state[name] for name in smaller.state_dict()})
    ids = torch.arange(10, 18).unsqueeze(0)
    with torch.no_grad():
        wanted = encoder.train(False)(input_ids=ids, output_hidden_states=True).hidden_states[layer]
        given = smaller.train(False)(input_ids=ids).last_hidden_state
    if not torch.allclose(wanted, given, atol=1e-5):
        what, found = "a layer that this architecture cannot end with", f"{type(encoder).__name__}, layer {layer}"
        raise InputError(Problem(what, "evaluation.layer", found, "take the encoder home, without --fine-tuned"))
    return smaller


def _write_modules(folder: Path, model: PreTrainedModel, max_length: int, vectors: Vectors) -> None:
    """The files by which sentence-transformers knows what to do with an encoder's states."""
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{name}"}
        for number, (path, name) in enumerate(MODULES.items())
    ]
    pooling = {
        "word_embedding_dimension": model.config.hidden_size,
        "pooling_mode_cls_token": vectors.pooling == "cls",
        "pooling_mode_mean_tokens": vectors.pooling == "mean",
        "pooling_mode_max_tokens": False,
        "pooling_mode_mean_sqrt_len_tokens": False,
    }
    content = {
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": max_length, "do_lower_case": False},
        "config_sentence_transformers.json": {
            "prompts": {},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
        "1_Pooling/config.json": pooling,
    }
    for name, value in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def _compare(read: PreTrainedModel, given: PreTrainedModel) -> None:
    """Raise Failure unless a model that was read has the weights that were given, all of them, and no others."""
    before, after = given.state_dict(), read.state_dict()
    wrong = sorted(before.keys() ^ after.keys())
    wrong += [name for name in before.keys() & after.keys() if not torch.equal(before[name].cpu(), after[name])]
    if wrong:
        raise Failure(Problem("the model is another one when it is read again", "export", ", ".join(wrong[:3])))


def _compare_tokenizers(folder: Path, given: PreTrainedTokenizerBase) -> None:
    """Raise Failure unless the tokenizer that transformers reads there cuts texts as the given one does."""
    read = AutoTokenizer.from_pretrained(folder)
    kept = [json.loads(each.backend_tokenizer.to_str()) for each in (read, given)]
    for state in kept:
        state |= {"truncation": None, "padding": None}  # what the last call set
    if kept[0] != kept[1] or read.model_input_names != given.model_input_names:
        what = "the tokenizer is another one when it is read again"
        raise Failure(Problem(what, "export", type(given).__name__))
