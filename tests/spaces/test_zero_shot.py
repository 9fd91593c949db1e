"""Which languages of a target are not zero-shot any more."""

from __future__ import annotations

import pytest

from spaces.catalogue import Catalogue
from spaces.zero_shot import seen_languages


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.mark.parametrize(
    ("tasks", "target", "seen"),
    [
        (["xnli.de"], "xnli", ["de"]),
        (["xnli.de", "xnli.fr", "squad_v1"], "xnli", ["fr", "de"]),
        (["mnli"], "xnli", []),  # what it is fine-tuned on, whatever the mixture
        (["xnli.de"], "pawsx", []),
        (["pawsx.ko"], "pawsx", ["ko"]),
        (["pawsx"], "pawsx", ["de", "es", "fr", "ja", "ko", "zh"]),  # all but English, which it is fine-tuned in
        (["pawsx.en"], "pawsx", []),
        (["udpos.de"], "xnli", []),
        ([], "xnli", []),
    ],
)
def test_own_data(catalogue: Catalogue, tasks: list[str], target: str, seen: list[str]) -> None:
    found = seen_languages([catalogue.task(name) for name in tasks], catalogue.targets[target])
    assert sorted(found) == sorted(seen)
