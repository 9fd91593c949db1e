"""Published files of retrieval data sets -> files that a card reads: a line of JSON per row, with canonical columns.

Each data set is read as its makers publish it; where it comes from is in its card. No text of it is shipped.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from spaces.errors import InputError, Problem

Row = dict[str, Any]

BUCC_SPLITS = {"dev": "sample", "test": "training"}
"""As XTREME names them: BUCC's own test pairs were never published."""

LAREQA_SPLITS = {"dev": "mlqa-dev-r", "test": "xquad-r"}

SENTENCE_END = re.compile(r"""[.!?]["')\]]*(\s+)(?=["'(\[]?[A-Z0-9])""")
"""For SQuAD, which comes without sentences; a plain rule, where XTREME-R has a longer one (processors/sb_sed.py)."""

MARKS = re.compile(r"\{(.*?)\}")
"""What could be taken for a marked mention."""


def convert(name: str, source: Path, target: Path) -> list[Path]:
    """Write the data set `name` (a key of `CONVERTERS`) of the folder `source` below `target`; what was written.

    Raises:
        InputError: files are missing, with what should be there; or are not what they should be.
    """
    return CONVERTERS[name](source, target)


def bucc2018(source: Path, target: Path) -> list[Path]:
    """BUCC 2018: `<source>/<lang>-en/<lang>-en.<split>.{<lang>,en,gold}`, tab-separated ids and sentences, or ids.

    Each language's sentences go to `<lang>/<split>.jsonl`, the English ones to `<lang>-en/<split>.jsonl`.
    """
    written = []
    languages = sorted(folder.name.removesuffix("-en") for folder in source.glob("*-en") if folder.is_dir())
    if not languages:
        raise _missing(source / "de-en", "a folder per language with de-en.sample.de, .en, .gold and de-en.training.*")
    for language in languages:
        for split, name in BUCC_SPLITS.items():
            stem = source / f"{language}-en" / f"{language}-en.{name}"
            gold = defaultdict(list)
            for own, english in _tabbed(Path(f"{stem}.gold")):
                gold[own].append(english)
            own_rows = [
                {"id": own, "text": text, "relevant": gold[own]} for own, text in _tabbed(Path(f"{stem}.{language}"))
            ]
            pool = [{"id": english, "text": text} for english, text in _tabbed(Path(f"{stem}.en"))]
            _check_pairs(Path(f"{stem}.gold"), gold, own_rows, pool)
            written.append(_write(target / language / f"{split}.jsonl", own_rows))
            written.append(_write(target / f"{language}-en" / f"{split}.jsonl", pool))
    return written


def lareqa(source: Path, target: Path) -> list[Path]:
    """LAReQA (github.com/google-research-datasets/lareqa) and SQuAD 1.1.

    `<source>/xquad-r/<lang>.json` is the test split and `mlqa-dev-r/<lang>.json` the dev split: questions to
    `<lang>/<split>.jsonl`, the candidates of all languages to `pool/<split>.jsonl`. `<source>/train-v1.1.json` becomes
    pairs of a question and its answer's sentence, `squad/train.jsonl`.

    As in XTREME-R (third_party/utils_lareqa.py) every sentence of a paragraph is a candidate, read with its paragraph;
    right are, in all languages, the sentence that the answer begins in and its equals in the paragraph.
    """
    written = []
    for split, folder in LAREQA_SPLITS.items():
        files = sorted((source / folder).glob("*.json"))
        if not files:
            raise _missing(source / folder, "<language>.json files of github.com/google-research-datasets/lareqa")
        pool: list[Row] = []
        questions: dict[str, list[Row]] = {}
        relevant: dict[str, list[str]] = defaultdict(list)
        for file in files:
            questions[file.stem] = []
            for number, paragraph in enumerate(_paragraphs(file), 1):
                sentences = _sentences(paragraph)
                ids = [f"{file.stem}_{number}_{at}" for at in range(len(sentences))]
                pool += [
                    {"id": one, "text": f"{sentence} {paragraph['context']}"}
                    for one, sentence in zip(ids, sentences, strict=True)
                ]
                for question, answer in _answered(paragraph):
                    questions[file.stem].append({"id": question["id"], "text": question["question"]})
                    same = [one for one, sentence in zip(ids, sentences, strict=True) if sentence == answer]
                    relevant[question["id"]] += same
        for language, asked in questions.items():
            rows = [{**row, "relevant": relevant[row["id"]]} for row in asked]
            written.append(_write(target / language / f"{split}.jsonl", rows))
        written.append(_write(target / "pool" / f"{split}.jsonl", pool))
    squad = [
        {"text_a": question["question"], "text_b": f"{answer} {paragraph['context']}"}
        for paragraph in _paragraphs(source / "train-v1.1.json")
        for question, answer in _answered(paragraph)
    ]
    return [*written, _write(target / "squad" / "train.jsonl", squad)]


def mewslix(source: Path, target: Path) -> list[Path]:
    """Mewsli-X as its own script get-mewsli-x.sh leaves it: mentions, candidates and Wikipedia pairs.

    Mentions go to `<lang>/{dev,test}.jsonl`, candidates to `pool/all.jsonl`, pairs to `pairs/{train,dev}.jsonl`. Texts
    are made as XTREME-R makes them (third_party/utils_mewslix.py): the mention, then its sentence with the mention in
    braces; of an entity the sentences of its description.
    """
    written = []
    for split in ("dev", "test"):
        rows: dict[str, list[Row]] = defaultdict(list)
        for article in _lines(source / f"wikinews_mentions-{split}.jsonl"):
            for mention in article["mentions"]:
                text = _mention({"context": article["context"], "mention": mention})
                row = {"id": mention["example_id"], "text": text, "relevant": [mention["entity_id"]]}
                rows[article["context"]["language"]].append(row)
        written += [_write(target / language / f"{split}.jsonl", found) for language, found in sorted(rows.items())]
    for split in ("train", "dev"):
        pairs = (
            {"text_a": _mention(pair["contextual_mention"]), "text_b": _entity(pair["entity"])}
            for pair in _lines(source / f"wikipedia_pairs-{split}.jsonl")
        )
        written.append(_write(target / "pairs" / f"{split}.jsonl", pairs))
    candidates = (
        {"id": entity["entity_id"], "text": _entity(entity)}
        for entity in _lines(source / "candidate_set_entities.jsonl")
    )
    return [*written, _write(target / "pool" / "all.jsonl", candidates)]


def ccg(source: Path, target: Path) -> list[Path]:
    """CCGbank as jiant reads it: `ccg.{train,dev,test}`, words, a tab, supertags, all with blanks between them; and
    `tags_to_id.json`, supertag -> number."""
    try:
        numbers = json.loads(_read(source / "tags_to_id.json"))
    except json.JSONDecodeError as error:
        raise _not_as_published(source / "tags_to_id.json", "JSON", error) from error
    written = []
    for split in ("train", "dev", "test"):
        file, rows = source / f"ccg.{split}", []
        for number, (words, tags) in enumerate(_tabbed(file), 1):
            unknown = [tag for tag in tags.split() if tag not in numbers]
            if unknown or len(words.split()) != len(tags.split()):
                found = f"line {number}: {unknown[0] if unknown else words}"
                raise InputError(Problem("words and known supertags do not match", str(file), found))
            rows.append({"tokens": words.split(), "tags": [int(numbers[tag]) for tag in tags.split()]})
        written.append(_write(target / f"{split}.jsonl", rows))
    return written


CONVERTERS: Mapping[str, Callable[[Path, Path], list[Path]]] = {
    "bucc2018": bucc2018,
    "ccg": ccg,
    "lareqa": lareqa,
    "mewslix": mewslix,
}
"""Name of a card -> what makes its files."""


def _paragraphs(file: Path) -> Iterator[dict[str, Any]]:
    """The paragraphs of a file in SQuAD's form."""
    try:
        data = json.loads(_read(file))["data"]
        yield from (paragraph for article in data for paragraph in article["paragraphs"])
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise _not_as_published(file, "SQuAD's JSON", error) from error


def _breaks(paragraph: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Where its sentences begin and end."""
    if "sentence_breaks" in paragraph:
        return [(start, end) for start, end in paragraph["sentence_breaks"]]
    context = paragraph["context"]
    ends = [match.span(1) for match in SENTENCE_END.finditer(context)]
    starts = [0, *(end for _, end in ends)]
    return list(zip(starts, [*(start for start, _ in ends), len(context)], strict=True))


def _sentences(paragraph: Mapping[str, Any]) -> list[str]:
    return [paragraph["context"][start:end] for start, end in _breaks(paragraph)]


def _answered(paragraph: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Its questions, each with the sentence that its first answer begins in; without those that begin in none."""
    for question in paragraph["qas"]:
        at = question["answers"][0]["answer_start"]
        for start, end in _breaks(paragraph):
            if start <= at < end:
                yield question, paragraph["context"][start:end]
                break


def _mention(contextual: Mapping[str, Any]) -> str:
    """`mention: sentence with { mention } in it`."""
    context, span = contextual["context"], contextual["mention"]["mention_span"]
    text = context["text"]
    around = [
        (sentence["start"], sentence["end"])
        for sentence in context["sentence_spans"]
        if sentence["start"] <= span["start"] and span["end"] <= sentence["end"]
    ]
    start, end = around[0] if around else (0, len(text))
    left, right = (MARKS.sub(r"(\1)", part) for part in (text[start : span["start"]], text[span["end"] : end]))
    return _plain(f"{span['text']}: {left} {{ {span['text']} }} {right}")


def _entity(entity: Mapping[str, Any]) -> str:
    spans = entity["sentence_spans"]
    return _plain(" ".join(entity["description"][span["start"] : span["end"]] for span in spans))


def _plain(text: str) -> str:
    """On one line, double blanks made one."""
    return " ".join(text.splitlines()).replace("  ", " ").strip()


def _tabbed(file: Path) -> list[tuple[str, str]]:
    rows = [line.split("\t", 1) for line in _read(file).split("\n") if line.strip()]
    for number, row in enumerate(rows, 1):
        if len(row) != 2:
            raise InputError(Problem("a line without a tab", str(file), f"line {number}: {row[0][:80]!r}"))
    return [(first.strip(), second.strip()) for first, second in rows]


def _check_pairs(file: Path, gold: Mapping[str, list[str]], own: Iterable[Row], english: Iterable[Row]) -> None:
    """Raises InputError if a pair names a sentence that is not there: the files are not of one split."""
    ids = {row["id"] for row in own}, {row["id"] for row in english}
    for first, seconds in gold.items():
        lost = [one for one, known in ((first, ids[0]), *((second, ids[1]) for second in seconds)) if one not in known]
        if lost:
            fix = "take all files from one archive"
            raise InputError(Problem("a pair of a sentence that is not there", str(file), lost[0], fix))


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSON lines file, one at a time: the candidates of Mewsli-X are a million."""
    if not file.is_file():
        raise _missing(file, "the files of get-mewsli-x.sh")
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise _not_as_published(file, "JSON lines", error) from error


def _read(file: Path) -> str:
    if not file.is_file():
        raise _missing(file, "the data set's own files")
    return file.read_text(encoding="utf-8")


def _write(file: Path, rows: Iterable[Row]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(".part")
    with aside.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return aside.replace(file)


def _missing(path: Path, fix: str) -> InputError:
    return InputError(Problem("is missing", str(path), fix=fix))


def _not_as_published(file: Path, form: str, error: Exception) -> InputError:
    return InputError(Problem(f"is not {form} as published", str(file), f"{type(error).__name__}: {error}"[:200]))
