"""Answers of span QA are found where they stand in their contexts, or counted."""

from __future__ import annotations

import unicodedata
from random import Random

import pytest

from spaces.errors import InputError
from tests.support.problems import problem
from trainables.data.answers import locate
from trainables.data.card_check import looked_at

NFC = "Das Café in Königswörth öffnete 1999, das Café"
NFD = unicodedata.normalize("NFD", NFC)


@pytest.mark.parametrize(
    ("text", "start", "context", "stretch"),
    [
        ("moon", 4, "the moon", "moon"),
        (" moon", 3, "the moon", "moon"),
        ("moon", 0, "the moon", "moon"),
        ("moon", None, "the moon", "moon"),
        ("moon", None, "moon and moon", None),
        ("sun", 4, "the moon", None),
        ("  ", 4, "the moon", None),
        ("Königswörth", NFC.index("Kö"), NFD, unicodedata.normalize("NFD", "Königswörth")),
        (unicodedata.normalize("NFD", "Königswörth"), None, NFC, "Königswörth"),
        ("war\nim Mai", 3, "Es war\r\nim Mai 1999.", "war\r\nim Mai"),
        ("im Mai", 400, "Es war\u00a0im  Mai 1999.", "im  Mai"),
        ("가나", None, unicodedata.normalize("NFD", "다가나라"), unicodedata.normalize("NFD", "가나")),
        ("e\u0323\u0302", None, "l\u1ec7u", "\u1ec7"),
        ("e\u0323", None, "l\u1ec7u", None),  # which is ệ without its circumflex
        ("u\u0302", None, "\u00fb\u0323", None),  # there a further mark belongs to it
    ],
)
def test_an_answer_is_found_in_another_spelling_or_at_another_offset(text, start, context, stretch):
    span = locate(text, start, context)
    assert (None if span is None else context[slice(*span)]) == stretch


def test_the_nearest_of_several_is_taken():
    assert locate("moon", 27, "the moon and the cat and the moon") == (29, 33)
    assert locate("Café", 30, NFD) == (NFD.rindex("C"), len(NFD))


def test_any_stretch_of_whole_characters_is_found_by_its_other_spelling():
    """Against normalisation of the whole text: what is found is equivalent to what was looked for."""
    random = Random(0)
    for _ in range(300):
        context = "".join(random.choice(["a", "e\u0301", "ö", "\u1ec7", "가", " ", "\r\n", "ß"]) for _ in range(12))
        begin = random.randrange(12)
        answer = unicodedata.normalize("NFC", context)[begin : begin + 4].strip()
        span = locate(answer, begin, context) if answer else None
        if span is not None:
            assert unicodedata.normalize("NFC", context[slice(*span)]) == answer
        else:
            assert not answer


@pytest.fixture
def quiz(card_of, tables):
    """A card over questions, each a context and its answers; `None` for an offset that is not given."""

    def make(*rows, split="train", **changes):
        contexts, answers = zip(*rows, strict=True)
        named = [{"text": texts, "answer_start": starts} for texts, starts in answers]
        columns = {"question": ["?"] * len(rows), "context": list(contexts), "answers": named}
        task = {"kind": "task", "metric": None, "train_language": None}
        return card_of("span_qa", source={"files": str(tables(columns, split))}, **task, **changes)

    return make


FINE = ("the moon", (["moon"], [4]))


def test_answers_are_mended_where_that_is_clear(data, quiz):
    card = quiz(
        (NFD, (["Königswörth"], [NFC.index("Kö")])),
        ("Es war\r\nim Mai.", (["war\nim Mai"], [3])),
        ("the moon", (["moon"], [None])),
        ("the moon", (["sun", "moon"], [4, 90])),
        FINE,
    )
    kept = data.rows(card, "train", "en")[:]
    for context, answers in zip(kept["context"], kept["answers"], strict=True):
        located = [(text, at) for text, at in zip(answers["text"], answers["answer_start"], strict=True) if at >= 0]
        assert located
        assert all(context.startswith(text, at) for text, at in located)
    assert kept["answers"][3] == {"text": ["sun", "moon"], "answer_start": [-1, 4]}, "all gold answers are tried"
    assert data.remarks(card) == [
        "some_span_qa, train: answers mended: they stand elsewhere in the context, or in another spelling: 4 rows, "
        f"as row 0 of {card.source.files}/train.parquet"
    ]


def test_training_rows_without_their_answer_are_left_out_and_counted(data, quiz):
    lost, none, blank = ("Niemand kam.", (["Ana"], [400])), ("the moon", ([], [])), ("the moon", ([" "], [0]))
    card = quiz(FINE, lost, none, blank, FINE, FINE)
    assert len(data.rows(card, "train", "en")) == 3
    lost, none = data.remarks(card)
    assert lost.startswith("some_span_qa, train: left out: the answer is not in the context: 1 row, as row 1 of ")
    assert "no answer, and the card does not say unanswerable: 2 rows, as row 2 of " in none
    assert data.remarks(card) == type(data)(data.cache).remarks(card), "also when the rows lie in the cache"
    honest = card.model_copy(update={"unanswerable": True})
    assert len(data.rows(honest, "train", "en")) == 5, "none of them is taught as no answer but those that have none"


def test_rows_that_are_scored_are_kept_as_the_benchmark_has_them(data, quiz):
    card = quiz(FINE, ("Niemand kam.", (["Ana"], [400])), FINE, ("the moon", ([], [])), FINE, split="dev")
    lost, none = (data.rows(card, "dev", "en")["answers"][row] for row in (1, 3))
    assert (lost, none) == ({"text": ["Ana"], "answer_start": [-1]}, {"text": [], "answer_start": []})


@pytest.mark.parametrize("split", ["train", "dev"])
def test_hidden_answers_are_no_answers(data, quiz, split):
    card = quiz(("the moon", ([], [])), ("the cat", ([], [])), split=split)
    with pytest.raises(InputError, match="without an answer in their contexts"):
        data.rows(card, split, "en")


@pytest.mark.parametrize("split", ["train", "dev"])
def test_answers_of_another_text_are_refused(data, quiz, split):
    card = quiz(FINE, ("Niemand kam.", (["Ana"], [0])), ("Keiner.", (["Bo"], [3])), split=split)
    with pytest.raises(InputError) as error:
        data.rows(card, split, "en")
    assert problem(error).what == "rows without an answer in their contexts"
    assert problem(error).found.startswith("2 of 3 rows in 'answers' of ")
    assert problem(error).found.endswith(", as row 1")


def test_an_answer_without_a_text_is_named_with_its_row_however_late(data, quiz):
    card = quiz(*[FINE] * 201, ("the moon", ([None], [None])), *[FINE] * 198)
    (wrong,) = [one for one in data.check(card) if one.where.endswith("columns.answers")]
    assert wrong.what.startswith("an answer without a text")
    assert "row 201" in wrong.found


def test_a_look_at_the_first_rows_says_it_too(data, quiz):
    card = quiz(FINE, ("Niemand kam.", (["Ana"], [400])), FINE)
    splits = {"train": "train", "dev": None, "test": None}
    found = looked_at(card.model_copy(update={"splits": card.splits.model_copy(update=splits)}), data.hub, None)
    assert str(found) == "1 split as on the card, rows counted in none; left out: the answer is not in the context"
