"""Cards: what is read, what is inherited, and which words a mistake gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from spaces.catalogue import Catalogue
from spaces.errors import InputError

CARD = """
description: Pairs of sentences.
format: pair_classification
licence: mit
origin: made up
source: {hub: owner/pairs, config: "{lang}"}
labels: ["no", "yes"]
languages: [en]
"""


def folder(tmp_path: Path, **cards: str) -> Path:
    for path, text in cards.items():
        kind, _, name = path.partition("__")
        file = tmp_path / kind / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def test_every_built_in_card_is_valid() -> None:
    catalogue = Catalogue.load()
    assert {"paraphrase", "ner", "mnli", "squad_v1"} <= set(catalogue.tasks)
    assert {"intents", "slots", "verses", "xnli", "xquad"} <= set(catalogue.targets)


def test_a_card_extends_another(tmp_path: Path) -> None:
    found = Catalogue.load([folder(tmp_path, tasks__pairs=CARD, tasks__more="extends: pairs\nlanguages: [de]\n")])
    assert found.tasks["more"].languages == ["de"]
    assert found.tasks["more"].source == found.tasks["pairs"].source
    assert found.tasks["more"].name == "more"


def test_language_in_the_configuration(tmp_path: Path) -> None:
    text = CARD.replace('config: "{lang}"', 'config: "x.{name}", names: {zh: Chinese}')
    source = Catalogue.load([folder(tmp_path, tasks__pairs=text)]).tasks["pairs"].source
    assert source.config_for("de") == "x.de"
    assert source.config_for("zh") == "x.Chinese"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CARD.replace("pair_classification", "pairs"), "unknown format 'pairs'; one of pair_classification"),
        (CARD.replace('["no", "yes"]', '["no"]'), "lists its labels, at least two"),
        (CARD + "colour: blue\n", "colour: unknown key"),
        (CARD.replace("licence: mit\n", ""), "licence: is missing"),
        (CARD + "columns: {premise: text}\n", r"\['premise'\] are no roles of pair_classification"),
        (
            CARD.replace("hub: owner/pairs", "hub: owner/pairs, suite: mini"),
            "exactly one of hub, suite, files",
        ),
        (CARD + "metric: accuracy\n", "are for targets"),
        (CARD + "name: other\n", "name differs from the file's"),
        ("extends: nothing\n", "extends an unknown card"),
        ("extends: pairs\n", "extends itself"),
        ("- a\n", "must be a mapping"),
        ("a: [\n", "is not YAML"),
    ],
)
def test_mistakes_name_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        Catalogue.load([folder(tmp_path, tasks__pairs=text)])
    assert "pairs.yaml" in caught.value.problems[0].where


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("metric: f1\ntrain_language: en\n", "is scored by accuracy"),
        ("metric: accuracy\n", "which language the target is trained in"),
        ("metric: accuracy\ntrain_language: en\n", "needs dev and test"),
        ("metric: accuracy\ntrain_language: en\nsplits: {test: test}\ntrain_from: nothing\n", "unknown task"),
        ("metric: accuracy\ntrain_language: en\nsplits: {test: test}\ntrain_from: csqa\n", "must be a pair_class"),
    ],
)
def test_mistakes_in_targets(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Catalogue.load([folder(tmp_path, targets__pairs=CARD + line)])


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    broken = CARD + "colour: blue\n"
    with pytest.raises(InputError) as caught:
        Catalogue.load([folder(tmp_path, tasks__one=broken, tasks__two=broken)])
    assert len(caught.value.problems) == 2


def test_unknown_names_get_a_hint() -> None:
    with pytest.raises(InputError, match="did you mean 'paraphrase'"):
        Catalogue.load().task("parafrase")
