"""Labels of tagging cards: which ones F1 over spans can be had of, and how seqeval is told."""

from __future__ import annotations

import pytest

from spaces.catalogue import Catalogue
from spaces.tag_schemes import UPOS, labels_without_spans, seqeval_names


@pytest.mark.parametrize(
    ("labels", "unclear"),
    [
        ("O B-PER I-PER B-geo-loc", ""),
        ("O B-PER I-PER E-PER S-PER", ""),
        ("O B I", ""),
        ("O PER ORG EVENT", ""),
        ("NN IN DT .", ""),
        (" ".join(sorted(UPOS)), ""),
        ("O PER-B PER-I", "PER-B PER-I"),
        ("O b-per i-per", "b-per i-per"),
        ("O B_PER I_PER", "B_PER I_PER"),
        ("O B-PER L-PER U-PER", "L-PER U-PER"),
        ("O BPER IPER EVENT", "BPER IPER"),
        ("O B-PER I-PER MISC", "MISC"),
        ("0 B-PER I-PER", "0"),
        ("0 1 2", "0 1 2"),
        ("o PER", "o"),
    ],
)
def test_labels_that_do_not_say_where_a_span_begins(labels: str, unclear: str) -> None:
    assert labels_without_spans(labels.split()) == unclear.split()


def test_plain_labels_are_runs_and_the_others_stay_as_they_are() -> None:
    assert seqeval_names(["O", "PER", "ORG"]) == ["O", "I-PER", "I-ORG"]
    for card in Catalogue.load().targets.values():
        if card.metric == "f1" and card.format == "tagging":
            assert seqeval_names(card.labels) == card.labels, "built-in cards are scored as their benchmarks are"
