"""CoNLL files: a word and its tags in a line, an empty line between sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from datasets import Dataset, Features, List, Value
from datasets.arrow_writer import ArrowWriter

from spaces.errors import InputError, Problem

AT_ONCE = 10_000
"""Sentences that are held at a time."""

CONLLU = ("id", "tokens", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
"""The columns of CoNLL-U. `tags` are its universal parts of speech, too."""

COMMENTS = ("newdoc", "newpar")
"""Comments that are a word alone."""

FIX = "a word and its tags in each line, a tab or blanks between them, and an empty line after each sentence"

Sentence = list[list[str]]
"""The fields of each of its words."""


def read_conll(files: Sequence[Path], arrow: Path) -> Dataset:
    """A row for each sentence, kept in an Arrow file; without columns where there are none.

    The columns are `tokens`, the first field of each line, `tags`, the last, and `field_0`, `field_1`, ...; of a file
    `.conllu` they are named as there, `tokens` is the form and `tags` are `upos`. Comments and -DOCSTART- are left out,
    in CoNLL-U also ranges of words and empty nodes.

    Raises:
        InputError: a line has another number of fields than the first, or only one.
    """
    is_conllu = files[0].suffix == ".conllu"
    sentences = (sentence for file in files for sentence in _sentences(file, is_conllu))
    batch = list(islice(sentences, AT_ONCE))
    if not batch:
        return Dataset.from_dict({})
    names = _names(len(batch[0][0]), is_conllu)
    width = len(batch[0][0])
    columns = list(dict.fromkeys(names))
    features = Features({name: List(Value("string")) for name in columns})
    with ArrowWriter(features=features, path=str(arrow)) as writer:
        while batch:
            _check_widths(batch, width, files[0])
            writer.write_batch(
                {name: [[word[at] for word in sentence] for sentence in batch] for name, at in names.items()}
            )
            batch = list(islice(sentences, AT_ONCE))
        writer.finalize()
    return Dataset.from_file(str(arrow))


def _names(width: int, is_conllu: bool) -> dict[str, int]:
    """Column -> the field of a line that it holds."""
    if is_conllu:
        return {**{name: at for at, name in enumerate(CONLLU[:width])}, "tags": min(CONLLU.index("upos"), width - 1)}
    return {"tokens": 0, "tags": width - 1, **{f"field_{at}": at for at in range(width)}}


def _sentences(file: Path, is_conllu: bool) -> Iterator[Sentence]:
    width = _first_width(file, is_conllu)
    with file.open(encoding="utf-8-sig") as lines:
        sentence: Sentence = []
        for number, line in enumerate(lines, 1):
            fields = _fields(line, is_conllu)
            if not sentence and line.startswith("#") and len(fields) != width:
                continue  # a comment of any form, "# newdoc" too where a line has more fields
            if not fields:
                if sentence:
                    yield sentence
                sentence = []
            elif _counts(line, fields, is_conllu):
                if len(fields) < 2:
                    raise InputError(Problem("a line of a single field", f"{file}: line {number}", line.strip(), FIX))
                sentence.append(fields)
        if sentence:
            yield sentence


def _fields(line: str, is_conllu: bool) -> list[str]:
    """Tabs part fields where there is one: words may hold blanks then."""
    text = line.rstrip("\r\n")
    return [] if not text.strip() else text.split("\t") if is_conllu or "\t" in text else text.split()


def _counts(line: str, fields: Iterable[str], is_conllu: bool) -> bool:
    """Whether a line is a word: in CoNLL-U `1-2` is a range of words, `8.1` an empty node."""
    first = next(iter(fields))
    if is_conllu:
        return not line.startswith("#") and first.isdecimal()
    # "# text = ..." is a comment, "#\tO" and "#hashtag O" are words
    is_comment = line.startswith("# ") and ("=" in line or len(line.split()) > 4 or line.split()[1] in COMMENTS)
    return first != "-DOCSTART-" and not is_comment


def _first_width(file: Path, is_conllu: bool) -> int | None:
    """The fields of the first line that is certainly a word's."""
    with file.open(encoding="utf-8-sig") as lines:
        certain = (line for line in lines if not line.startswith(("#", "-DOCSTART-")))
        return next((len(fields) for line in certain if (fields := _fields(line, is_conllu))), None)


def _check_widths(sentences: Iterable[Sentence], width: int, file: Path) -> None:
    for sentence in sentences:
        for fields in sentence:
            if len(fields) != width:
                found = f"{len(fields)} after lines of {width}: {' '.join(fields)}"[:200]
                raise InputError(Problem("lines of different numbers of fields", str(file), found, FIX))
