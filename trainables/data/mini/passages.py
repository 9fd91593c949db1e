"""Tasks and targets that are made from verses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from trainables.data.mini.bible import BOOKS, GENRES, Bible, Verse
from trainables.data.mini.overlap import matched
from trainables.data.mini.split import dice, fraction
from trainables.data.mini.tables import Row, Table

LANGUAGES = ("de", "fr", "ru")
RETRIEVAL_LANGUAGES = ("de", "fr", "ru", "ar")
ENGLISH = {"en": "web"}
MULTILINGUAL = ("web", "de", "es", "fr", "ru", "ar")

# Rows of the intermediate tasks' two splits.
TASK_ROWS = {"train": 4000, "validation": 250}
# Rows a language of the targets' evaluation splits.
EVALUATION_ROWS = 120

_NAME = re.compile(r"(?<![.!?:;\"“‘'] )(?<!^)\b[A-Z][a-z]{2,}\b")
_GAP = "_____"


def paraphrase(bible: Bible) -> Table:
    """The same verse in two English versions, or another verse with as many words in common."""
    table = Table("pair_classification", ("different", "same"))
    for pool, count in TASK_ROWS.items():
        # half of the rows are positives, and most verses are put too differently to be matched
        verses = _sample(bible, pool, 2 * count, longest=90)
        web, bbe = _texts(bible, "web", verses), _texts(bible, "bbe", verses)
        negatives = matched(web, bbe, bbe, lambda i, j: i != j, dice("paraphrase", pool))
        table.rows["en", pool] = _pairs("paraphrase", web, bbe, bbe, negatives, count)
    return table


def crossref(bible: Bible, versions: Mapping[str, str] = ENGLISH) -> Table:
    """Verses that people cross-referenced, or not.

    Args:
        versions: language -> the version that is read.
    """
    table = Table("pair_classification", ("unrelated", "related"))
    linked = set(bible.references)
    for language, version in versions.items():
        text = bible.text[version]
        for pool, count in TASK_ROWS.items():
            pairs = [(a, b) for a, b in bible.references_in(pool) if len(text[a]) + len(text[b]) <= 200]
            pairs.sort(key=lambda pair: fraction("crossref", *pair[0], *pair[1]))
            first, second = [a for a, _ in pairs], [b for _, b in pairs]
            others = [verse for verse in bible.pools[pool] if len(text[verse]) <= 110]

            def allowed(i: int, j: int, first: list[Verse] = first, others: list[Verse] = others) -> bool:
                a, b = sorted((first[i], others[j]))
                return a != b and (a, b) not in linked and (a.book, a.chapter) != (b.book, b.chapter)

            texts, partners, strangers = (_texts(bible, version, verses) for verses in (first, second, others))
            negatives = matched(texts, partners, strangers, allowed, dice("crossref", pool))
            table.rows[language, pool] = _pairs("crossref", texts, partners, strangers, negatives, count)
    return table


def book(bible: Bible, versions: Mapping[str, str] = ENGLISH) -> Table:
    """Which of sixteen books a verse stands in; the same verses in each language.

    Args:
        versions: language -> the version that is read.
    """
    table = Table("sentence_classification", tuple(BOOKS))
    for pool, count in TASK_ROWS.items():
        groups = {name: [v for v in bible.pools[pool] if v.book == number] for name, number in BOOKS.items()}
        for language, version in versions.items():
            table.rows[language, pool] = _balanced(bible, "book", groups, version, count)
    return table


def genres(bible: Bible, train: int) -> Table:
    """A target: the genre of the book that a verse stands in."""
    table = Table("sentence_classification", tuple(GENRES))

    def rows(pool: str, version: str, count: int) -> list[Row]:
        groups = {genre: [v for v in bible.pools[pool] if v.book in books] for genre, books in GENRES.items()}
        return _balanced(bible, "genres", groups, version, count)

    table.rows["en", "train"] = rows("train", "web", train)
    for language in LANGUAGES:
        for split, pool in (("validation", "dev"), ("test", "test")):
            table.rows[language, split] = rows(pool, language, EVALUATION_ROWS)
    return table


def cloze(bible: Bible) -> Table:
    """A name is masked in one version; the answer is the name in the other version of the verse."""
    table = Table("span_qa")
    names = _names(bible)
    for pool, count in TASK_ROWS.items():
        rows: list[Row] = []
        for verse in _shuffled(bible.pools[pool], "cloze"):
            row = _cloze_row(verse, bible.text["bbe"][verse], bible.text["web"][verse], names)
            if row and len(row["context"]) <= 120 and len(row["question"]) <= 110:
                rows.append(row)
        table.rows["en", pool] = rows[:count]
    return table


def nextverse(bible: Bible) -> Table:
    """Which of four verses comes next; the other three stand in other books."""
    table = Table("multiple_choice")
    text = bible.text["web"]
    for pool, count in TASK_ROWS.items():
        short = [verse for verse in bible.pools[pool] if len(text[verse]) <= 95]
        members = set(short)
        following = {v: v._replace(number=v.number + 1) for v in short if v._replace(number=v.number + 1) in members}
        rows: list[Row] = []
        for verse in _shuffled(sorted(following), "nextverse")[: count // 2]:
            random = dice("nextverse", *verse)
            far: list[Verse] = []
            while len(far) < 3:
                other = random.choice(short)
                if other.book != verse.book and other not in far:
                    far.append(other)
            choices = [text[following[verse]], *(text[v] for v in far)]
            order = random.sample(range(4), 4)
            rows.append({"context": text[verse], "choices": [choices[i] for i in order], "label": order.index(0)})
        table.rows["en", pool] = rows
    return table


def plain(bible: Bible) -> Table:
    """Verses without labels, in all languages of the suite, for masked language modelling."""
    table = Table("masked_lm")
    for pool, count in TASK_ROWS.items():
        rows: list[Row] = []
        for version in MULTILINGUAL:
            # another set of verses a language: there is enough text, and no verse is seen six times
            verses = _sample(bible, pool, count // len(MULTILINGUAL), longest=110, salt=version)
            rows += [{"text": bible.text[version][verse]} for verse in verses]
        dice("mlm", pool).shuffle(rows)
        table.rows["all", pool] = rows
    return table


def verses(bible: Bible) -> Table:
    """Retrieval: English verses and the same verses in another language, in the same order."""
    table = Table("retrieval")
    for split, pool in (("validation", "dev"), ("test", "test")):
        chosen = _sample(bible, pool, EVALUATION_ROWS, longest=110)
        _ask(table, bible, split, [(verse, verse) for verse in chosen])
    return table


def sequels(bible: Bible) -> Table:
    """Retrieval: English verses and, in the same order, the verse after each in another language."""
    table = Table("retrieval")
    for split, pool in (("validation", "dev"), ("test", "test")):
        chosen: dict[Verse, Verse] = {}
        for verse in _sample(bible, pool, len(bible.pools[pool]), longest=110, salt="sequels"):
            after = verse._replace(number=verse.number + 1)
            # no verse is asked about or found twice, and none is both
            if bible.pool_of(after) == pool and not {verse, after} & (chosen.keys() | set(chosen.values())):
                chosen[verse] = after
            if len(chosen) == EVALUATION_ROWS:
                break
        _ask(table, bible, split, chosen.items())
    return table


def _ask(table: Table, bible: Bible, split: str, pairs: Iterable[tuple[Verse, Verse]]) -> None:
    """For each language a row per pair: the first verse in English, the second in the language."""
    for language in RETRIEVAL_LANGUAGES:
        table.rows[language, split] = [
            {"text_a": bible.text["web"][a], "text_b": bible.text[language][b]} for a, b in pairs
        ]


def _shuffled(verses: Sequence[Verse], *salt: object) -> list[Verse]:
    return sorted(verses, key=lambda verse: fraction(*salt, *verse))


def _texts(bible: Bible, version: str, verses: Sequence[Verse]) -> list[str]:
    return [bible.text[version][verse] for verse in verses]


def _sample(bible: Bible, pool: str, count: int, longest: int, salt: str = "sample") -> list[Verse]:
    short = [verse for verse in bible.pools[pool] if len(bible.text["web"][verse]) <= longest]
    return _shuffled(short, salt)[:count]


def _pairs(
    name: str,
    texts: Sequence[str],
    partners: Sequence[str],
    others: Sequence[str],
    negatives: Sequence[int | None],
    count: int,
) -> list[Row]:
    """Both a positive and a negative row of each text that has a negative, so that neither text alone tells."""
    rows: list[Row] = []
    for text, partner, negative in zip(texts, partners, negatives, strict=True):
        if negative is not None:
            rows.append({"text_a": text, "text_b": partner, "label": 1})
            rows.append({"text_a": text, "text_b": others[negative], "label": 0})
    rows = rows[: count // 2 * 2]
    dice(name, count).shuffle(rows)
    return rows


def _balanced(bible: Bible, name: str, groups: Mapping[str, Sequence[Verse]], version: str, count: int) -> list[Row]:
    """The same number of verses of each group, the label being the group's number."""
    rows: list[Row] = []
    for label, verses in enumerate(groups.values()):
        fit = [verse for verse in verses if 40 <= len(bible.text["web"][verse]) <= 110]
        rows += [
            {"text": bible.text[version][verse], "label": label}
            for verse in _shuffled(fit, name)[: count // len(groups)]
        ]
    dice(name, count).shuffle(rows)
    return rows


def _names(bible: Bible) -> set[str]:
    """Words that both English versions capitalise within a sentence, and never write in lower case."""
    names: list[set[str]] = []
    for version in ("web", "bbe"):
        texts = bible.text[version].values()
        upper = Counter(name for text in texts for name in _NAME.findall(text))
        lower = {word for text in texts for word in re.findall(r"\b[a-z]{3,}\b", text)}
        names.append({name for name, times in upper.items() if times >= 3 and name.lower() not in lower})
    return names[0] & names[1]


def _cloze_row(verse: Verse, question: str, context: str, names: set[str]) -> Row | None:
    asked = [name for name in dict.fromkeys(_NAME.findall(question)) if name in names]
    told = Counter(word for word in re.findall(r"[A-Za-z]+", context) if word in names)
    answers = [name for name in asked if told[name] == 1]
    if not answers or len(told) < 2:
        return None
    answer = dice("cloze", *verse).choice(answers)
    start = re.search(rf"\b{answer}\b", context)
    assert start is not None
    return {
        "id": "-".join(map(str, verse)),
        "question": re.sub(rf"\b{answer}\b", _GAP, question),
        "context": context,
        "answers": {"text": [answer], "answer_start": [start.start()]},
    }
