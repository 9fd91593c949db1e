"""Tagging, declared in `spaces/formats.py`: a label per word (named entities, slots, parts of speech)."""

from __future__ import annotations

import warnings
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any

import torch
from sklearn.metrics import accuracy_score
from torch import Tensor, nn
from transformers import BatchEncoding, PreTrainedModel, PreTrainedTokenizerBase

from spaces.card import Card
from spaces.tag_schemes import OUTSIDE, labels_without_spans, seqeval_names
from trainables.formats.base import IGNORED, Batch, Format, lines
from trainables.formats.encoding import (
    TOKEN_INPUTS,
    LinearHead,
    by_length,
    evaluating,
    mean_cross_entropy,
    on,
    pad,
    padded,
    token_outputs,
    token_states,
)
from trainables.work.settings import EvaluationSettings

if TYPE_CHECKING:
    from datasets import Dataset


class Tagging(Format):
    """Words are joined by blanks and found again by character offsets, so that any fast tokenizer will do (byte-level
    ones need the blank before a word). The first piece of a word carries its label.

    Long sentences are cut between words into as many features as they need, in training and scoring, and a word of
    which the tokenizer leaves nothing is read as an unknown one: as XTREME's `utils_preprocess.py` prepares UD-POS and
    PAN-X, so every word is predicted from what the encoder saw of it.
    """

    name = "tagging"

    def features(
        self, rows: Mapping[str, Sequence[Any]], card: Card, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> dict[str, list[Any]]:
        """``labels``: a label per token, -100 but for first pieces; ``words``: which words of the row those are.

        Of a word that alone is longer than `max_length` the first tokens are read. Empty words have no token.
        """
        sentences = [list(tokens) for tokens in rows["tokens"]]
        encoding, pieces = _encoded(sentences, tokenizer)
        unknown = tokenizer.unk_token
        lost = [
            (row, word)
            for row, words in enumerate(sentences)
            for word in set(range(len(words))).difference(pieces[row])
            if unknown and words[word]
        ]
        if lost:
            for row, word in lost:
                sentences[row][word] = unknown
            encoding, pieces = _encoded(sentences, tokenizer)
        made: dict[str, list[Any]] = {name: [] for name in TOKEN_INPUTS if name in encoding}
        made |= {"length": [], "row": [], "labels": [], "words": []}
        for row, tags in enumerate(rows["tags"]):
            outer = [at for at, sequence in enumerate(encoding.sequence_ids(row)) if sequence is None]
            for chosen in _parts(pieces[row], outer, max_length):
                words = [pieces[row][at] for at in chosen]
                for name in TOKEN_INPUTS:
                    if name in encoding:
                        made[name].append([encoding[name][row][at] for at in chosen])
                made["length"].append(len(chosen))
                made["row"].append(row)
                made["labels"].append([IGNORED if word is None else tags[word] for word in words])
                made["words"].append([word for word in words if word is not None])
        return made

    def outputs(self, card: Card) -> int:
        return len(card.labels)

    def head(self, encoder: PreTrainedModel, card: Card) -> nn.Module:
        return LinearHead(encoder, self.outputs(card))

    def collate(
        self, features: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase, generator: torch.Generator
    ) -> Batch:
        batch = pad(features, tokenizer)
        width = batch["input_ids"].shape[1]
        return {**batch, "labels": torch.tensor([padded(f["labels"], width, IGNORED) for f in features])}

    def labeled_states(self, encoder: nn.Module, batch: Batch) -> Tensor:
        return token_states(encoder, batch)

    def loss(self, encoder: nn.Module, head: nn.Module, batch: Batch) -> Tensor:
        return mean_cross_entropy(token_outputs(encoder, head, batch), batch["labels"])

    def predict(
        self,
        encoder: nn.Module,
        head: nn.Module,
        rows: Dataset,
        features: Dataset,
        card: Card,
        tokenizer: PreTrainedTokenizerBase,
        settings: EvaluationSettings,
    ) -> list[list[int]]:
        """The tags of each row's words."""
        predicted = [[_default(card)] * len(tokens) for tokens in rows["tokens"][:]]
        with evaluating(encoder, head) as device:
            for chosen in by_length(features, settings.batch_size, device):
                batch = on(device, self.collate(chosen, tokenizer, torch.Generator()))
                best = token_outputs(encoder, head, batch).argmax(dim=-1).cpu()
                firsts = (batch["labels"] != IGNORED).cpu()
                for feature, labels, first in zip(chosen, best, firsts, strict=True):
                    for word, label in zip(feature["words"], labels[first].tolist(), strict=True):
                        predicted[feature["row"]][word] = label
        return predicted

    def metrics(self, rows: Dataset, decided: Sequence[list[int]], card: Card, language: str) -> dict[str, float]:
        """F1 over spans, where the labels have some, and the share of words whose tag is right."""
        gold = rows["tags"][:]
        accuracy = accuracy_score(list(chain.from_iterable(gold)), list(chain.from_iterable(decided)))
        f1 = {} if labels_without_spans(card.labels) else {"f1": span_f1(gold, decided, card)}
        return {**f1, "accuracy": float(accuracy)}

    def floor(self, train: Dataset | None, rows: Dataset, card: Card, language: str) -> dict[str, float]:
        """The commonest tag of the training rows for every word: "O", and so an F1 of 0, where there is one."""
        gold = rows["tags"][:]
        counts = Counter(tag for tags in (gold if train is None else train["tags"][:]) for tag in tags)
        commonest = counts.most_common(1)[0][0]
        return self.metrics(rows, [[commonest] * len(tags) for tags in gold], card, language)

    def submission(self, rows: Dataset, decided: Sequence[list[int]], card: Card) -> tuple[str, str]:
        """A tag per line, an empty line between sentences."""
        return "tsv", "\n".join(lines(card.labels[tag] for tag in tags) for tags in decided)


def span_f1(gold: Sequence[list[int]], predicted: Sequence[list[int]], card: Card) -> float:
    """seqeval's F1 over all spans, in its default mode: what XTREME reports, for parts of speech too.

    Of those seqeval takes the first letter for B or I and the rest for the type, and runs of one tag for one span, so
    F1 lies below accuracy; comparable with published scores is what counts.
    """
    from seqeval.metrics import f1_score  # who trains alone needs it not

    names = seqeval_names(card.labels)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*seems not to be NE tag")
        value = f1_score(
            [[names[tag] for tag in tags] for tags in gold],
            [[names[tag] for tag in tags] for tags in predicted],
            zero_division=0,
        )
    return float(value)


def _default(card: Card) -> int:
    """What is predicted for words without a token: they count in the score, so some answer is due."""
    return card.labels.index(OUTSIDE) if OUTSIDE in card.labels else 0


def _encoded(
    sentences: Sequence[Sequence[str]], tokenizer: PreTrainedTokenizerBase
) -> tuple[BatchEncoding, list[list[int | None]]]:
    """Whole sentences, and for each of their tokens the word that it is the first piece of."""
    encoding: BatchEncoding = tokenizer([" ".join(words) for words in sentences], return_offsets_mapping=True)
    offsets = encoding["offset_mapping"]
    return encoding, [
        _first_pieces(words, offsets[row], encoding.sequence_ids(row)) for row, words in enumerate(sentences)
    ]


def _parts(pieces: Sequence[int | None], outer: Sequence[int], max_length: int) -> list[list[int]]:
    """The tokens of a sentence in parts of at most `max_length`, cut before words.

    Each part has the special tokens around it that the whole sentence has.

    Args:
        pieces: for each token the word that it is the first piece of.
        outer: the special tokens.
    """
    inner = [at for at in range(len(pieces)) if at not in set(outer)]
    before = [at for at in outer if not inner or at < inner[0]]
    after = outer[len(before) :]
    room = max_length - len(outer)
    groups: list[list[int]] = []  # the tokens of a word
    for at in inner:
        if not groups or pieces[at] is not None:
            groups.append([])
        groups[-1].append(at)
    parts: list[list[int]] = [[]]
    for group in groups:
        if parts[-1] and len(parts[-1]) + len(group) > room:
            parts.append([])
        parts[-1].extend(group[:room])
    return [[*before, *part, *after] for part in parts]


def _first_pieces(
    tokens: Sequence[str], offsets: Sequence[tuple[int, int]], sequence_ids: Sequence[int | None]
) -> list[int | None]:
    """For each token the word that it is the first piece of, else None.

    The blank before a word belongs to it: SentencePiece and byte-level tokenizers begin the piece, or put
    a piece of its own, there.
    """
    begins = [0, *accumulate(len(token) + 1 for token in tokens)]
    begins = [max(0, begin - 1) for begin in begins[: len(tokens)]]
    pieces: list[int | None] = []
    last = -1
    for (start, _), sequence in zip(offsets, sequence_ids, strict=True):
        word = None if sequence is None else bisect_right(begins, start) - 1
        pieces.append(word if word is not None and word > last else None)
        last = max(last, -1 if word is None else word)
    return pieces


FORMAT = Tagging()
