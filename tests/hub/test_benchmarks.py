"""What cards read lies on the stand-in as on the hub, and `datasets` understands it."""

from __future__ import annotations

import datasets
import pytest
from huggingface_hub import snapshot_download
from transformers import AutoModel, AutoTokenizer

from spaces.catalogue import Catalogue
from tests.hub import benchmarks, models
from tests.support import hub as tables

CATALOGUE = Catalogue.load()
ON_THE_HUB = [
    card
    for card in (*CATALOGUE.tasks.values(), *CATALOGUE.targets.values())
    if any(part.source.hub for part in card.parts or (card,))
]


@pytest.fixture
def folder_of(hub):
    def fetch(id):
        return snapshot_download(id, repo_type="dataset")

    return fetch


@pytest.mark.parametrize(
    ("name", "id", "config", "split"),
    [
        ("csqa", "tau/commonsense_qa", None, "train"),
        ("siqa", "lighteval/siqa", None, "validation"),
        ("mnli", "nyu-mll/glue", "mnli", "validation_matched"),
        ("wikipedia.sw", "wikimedia/wikipedia", "20231101.sw", "train"),
    ],
)
def test_a_configuration_is_read_with_its_types(hub, folder_of, tmp_path, name, id, config, split):
    benchmarks.publish(hub, [CATALOGUE.task(name)])
    builder = datasets.load_dataset_builder(folder_of(id), config, cache_dir=str(tmp_path / "cache"))
    rows = builder.download_and_prepare() or builder.as_dataset(split)
    assert len(rows) == tables.COUNT
    assert rows.features == benchmarks.rows_of(id, config or "default", split).features
    assert rows[5] == benchmarks.rows_of(id, config or "default", split)[5]


def test_json_files_are_read_by_their_configuration(hub, folder_of, tmp_path):
    benchmarks.publish(hub, [CATALOGUE.target("tatoeba")])
    builder = datasets.load_dataset_builder(
        folder_of("mteb/tatoeba-bitext-mining"), "deu-eng", cache_dir=str(tmp_path / "cache")
    )
    builder.download_and_prepare()
    assert builder.as_dataset("test")[0] == {"sentence1": "Der Mond über Köln 0", "sentence2": "The moon over Paris 0"}


@pytest.mark.parametrize("card", ON_THE_HUB, ids=lambda card: f"{card.kind}-{card.name}")
def test_cards_name_splits_that_the_hub_has(card):
    """As far as its layout is known: docs/xtreme.md."""
    for part in card.parts or (card,):
        for split, language in tables.named_splits(part):
            there = benchmarks.splits_of(part.source.hub, part.source.config_for(language) or "default")
            assert set(part.splits.names(split)) <= set(there), language


def test_more_lies_there_than_cards_read(hub):
    (repository,) = benchmarks.publish(hub, [CATALOGUE.target("xnli")])
    assert "sw/train-00000-of-00001.parquet" in repository.files()
    assert "sw/validation-00000-of-00001.parquet" in repository.files()
    assert CATALOGUE.target("xnli").splits.train is None


def test_every_card_of_the_hub_can_be_published(hub):
    made = benchmarks.publish(hub, ON_THE_HUB)
    assert {repository.id for repository in made} >= {"google/xtreme", "izhx/xtreme-r-udpos", "facebook/anli"}
    for repository in made:
        assert repository.card(repository.main)["dataset_info"]
        large = [blob.sha256 for blob in repository.files().values() if blob.is_lfs]
        assert len(set(large)) == len(large)  # or fewer would be fetched than from the hub


def test_a_model_is_loaded_by_its_old_name(hub):
    models.publish(hub)
    folder = snapshot_download(models.OLD_NAME, allow_patterns=["*.json", "*.safetensors"])
    assert AutoModel.from_pretrained(folder).config.model_type == "xlm-roberta"
    assert len(AutoTokenizer.from_pretrained(folder)("The moon over Paris")["input_ids"]) > 3
    assert not [request for request in hub.requests if "pytorch_model.bin" in request.path]
