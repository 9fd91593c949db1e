"""How answers of span QA are compared with the gold ones: exact match and F1 over words, after normalisation.

Two normalisations, because the benchmarks differ. SQuAD's (Rajpurkar et al. 2016, evaluate-v1.1) is English and is what
XTREME uses for XQuAD and TyDiQA in every language. MLQA's (Lewis et al. 2020, section 4 and mlqa_evaluation_v1) knows
the articles of seven languages, all of Unicode's punctuation, and takes each Chinese character for a word.
"""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, partial

Normalize = Callable[[str], str]

ARTICLES = {
    "en": r"\b(a|an|the)\b",
    "es": r"\b(un|una|unos|unas|el|la|los|las)\b",
    "hi": None,
    "vi": r"\b(của|là|cái|chiếc|những)\b",
    "de": r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "ar": "ال",  # wherever it stands, inside words too: so the published program does
    "zh": None,
}
"""What MLQA takes for articles. Vietnamese has none; its list holds classifiers and particles."""

CHINESE_WORD = re.compile(r"[\u4e00-\u9fa5]|[^\s\u4e00-\u9fa5]+")
"""A Chinese character, or a run of anything else."""


def normalization(metric: str, language: str) -> Normalize:
    """The normal form that a metric of `span_qa` compares. Cards name `qa_mlqa` for languages of `ARTICLES` alone."""
    return partial(mlqa_normal, language=language) if metric == "qa_mlqa" else squad_normal


def squad_normal(text: str) -> str:
    """Lower case, no ASCII punctuation, no English articles, single blanks."""
    text = "".join(char for char in text.lower() if char not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def mlqa_normal(text: str, language: str) -> str:
    """Lower case, no punctuation of any script, none of the language's articles, words with a blank between."""
    text = text.lower().translate(_punctuation())
    articles = ARTICLES[language]
    if articles:
        text = re.sub(articles, " ", text)
    return " ".join(CHINESE_WORD.findall(text) if language == "zh" else text.split())


def exact_match(answer: str, text: str) -> float:
    """1 if two normal forms are equal, else 0."""
    return float(answer == text)


def word_f1(answer: str, text: str) -> float:
    """F1 over the bags of words of two normal forms; 0 where they share none, so also where both are empty."""
    wanted, given = answer.split(), text.split()
    common = sum((Counter(wanted) & Counter(given)).values())
    return 2 * common / (len(wanted) + len(given)) if common else 0.0


def answer_scores(gold: Sequence[str], text: str, normalize: Normalize) -> tuple[float, float]:
    """Exact match and F1 of a text, each the best over the gold answers.

    A question without any answer is answered right by an empty text, as in SQuAD 2.0.
    """
    given = normalize(text)
    if not gold:
        return float(not given), float(not given)
    answers = [normalize(answer) for answer in gold]
    return max(exact_match(answer, given) for answer in answers), max(word_f1(answer, given) for answer in answers)


def best_threshold(margins: Sequence[float], answered: Sequence[float], empty: Sequence[float]) -> float:
    """The threshold on "no answer" that gives the highest mean score (SQuAD 2.0's evaluation, ``--na-prob-file``).

    Rows whose margin lies above it are answered with nothing. Of thresholds that are as good the lowest is taken.

    Args:
        margins: how much more likely no answer is than the best one, for each row.
        answered, empty: the row's score with its best answer, and with none.
    """
    gains: dict[float, float] = {}
    for margin, one, none in zip(margins, answered, empty, strict=True):
        gains[margin] = gains.get(margin, 0.0) + one - none
    rising = sorted(gains)
    best, threshold, total = 0.0, rising[0] - 1.0, 0.0  # first nothing is answered, then row after row
    for margin in rising:
        total += gains[margin]
        if total > best + 1e-9:
            best, threshold = total, margin
    return threshold


@cache
def _punctuation() -> dict[int, None]:
    """All that Unicode calls punctuation, and ASCII's symbols."""
    points = range(sys.maxunicode)
    return dict.fromkeys([at for at in points if unicodedata.category(chr(at)).startswith("P")]) | dict.fromkeys(
        map(ord, string.punctuation)
    )
