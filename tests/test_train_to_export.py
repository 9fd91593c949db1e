"""From training to a submission: a search with a tiny encoder, one worker and no Ray, then the commands on its store.

The cards are the benchmarks' own with files of a few rows; the files that are handed in are scored here, from nothing
but them and the gold answers, and have to give what the search has measured.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from seqeval.metrics import f1_score

from search.answers.mixes import MixResult
from search.cli import main
from search.config import search_file
from search.config.workspace import Workspace
from search.export.statement import Statement, checksums
from spaces.catalogue import Catalogue
from tests.support import hub, reader, tiny
from tests.support.examples import EXAMPLES, TEXTS
from trainables.work.outcome import PerLanguage

TASKS = {"words": "tagging"}
OWN = {"tags": "tagging", "answers": "span_qa", "choices": "multiple_choice"}
XTREME, XTREME_R = ["pawsx", "bucc2018"], ["lareqa", "mewslix"]

Row = dict[str, Any]
Capture = pytest.CaptureFixture[str]


@dataclass(frozen=True)
class Trained:
    """A folder with a search that is over, and what its one mix has scored: target -> language -> metrics, on test."""

    folder: Path
    scores: Mapping[str, PerLanguage]

    def export(self, name: str, *arguments: str) -> Path:
        out = self.folder / name
        assert main(["export", "small", "--out", str(out), *arguments]) == 0
        return out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cards, data, a tiny encoder and a search file over them."""
    folder = tmp_path_factory.mktemp("lab")
    tiny.write_cards(folder, TASKS, OWN)
    tiny.write_data(folder, TASKS, OWN)
    write_benchmarks(folder)
    stage = {"examples": 8, "batch_size": 8, "max_length": 48, "learning_rate": 1e-3}
    search = {
        "name": "small",
        "model": str(folder / "model"),
        "cards": ["cards"],
        "tasks": list(TASKS),
        "targets": [*OWN, *XTREME, *XTREME_R],
        "stages": {"intermediate": stage, "target": stage},
        "halving": {"rungs": [1.0]},
        "budget": {"recipes": 1},
        "confirm": {"seeds": 1},
        "resources": {"concurrency": 1},
        "storage": {"mirror": str(folder / "mirror")},
    }
    (folder / "search.yaml").write_text(yaml.safe_dump(search))
    return folder


def write_benchmarks(folder: Path) -> None:
    """Cards that give the shipped ones of BUCC, LAReQA, Mewsli-X and PAWS-X files of a few rows, and a suite of OWN."""
    shipped, cards = Catalogue.load(), folder / "cards"
    for name in (*XTREME, *XTREME_R, "squad_r", "mewslix_pairs"):
        card = shipped.targets.get(name) or shipped.task(name)
        files = {"lareqa": "lareqa", "squad_r": "lareqa", "mewslix_pairs": "mewslix"}.get(name, name)
        source = {"files": str(folder / "data" / files), "config": card.source.config}
        mine = {"extends": name, "sizes": {}, **({"source": source} if card.source.files else {})}
        (cards / f"{card.kind}s" / f"{name}.yaml").write_text(yaml.safe_dump(mine))
    tasks = {"tags": "f1", "answers": "qa", "choices": "accuracy"}
    suite = {
        "description": "formats",
        "source": "the tests",
        "groups": {"all": list(tasks)},
        "tasks": {name: {"metric": metric, "languages": ["en"]} for name, metric in tasks.items()},
    }
    (cards / "suites").mkdir()
    (cards / "suites" / "formats.yaml").write_text(yaml.safe_dump(suite))
    hub.mirror(shipped.target("pawsx"), folder / "mirror")
    data = folder / "data"
    pairs = [{"text_a": text, "text_b": other} for text, other in zip(TEXTS[:4], TEXTS[4:], strict=True)]
    for split in ("dev", "test"):
        for language in shipped.target("bucc2018").languages:
            write(data / "bucc2018" / f"{language}-en", split, sentences("en", 8))
            write(data / "bucc2018" / language, split, corpus(language, 8))
        for language in shipped.target("lareqa").languages:
            write(data / "lareqa" / language, split, queries(language, ["en", "de"]))
        write(data / "lareqa" / "pool", split, [row for language in ("en", "de") for row in sentences(language, 15)])
        for language in shipped.target("mewslix").languages:
            write(data / "mewslix" / language, split, queries(language, ["en"]))
    write(data / "mewslix" / "pool", "all", sentences("en", 30))
    write(data / "lareqa" / "squad", "train", pairs)
    write(data / "mewslix" / "pairs", "train", pairs)
    write(data / "mewslix" / "pairs", "dev", pairs)


def write(folder: Path, split: str, rows: Iterable[Row]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def sentences(language: str, count: int) -> list[Row]:
    """`count` candidates that differ, ids as the published files have them."""
    words = [word for text in TEXTS for word in text.split()]
    return [{"id": f"{language}-{at:06}", "text": " ".join(words[at : at + 5])} for at in range(count)]


def corpus(language: str, count: int) -> list[Row]:
    """Near-copies of the English sentences; the last two are translations of none."""
    english = sentences("en", count)
    return [
        {
            "id": f"{language}-{at:06}",
            "text": f"{row['text']} Katze",
            "relevant": [row["id"]] if at < count - 2 else [],
        }
        for at, row in enumerate(english)
    ]


def queries(language: str, answered: list[str]) -> list[Row]:
    """The first words of three candidates; right are those of that number in each of the languages `answered`."""
    return [
        {
            "id": f"{language}-q{at}",
            "text": sentences("en", 15)[at]["text"].split()[0],
            "relevant": [f"{other}-{at:06}" for other in answered],
        }
        for at in (0, 5, 9)
    ]


@pytest.fixture(scope="module")
def trained(folder: Path) -> Iterator[Trained]:
    """The search, run to its end by this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TASKMIX_HOME", str(folder / "home"))
        patch.setenv("TASKMIX_CACHE", str(folder / "cache"))
        scores: dict[str, PerLanguage] = {}
        for item, outcome in tiny.run_search(folder / "search.yaml"):
            if not item.recipe.is_baseline:
                scores |= {target: score.test for target, score in outcome.scores.items()}
        yield Trained(folder, scores)


def gold(trained: Trained, task: str, language: str) -> list[Row]:
    text = (trained.folder / "data" / task / language / "test.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_xtreme(trained: Trained, capsys: Capture) -> None:
    """BUCC: a pair per line, the sentence of the language first, which the benchmark compares as a set."""
    out = trained.export("xtreme", "--format", "xtreme", *(f"--target={task}" for task in XTREME))
    assert "bucc2018: 4 languages, words:1, seed 1" in capsys.readouterr().out
    found = []
    for language in ("de", "fr", "ru", "zh"):
        lines = (out / "bucc2018" / f"test-{language}.tsv").read_text().splitlines()
        pairs = {tuple(line.split("\t")) for line in lines}
        assert len(pairs) == len(lines)
        assert all(own.startswith(f"{language}-") and other.startswith("en-") for own, other in pairs)
        right = {(row["id"], one) for row in gold(trained, "bucc2018", language) for one in row["relevant"]}
        found.append(2 * len(pairs & right) / (len(pairs) + len(right)))
        assert found[-1] == pytest.approx(trained.scores["bucc2018"][language]["f1"])
    assert max(found) > 0.5
    for language in ("de", "en", "es", "fr", "ja", "ko", "zh"):
        labels = (out / "pawsx" / f"test-{language}.tsv").read_text().splitlines()
        right_labels = [str(number % 2) for number in range(hub.COUNT)]
        accuracy = sum(map(str.__eq__, labels, right_labels)) / len(right_labels)
        assert len(labels) == len(right_labels)
        assert accuracy == pytest.approx(trained.scores["pawsx"][language]["accuracy"])


@pytest.mark.parametrize("task", XTREME_R)
def test_xtreme_r(trained: Trained, task: str) -> None:
    """Query -> candidates, best first, scored by the mean average precision of the first twenty."""
    out = trained.export(f"xtreme-r-{task}", "--format", "xtreme-r", "--target", task)
    languages = Catalogue.load().target(task).languages
    assert {path.name for path in (out / task).iterdir()} == {f"test-{language}.json" for language in languages}
    for language in languages:
        ranked = json.loads((out / task / f"test-{language}.json").read_text())
        rows = gold(trained, task, language)
        assert list(ranked) == [row["id"] for row in rows]
        precisions = []
        for row in rows:
            assert len(ranked[row["id"]]) == len(set(ranked[row["id"]])) == 20
            ranks = sorted(1 + ranked[row["id"]].index(one) for one in row["relevant"] if one in ranked[row["id"]])
            precisions.append(sum(hits / rank for hits, rank in enumerate(ranks, 1)) / len(row["relevant"]))
        score = sum(precisions) / len(precisions)
        assert 0 < score < 1
        assert score == pytest.approx(trained.scores[task][language]["map20"])


def test_other_formats(trained: Trained) -> None:
    out = trained.export("formats", "--format", "formats")
    labels = tiny.LABELS["tagging"]
    sentences = [block.split("\n") for block in (out / "tags/test-en.tsv").read_text().strip().split("\n\n")]
    right_tags = [[labels[tag] for tag in tags] for tags in EXAMPLES["tagging"]["tags"]]
    assert f1_score(right_tags, sentences) == pytest.approx(trained.scores["tags"]["en"]["f1"])
    answers = json.loads((out / "answers/test-en.json").read_text())
    contexts = dict(zip(EXAMPLES["span_qa"]["id"], EXAMPLES["span_qa"]["context"], strict=True))
    assert answers.keys() == contexts.keys()
    assert all(answer and answer in contexts[key] for key, answer in answers.items())
    chosen = [json.loads(line)["label"] for line in (out / "choices/test-en.jsonl").read_text().splitlines()]
    right = sum(map(int.__eq__, chosen, EXAMPLES["multiple_choice"]["label"])) / len(chosen)
    assert right == pytest.approx(trained.scores["choices"]["en"]["accuracy"])


@pytest.mark.parametrize("target", list(OWN))
def test_a_targets_model_is_taken_home(trained: Trained, target: str, capsys: Capture) -> None:
    """Trained once more it predicts what the search predicted, for somebody who has transformers alone."""
    out = trained.export(f"home-{target}", "--format", "hf", "--target", target, "--fine-tuned")
    assert f"fine-tuned for {target}: words:1, seed 1, loads with AutoModelFor" in capsys.readouterr().out
    made = trained.export(f"again-{target}", "--format", "formats", "--target", target) / target
    form = OWN[target]
    predicted = reader.predict(str(out), form, EXAMPLES[form])
    if target == "tags":
        blocks = (made / "test-en.tsv").read_text().strip().split("\n\n")
        labels = tiny.LABELS["tagging"]
        assert [[labels[tag] for tag in tags] for tags in predicted] == [block.split("\n") for block in blocks]
    elif target == "choices":
        chosen = [json.loads(line)["label"] for line in (made / "test-en.jsonl").read_text().splitlines()]
        assert predicted == chosen and "trust_remote_code=True" in (out / "README.md").read_text()
    else:
        answers = json.loads((made / "test-en.json").read_text())
        assert dict(zip(EXAMPLES[form]["id"], predicted, strict=True)) == answers
    statement = Statement.model_validate_json((out / "taskmix.json").read_text())
    assert statement.content == "fine-tuned" and [stage.data for stage in statement.stages] == ["words:1", target]


def test_an_encoder_is_taken_home(trained: Trained, capsys: Capture) -> None:
    """As the store has it, under the key that `best` names."""
    assert main(["best", "small", "--target", "tags", "--format", "json"]) == 0
    (best,) = json.loads(capsys.readouterr().out)["targets"]["tags"]["best"]
    out = trained.export("encoder", "--format", "hf", "--target", "tags")
    store = Workspace.of(search_file.load(trained.folder / "search.yaml")).store
    stored = store.encoder(best["encoder"])
    assert stored is not None
    assert (out / "model.safetensors").read_bytes() == (stored / "model.safetensors").read_bytes()
    statement = Statement.model_validate_json((out / "taskmix.json").read_text())
    assert statement.keys.encoder == best["encoder"] and statement.recipe["mixture"] == {"words": 1.0}
    assert statement.result == MixResult.model_validate({**best, "encoder": None})
    assert store.score(statement.keys.score) is not None
    assert {path.name for path in out.iterdir()} == {*statement.files, "README.md", "taskmix.json"}
    written = checksums(out)
    assert all(written[name] == file for name, file in statement.files.items())
    card = (out / "README.md").read_text()
    fields = yaml.safe_load(card.split("---")[1])
    assert fields["library_name"] == "transformers" and fields["language"] == ["en"]
    for text in ("**words:1**", "add_pooling_layer=False", "| words | intermediate task | none |", "| en |"):
        assert text in card
    assert f"taskmix export small --format hf --target tags --out {out}" in card


def test_the_baseline_is_taken_home(trained: Trained) -> None:
    out = trained.export("baseline", "--format", "hf", "--target", "tags", "--mix", "none")
    weights = (trained.folder / "model" / "model.safetensors").read_bytes()
    assert len((out / "model.safetensors").read_bytes()) <= len(weights)
    statement = Statement.model_validate_json((out / "taskmix.json").read_text())
    assert statement.is_baseline and statement.keys.encoder is None and not statement.stages
    assert "without intermediate training" in (out / "README.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--target", "tags", "--target", "answers"], "a model is of one target"),
        ([], "a model is of one target"),
        (["--target", "tag"], "did you mean 'tags'"),
        (["--target", "tags", "--mix", "words:0.5 + other:0.5"], "nothing was measured"),
    ],
)
def test_what_cannot_be_taken_home(trained: Trained, arguments: list[str], complaint: str, capsys: Capture) -> None:
    out = trained.folder / "nothing"
    assert main(["export", "small", "--format", "hf", "--out", str(out), *arguments]) == 2
    assert complaint in capsys.readouterr().err
    assert not out.exists() and not list(trained.folder.glob("nothing*"))


def test_an_encoder_that_is_gone(trained: Trained, capsys: Capture, tmp_path: Path) -> None:
    """It is said, and comes back by the way that is named."""
    search = search_file.load(trained.folder / "search.yaml")
    store = Workspace.of(search).store
    (key,) = store.encoder_keys()
    stored = store.encoder(key)
    assert stored is not None
    before = (stored / "model.safetensors").read_bytes()
    (stored / "model.safetensors").write_bytes(before[:-1])
    asked = ["export", "small", "--format", "hf", "--target", "tags", "--out", str(tmp_path / "home")]
    assert main(asked) == 2
    assert "the encoder in the store is damaged" in capsys.readouterr().err
    store.remove(key)
    assert main(asked) == 2
    assert "the encoder is not in the store" in capsys.readouterr().err
    assert main([*asked[:-1], str(tmp_path / "tuned"), "--fine-tuned"]) == 0
    assert main(asked) == 0
    assert (tmp_path / "home" / "model.safetensors").read_bytes() == before


def test_plan_measures_this_machine(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("TASKMIX_HOME", str(folder / "home"))
    monkeypatch.setenv("TASKMIX_CACHE", str(folder / "cache"))
    assert main(["plan", str(folder / "search.yaml"), "--measure"]) == 0
    out = capsys.readouterr().out
    assert "training a few steps on words" in out
    assert re.search(r"about 2 work items, .* about [\d.]+ m?s \(1 at a time\)", " ".join(out.split())), out


@pytest.mark.slow  # MLflow takes a dozen seconds to import and log
def test_a_model_is_promoted(trained: Trained, capsys: Capture) -> None:
    """Registered once, and loaded by its alias without a word of ours."""
    import mlflow

    for _ in range(2):
        assert main(["promote", "small", "--target", "tags", "--force"]) == 0
        assert "taskmix-tags, version 1" in capsys.readouterr().out
    uri = Workspace.of(search_file.load(trained.folder / "search.yaml")).mlflow_uri
    mlflow.set_tracking_uri(uri)
    tag: Any = mlflow.transformers.load_model("models:/taskmix-tags@champion")
    assert tag.model.config.label2id["B-PER"] == 1


@pytest.mark.slow  # as above
@pytest.mark.parametrize("target", ["answers", "choices"])
def test_a_model_without_pipeline_is_promoted(trained: Trained, target: str, capsys: Capture) -> None:
    """Transformers 5 has none for span QA and multiple choice: MLflow's Python function answers as the search did."""
    import mlflow
    import pandas

    for again in (False, True):
        assert main(["promote", "small", "--target", target, "--force"]) == 0
        said = capsys.readouterr().out
        assert f"taskmix-{target}, version 1" in said and ("as it was registered before" in said) == again
    workspace = Workspace.of(search_file.load(trained.folder / "search.yaml"))
    mlflow.set_tracking_uri(workspace.mlflow_uri)
    model = mlflow.pyfunc.load_model(f"models:/taskmix-{target}@champion")
    rows = pandas.DataFrame(EXAMPLES[OWN[target]])
    assert model.metadata.metadata["taskmix"]["mix"] == "words:1"
    key = mlflow.MlflowClient().get_model_version_by_alias(f"taskmix-{target}", "champion").tags["taskmix.key"]
    scored = workspace.store.predictions(key)
    assert scored is not None and model.predict(rows) == scored["en"]
