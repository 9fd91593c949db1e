"""Distances between languages, against values that were looked up in the wheel by hand."""

from __future__ import annotations

import importlib.metadata

import pytest

from spaces import typology
from spaces.errors import InputError
from spaces.typology import LOW_COVERAGE, Typology, three_letters


@pytest.mark.parametrize(
    ("pair", "distance"), [("en de", 0.097), ("es it", 0.037), ("ru pl", 0.071), ("en ar", 0.349), ("en vi", 0.340)]
)
def test_syntax(pair: str, distance: float) -> None:
    one, other = pair.split()
    assert Typology().distance(one, other) == pytest.approx(distance, abs=6e-4)
    assert Typology().distance(other, one) == Typology().distance(one, other)


@pytest.mark.parametrize(("pair", "distance"), [("ru uk", 0.11), ("en de", 0.46)])
def test_family_is_read_in_the_order_of_its_own_file(pair: str, distance: float) -> None:
    assert Typology("family").distance(*pair.split()) == pytest.approx(distance, abs=6e-3)


def test_geography_is_read_in_the_order_of_its_own_file() -> None:
    near, far = Typology("geography").distance("de", "nl"), Typology("geography").distance("de", "id")
    assert near is not None and far is not None
    assert near < far


def test_a_language_and_itself() -> None:
    assert Typology().distance("en", "en") == 0.0
    assert Typology().distance("pt-BR", "pt") == 0.0
    assert Typology("observed").distance("de", "deu") == 0.0


def test_a_language_without_values_is_missing() -> None:
    assert Typology().distance("en", "xx") is None
    assert Typology().distance("xx", "xx") is None
    assert Typology().coverage("en", "xx") is None
    assert Typology().distance("en", "a private code") is None


def test_codes() -> None:
    assert three_letters("no") == "nor"
    assert three_letters("nb") == "nob"
    assert three_letters("zh_TW") == three_letters("zh") == "zho"


def test_coverage() -> None:
    covered = Typology().coverage("en", "de")
    assert covered is not None and covered > 0.8
    thin = Typology().coverage("en", "nn")
    assert thin is not None and thin < LOW_COVERAGE
    assert Typology("family").coverage("en", "de") == 1.0


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    typology._folder.cache_clear()
    try:
        with pytest.raises(InputError, match=r"pip install .lang2vec==1\.1\.2"):
            Typology()
    finally:
        typology._folder.cache_clear()


def test_an_unknown_typology() -> None:
    with pytest.raises(InputError, match="did you mean 'syntax'"):
        Typology("sintax")  # type: ignore[arg-type]
