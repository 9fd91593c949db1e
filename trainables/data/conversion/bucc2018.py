"""BUCC 2018 as comparable.limsi.fr publishes it, for the card `bucc2018`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from spaces.errors import InputError, Problem
from trainables.data.conversion.files import Example, missing, tabbed, write

SPLITS = {"dev": "sample", "test": "training"}
"""As XTREME names them: BUCC's own test pairs were never published."""


def convert(source: Path, target: Path) -> list[Path]:
    """BUCC 2018: `<source>/<lang>-en/<lang>-en.<split>.{<lang>,en,gold}`, tab-separated ids and sentences, or ids.

    Each language's sentences go to `<lang>/<split>.jsonl`, the English ones to `<lang>-en/<split>.jsonl`.
    """
    written = []
    languages = sorted(folder.name.removesuffix("-en") for folder in source.glob("*-en") if folder.is_dir())
    if not languages:
        raise missing(source / "de-en", "a folder per language with de-en.sample.de, .en, .gold and de-en.training.*")
    for language in languages:
        for split, name in SPLITS.items():
            stem = source / f"{language}-en" / f"{language}-en.{name}"
            gold = defaultdict(list)
            for own, english in tabbed(Path(f"{stem}.gold")):
                gold[own].append(english)
            own_rows = [
                {"id": own, "text": text, "relevant": gold[own]} for own, text in tabbed(Path(f"{stem}.{language}"))
            ]
            pool = [{"id": english, "text": text} for english, text in tabbed(Path(f"{stem}.en"))]
            _check_pairs(Path(f"{stem}.gold"), gold, own_rows, pool)
            written.append(write(target / language / f"{split}.jsonl", own_rows))
            written.append(write(target / f"{language}-en" / f"{split}.jsonl", pool))
    return written


def _check_pairs(file: Path, gold: Mapping[str, list[str]], own: Iterable[Example], english: Iterable[Example]) -> None:
    """Raises InputError if a pair names a sentence that is not there: the files are not of one split."""
    ids = {row["id"] for row in own}, {row["id"] for row in english}
    for first, seconds in gold.items():
        lost = [one for one, known in ((first, ids[0]), *((second, ids[1]) for second in seconds)) if one not in known]
        if lost:
            fix = "take all files from one archive"
            raise InputError(Problem("a pair of a sentence that is not there", str(file), lost[0], fix))
