"""Profiles: which texts they are of, that they are computed once, and that half of one is never stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from spaces.card import Card
from tests.support.encoders import Kit
from tests.support.work_items import plan_in
from trainables.encoders.checkpoint import Encoder
from trainables.evaluation import profile
from trainables.formats.encoding import text_states
from trainables.store.store import Store
from trainables.work.plan import Plan
from trainables.work.profile import ROWS, Profile, ProfileRequest, requests_of_target, requests_of_task
from trainables.worker import Worker


def model_in(folder: Path) -> str:
    return str(folder / "model")


def requests(plan: Plan) -> list[ProfileRequest]:
    tasks = [request for card in plan.tasks.values() for request in requests_of_task(card)]
    return [*tasks, *(request for target in plan.targets for request in requests_of_target(plan, target))]


def test_they_are_computed_once_and_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_in(tmp_path)
    asked = requests(plan)
    assert profile.compute_profiles(plan, model_in(tmp_path), asked) == []
    store = Store(plan.store, tmp_path / "other cache")
    found = {request: store.profile(request.key(plan, model_in(tmp_path))) for request in asked}
    for packed in found.values():
        assert packed is not None
        made = Profile.unpack(packed)
        assert made.vectors.shape[1] == 32 and 0 < len(made.vectors) <= ROWS
        assert np.isfinite(made.vectors).all() and made.pieces
    monkeypatch.setattr(profile, "make_profile", None)  # a second call computes nothing, or fails
    profile.compute_profiles(plan, model_in(tmp_path), asked)


def test_one_that_was_not_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_in(tmp_path)
    first, second = requests(plan)[:2]
    make, calls = profile.make_profile, list[int]()

    def interrupted(*arguments: object) -> Profile:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return make(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(profile, "make_profile", interrupted)
    with pytest.raises(KeyboardInterrupt):
        profile.compute_profiles(plan, model_in(tmp_path), [first, second])
    store = Store(plan.store, tmp_path)
    assert store.profile(first.key(plan, model_in(tmp_path))) is not None
    assert store.profile(second.key(plan, model_in(tmp_path))) is None
    assert store.orphans(0) == []


def test_keys_say_what_decides_a_profile_and_nothing_else(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    request = requests(plan)[0]
    key = request.key(plan, "model")
    elsewhere = plan.model_copy(update={"store": "s3://other", "cache": "/other", "workers": 8, "rungs": [1.0]})
    assert request.key(elsewhere, "model") == key
    deciding = [
        plan.model_copy(update={"model_version": "other"}),
        plan.model_copy(update={"versions": {request.card.name: "other"}}),
        plan.model_copy(update={"evaluation": plan.evaluation.model_copy(update={"pooling": "cls"})}),
        plan.model_copy(update={"evaluation": plan.evaluation.model_copy(update={"layer": 1})}),
    ]
    assert len({key, *(request.key(other, "model") for other in deciding)}) == 1 + len(deciding)
    auto = plan.model_copy(update={"evaluation": plan.evaluation.model_copy(update={"layer": "auto"})})
    assert request.key(auto, "model") == key  # the last layer, as without


def test_vectors_are_the_mean_of_the_tokens(bert: Kit) -> None:
    encoder = Encoder(bert.encoder(), bert.tokenizer)
    texts = ["a", "the second text", "another one, and it is longer"]
    made = profile.make_profile(encoder, texts, "mean", None, batch_size=2)
    for text, vector in zip(texts, made.vectors, strict=True):
        with torch.inference_mode():
            expected = text_states(encoder.model.eval(), dict(bert.tokenizer([text], return_tensors="pt")))[0]
        assert vector == pytest.approx(expected.numpy(), abs=1e-5)
    special = set(bert.tokenizer.all_special_tokens)
    pieces = [piece for text in texts for piece in bert.tokenizer.tokenize(text) if piece not in special]
    assert sum(made.pieces.values()) == len(pieces)


def test_words_are_joined_and_no_text_stands_twice(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    data = Worker(plan).data
    card: Card = plan.tasks["tags"]
    texts = profile.texts_of(data, ProfileRequest(card, "train", "en"))
    rows = data.rows(card, "train", "en")
    assert set(texts) == {" ".join(words) for words in rows["tokens"][:]}
    assert len(texts) == len(set(texts))
