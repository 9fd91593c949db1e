"""What is looked at before a search: which data can be, where the hub is not; whether the model can read them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from search.cli import main
from spaces.card import Card
from spaces.catalogue import Catalogue
from tests.support import tiny
from tests.support.encoders import Kit
from trainables.data.card_data import Data
from trainables.data.files.sources import away
from trainables.encoders.checkpoint import Encoder
from trainables.prepare import check_vocabulary
from trainables.work.plan import Plan
from trainables.work.settings import StageSettings

LATIN = ["The cat sat on the mat and looked at the moon", "Die Katze saß auf der Matte"]
GREEK = ["Η γάτα κάθισε στο χαλί και κοίταξε το φεγγάρι", "Γιατί έφυγε ο σκύλος τον Ιανουάριο"]
CHOICES = [["cat", "the dog"], ["die Katze", "der Mond"]]
GREEK_CHOICES = [["η γάτα", "ο σκύλος"], ["το φεγγάρι", "το χαλί"]]

Tables = Callable[..., Path]
Cards = Callable[..., Card]


def test_what_only_the_hub_or_the_owner_of_files_has(tmp_path: Path, card_of: Callable[..., Card]) -> None:
    tasks = Catalogue.load().tasks
    assert list(away(tasks["mnli"], mirror=None)) == ["nyu-mll/glue"]
    assert set(away(tasks["anli_plus"], mirror=None)) == {"stanfordnlp/snli", "nyu-mll/glue", "facebook/anli"}
    assert list(away(tasks["anli_plus"], mirror=str(tmp_path))) == []
    assert list(away(tasks["ccg"], mirror=str(tmp_path))) == ["ccg"]
    here = tasks["ccg"].source.model_copy(update={"files": str(tmp_path)})
    assert list(away(tasks["ccg"].model_copy(update={"source": here}), mirror=None)) == []
    assert list(away(card_of("tagging", source={"files": "nowhere"}), mirror=None)) == [], "a mistake, not a licence"


@pytest.fixture
def check(kits: Callable[[str], Kit], data: Data) -> Callable[..., tuple[list[str], list[str]]]:
    """Looks at a card with a kit's tokenizer; gives what is refused and what is said."""

    def run(card: Card, kind: str = "bert") -> tuple[list[str], list[str]]:
        kit, said = kits(kind), list[str]()
        encoder = Encoder(kit.encoder(), kit.tokenizer)
        stage = StageSettings(examples=32, max_length=48)
        plan = Plan(
            tasks={card.name: card} if card.kind == "task" else {},
            targets={card.name: card} if card.kind == "target" else {},
            training_cards={},
            rungs=[1.0],
            intermediate=stage,
            target=stage,
            store="s",
            cache="c",
        )
        return [str(problem) for problem in check_vocabulary(plan, data, card, encoder, said.append)], said

    return run


@pytest.mark.parametrize("kind", ["bert", "xlm-r"])
def test_training_texts_that_the_tokenizer_does_not_know_are_refused(
    check: Callable[..., tuple[list[str], list[str]]], tables: Tables, card_of: Cards, kind: str
) -> None:
    card = card_of("masked_lm", source={"files": str(tables({"text": GREEK}))})
    (refused,), said = check(card, kind)
    assert "does not know most of what the texts are made of" in refused
    assert "% of the pieces of training rows are unknown (en)" in refused
    assert not said
    assert check(card, "modernbert") == ([], []), "bytes are never unknown"
    known = card_of("masked_lm", name="known", source={"files": str(tables({"text": LATIN}, folder="known"))})
    assert check(known, kind) == ([], [])


def test_choices_are_counted(check: Callable[..., tuple[list[str], list[str]]], tables: Tables, card_of: Cards) -> None:
    files = {"context": LATIN, "label": [0, 1]}
    for split in ("train", "dev"):
        tables({**files, "choices": CHOICES}, split, "known")
        tables({**files, "context": GREEK, "choices": GREEK_CHOICES}, split, "strange")
    folder = tables({**files, "choices": CHOICES}, "test", "known").parent
    card = card_of("multiple_choice", source={"files": str(folder / "known")})
    assert check(card) == ([], [])
    refused, _ = check(card_of("multiple_choice", name="strange", source={"files": str(folder / "strange")}))
    assert ["training" in of_split for of_split in refused] == [True, False]
    assert "development rows" in refused[1]


def test_one_language_of_several_that_is_strange_is_said_and_not_refused(
    check: Callable[..., tuple[list[str], list[str]]], tables: Tables, card_of: Cards
) -> None:
    labels = {"label": [0, 1]}
    for language, texts in (("en", LATIN), ("de", LATIN), ("el", GREEK)):
        for split in ("train", "dev"):
            folder = tables({"text": texts, **labels}, split, f"by_language/{language}").parent
    source = {"files": str(folder), "config": "{lang}"}
    several = card_of("sentence_classification", source=source, languages=["en", "de", "el"])
    refused, (said,) = check(several)
    assert not refused
    assert said == f"{several.name}: of development rows the tokenizer does not know 100% in el"
    (only,), _ = check(card_of("sentence_classification", source=source, languages=["el"], name="only"))
    assert "(el)" in only


def test_plan_refuses_a_model_that_is_not_what_it_seems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TASKMIX_CACHE", str(tmp_path / "cache"))
    tasks, targets = {"words": "tagging"}, {"tags": "tagging"}
    tiny.write_cards(tmp_path, tasks, targets)
    tiny.write_data(tmp_path, tasks, targets)
    model = tmp_path / "model"
    stage = {"examples": 8, "batch_size": 8, "max_length": 48}
    search = {
        "name": "small",
        "model": str(model),
        "cards": ["cards"],
        "tasks": list(tasks),
        "targets": list(targets),
        "stages": {"intermediate": stage, "target": stage},
        "halving": {"rungs": [1.0]},
        "budget": {"recipes": 1},
        "resources": {"concurrency": 1},
    }
    (tmp_path / "search.yaml").write_text(yaml.safe_dump(search))
    (model / "model.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    assert main(["plan", str(tmp_path / "search.yaml")]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "model.safetensors is a Git LFS pointer" in said
    assert f"git -C {model} lfs pull" in said
