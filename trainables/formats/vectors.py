"""What the formats that compare texts share: a text's vector, and the vectors of a pool of candidates."""

from __future__ import annotations

from abc import abstractmethod
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from spaces.card import Card
from spaces.errors import InputError, Problem
from trainables.formats.base import Batch, Format
from trainables.formats.encoding import ENCODER_INPUTS, cut_by_length, evaluating, on, pad, token_inputs
from trainables.work.settings import EvaluationSettings

if TYPE_CHECKING:
    from datasets import Dataset

AT_A_TIME = 4096
"""Texts whose tokens are held at once."""

Layer = int | None
"""An index of the encoder's hidden states, 0 for the embeddings; None for what the encoder gives out."""


KNOWN_BYTES = 2**28
"""Bytes of the vectors that are kept for a text that may come again."""


class KnownTexts(nn.Module):
    """The head of formats that compare texts: the vectors that one encoder gave so far.

    A text may stand in the rows of several languages and targets, and is read once. An encoder that was trained on
    needs a new one.
    """

    def __init__(self) -> None:
        super().__init__()
        self._vectors: dict[tuple[Any, bytes], Tensor] = {}
        self._left = KNOWN_BYTES

    def find(self, how: Any, text: bytes) -> Tensor | None:
        """A text's vectors, (layers, hidden size); None: it was not read yet, or there was no room.

        Args:
            how: vectors are made of it.
            text: its `digest_of`.
        """
        return self._vectors.get((how, text))

    def keep(self, how: Any, texts: Sequence[bytes], vectors: Tensor) -> None:
        """Remember vectors, (layers, texts, hidden size), as far as there is room."""
        if self._left >= vectors.nbytes:
            self._left -= vectors.nbytes
            self._vectors.update({(how, text): vectors[:, at] for at, text in enumerate(texts)})


class PoolIndex(nn.Module):
    """The head of a target with a pool: the candidates, which the queries of several languages share.

    Args:
        rows: ``id`` and ``text`` of each candidate.
        vectors: (layers, candidates, hidden size), of length 1, on the CPU.
        known: of the same encoder.
    """

    def __init__(self, rows: Dataset, vectors: Tensor, known: KnownTexts | None = None) -> None:
        super().__init__()
        self.rows = rows
        self.vectors = vectors
        self.known = known


class Retriever(Format):
    """A format whose predictions follow from the vectors of texts, at whichever layers."""

    def features(
        self, rows: Mapping[str, Sequence[Any]], card: Card, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> dict[str, list[Any]]:
        """A feature per text, of a row or of the pool."""
        return token_inputs(tokenizer(list(rows["text"]), truncation=True, max_length=max_length))

    def collate(
        self, features: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase, generator: torch.Generator
    ) -> Batch:
        return pad(features, tokenizer)

    @abstractmethod
    def predict_at(
        self,
        layers: Sequence[Layer],
        encoder: nn.Module,
        head: nn.Module,
        rows: Dataset,
        features: Dataset,
        card: Card,
        tokenizer: PreTrainedTokenizerBase,
        settings: EvaluationSettings,
    ) -> list[list[Any]]:
        """The predictions with the vectors of each layer, from one pass over the texts.

        Args:
            head: the pool with the vectors of the same layers, where the format has one, or what is known of texts.
        """

    def predict(
        self,
        encoder: nn.Module,
        head: nn.Module,
        rows: Dataset,
        features: Dataset,
        card: Card,
        tokenizer: PreTrainedTokenizerBase,
        settings: EvaluationSettings,
    ) -> list[Any]:
        assert settings.layer != "auto", "the layer is chosen before (trainables.evaluate)"
        head.eval()
        return self.predict_at([settings.layer], encoder, head, rows, features, card, tokenizer, settings)[0]


def text_vectors(
    encoder: nn.Module,
    features: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    settings: EvaluationSettings,
    layers: Sequence[Layer],
    head: nn.Module | None = None,
) -> Tensor:
    """A vector of length 1 for each text: (layers, texts, hidden size), float32, on the CPU.

    Equal texts are read once.

    Args:
        head: knows texts that were read before, by the same encoder; None, or another one: none.

    Raises:
        InputError: the encoder has fewer layers.
    """
    known = head.known if isinstance(head, PoolIndex) else head
    known = known if isinstance(known, KnownTexts) else KnownTexts()
    how = tuple(layers), settings.pooling
    texts = _Texts.of(features)
    vectors: Tensor | None = None
    unread = []
    for number, text in enumerate(texts.digests):
        before = known.find(how, text)
        if before is None:
            unread.append(number)
            continue
        if vectors is None:
            vectors = torch.empty(len(layers), len(texts.digests), before.shape[-1])
        vectors[:, number] = before
    with evaluating(encoder, nn.Identity()) as device:
        for chosen in cut_by_length([texts.lengths[number] for number in unread], settings.batch_size, device):
            numbers = [unread[at] for at in chosen]
            columns = features[[texts.firsts[number] for number in numbers]]
            rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
            states = pooled(encoder, on(device, pad(rows, tokenizer)), settings.pooling, layers)
            states = functional.normalize(states.float(), dim=-1).cpu()
            if vectors is None:
                vectors = torch.empty(len(layers), len(texts.digests), states.shape[-1])
            vectors[:, numbers] = states
            known.keep(how, [texts.digests[number] for number in numbers], states)
    assert vectors is not None, "an empty split is refused when it is read"
    return vectors if len(texts.digests) == len(texts.numbers) else vectors[:, texts.numbers]


@dataclass(frozen=True)
class _Texts:
    """The different texts among features.

    Args:
        digests: of each text.
        lengths: of each text, in tokens.
        firsts: position of the first feature with each text.
        numbers: of each feature, in their order, the text.
    """

    digests: list[bytes]
    lengths: list[int]
    firsts: list[int]
    numbers: list[int]

    @classmethod
    def of(cls, features: Dataset) -> _Texts:
        found: dict[bytes, int] = {}
        lengths, firsts, numbers = list[int](), list[int](), list[int]()
        for start in range(0, len(features), AT_A_TIME):
            for ids in features[start : start + AT_A_TIME]["input_ids"]:
                digest = blake2b(array("q", ids).tobytes(), digest_size=16).digest()
                number = found.setdefault(digest, len(found))
                if number == len(lengths):
                    lengths.append(len(ids))
                    firsts.append(len(numbers))
                numbers.append(number)
        return cls(list(found), lengths, firsts, numbers)


def pooled(encoder: nn.Module, batch: Batch, pooling: Literal["mean", "cls"], layers: Sequence[Layer]) -> Tensor:
    """Mean over the attention mask or first token, of each layer: (layers, texts, hidden size)."""
    wanted = any(layer is not None for layer in layers)
    inputs = {name: batch[name] for name in ENCODER_INPUTS if name in batch}
    output = encoder(**inputs, output_hidden_states=True) if wanted else encoder(**inputs)
    depth = len(output.hidden_states) - 1 if wanted else 0
    too_high = [layer for layer in layers if layer is not None and layer > depth]
    if too_high:
        fix = f"0 (the embeddings) to {depth}, or auto"
        raise InputError(Problem("the model has no such layer", "evaluation.layer", str(too_high[0]), fix))
    states = torch.stack(
        [output.last_hidden_state if layer is None else output.hidden_states[layer] for layer in layers]
    )
    if pooling == "cls":
        return states[:, :, 0]
    mask = batch["attention_mask"].unsqueeze(-1).to(states.dtype)
    return (states * mask).sum(dim=2) / mask.sum(dim=1)
