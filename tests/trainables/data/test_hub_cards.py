"""Every card of a hub data set reads rows in the hub's own schema, from a mirror, by the code that reads the hub."""

from __future__ import annotations

from pathlib import Path

import pytest
from datasets import Dataset

from spaces.card import Card
from spaces.catalogue import Catalogue
from spaces.errors import InputError
from spaces.formats import FORMATS
from tests.support import hub
from trainables.data.card_check import looked_at
from trainables.data.card_data import Data
from trainables.data.conversion import convert
from trainables.hub.hub import Hub

CATALOGUE = Catalogue.load()
CARDS = [
    card
    for card in (*CATALOGUE.tasks.values(), *CATALOGUE.targets.values())
    if card.source.hub or (card.parts and all(part.source.hub for part in card.parts))
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("mirror")


@pytest.fixture(scope="module")
def rows_of(folder, tmp_path_factory):
    """Rows of a card by name: of a task its training rows, of a target those of the split and language."""
    data = Data(tmp_path_factory.mktemp("cache"), mirror=str(folder))

    def read(card: Card, split="train", language=None) -> Dataset:
        hub.mirror(card, folder)
        return data.rows(card, split, language or card.training_language)

    return read


def task(name: str) -> Card:
    return CATALOGUE.task(name)


def target(name: str) -> Card:
    return CATALOGUE.target(name)


def ids(card: Card) -> str:
    return f"{card.kind}-{card.name}"


# --- all of them

MANY = 20
"""Cards with more languages take seconds each; the tests after the first read one language of them."""


@pytest.mark.parametrize(
    "card",
    [pytest.param(card, marks=[pytest.mark.slow] if len(card.languages) > MANY else []) for card in CARDS],
    ids=ids,
)
def test_every_split_in_every_language_becomes_rows_of_the_format(card, folder, tmp_path):
    hub.mirror(card, folder)
    parts = tuple(part.model_copy(update={"sizes": {}}) for part in card.parts)
    found = looked_at(card.model_copy(update={"sizes": {}, "parts": parts}), Hub(tmp_path), str(folder))
    assert [str(problem) for problem in found.problems] == []
    assert found.looked == sum(
        len(card.languages_of(split)) if card.kind == "target" else len(card.parts or (card,))
        for split in ("train", "dev", "test")
        if (card.parts or (card,))[0].splits.names(split)
    )


@pytest.mark.parametrize("card", [card for card in CARDS if card.kind == "task"], ids=ids)
def test_training_rows_of_every_task_are_read(card, rows_of):
    part = card.parts[-1] if card.source.by_language and card.parts else card  # forty languages take long
    rows = rows_of(part)
    assert set(rows.column_names) == set(FORMATS[card.format].columns)
    assert len(rows) >= 1


@pytest.mark.parametrize("card", [card for card in CARDS if card.kind == "target"], ids=ids)
def test_rows_of_every_target_are_read(card, rows_of):
    for split in ("dev", "test"):
        if card.splits.names(split):
            rows = rows_of(card, split, card.languages_of(split)[-1])
            assert set(rows.column_names) == set(FORMATS[card.format].columns)
            assert len(rows) >= 1
    for training in CATALOGUE.training_cards(card) if card.is_trained else ():
        assert len(rows_of(training)) >= 1


def test_every_target_has_development_rows():
    for name, card in CATALOGUE.targets.items():
        assert CATALOGUE.dev_card(card).splits.dev, name


# --- traps, data set by data set


def test_rows_without_a_gold_label_are_dropped(rows_of):
    assert len(rows_of(task("snli"))) == hub.COUNT - 1


def test_anli_is_its_three_rounds_and_anli_plus_is_all_three_sets(rows_of):
    assert len(rows_of(task("anli"))) == 3 * hub.COUNT
    rows = rows_of(task("anli_plus"))
    assert len(rows) == hub.COUNT - 1 + hub.COUNT + 3 * hub.COUNT
    assert set(rows["label"]) == {0, 1, 2}


def test_hidden_labels_are_an_empty_split(rows_of, folder):
    for name, split in (("mnli", "test_matched"), ("qqp", "test"), ("hellaswag", "test"), ("csqa", "test")):
        card = task(name).model_copy(update={"splits": task(name).splits.model_copy(update={"train": split})})
        with pytest.raises(InputError, match="the train split is empty"):
            rows_of(card)


def test_glue_names_the_dev_split_by_its_genre():
    assert task("mnli").splits.dev == "validation_matched"


def test_empty_answers_are_questions_without_an_answer(rows_of):
    answers = rows_of(task("squad_v2"))["answers"][:]
    assert [answer["text"] == [] for answer in answers] == [number % 3 == 2 for number in range(hub.COUNT)]
    assert task("squad_v2").unanswerable
    assert not task("squad_v1").unanswerable
    assert not target("xquad").unanswerable


def test_answers_stand_where_their_offsets_say(rows_of):
    for card, split, language in (
        (task("squad_v1"), "train", "en"),
        (target("mlqa"), "dev", "zh"),
        (target("xquad"), "test", "th"),
    ):
        for row in rows_of(card, split, language):
            (text,), (start,) = row["answers"]["text"], row["answers"]["answer_start"]
            assert row["context"][start : start + len(text)] == text


def test_hellaswag_labels_are_strings_from_0_and_endings_go_on_from_ctx(rows_of):
    rows = rows_of(task("hellaswag"))
    assert rows["label"][:] == [number % 4 for number in range(hub.COUNT)]
    assert rows[0]["context"] == "The moon over Paris 0. The cat 0"
    assert len(rows[0]["choices"]) == 4


def test_csqa_keys_are_letters(rows_of):
    assert rows_of(task("csqa"))["label"][:] == [number % 5 for number in range(hub.COUNT)]


def test_cosmosqa_collects_four_answers_and_asks_after_the_story(rows_of):
    row = rows_of(task("cosmosqa"))[3]
    assert row["context"] == "The moon over Paris 3 Why ?"
    assert row["choices"] == ["because 0", "because 1", "because 2", "None of the above choices ."]
    assert row["label"] == 3


def test_siqa_labels_are_strings_from_1(rows_of):
    assert rows_of(task("siqa"))["label"][:] == [number % 3 for number in range(hub.COUNT)]


def test_xcopa_asks_in_words_and_is_trained_on_siqa_then_on_copa(rows_of):
    row = rows_of(target("xcopa"), "test", "th")[1]
    assert row["context"] == f"{hub.sentence('th', 1)} What was the effect?"
    first, second = (rows_of(card) for card in CATALOGUE.training_cards(target("xcopa")))
    assert [len(choices) for choices in first["choices"]] == [3] * hub.COUNT
    assert [len(choices) for choices in second["choices"]] == [2] * hub.COUNT
    assert second["context"][0] == "The moon over Paris 0 What was the cause?"
    assert target("xcopa").source.config_for("th") == "th"  # translation-th is English


def test_xnli_is_trained_on_english_mnli_not_on_its_translations():
    assert [card.name for card in CATALOGUE.training_cards(target("xnli"))] == ["mnli"]
    assert target("xnli").splits.train is None


def test_literal_ns_is_a_sentence(rows_of):
    assert rows_of(target("pawsx"), "test", "ko")["text_a"][5] == "NS"


def test_udpos_configurations_are_names_and_four_languages_have_no_dev_rows(rows_of):
    card = target("udpos")
    assert card.source.config_for("zh") == "udpos.Chinese"
    assert len(card.languages) == 33
    assert set(card.languages) - set(card.dev_languages) == {"kk", "th", "tl", "yo"}
    assert set(card.languages) - set(task("udpos").languages) == {"th", "tl", "yo"}
    assert rows_of(card, "test", "zh")["tokens"][0][-1] == "0"
    assert card.metric == "f1"


def test_udpos_of_xtreme_r_has_test_rows_alone_and_takes_the_others_from_xtreme(rows_of):
    card = target("udpos_r")
    assert (card.splits.train, card.splits.dev, card.splits.test) == (None, None, "test")
    assert rows_of(card, "test", "wo")["tokens"][0]
    assert CATALOGUE.dev_card(card) == target("udpos")
    (training,) = CATALOGUE.training_cards(card)
    assert (training.source.hub, training.source.config_for("en")) == ("google/xtreme", "udpos.English")
    assert len(rows_of(training)) == hub.COUNT
    assert card.labels == training.labels == target("udpos").labels


def test_wikiann_prefixes_are_cut_where_the_files_have_them(tmp_path):
    card = target("panx")
    for language in ("sw", "de"):
        hub.write(tmp_path, str(card.source.hub), language, "test", hub.tagged("ner_tags", hub.NER, "sw", "sw:"))
    data = Data(tmp_path / "cache", mirror=str(tmp_path))
    assert data.rows(card, "test", "sw")["tokens"][0] == ["Mwezi", "juu", "ya", "Nairobi", "0"]
    assert data.rows(card, "test", "de")["tokens"][0][0] == "sw:Mwezi"  # a German text may begin with anything


def test_xquad_is_selected_on_mlqa_and_tested_on_its_only_split():
    card = target("xquad")
    assert (card.splits.dev, card.splits.test) == (None, "validation")
    assert CATALOGUE.dev_card(card).name == "mlqa"
    assert "ro" in target("xquad_r").languages


def test_mlqa_takes_question_and_paragraph_in_one_language():
    assert target("mlqa").source.config_for("hi") == "MLQA.hi.hi"
    assert target("mlqa").metric == "qa_mlqa"


def test_tydiqa_trains_on_english_rows_alone(rows_of):
    card = target("tydiqa")
    assert all(name.startswith("english-") for name in rows_of(card)["id"])
    assert all(name.startswith("swahili-") for name in rows_of(card, "dev", "sw")["id"])
    assert "en" not in card.dev_languages  # they are what it is trained on
    assert {name.partition("-")[0] for name in rows_of(task("tydiqa"))["id"]} == set(hub.TYDI)
    assert {name.partition("-")[0] for name in rows_of(task("tydiqa.fi"))["id"]} == {"finnish"}


def test_bucc_gold_pairs_are_texts_not_ids_and_say_that_they_are_no_bucc(rows_of):
    card = target("bucc2018_gold")
    assert rows_of(card, "test", "ru")[0] == {"text_a": "The moon over Paris 0", "text_b": "Луна над Москвой 0"}
    assert "gold" in card.description


def test_tatoeba_pairs_stay_in_order_english_first(rows_of):
    rows = rows_of(target("tatoeba"), "test", "de")
    assert rows["text_a"][:] == [hub.sentence("en", number) for number in range(hub.COUNT)]
    assert rows["text_b"][:] == [hub.sentence("de", number) for number in range(hub.COUNT)]
    assert len(target("tatoeba").languages) == 36
    assert len(target("tatoeba_r").languages) == 41


def test_newlines_at_the_end_of_sentences_are_cut(tmp_path):
    changes = {"source": {"hub": "google/xtreme", "config": "tatoeba.deu"}, "languages": ["de"], "sizes": {}}
    columns = {"columns": {"text_a": "target_sentence", "text_b": "source_sentence"}}
    splits = {"splits": {"train": None, "dev": "validation", "test": "validation"}}
    card = Card.model_validate({**target("tatoeba").model_dump(), **changes, **columns, **splits})
    rows = Data(tmp_path / "cache", mirror=str(hub.mirror(card, tmp_path))).rows(card, "test", "de")
    assert rows[0] == {"text_a": "The moon over Paris 0", "text_b": "Der Mond über Köln 0"}


def test_one_configuration_with_all_languages_is_told_apart_by_a_column(tmp_path):
    source = {"hub": "google/xtreme", "config": "XNLI", "rows": {"language": "{lang}"}}
    columns = {"text_a": "sentence1", "text_b": "sentence2", "label": "gold_label"}
    card = Card.model_validate({**target("xnli").model_dump(), "source": source, "columns": columns})
    data = Data(tmp_path / "cache", mirror=str(hub.mirror(card, tmp_path)))
    assert data.rows(card, "test", "zh")["text_a"][:] == [hub.sentence("zh", number) for number in (2, 5, 8, 11)]
    with pytest.raises(InputError, match=r"no language like 'fr' in .*, which has language 'en', language 'de'"):
        data.rows(card, "test", "fr")


def test_licensed_files_say_how_to_come_by_them(tmp_path):
    with pytest.raises(InputError, match="LDC2005T13") as error:
        Data(tmp_path).rows(task("ccg"), "train", "en")
    assert "docs/add-a-task.md" in error.value.problems[0].fix
    for split in ("train", "dev", "test"):
        (tmp_path / f"ccg.{split}").write_text("No way .\tNP/N N .\n")
    (tmp_path / "tags_to_id.json").write_text('{"NP/N": 12, "N": 1362, ".": 0}')
    convert("ccg", tmp_path, tmp_path / "made")
    source = task("ccg").source.model_copy(update={"files": str(tmp_path / "made")})
    own = task("ccg").model_copy(update={"source": source})
    assert Data(tmp_path / "cache").rows(own, "train", "en")[:] == {
        "tokens": [["No", "way", "."]],
        "tags": [[12, 1362, 0]],
    }
    (tmp_path / "ccg.dev").write_text("No way .\tNP/N N\n")
    with pytest.raises(InputError, match=r"do not match(.|\n)*line 1"):
        convert("ccg", tmp_path, tmp_path / "made")


# --- the same rows from elsewhere


def test_a_mirror_may_be_an_object_store_and_files_are_copied_once(s3, tmp_path, monkeypatch):
    import s3fs

    card = target("xcopa")
    hub.mirror(card, tmp_path / "local")
    s3fs.S3FileSystem().put(f"{tmp_path / 'local'}/", f"{s3.removeprefix('s3://')}/hub/", recursive=True)
    data = Data(tmp_path / "cache", mirror=f"{s3}/hub")
    local = Data(tmp_path / "other", mirror=str(tmp_path / "local"))
    assert data.rows(card, "dev", "qu")[:] == local.rows(card, "dev", "qu")[:]
    assert data.version(card) == local.version(card)
    copies = sorted((tmp_path / "cache" / "mirror").rglob("*.parquet"))
    assert len(copies) == 22
    from trainables.data.files import mirror

    mirror.copies_of.cache_clear()  # as in another process
    before = [path.stat().st_ino for path in copies]
    assert Data(tmp_path / "cache", mirror=f"{s3}/hub").rows(card, "dev", "qu")
    assert [path.stat().st_ino for path in copies] == before
    s3fs.S3FileSystem().put(
        str(Path(tmp_path, "local", "cambridgeltl/xcopa/et/test.parquet")),
        f"{s3.removeprefix('s3://')}/hub/cambridgeltl/xcopa/qu/validation.parquet",
    )
    mirror.copies_of.cache_clear()
    changed = Data(tmp_path / "cache", mirror=f"{s3}/hub").rows(card, "dev", "qu")
    assert changed[:] == local.rows(card, "test", "et")[:]
    with pytest.raises(InputError, match="no such folder"):
        data.rows(target("xnli"), "dev", "de")


def test_a_mirror_on_no_file_system_is_named(tmp_path):
    with pytest.raises(InputError, match="no such kind of mirror") as error:
        Data(tmp_path, mirror="nonsense://hub").rows(target("xcopa"), "dev", "qu")
    assert error.value.problems[0].where == "storage.mirror"
