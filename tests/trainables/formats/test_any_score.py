"""From files to scores: rows as they were written, and the score that a plain program gives for them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, DrawFn, SearchStrategy

from spaces.card import Card
from spaces.errors import InputError
from tests.support import plain_scores
from tests.support.cards import card_of
from tests.support.fuzz import TEXT, holds_for, write_table
from trainables.data.card_data import Data
from trainables.formats import by_name

NAMES = ["law", "history", "letters"]

Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """A card's rows as they are written, and as they have to be read: without those that have no label or text.

    Args:
        expected: canonical rows; None where one of them is to be refused.
    """

    card: Card
    ending: str
    written: list[Row]
    expected: list[Row] | None


MISSING, EMPTY, WRONG = "missing", "empty", "wrong"


@dataclass(frozen=True)
class Cell:
    """A value as it is written and as it is read; or why there is none."""

    written: Any
    read: Any = None
    lacks: str = ""


def cells(*pairs: tuple[Any, Any]) -> list[Cell]:
    return [Cell(written, read) for written, read in pairs]


@st.composite
def texts(draw: DrawFn, ending: str, needed: bool = False) -> Cell:
    """A text that stands in a column of texts."""
    kind = draw(st.sampled_from([*[""] * 6, MISSING, WRONG]))
    if kind == MISSING and ending != "csv":
        return Cell(None, lacks=MISSING)
    if kind == WRONG and ending == "jsonl":
        return Cell(draw(st.sampled_from([3, True, ["a"], {"a": "b"}])), lacks=WRONG)
    text = draw(TEXT)
    return Cell(text, text.strip(), EMPTY if needed and not text.strip() else "")


def label_cells(labels: Sequence[str], ending: str) -> SearchStrategy[SearchStrategy[Cell]]:
    """How a file spells its labels: one way, or in JSON and CSV each as it likes; some have none, or another one."""
    numbers = range(len(labels))
    ways = [
        [*cells(*((label, at) for at, label in enumerate(labels))), Cell("", lacks=EMPTY), Cell("else", lacks=WRONG)],
        [*cells(*((at, at) for at in numbers)), Cell(-1, lacks=EMPTY), Cell(len(labels), lacks=WRONG)],
        [*cells(*((float(at), at) for at in numbers)), Cell(-1.0, lacks=EMPTY), Cell(0.5, lacks=WRONG)],
        [*cells(*((str(at), at) for at in numbers)), Cell("-1", lacks=EMPTY), Cell(str(len(labels)), lacks=WRONG)],
        [*cells((False, 0), (True, 1))],
    ]
    if ending != "csv":
        ways = [[*way, Cell(None, lacks=MISSING)] for way in ways]
        ways[2].append(Cell(float("nan"), lacks=MISSING))
    if ending != "parquet":
        ways.append([cell for way in ways for cell in way])
    rare = [[cell for cell in way if cell.lacks != WRONG] for way in ways]
    return st.sampled_from([*rare, *rare, *rare, *ways]).map(st.sampled_from)


def table(card: Card, ending: str, rows: Sequence[dict[str, Cell]]) -> Table:
    """What is to be read of rows of independent cells."""
    expected: list[Row] | None = []
    for row in rows:
        lacks = {cell.lacks for cell in row.values()}
        if MISSING in lacks:
            continue
        if WRONG in lacks:
            expected = None
            break
        if EMPTY not in lacks and expected is not None:
            expected.append({role: cell.read for role, cell in row.items()})
    return Table(card, ending, [{role: cell.written for role, cell in row.items()} for row in rows], expected)


class Fuzzed(Protocol):
    """A format under test: tables of rows, predictions for them, and the score that they have."""

    def tables(self) -> SearchStrategy[Table]: ...

    def predictions(self, draw: Any, card: Card, rows: Sequence[Row]) -> list[Any]: ...

    def score(self, card: Card, rows: Sequence[Row], decided: Sequence[Any]) -> dict[str, float]: ...


class Labels:
    """Pair and sentence classification, and multiple choice."""

    def __init__(self, form: str) -> None:
        self.form = form

    def tables(self) -> SearchStrategy[Table]:
        @st.composite
        def make(draw: DrawFn) -> Table:
            is_choice = self.form == "multiple_choice"
            ending = draw(st.sampled_from(["parquet", "jsonl"] if is_choice else ["parquet", "jsonl", "csv"]))
            labels = [] if is_choice else NAMES
            card = card_of(self.form, labels=labels)
            label = draw(label_cells(labels or list("ABC"), ending))
            text = [role for role, kind in by_columns(card).items() if kind == "text"]
            roles: dict[str, SearchStrategy[Cell]] = {role: texts(ending, role == "text") for role in text}
            if is_choice:
                three = st.lists(TEXT, min_size=3, max_size=3)
                roles["choices"] = three.map(lambda each: Cell(each, [one.strip() for one in each]))
            roles["label"] = label
            return table(card, ending, draw(st.lists(st.fixed_dictionaries(roles), min_size=1, max_size=5)))

        return make()

    def predictions(self, draw: Any, card: Card, rows: Sequence[Row]) -> list[Any]:
        return [draw(st.integers(0, 2)) for _ in rows]

    def score(self, card: Card, rows: Sequence[Row], decided: Sequence[Any]) -> dict[str, float]:
        return {"accuracy": plain_scores.share([row["label"] == one for row, one in zip(rows, decided, strict=True)])}


class Tags:
    """Tagging in several schemes."""

    schemes = (
        ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"],
        ["O", "B-PER", "I-PER", "E-PER", "S-PER"],
        ["O", "B", "I"],
        ["ORG", "O", "EVENT", "Ist"],
        ["subject", "object"],
    )

    def tables(self) -> SearchStrategy[Table]:
        word = TEXT.filter(lambda text: not text.startswith("en:"))

        @st.composite
        def make(draw: DrawFn) -> Table:
            labels = draw(st.sampled_from(self.schemes))
            card, named = card_of("tagging", labels=labels), draw(st.booleans())
            ending = draw(st.sampled_from(["parquet", "jsonl"]))
            written, expected = [], []
            for _ in range(draw(st.integers(1, 4))):
                words = draw(st.lists(word, max_size=6))
                tags = [draw(st.integers(0, len(labels) - 1)) for _ in words]
                gap = draw(st.sampled_from([False, False, False, bool(words)]))
                given: list[Any] = [labels[tag] if named else tag for tag in tags]
                written.append({"tokens": words, "tags": [*given[:-1], None] if gap else given})
                if words and not gap:
                    expected.append({"tokens": [one.strip() for one in words], "tags": tags})
            return Table(card, ending, written, expected)

        return make()

    def predictions(self, draw: Any, card: Card, rows: Sequence[Row]) -> list[Any]:
        return [[draw(st.integers(0, len(card.labels) - 1)) for _ in row["tags"]] for row in rows]

    def score(self, card: Card, rows: Sequence[Row], decided: Sequence[Any]) -> dict[str, float]:
        gold, given = (
            [[card.labels[tag] for tag in tags] for tags in each] for each in ([r["tags"] for r in rows], decided)
        )
        right = [a == b for row in zip(gold, given, strict=True) for a, b in zip(*row, strict=True)]
        return {"f1": plain_scores.span_f1(gold, given), "accuracy": plain_scores.share(right)}


class Answers:
    """Span QA with SQuAD's and with MLQA's normal form, of questions that may have no answer."""

    def tables(self) -> SearchStrategy[Table]:
        scrap = TEXT | st.sampled_from(["the ", "a", "The Cat’s", " an ", "北京", "القاهرة", "die ", "_", "x-y"])
        passage = st.lists(scrap, min_size=1, max_size=5).map("".join)

        @st.composite
        def make(draw: DrawFn) -> Table:
            metric, without = draw(st.sampled_from(["qa", "qa_mlqa"])), draw(st.booleans())
            card = card_of("span_qa", metric=metric, unanswerable=without)
            written, expected = [], []
            for number in range(draw(st.integers(1, 4))):
                context, answers = draw(passage), []
                for _ in range(draw(st.integers(0, 2))):
                    begin, end = sorted((draw(st.integers(0, len(context))), draw(st.integers(0, len(context)))))
                    if context[begin:end].strip():
                        answers.append((context[begin:end], begin))
                if answers or without:
                    row = {"id": str(number), "question": "?", "context": context}
                    both = {"text": [text for text, _ in answers], "answer_start": [start for _, start in answers]}
                    written.append({**row, "answers": both})
                    expected.append({**row, "answers": both})
            return Table(card, draw(st.sampled_from(["parquet", "jsonl"])), written, expected)

        return make()

    def predictions(self, draw: Any, card: Card, rows: Sequence[Row]) -> list[Any]:
        given = [draw(TEXT | st.sampled_from(["", row["context"], *row["answers"]["text"]])) for row in rows]
        return [[text, float(draw(st.integers(-2, 2)))] for text in given] if card.unanswerable else given

    def score(self, card: Card, rows: Sequence[Row], decided: Sequence[Any]) -> dict[str, float]:
        def words(text: str) -> list[str]:
            return plain_scores.mlqa_words(text, "en") if card.metric == "qa_mlqa" else plain_scores.squad_words(text)

        pairs = [
            plain_scores.answer_scores([words(gold) for gold in row["answers"]["text"]], words(text))
            for row, text in zip(rows, decided, strict=True)
        ]
        exact, f1 = (sum(part) / len(rows) for part in zip(*pairs, strict=True))
        return {"exact": exact, "f1": f1, str(card.metric): (exact + f1) / 2}


class Pairs:
    """Retrieval."""

    def tables(self) -> SearchStrategy[Table]:
        @st.composite
        def make(draw: DrawFn) -> Table:
            ending = draw(st.sampled_from(["parquet", "jsonl", "csv"]))
            roles = {role: texts(ending) for role in ("text_a", "text_b")}
            rows = draw(st.lists(st.fixed_dictionaries(roles), min_size=1, max_size=5))
            return table(card_of("retrieval"), ending, rows)

        return make()

    def predictions(self, draw: Any, card: Card, rows: Sequence[Row]) -> list[Any]:
        return [draw(st.integers(0, len(rows) - 1)) for _ in rows]

    def score(self, card: Card, rows: Sequence[Row], decided: Sequence[Any]) -> dict[str, float]:
        right = [rows[found]["text_b"] == row["text_b"] for found, row in zip(decided, rows, strict=True)]
        return {"accuracy": plain_scores.share(right)}


class Pools:
    """Bitext mining and answer retrieval."""

    def __init__(self, form: str) -> None:
        self.form = form

    def tables(self) -> SearchStrategy[Table]:
        ids = st.sampled_from(["a", "b", "01", "2"])

        @st.composite
        def make(draw: DrawFn) -> Table:
            numbered = draw(st.booleans())
            written, expected = [], []
            for number in range(draw(st.integers(1, 5))):
                text, relevant = draw(TEXT), draw(st.lists(st.integers(0, 3) if numbered else ids, max_size=4))
                row = {"id": number if numbered else f"0{number}", "text": text, "relevant": relevant}
                written.append(row)
                if text.strip():
                    read = list(dict.fromkeys(map(str, relevant)))
                    expected.append({"id": str(row["id"]), "text": text.strip(), "relevant": read})
            return Table(card_of(self.form), draw(st.sampled_from(["parquet", "jsonl"])), written, expected)

        return make()

    def predictions(self, draw: Any, card: Card, rows: Sequence[Row]) -> list[Any]:
        ids = [*"ab0123", "01"]
        if self.form == "answer_retrieval":
            return [draw(st.permutations(ids)) for _ in rows]
        return [draw(st.none() | st.tuples(st.sampled_from(ids), st.sampled_from([0.5, 1.0, 1.5]))) for _ in rows]

    def score(self, card: Card, rows: Sequence[Row], decided: Sequence[Any]) -> dict[str, float]:
        relevant = [row["relevant"] for row in rows]
        if self.form == "bitext_mining":
            return {"f1": plain_scores.pairs_f1(relevant, decided)}
        pairs = [pair for pair in zip(decided, relevant, strict=True) if pair[1]]
        total = sum(plain_scores.average_precision(ranked, gold, 20) for ranked, gold in pairs)
        return {"map20": total / len(pairs) if pairs else 0.0}


def by_columns(card: Card) -> dict[str, str]:
    from spaces.formats import FORMATS

    return dict(FORMATS[card.format].columns)


FUZZED: dict[str, Fuzzed] = {
    "pair_classification": Labels("pair_classification"),
    "sentence_classification": Labels("sentence_classification"),
    "multiple_choice": Labels("multiple_choice"),
    "tagging": Tags(),
    "span_qa": Answers(),
    "retrieval": Pairs(),
    "bitext_mining": Pools("bitext_mining"),
    "answer_retrieval": Pools("answer_retrieval"),
}


@pytest.mark.parametrize("count", [12, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("form", FUZZED)
def test_any_rows_have_the_score_of_a_plain_program(tmp_path: Path, form: str, count: int) -> None:
    fuzzed = FUZZED[form]

    @holds_for(count, fuzzed.tables(), st.data())
    def holds(made: Table, draw: DataObject) -> None:
        shutil.rmtree(tmp_path / "files", ignore_errors=True)
        (tmp_path / "files").mkdir()
        if not made.written:
            return
        write_table(tmp_path / "files" / f"dev.{made.ending}", made.written)
        card = made.card.model_copy(update={"source": card_of(form, source={"files": str(tmp_path / "files")}).source})
        try:
            rows = Data(tmp_path / "cache").rows(card, "dev", "en")
        except InputError as error:
            assert not made.expected, error
            return
        assert rows.to_list() == made.expected
        kind = by_name(form)
        predicted = fuzzed.predictions(draw.draw, card, made.expected)
        decided = kind.decide(predicted, kind.tune(rows, predicted, card, "en"), card)
        found, wanted = kind.metrics(rows, decided, card, "en"), fuzzed.score(card, made.expected, decided)
        assert {name: found[name] for name in wanted} == pytest.approx(wanted)
        assert card.metric in wanted
