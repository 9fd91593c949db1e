"""How a tagging card's labels say where a span begins and ends: what F1 over spans counts depends on it."""

from __future__ import annotations

import re
from collections.abc import Sequence

OUTSIDE = "O"
"""The label of a word that is in no span."""

UPOS = frozenset(
    ["ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ"]
    + ["SYM", "VERB", "X", "_"]
)
"""Universal Dependencies' parts of speech, and what its treebanks write where there is none."""

PREFIXED = re.compile(r"[BIES](-.+)?")
"""A label of IOB2 or IOBES, as seqeval reads them: the position, then the type."""

POSITIONED = re.compile(r"[A-Za-z][-_.:|/].+|.+[-_.:|/][A-Za-z]|[BIESOo]|[0-9]+")
"""What looks as if it had a position in it, before the type, behind it or alone; or as if it stood for a label."""


def labels_without_spans(labels: Sequence[str]) -> list[str]:
    """Those from which F1 over spans cannot be had, since they do not say where one begins; none of good labels."""
    others = [label for label in labels if label != OUTSIDE]
    if UPOS.issuperset(labels):
        return []
    if any(PREFIXED.fullmatch(label) for label in others):
        return [label for label in others if not PREFIXED.fullmatch(label)]
    glued = {label[1:] for label in others if label[:1] == "B"} & {label[1:] for label in others if label[:1] == "I"}
    return [label for label in others if POSITIONED.fullmatch(label) or (label[:1] in "BIES" and label[1:] in glued)]


def seqeval_names(labels: Sequence[str]) -> list[str]:
    """The labels as seqeval's default mode counts them rightly, in their order.

    seqeval takes the first letter of any label for its position, so that ``ORG`` is outside and ``EVENT`` ends a span.
    Labels in IOB2 or IOBES stay as they are. Plain labels become ``I-`` labels: a run of words with one label is a
    span. Universal parts of speech stay as they are, since XTREME scores them so, and its scores are what they are
    compared with.
    """
    if UPOS.issuperset(labels) or any(PREFIXED.fullmatch(label) for label in labels):
        return list(labels)
    return [label if label == OUTSIDE else f"I-{label}" for label in labels]
