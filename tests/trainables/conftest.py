"""Small cards and their data, and what a format makes of them.

torch and datasets are imported by the fixtures that need them: a test of this folder may do without (`-m unit`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from spaces.card import Card
from tests.support import cards
from tests.support.examples import EXAMPLES, ROWS, TEXTS

if TYPE_CHECKING:
    from datasets import Dataset

    from tests.support.encoders import Kit
    from trainables.data.card_data import Data
    from trainables.formats.base import Format

    Featurized = tuple[Dataset, Dataset]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


@pytest.fixture
def kits() -> Callable[[str], Kit]:
    """Gives the kit "bert", "xlm-r", "modernbert", "mdeberta" or "mt5"."""
    from tests.support.encoders import kit_of

    return kit_of


@pytest.fixture
def bert() -> Kit:
    """The kind with token types, where the kind does not matter."""
    from tests.support.encoders import kit_of

    return kit_of("bert")


@pytest.fixture
def card_of() -> Callable[..., Card]:
    """`tests.support.cards.card_of`."""
    return cards.card_of


@pytest.fixture
def examples() -> Callable[[str], dict[str, list[Any]]]:
    """Gives a few canonical rows of a format, in several scripts."""
    return EXAMPLES.__getitem__


@pytest.fixture
def texts() -> list[str]:
    """Sentences that the tokenizers were trained on."""
    return TEXTS


@pytest.fixture
def tables(tmp_path: Path) -> Callable[..., Path]:
    """Writes a table as `<folder>/<split>.parquet` and returns the folder."""
    import pyarrow.parquet as pq
    from datasets import Dataset

    def write(columns: dict[str, list[Any]], split: str = "train", folder: str = "files", features: Any = None) -> Path:
        path = tmp_path / folder / f"{split}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(Dataset.from_dict(columns, features=features).data.table, path)
        return path.parent

    return write


@pytest.fixture
def sentences(card_of: Callable[..., Card], tables: Callable[..., Path]) -> Callable[..., Card]:
    """A card over a table of sentences, by default `ROWS` as every split."""

    def make(table: dict[str, list[Any]] = ROWS, features: Any = None, split: str = "train", **changes: Any) -> Card:
        folder = tables(table, split, features=features)
        return card_of("sentence_classification", source={"files": str(folder)}, **changes)

    return make


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """Reads into a new cache."""
    from trainables.data.card_data import Data

    return Data(cache=tmp_path / "cache")


@pytest.fixture
def featurize() -> Callable[..., Featurized]:
    """Canonical rows -> (rows, features) as `trainables.data.card_data.Data.features` gives them."""
    from datasets import Dataset

    from trainables.formats import by_name

    def make(rows: dict[str, list[Any]], card: Card, kit: Any, max_length: int = 64) -> Featurized:
        features = by_name(card.format).features(rows, card, kit.tokenizer, max_length)
        count = len(next(iter(rows.values())))
        return Dataset.from_dict(rows), Dataset.from_dict({"row": list(range(count)), **features})

    return make


@pytest.fixture
def score() -> Callable[..., dict[str, float]]:
    """The metrics of a format on some rows, with what is tuned on the same rows."""
    from trainables.work.settings import EvaluationSettings

    def make(
        form: Format,
        encoder: Any,
        head: Any,
        featurized: Featurized,
        card: Card,
        kit: Any,
        batch_size: int = 3,
        language: str = "en",
    ) -> dict[str, float]:
        rows, features = featurized
        settings = EvaluationSettings(batch_size=batch_size)
        predicted = form.predict(encoder, head, rows, features, card, kit.tokenizer, settings)
        tuned = form.tune(rows, predicted, card, language)
        return form.metrics(rows, form.decide(predicted, tuned, card), card, language)

    return make
