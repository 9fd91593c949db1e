"""The suite "kin": tasks in relatives of the targets' languages, of which nothing is evaluated on."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from spaces.catalogue import Catalogue
from trainables.data.mini import commands
from trainables.data.mini.build import make_kin_tables
from trainables.data.mini.split import bare
from trainables.data.mini.tables import Table

pytestmark = pytest.mark.slow

CATALOGUE = Catalogue.load()
NAMES = ("books", "references", "combinations")


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return make_kin_tables(lambda line: None)


def test_each_language_is_a_task_that_fits_its_rows(tables: dict[str, Table]) -> None:
    assert set(tables) == set(NAMES)
    for name, table in tables.items():
        languages = sorted({language for language, _ in table.rows})
        assert len(languages) == 5
        smallest = min(len(table.rows[language, "train"]) for language in languages)
        for language in languages:
            card = CATALOGUE.task(f"{name}.{language}")
            assert card.source.suite == "kin" and card.training_language == language
            assert card.labels == list(table.labels) and card.format == table.format
            assert card.sizes["train"] == smallest
            assert {row["label"] for row in table.rows[language, "train"]} <= set(range(len(table.labels)))


def test_english_is_that_of_the_suite_mini(tables: dict[str, Table], suite: Path) -> None:
    from datasets import Dataset

    for name, other in zip(NAMES, ("book", "crossref", "combination"), strict=True):
        for split in ("train", "validation"):
            rows = Dataset.from_parquet(str(suite / "data" / other / "en" / f"{split}.parquet")).to_list()
            assert tables[name].rows["en", split] == rows


def test_books_are_the_same_verses_in_each_language(tables: dict[str, Table]) -> None:
    labels = {language: [row["label"] for row in tables["books"].rows[language, "train"]] for language in ("en", "ru")}
    assert labels["en"] == labels["ru"]
    texts = {language: {row["text"] for row in tables["books"].rows[language, "train"]} for language in ("de", "es")}
    assert len(texts["de"]) == len(texts["es"]) and not texts["de"] & texts["es"]


def test_nothing_that_is_trained_on_is_evaluated_on(tables: dict[str, Table], suite: Path) -> None:
    from datasets import Dataset

    evaluated: set[str] = set()
    for target in ("genres", "intents", "requests", "sequels", "slots", "verses"):
        for file in (suite / "data" / target).rglob("*.parquet"):
            if file.stem in ("validation", "test"):
                for row in Dataset.from_parquet(str(file)):
                    texts = [" ".join(row["tokens"])] if "tokens" in row else [row.get(key) for key in KEYS]
                    evaluated |= {bare(text) for text in texts if text}
    assert len(evaluated) > 1000
    for name, table in tables.items():
        for (language, _), rows in table.rows.items():
            own = {bare(text) for row in rows for key in KEYS if (text := row.get(key))}
            assert not own & evaluated, (name, language)


KEYS = ("text", "text_a", "text_b")


def test_no_template_is_in_two_splits(tables: dict[str, Table]) -> None:
    for language in ("es", "nl", "pl", "ar"):
        template = {command.text: command.template for command in commands.drawn(language)}
        parts: dict[str, set[str]] = defaultdict(set)
        for (of, split), rows in tables["combinations"].rows.items():
            if of == language:
                parts[split] |= {template[row["text"]] for row in rows}
        assert parts["train"] and parts["validation"] and not parts["train"] & parts["validation"]
