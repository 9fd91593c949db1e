"""Samples, and the cache of rows and features; what a check of a card reads."""

import errno
import importlib.metadata
import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import datasets
import pytest
from datasets import Dataset

from spaces.errors import Failure, InputError
from spaces.formats import FORMATS
from tests.support.examples import ROWS
from tests.support.problems import problem
from trainables.data import card_data as data_module
from trainables.data.card_data import Data, code_version, fingerprint
from trainables.store import file_digest

# --- samples


def test_a_sample_is_stable_in_order_and_parallel(data, card_of, tables):
    cards = {}
    for language in ("en", "de"):
        columns = {"text": [f"{language} {row}" for row in range(50)], "label": [0] * 50}
        folder = tables(columns, folder=language)
        cards[language] = card_of("sentence_classification", source={"files": str(folder)})
    numbers = {
        language: [int(text.split()[1]) for text in data.rows(card, "train", language, limit=10)["text"]]
        for language, card in cards.items()
    }
    assert numbers["en"] == numbers["de"] == sorted(numbers["en"])
    assert len(set(numbers["en"])) == 10
    assert numbers["en"] != list(range(10))
    assert len(data.rows(cards["en"], "train", "en", limit=99)) == 50
    # a smaller sample is part of a larger one, on any machine
    smaller = [int(text.split()[1]) for text in data.rows(cards["en"], "train", "en", limit=4)["text"]]
    assert set(smaller) <= set(numbers["en"])
    assert smaller == [22, 23, 24, 36]


# --- the cache


def cached(data, kind):
    return sorted(path.name for path in (data.cache / kind).iterdir())


def test_features_index_the_rows_that_come_with_them(data, sentences, bert):
    card = sentences({"text": [f"the moon {row}" for row in range(20)], "label": [row % 3 for row in range(20)]})
    rows, features = data.features(card, "train", "en", bert.tokenizer, 32, limit=7)
    assert len(rows) == len(features) == 7
    assert features["row"][:] == list(range(7))
    assert features["label"][:] == rows["label"][:]
    own = bert.tokenizer(rows["text"][:])["input_ids"]
    assert features["input_ids"][:] == own


def test_rows_of_windows_are_counted_over_batches(data, card_of, tables, bert):
    """`datasets` maps 1,000 rows at a time, and a format numbers the rows of its batch."""
    folder = tables({"text": ["the moon over Paris " * (4 if row % 2 else 1) for row in range(1203)]})
    card = card_of("masked_lm", source={"files": str(folder)})
    rows, features = data.features(card, "train", "en", bert.tokenizer, 16)
    assert len(features) > len(rows) == 1203
    assert sorted(set(features["row"])) == list(range(1203))
    assert features["row"][:] == sorted(features["row"])


def test_features_are_made_once_and_mapped_from_the_cache(data, sentences, bert, monkeypatch, capfd):
    card = sentences()
    before = data.features(card, "train", "en", bert.tokenizer, 32)[1][:]
    monkeypatch.setattr(Dataset, "map", None)  # nothing is made again
    _, features = Data(data.cache).features(card, "train", "en", bert.tokenizer, 32)
    assert features[:] == before
    (file,) = features.cache_files
    assert Path(file["filename"]).parent == data.cache / "features"
    assert len(cached(data, "features")) == len(cached(data, "rows")) == 1  # and nothing was left over
    assert capfd.readouterr() == ("", "")


def test_a_saved_tokenizer_shares_the_features_and_its_use_changes_nothing(bert, tmp_path):
    before = fingerprint(bert.tokenizer)
    bert.tokenizer(["the moon"] * 3, truncation=True, max_length=8, padding=True)
    bert.tokenizer.save_pretrained(tmp_path)
    assert fingerprint(type(bert.tokenizer).from_pretrained(tmp_path)) == before


@pytest.mark.parametrize(
    "change", ["file", "vocabulary", "truncation", "max_length", "limit", "labels", "format", "code"]
)
def test_whatever_decides_the_features_makes_new_ones(data, sentences, kits, change, monkeypatch):
    card, tokenizer = sentences(), kits("bert").tokenizer
    options = {"max_length": 32}
    data.features(card, "train", "en", tokenizer, **options)
    if change == "file":
        sentences({"text": ["the moon", "Paris", "the dog"], "label": [0, 2, 1]})
    elif change == "truncation":
        tokenizer = type(tokenizer)(tokenizer_object=tokenizer.backend_tokenizer, truncation_side="left")
    elif change == "vocabulary":
        tokenizer = type(tokenizer)(tokenizer_object=tokenizer.backend_tokenizer, pad_token="[PAD]")
        tokenizer.add_tokens(["moonlight"])
    elif change == "labels":
        card = sentences(labels=["letters", "law", "history"])
    elif change == "format":
        columns = {"text": "passage", "label": "label"}
        monkeypatch.setitem(FORMATS, card.format, replace(FORMATS[card.format], columns=columns))
    elif change == "code":
        monkeypatch.setattr(data_module, "code_version", lambda: "new")
    else:
        options[change] = 2 if change == "limit" else 16
    data.features(card, "train", "en", tokenizer, **options)
    assert len(cached(data, "features")) == 2


def test_a_file_that_was_replaced_gives_its_own_rows_whatever_its_size_and_date(data, card_of, tmp_path, monkeypatch):
    monkeypatch.setattr(file_digest, "SETTLED", -1.0)  # kept at once, as of a file that lay there for long
    card = card_of("masked_lm", source={"files": str(tmp_path)})
    versions = []
    for text in ("first", "other"):
        new = tmp_path / "new.jsonl"
        new.write_text(json.dumps({"text": text}))
        os.utime(new, ns=(10**18, 10**18))
        new.replace(tmp_path / "train.jsonl")
        versions.append(data.version(card))
        assert data.rows(card, "train", "en")["text"][:] == [text]
    assert len(set(versions)) == len(cached(data, "rows")) == 2


def test_a_file_that_was_only_moved_or_touched_is_not_read_again(data, card_of, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "train.jsonl").write_text(json.dumps({"text": "first"}))
    before = data.rows(card_of("masked_lm", source={"files": str(tmp_path / "here")}), "train", "en")[:]
    (tmp_path / "here").rename(tmp_path / "there")
    os.utime(tmp_path / "there" / "train.jsonl", ns=(1, 1))
    monkeypatch.setattr(Dataset, "map", None)  # nothing is made again
    assert data.rows(card_of("masked_lm", source={"files": str(tmp_path / "there")}), "train", "en")[:] == before


def test_the_same_bytes_are_other_rows_as_another_sort_of_file(data, card_of, tmp_path):
    content = '{"text": "a"}\n{"text": "b"}\n'
    (tmp_path / "train.jsonl").write_text(content)
    (tmp_path / "dev.csv").write_text(content)
    card = card_of("masked_lm", source={"files": str(tmp_path)}, columns={})
    assert data.rows(card, "train", "en")["text"][:] == ["a", "b"]
    with pytest.raises(InputError, match="no such column"):
        data.rows(card, "dev", "en")


def test_data_that_change_while_they_are_read_are_not_kept(data, card_of, tmp_path, monkeypatch):
    path, load = tmp_path / "train.csv", datasets.load_dataset

    def overtaken(*args, **options):
        path.write_text("text\nother\n")
        return load(*args, **options)

    path.write_text("text\nfirst\n")
    monkeypatch.setattr(datasets, "load_dataset", overtaken)
    card = card_of("masked_lm", source={"files": str(tmp_path)})
    with pytest.raises(Failure, match="changed while they were read"):
        data.rows(card, "train", "en")
    assert cached(data, "rows") == []


@pytest.mark.parametrize("package", data_module.PACKAGES)
def test_another_version_of_a_package_that_reads_or_tokenises(monkeypatch, package):
    before, version = code_version(), importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.0" if name == package else version(name))
    assert code_version.__wrapped__() != before


def test_whoever_comes_second_leaves_readers_alone(data, sentences, bert, monkeypatch):
    """Another process finishes the same file while this one builds it."""
    card, other = sentences(), Data(data.cache)
    own_map, read = Dataset.map, []

    def overtaken(self, *args, **options):
        monkeypatch.setattr(Dataset, "map", own_map)
        read.append(other.features(card, "train", "en", bert.tokenizer, 32)[1])
        return own_map(self, *args, **options)

    monkeypatch.setattr(Dataset, "map", overtaken)
    mine = data.features(card, "train", "en", bert.tokenizer, 32)[1]
    assert read[0][:] == mine[:]
    assert len(cached(data, "rows")) == len(cached(data, "features")) == 1


RACER = """
import sys, pickle, time
from pathlib import Path
from transformers import PreTrainedTokenizerFast
from trainables.data.card_data import Data
card, tokenizer, cache, start = pickle.loads(bytes.fromhex(sys.argv[1]))
tokenizer = PreTrainedTokenizerFast.from_pretrained(tokenizer)
print("ready", flush=True)
sys.stdin.readline()
rows, features = Data(cache).features(card, "train", "en", tokenizer, 32)
print(len(rows), sum(features["length"]), flush=True)
"""


@pytest.mark.slow
def test_two_processes_may_race_for_the_same_features(data, sentences, bert, tmp_path):
    card = sentences({"text": ["the moon over Paris"] * 3000, "label": [0, 1, 2] * 1000})
    bert.tokenizer.save_pretrained(tmp_path / "tokenizer")
    args = pickle.dumps((card, str(tmp_path / "tokenizer"), data.cache, 0)).hex()
    command = [sys.executable, "-c", RACER, args]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racers = [subprocess.Popen(command, **pipes, cwd=Path(__file__).parents[3]) for _ in range(2)]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    answers = [racer.communicate(timeout=60)[0] for racer in racers]
    assert answers[0] == answers[1]
    assert answers[0].startswith("3000 ")
    assert len(cached(data, "rows")) == len(cached(data, "features")) == 1


def test_a_cache_that_cannot_be_written_is_a_failure_with_its_path(card_of, tables, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    card = card_of("sentence_classification", source={"files": str(tables(ROWS))})
    with pytest.raises(Failure) as error:
        Data(tmp_path / "cache").rows(card, "train", "en")
    assert problem(error).what == "the cache cannot be written"
    assert str(tmp_path / "cache") in problem(error).where


def test_a_full_disk_is_a_failure(data, sentences, monkeypatch):
    def full(*args, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Dataset, "map", full)
    with pytest.raises(Failure, match="No space left"):
        data.rows(sentences(), "train", "en")
    assert cached(data, "rows") == []


# --- check


def test_check_finds_nothing_wrong_with_a_good_card(data, sentences):
    for split in ("train", "dev", "test"):
        card = sentences(split=split)
    assert data.check(card) == []


def test_check_reads_each_split_and_names_each_kind_of_mistake_once(data, sentences):
    sentences(split="train")
    sentences({"text": ["a"], "label": [9]}, split="dev")
    card = sentences({"sentence": ["a"], "label": [0]}, split="test", languages=["en", "de", "fr"])
    assert sorted(problem.where.split(": ")[1] for problem in data.check(card)) == ["columns.label", "columns.text"]


def test_check_leaves_training_rows_to_the_card_they_come_from(data, sentences):
    for split in ("dev", "test"):
        card = sentences(split=split, splits={"train": None, "dev": "dev", "test": "test"}, train_from="other")
    assert data.check(card) == []


def test_check_of_a_task_reads_its_training_rows(data, card_of, tables):
    card = card_of("masked_lm", source={"files": str(tables({"words": ["a"]}))}, languages=["en", "de"])
    assert [problem.what for problem in data.check(card)] == ["no such column"]
