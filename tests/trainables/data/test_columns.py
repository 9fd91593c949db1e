"""Columns and labels of all kinds as the rows of a format."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Features, List, Value

from spaces.errors import InputError
from tests.support.problems import problem

# --- columns


def test_columns_are_reached_through_structs_collected_and_joined(data, card_of, tables):
    folder = tables(
        {
            "story": ["The moon.", "The cat."],
            "question": ["Where?", "Who?"],
            "a0": ["x", "y"],
            "a1": ["z", "w"],
            "options": [{"text": ["p", "q"], "label": ["A", "B"]}] * 2,
            "key": ["A", "B"],
        }
    )
    columns = {"context": ["story", "question"], "choices": ["a0", "a1"], "label": "key"}
    card = card_of("multiple_choice", source={"files": str(folder)}, columns=columns)
    assert data.rows(card, "train", "en")[:] == {
        "context": ["The moon. Where?", "The cat. Who?"],
        "choices": [["x", "z"], ["y", "w"]],
        "label": [0, 1],
    }
    inside = card_of("multiple_choice", source={"files": str(folder)}, columns={**columns, "choices": "options.text"})
    assert data.rows(inside, "train", "en")["choices"][:] == [["p", "q"]] * 2


def test_answers_may_be_a_struct_of_lists_or_a_list_of_structs_and_ids_are_made(data, card_of, tables):
    context, answers = " The moon. ", [{"text": "moon", "answer_start": 5}]
    folder = tables({"question": ["?", "?"], "context": [context] * 2, "answers": [answers, []]})
    card = card_of("span_qa", source={"files": str(folder)}, unanswerable=True)
    assert data.rows(card, "train", "en")[:] == {
        "id": ["0", "1"],
        "question": ["?", "?"],
        "context": [context] * 2,  # as it is: offsets count its blanks
        "answers": [{"text": ["moon"], "answer_start": [5]}, {"text": [], "answer_start": []}],
    }


def test_blanks_around_texts_are_cut(data, card_of, tables):
    folder = tables({"text_a": ["moon\n"], "text_b": [" Mond "]}, "dev")
    card = card_of("retrieval", source={"files": str(folder)})
    assert data.rows(card, "dev", "en")[:] == {"text_a": ["moon"], "text_b": ["Mond"]}


def test_a_missing_column_is_named_with_those_that_are_there(data, sentences):
    card = sentences({"sentence": ["a"], "gold": [0], "meta": [{"topic": 1}]}, columns={"label": "meta.genre"})
    with pytest.raises(InputError) as error:
        data.rows(card, "train", "en")
    text, label = map(str, error.value.problems)
    assert "some_sentence_classification.yaml: columns.text: no such column" in text
    assert "train.parquet has: sentence, gold, meta, meta.topic" in text
    assert "columns.label" in label
    assert "'meta.genre'" in label
    assert "which column is label; did you mean 'meta'" in label


@pytest.mark.parametrize(
    ("form", "columns", "says"),
    [
        (
            "sentence_classification",
            {"text": [3], "label": [0]},
            ["columns.text", "is not text", "3 (row 0) in 'text'"],
        ),
        ("tagging", {"tokens": [3], "tags": [[0, 0]]}, ["columns.tokens", "is not a list of texts"]),
        ("tagging", {"tokens": [["a", "b"]], "tags": [[0]]}, ["as many tags as tokens", "2 tokens, 1 tags (row 0)"]),
        (
            "tagging",
            {"tokens": [["a"]], "tags": [0]},
            ["columns.tags", "is not a list of labels", "0 (row 0) in 'tags'"],
        ),
        ("sentence_classification", {"text": ["a"], "label": [[0, 1]]}, ["columns.label", "is not a label", "[0, 1]"]),
        ("span_qa", {"question": ["?"], "context": ["a"], "answers": ["a"]}, ["columns.answers", "answer_start"]),
        (
            "multiple_choice",
            {"context": ["a", "b"], "choices": [["x", "y"], ["x"]], "label": [0, 0]},
            ["same number of choices", "1 after rows with 2"],
        ),
    ],
)
def test_columns_of_the_wrong_kind_are_explained(data, card_of, tables, form, columns, says):
    card = card_of(form, source={"files": str(tables(columns))})
    with pytest.raises(InputError) as error:
        data.rows(card, "train", "en")
    assert all(part in str(problem(error)) for part in says), str(problem(error))


# --- labels


@pytest.mark.parametrize(
    ("values", "feature", "labels", "found"),
    [
        ([0, 1, 2], ClassLabel(names=["law", "history", "letters"]), ["letters", "law", "history"], [1, 2, 0]),
        ([0, 1], ClassLabel(names=["0", "1"]), ["no", "yes"], [0, 1]),  # PAWS-X: the names say nothing
        ([2, 0], Value("int32"), ["law", "history", "letters"], [2, 0]),
        ([1, 3], Value("int32"), ["1", "2", "3"], [0, 2]),  # Social IQa counts from 1
        (["yes", "no"], Value("string"), ["no", "yes"], [1, 0]),
        (["1", "0"], Value("string"), ["no", "yes"], [1, 0]),
        ([1.0, 0.0], Value("float64"), ["no", "yes"], [1, 0]),
        (["1", "3", "2.0"], Value("string"), ["1.0", "2.0", "3.0"], [0, 2, 1]),  # no numbers of classes
        ([True, False], Value("bool"), ["no", "yes"], [1, 0]),
        ([True, False], Value("bool"), ["True", "False"], [0, 1]),
        ([True, False], Value("bool"), ["Yes", "No"], [0, 1]),
        ([True, False], Value("bool"), ["1", "0"], [0, 1]),
        ([True, False], Value("bool"), ["unlike", "alike"], [1, 0]),  # by their numbers, as integers are
        (["TRUE", "false"], Value("string"), ["yes", "no"], [0, 1]),
        (["true", "yes"], Value("string"), ["yes", "true"], [1, 0]),  # names as they are count first
        ([-1, 0, 1, -1], Value("int8"), ["-1", "0", "1"], [0, 1, 2, 0]),  # listed, so it is a class
        ([-1.0, 1.0], Value("float32"), ["-1", "0", "1"], [0, 2]),
        (["-1", "1"], Value("string"), ["-1", "0", "1"], [0, 2]),
        (["01", "02"], Value("string"), ["01", "02"], [0, 1]),
        (["0.0", "1.0"], Value("string"), ["no", "yes"], [0, 1]),
    ],
)
def test_labels_are_mapped_by_name_then_by_number(data, sentences, values, feature, labels, found):
    features = Features({"text": Value("string"), "label": feature})
    card = sentences({"text": ["a"] * len(values), "label": values}, features, labels=labels)
    assert data.rows(card, "train", "en")["label"][:] == found


@pytest.mark.parametrize(
    ("values", "feature"),
    [
        ([0, -1, 1], Value("int8")),
        (["no", "", "yes"], None),
        (["no", None, "yes"], None),
        ([0.0, float("nan"), 1.0], Value("float64")),
        (["0", "-1.0", "1"], None),
    ],
)
def test_rows_without_a_label_are_left_out(data, sentences, values, feature):
    features = Features({"text": Value("string"), "label": feature or Value("string")})
    card = sentences({"text": ["a", "b", "c"], "label": values}, features, labels=["no", "yes"])
    assert data.rows(card, "train", "en")[:] == {"text": ["a", "c"], "label": [0, 1]}


@pytest.mark.parametrize(
    ("values", "feature", "found"),
    [
        (["no", "maybe"], Value("string"), "'maybe'"),
        ([0, 2], Value("int64"), "2"),
        ([0, 1], ClassLabel(names=["no", "perhaps"]), "1 (perhaps)"),  # some names agree, so the number may not decide
    ],
)
def test_a_label_outside_the_list_is_shown_with_its_row(data, sentences, values, feature, found):
    features = Features({"text": Value("string"), "label": feature})
    card = sentences({"text": ["a", "b"], "label": values}, features, labels=["no", "yes"])
    with pytest.raises(InputError) as error:
        data.rows(card, "train", "en")
    shown = problem(error)
    assert shown.what == "labels outside the card's list"
    assert shown.where == "some_sentence_classification.yaml: columns.label"
    assert shown.found.startswith(f"{found} (row 1) in 'label' of ")
    assert shown.found.endswith("train.parquet")
    assert "the labels are no, yes" in shown.fix


def wrong(data, card):
    """What is said of the training rows, in the order of the mistakes."""
    with pytest.raises(InputError) as error:
        data.rows(card, "train", "en")
    return [(one.where.partition("columns.")[2], one.what, one.found) for one in error.value.problems]


def test_every_label_outside_the_list_is_shown_once(data, sentences):
    values = ["no", "maybe", "perhaps", "maybe", "", "yes", "never"]
    card = sentences({"text": ["a"] * len(values), "label": values}, labels=["no", "yes"])
    ((_, _, found),) = wrong(data, card)
    assert found.startswith("'maybe' (row 1), 'perhaps' (row 2), 'never' (row 6) in 'label' of ")


def test_of_many_labels_a_handful_is_shown(data, sentences):
    values = [f"class {number}" for number in range(1500)]  # in more than one batch
    card = sentences({"text": ["a"] * 900, "label": values[:900]}, labels=["no", "yes"])
    ((_, _, found),) = wrong(data, card)
    assert found.count("(row ") == 8 and found.endswith("; and 892 more")
    card = sentences({"text": ["a"] * 1500, "label": values}, labels=["no", "yes"])
    ((_, _, found),) = wrong(data, card)
    assert found.endswith("; and 993 more"), "they are no labels: it was read no further"


@pytest.mark.parametrize(
    ("form", "columns", "what", "found"),
    [
        (
            "tagging",
            {"tokens": [["a", "b"], ["c"], ["d"]], "tags": [["B-X", "O"], ["I-X"], ["B-X"]]},
            "labels outside the card's list",
            "'B-X' (row 0), 'I-X' (row 1) in 'tags'",
        ),
        (
            "multiple_choice",
            {"context": ["a"] * 4, "choices": [["x", "y"]] * 4, "label": ["C", "A", "2", "none"]},
            "answers that are no choice",
            "'C' (row 0), '2' (row 2), 'none' (row 3) in 'label'",
        ),
    ],
)
def test_every_tag_and_every_answer_that_is_none_is_shown(data, card_of, tables, form, columns, what, found):
    card = card_of(form, source={"files": str(tables(columns))})
    ((_, said, shown),) = wrong(data, card)
    assert (said, shown.partition(" of ")[0]) == (what, found)


def test_a_mistake_of_one_column_does_not_hide_those_of_others(data, card_of, tables):
    """What follows from it is not told: without choices nobody knows which answers are none."""
    folder = tables({"text": ["a", "b"], "label": ["maybe", "no"]})
    card = card_of("sentence_classification", source={"files": str(folder)}, columns={"text": "words"})
    assert [(role, what) for role, what, _ in wrong(data, card)] == [
        ("text", "no such column"),
        ("label", "labels outside the card's list"),
    ]
    folder = tables({"tokens": [["a"], ["b", "c"]], "tags": [["B-X"], ["O"]]}, folder="tags")
    assert [(role, what) for role, what, _ in wrong(data, card_of("tagging", source={"files": str(folder)}))] == [
        ("tags", "labels outside the card's list"),
        ("tags", "a row needs as many tags as tokens"),
    ]
    folder = tables({"context": [["a"]], "options": [["x", "y"]], "label": [7]}, folder="choices")
    assert [
        (role, what) for role, what, _ in wrong(data, card_of("multiple_choice", source={"files": str(folder)}))
    ] == [
        ("choices", "no such column"),
        ("context", "the column is not text"),
    ]
    folder = tables({"context": ["a"], "answers": ["a"]}, folder="answers")
    assert [role for role, _, _ in wrong(data, card_of("span_qa", source={"files": str(folder)}))] == [
        "question",
        "answers",
    ]


def test_what_is_hidden_in_a_column_of_named_classes_stays_so(data, sentences):
    features = Features({"text": Value("string"), "label": ClassLabel(names=["-1", "1"])})
    card = sentences({"text": ["a", "b"], "label": [-1, 0]}, features, labels=["-1", "1"])
    assert data.rows(card, "train", "en")[:] == {"text": ["b"], "label": [0]}


@pytest.mark.parametrize(
    ("values", "labels", "found"),
    [
        (["0", "2"], [], [0, 2]),
        (["A", "C"], [], [0, 2]),
        ([1, 2], [], [1, 2]),
        (["1", "3"], ["1", "2", "3"], [0, 2]),
    ],
)
def test_choices_are_numbered_lettered_or_listed(data, card_of, tables, values, labels, found):
    folder = tables({"context": ["a", "b"], "choices": [["x", "y", "z"]] * 2, "label": values})
    card = card_of("multiple_choice", source={"files": str(folder)}, labels=labels)
    assert data.rows(card, "train", "en")["label"][:] == found


def test_tags_are_mapped_and_half_labeled_rows_left_out(data, card_of, tables):
    names = ["I-PER", "O", "B-PER"]
    features = Features({"tokens": List(Value("string")), "tags": List(ClassLabel(names=names))})
    folder = tables({"tokens": [["a", "b"], []], "tags": [[1, 2], []]}, features=features)
    card = card_of("tagging", source={"files": str(folder)})
    assert data.rows(card, "train", "en")[:] == {"tokens": [["a", "b"]], "tags": [[0, 1]]}
    folder = tables({"tokens": [["a", "b"], ["c"]], "tags": [["O", "B-LOC"], [None]]}, folder="strings")
    assert data.rows(card_of("tagging", source={"files": str(folder)}), "train", "en")["tags"][:] == [[0, 3]]


def test_words_of_a_card_stand_for_tags_and_for_booleans(data, card_of, tables):
    folder = tables({"tokens": [["a", "b", "c"]], "tags": [["PER-B", "PER-I", "O"]]})
    values = {"tags": {"PER-B": "B-PER", "PER-I": "I-PER"}}
    card = card_of("tagging", source={"files": str(folder)}, values=values)
    assert data.rows(card, "train", "en")["tags"][:] == [[1, 2, 0]]
    folder = tables({"text": ["a", "b"], "same": [True, False]}, folder="booleans")
    for yes in ("True", "true"):
        changes = {"columns": {"label": "same"}, "values": {"same": {yes: "alike"}}, "labels": ["alike", "0"]}
        card = card_of("sentence_classification", source={"files": str(folder)}, **changes)
        assert data.rows(card, "train", "en")["label"][:] == [0, 1]


# --- lists as polars writes them


def test_large_lists_of_structs_are_lists(data, card_of, tmp_path):
    text, number = pa.large_string(), pa.int64()
    options = pa.large_list(pa.struct([("text", text), ("label", text)]))
    table = pa.table({"context": pa.array(["2+2"], text), "label": ["B"]})
    choices = pa.array([[{"text": "3", "label": "A"}, {"text": "4", "label": "B"}]], options)
    pq.write_table(table.append_column("options", choices), tmp_path / "train.parquet")
    card = card_of("multiple_choice", source={"files": str(tmp_path)}, columns={"choices": "options.text"})
    assert data.rows(card, "train", "en")[:] == {"context": ["2+2"], "choices": [["3", "4"]], "label": [1]}

    answers = pa.large_list(pa.struct([("text", text), ("answer_start", number)]))
    table = pa.table({"question": pa.array(["?"], text), "context": pa.array(["the moon"], text)})
    given = pa.array([[{"text": "moon", "answer_start": 4}]], answers)
    pq.write_table(table.append_column("answers", given), tmp_path / "dev.parquet")
    found = data.rows(card_of("span_qa", source={"files": str(tmp_path)}), "dev", "en")
    assert found["answers"][:] == [{"text": ["moon"], "answer_start": [4]}]

    names = pa.table({"tokens": pa.array([["a"]], pa.large_list(text)), "tags": pa.array([["O"]], pa.large_list(text))})
    pq.write_table(names, tmp_path / "test.parquet")
    assert data.rows(card_of("tagging", source={"files": str(tmp_path)}), "test", "en")["tags"][:] == [[0]]


def test_categories_are_texts(data, card_of, tmp_path):
    """As pandas and polars write a categorical column."""
    labels = pa.array(["yes", "no"]).dictionary_encode()
    pq.write_table(pa.table({"text": ["a", "b"], "label": labels}), tmp_path / "train.parquet")
    card = card_of("sentence_classification", source={"files": str(tmp_path)}, labels=["no", "yes"])
    assert data.rows(card, "train", "en")["label"][:] == [1, 0]


def test_a_column_of_mixed_values_takes_each_for_what_it_is(data, card_of, tmp_path):
    """True is the label of that name where 1 is the second one, though Python takes them for equal."""
    values = [1, True, False, 0, "1", "False", 1.0]
    rows = [{"text": "a", "label": value} for value in values]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    card = card_of("sentence_classification", source={"files": str(tmp_path)}, labels=["True", "False"])
    assert data.rows(card, "train", "en")["label"][:] == [1, 0, 1, 0, 1, 1, 1]


def test_fields_of_mixed_structs_are_reached(data, card_of, tmp_path):
    options = [{"text": ["x", "y"]}, [{"text": "p"}, {"text": "q"}]]
    rows = [{"context": "a", "options": each, "label": 0} for each in options]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    columns = {"choices": "options.text"}
    card = card_of("multiple_choice", source={"files": str(tmp_path)}, columns=columns)
    assert data.rows(card, "train", "en")["choices"][:] == [["x", "y"], ["p", "q"]]


def test_a_relevant_id_that_stands_twice_is_one(data, card_of, tables):
    """It would have to be found twice, or half of the recall is lost."""
    folder = tables({"id": ["x"], "text": ["the moon"], "relevant": [["b", "a", "b", ""]]}, "dev")
    card = card_of("bitext_mining", source={"files": str(folder)})
    assert data.rows(card, "dev", "en")["relevant"][:] == [["b", "a"]]
