"""MLflow's registry: one version of one model, and an alias that means the best of what may be compared."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from search.statistics.gain import Gain, estimate_gain
from search.statistics.noise import Noise
from search.tracking.client import open_client
from search.tracking.registry import Candidate, Measured, check_alias, promote
from spaces.errors import Failure, InputError
from tests.support.cards import card_of
from tests.support.encoders import kit_of
from trainables.encoders.model_folder import Vectors, save_fine_tuned
from trainables.formats import by_name

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def candidate(tmp_path_factory: pytest.TempPathFactory) -> Candidate:
    folder, kit, card = tmp_path_factory.mktemp("model"), kit_of("bert"), card_of("tagging")
    encoder = kit.encoder()
    encoder.pooler = None
    torch.manual_seed(1)
    head = by_name("tagging").new_head(encoder, card, "native")
    save_fine_tuned(encoder, head, kit.tokenizer, card, 64, Vectors(), folder)
    (folder / "README.md").write_text("---\ntags: [taskmix]\n---\n\n# names, a fine-tuned model\n")
    (folder / "taskmix.json").write_text("{}")
    return Candidate(
        target="names",
        experiment="taskmix/small",
        folder=folder,
        task="token-classification",
        key="first",
        **scoring(0.5),
        comparable="data",
        beats_baseline=True,
        tags={"search": "small", "mix": "words:1", "gain": "+1.0 ± 0.5"},
    )


NOISE = Noise(0.0001, 6.0)


def scoring(mean: float, noise: Noise | None = NOISE) -> dict[str, Any]:
    """Of a candidate with two fresh seeds around a mean, a point apart, on rows that are all there are."""
    own = Measured((mean - 0.005, mean + 0.005), ("one", "two"))

    def compare(other: Measured) -> Gain | None:
        return estimate_gain(own.scores, other.scores, noise, None) if other.scores else None

    return {"measured": own, "compare": compare}


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'mlflow.db'}"


@pytest.fixture(params=["sqlite", pytest.param("server", marks=pytest.mark.slow)])
def uri(request: pytest.FixtureRequest) -> str:
    address: str = request.getfixturevalue(request.param)
    return address


def test_the_alias_means_the_best(candidate: Candidate, uri: str) -> None:
    first = promote(uri, candidate, "champion", force=False)
    assert (first.name, first.version, first.is_new, first.moved) == ("taskmix-names", "1", True, True)

    again = promote(uri, candidate, "champion", force=False)
    assert (again.version, again.is_new, again.moved) == ("1", False, False)
    assert again.reason == "it is champion already"

    worse = replace(candidate, key="worse", **scoring(0.4))
    second = promote(uri, worse, "champion", force=False)
    assert (second.version, second.is_new, second.moved) == ("2", True, False)
    assert second.reason.startswith("it scores -10.0 points beside version 1 on the test split (-12.4 to -7.6)")

    perhaps = replace(candidate, key="perhaps", **scoring(0.51))
    unsure = promote(uri, perhaps, "champion", force=False)
    assert (unsure.version, unsure.moved) == ("3", False)
    assert unsure.reason.endswith("it is better with a probability of .82, and .95 would move champion")
    unknown = promote(uri, replace(perhaps, **scoring(0.51, noise=None)), "champion", force=False)
    assert not unknown.moved and unknown.reason.endswith("nobody knows what that is worth")

    others = replace(candidate, key="others", **scoring(0.9), comparable="other data")
    third = promote(uri, others, "champion", force=False)
    assert (third.version, third.moved) == ("4", False) and "other data" in third.reason

    better = replace(candidate, key="better", **scoring(0.6))
    fourth = promote(uri, better, "champion", force=False)
    assert (fourth.version, fourth.moved) == ("5", True) and "more than .99" in fourth.reason

    forced = promote(uri, worse, "champion", force=True)
    assert (forced.version, forced.is_new, forced.moved) == ("2", False, True)

    client = open_client(uri)
    assert str(client.get_model_version_by_alias("taskmix-names", "champion").version) == "2"
    assert len(client.search_model_versions("name = 'taskmix-names'")) == 5
    version = client.get_model_version("taskmix-names", "1")
    assert version.description == "# names, a fine-tuned model" and version.tags["mix"] == "words:1"
    files = {file.path for file in client.list_artifacts(version.run_id)}
    assert {"README.md", "taskmix.json"} <= files


def test_a_champion_without_test_scores_gets_them_when_it_is_registered_again(
    candidate: Candidate, tmp_path: Path
) -> None:
    """As a version before them left it; what is said has to lead somewhere."""
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    old = replace(candidate, key="old")
    assert promote(uri, old, "champion", force=False).moved
    client = open_client(uri)
    for tag in ("taskmix.measured", "taskmix.comparable"):
        client.delete_model_version_tag("taskmix-names", "1", tag)
    better = replace(candidate, key="better", **scoring(0.6))
    refused = promote(uri, better, "champion", force=False)
    assert not refused.moved
    assert 'promote small --target names --mix "words:1"' in refused.reason and "--force" in refused.reason
    again = promote(uri, old, "champion", force=False)
    assert (again.version, again.is_new, again.moved) == ("1", False, False)
    moved = promote(uri, better, "champion", force=False)
    assert (moved.version, moved.moved) == ("2", True) and "more than .99" in moved.reason
    untested = replace(candidate, key="untested", measured=Measured((), ()))
    assert "of it nothing was measured" in promote(uri, untested, "champion", force=False).reason


def test_what_is_registered_loads_by_its_alias(candidate: Candidate, uri: str) -> None:
    import mlflow

    promote(uri, candidate, "best-yet", force=True)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    try:
        tag: Any = mlflow.transformers.load_model("models:/taskmix-names@best-yet")
    finally:
        mlflow.set_tracking_uri(before)
    assert [one["word"] for one in tag("the cat", ignore_labels=[])] == ["the", "cat"]


def test_a_home_that_moved_still_opens(candidate: Candidate, tmp_path: Path) -> None:
    import mlflow

    moved, here = tmp_path / "moved", tmp_path / "home"
    first = promote(f"sqlite:///{here / 'mlflow.db'}", candidate, "champion", force=False)
    here.rename(moved)
    uri = f"sqlite:///{moved / 'mlflow.db'}"
    client = open_client(uri)
    version = client.get_model_version(first.name, first.version)
    assert {file.path for file in client.list_artifacts(version.run_id or "")} >= {"README.md", "taskmix.json"}
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    try:
        assert mlflow.transformers.load_model(f"models:/{first.name}@champion")  # type: ignore[no-untyped-call]
    finally:
        mlflow.set_tracking_uri(before)
    with closing(sqlite3.connect(moved / "mlflow.db")) as database:
        left = [line for line in database.iterdump() if str(here) in line]
    assert not left, "nothing names the old place"


def test_what_gains_nothing_is_no_first_champion(candidate: Candidate, sqlite: str) -> None:
    other = replace(candidate, target="others", beats_baseline=False)
    assert promote(sqlite, other, "champion", force=False).reason == "it does not beat the baseline"
    assert promote(sqlite, replace(other, beats_baseline=None), "champion", force=False).moved


def test_a_server_that_is_away(candidate: Candidate) -> None:
    with pytest.raises(Failure, match="MLflow cannot be opened"):
        promote("http://127.0.0.1:9", candidate, "champion", force=False)


@pytest.mark.parametrize("alias", ["", "a b", "latest", "a/b"])
def test_aliases(alias: str) -> None:
    with pytest.raises(InputError, match="is no alias"):
        check_alias(alias)


def test_what_was_measured_is_read_from_a_tag() -> None:
    measured = Measured((0.5, 0.625), ("one", "two"))
    assert Measured.from_tag(measured.to_tag()) == measured
    assert Measured.from_tag("") == Measured.from_tag('{"scores": 1}') == Measured((), ())
