"""Profiles: what the base encoder makes of some rows of each card, computed once and stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from spaces.errors import InputError, Problem
from trainables.data.card_data import Data
from trainables.data.mini.build import build_suites
from trainables.encoders import checkpoint
from trainables.encoders.checkpoint import Encoder
from trainables.encoders.model_files import model_version
from trainables.formats.encoding import evaluating, on, pad, token_inputs
from trainables.formats.vectors import Layer, pooled
from trainables.store.store import Store
from trainables.training.process import device
from trainables.work.plan import Plan
from trainables.work.profile import LENGTH, ROWS, Profile, ProfileRequest, layer_of, text_roles


def compute_profiles(plan: Plan, model: str, requests: Sequence[ProfileRequest]) -> list[str]:
    """Compute the profiles of those rows that the store has none of, and store each as it is made.

    Returns:
        What the store complained of.

    Raises:
        InputError, Failure: rows or model cannot be read, or are not what the plan says.
    """
    cache = Path(plan.cache)
    build_suites(plan, model, say=lambda line: None)
    store, data = Store(plan.store, cache), Data(cache, plan.mirror, plan.commits)
    store.patience.seconds = plan.patience
    encoder = None
    for request in requests:
        key = request.key(plan, model)
        if store.profile(key) is not None:
            continue
        if encoder is None:
            encoder = checkpoint.load_base(model, data.hub)
            encoder.model.to(device())  # type: ignore[arg-type]
            _check_model(plan.model_version, model_version(model, data.hub), model)
        _check_data(plan, data, request)
        made = make_profile(
            encoder, texts_of(data, request), plan.evaluation.pooling, layer_of(plan), plan.evaluation.batch_size
        )
        store.put_profile(key, made.pack())
    return store.complaints


def texts_of(data: Data, request: ProfileRequest) -> list[str]:
    """At most `ROWS` texts of the rows, each once: every text column gives its own, words are joined by blanks."""
    rows = data.rows(request.card, request.split, request.language, ROWS)
    columns = [rows[role][:] for role in text_roles(request)]
    texts: dict[str, None] = {}
    tagging = "tokens" in rows.column_names
    for row in zip(*columns, strict=True):
        for value in row:
            texts.update(dict.fromkeys(_texts(value, tagging)))
    distinct = list(texts)
    step = max(1.0, len(distinct) / ROWS)  # spread over the columns and rows alike
    return [distinct[int(at * step)] for at in range(min(ROWS, len(distinct)))]


def _texts(value: Any, words: bool) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif words:
        yield " ".join(value)
    else:
        yield from (text for text in value if text)


def make_profile(encoder: Encoder, texts: Sequence[str], pooling: Any, layer: Layer, batch_size: int) -> Profile:
    """The vectors of texts, cut at `LENGTH` tokens, and the pieces that they are made of."""
    if not texts:
        raise InputError(Problem("there is no text to profile"))
    longest = min(LENGTH, encoder.longest or LENGTH)
    inputs = token_inputs(encoder.tokenizer(list(texts), truncation=True, max_length=longest))
    features = [dict(zip(inputs, values, strict=True)) for values in zip(*inputs.values(), strict=True)]
    order = sorted(range(len(features)), key=lambda at: -features[at]["length"])
    vectors: dict[int, Any] = {}
    with evaluating(encoder.model, nn.Identity()) as where:
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            batch = on(where, pad([features[at] for at in chosen], encoder.tokenizer))
            states = pooled(encoder.model, batch, pooling, [layer])[0].float().cpu().numpy()
            vectors.update(zip(chosen, states, strict=True))
    special = set(encoder.tokenizer.all_special_ids)
    pieces = Counter(piece for feature in features for piece in feature["input_ids"] if piece not in special)
    return Profile(np.stack([vectors[at] for at in range(len(features))]).astype(np.float32), dict(pieces))


def _check_model(known: str | None, here: str | None, what: str) -> None:
    if known is not None and here != known:
        fix = "bring the same files to every node"
        raise InputError(Problem("is another one than the search's", what, f"{here}, not {known}", fix))


def _check_data(plan: Plan, data: Data, request: ProfileRequest) -> None:
    known = plan.version_of(request.card)
    if known is not None and not data.has_version(request.card, known):
        fix = "bring the data back as they were, on every node"
        raise InputError(Problem("the data are others than the search's", request.card.name, f"not {known}", fix))
