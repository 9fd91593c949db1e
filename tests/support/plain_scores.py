"""The metrics written out plainly from their definitions, to hold ours to. No torch, no library of metrics."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from string import punctuation

from spaces.tag_schemes import OUTSIDE
from trainables.formats.qa_metrics import ARTICLES


def share(truths: Sequence[bool]) -> float:
    """Of those that are true."""
    return sum(truths) / len(truths)


def harmonic(common: float, given: float, wanted: float) -> float:
    """F1 of so many things in common; 0 where there are none."""
    if not common:
        return 0.0
    precision, recall = common / given, common / wanted
    return 2 * precision * recall / (precision + recall)


# --- spans of tags


def spans(tags: Sequence[str]) -> set[tuple[int, int, str]]:
    """First and last word and type of each span of IOB2 or IOBES; of labels without positions the runs."""
    has_positions = any(tag[:2] in ("B-", "I-", "S-", "E-") or tag in ("B", "I", "S", "E") for tag in tags)
    found, begin, before = set(), 0, OUTSIDE
    for at, tag in enumerate([*tags, OUTSIDE]):
        goes_on = tag[1:] == before[1:] and tag[0] in "IE" and before[0] in "BI" if has_positions else tag == before
        if not goes_on:
            if before != OUTSIDE:
                found.add((begin, at - 1, before[1:] if has_positions else before))
            begin = at
        before = tag
    return found


def span_f1(gold: Sequence[Sequence[str]], given: Sequence[Sequence[str]]) -> float:
    """F1 over the spans of all sentences."""
    wanted = {(row, *span) for row, tags in enumerate(gold) for span in spans(tags)}
    found = {(row, *span) for row, tags in enumerate(given) for span in spans(tags)}
    return harmonic(len(wanted & found), len(found), len(wanted))


# --- answers


def squad_words(text: str) -> list[str]:
    """The words of SQuAD's normal form: one pass over characters, one over runs of letters and digits."""
    text = "".join(char for char in text.lower() if char not in punctuation)
    runs = [""]
    for char in text:
        if runs[-1] and char.isalnum() != runs[-1][-1].isalnum():
            runs.append("")
        runs[-1] += char
    return "".join(" " if run in ("a", "an", "the") else run for run in runs).split()


def mlqa_words(text: str, language: str) -> list[str]:
    """The words of MLQA's normal form, without regular expressions."""
    text = "".join(c for c in text.lower() if not unicodedata.category(c).startswith("P") and c not in punctuation)
    if language == "ar":
        return text.replace("\u0627\u0644", " ").split()
    if language == "zh":
        return "".join(f" {c} " if 0x4E00 <= ord(c) <= 0x9FA5 else c for c in text).split()
    articles = (ARTICLES[language] or "").removeprefix("\\b(").removesuffix(")\\b").split("|")
    return [word for word in text.split() if word not in articles]


def words_f1(gold: Sequence[str], given: Sequence[str]) -> float:
    """F1 over two bags of words, by taking words away one by one."""
    left, common = list(gold), 0
    for word in given:
        if word in left:
            left.remove(word)
            common += 1
    return harmonic(common, len(given), len(gold))


def answer_scores(gold: Sequence[Sequence[str]], given: Sequence[str]) -> tuple[float, float]:
    """Exact match and F1 with the best of the gold answers; without any, nothing is right."""
    if not gold:
        return float(not given), float(not given)
    exact = max(float(" ".join(words) == " ".join(given)) for words in gold)
    return exact, max(words_f1(words, given) for words in gold)


# --- retrieval


def pairs_f1(relevant: Sequence[Sequence[str]], found: Sequence[str | None]) -> float:
    """F1 over the pairs of a row and an id."""
    wanted = {(row, one) for row, ids in enumerate(relevant) for one in ids}
    given = {(row, one) for row, one in enumerate(found) if one is not None}
    return harmonic(len(wanted & given), len(given), len(wanted))


def average_precision(ranked: Sequence[str], relevant: Sequence[str], ranks: int) -> float:
    """Mean of the precisions where a relevant one is found, over those that could be found among the first."""
    at = [rank for rank in range(1, min(ranks, len(ranked)) + 1) if ranked[rank - 1] in relevant]
    precisions = [share([one in relevant for one in ranked[:rank]]) for rank in at]
    return sum(precisions) / min(ranks, len(set(relevant)))
