"""Estimates of what a mixture is worth for a target, from encoders that were trained on one task each.

Two of them. Neither trains an encoder on the mixture.

* `log_evidence`: LogME (You et al. 2021, arXiv 2102.11005, section 4): how well a Bayesian linear model explains a
  target's labels by what the encoder makes of its training rows. For formats with labels; one pass over some rows.
* the merged encoder (Tao et al. 2025, arXiv 2505.16066): the average of the single-task encoders' weights, weighted as
  in the mixture, stands in for the encoder that is trained on it. It is scored as that one would be, after the target
  stage of a low rung; retrieval targets are not trained at all.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from statistics import fmean
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from sklearn.linear_model import BayesianRidge
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from spaces.card import LABELLED, Card
from spaces.digest import digest
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from trainables.engine import device
from trainables.formats import by_name
from trainables.formats.base import IGNORED
from trainables.formats.encoding import by_length, evaluating, on, text_states, token_states
from trainables.item import Plan, WorkItem
from trainables.work import Worker

ROWS, VECTORS = 1000, 2000
"""Training rows that LogME looks at, and of tagging, how many of their words."""


class Estimator:
    """Estimates for one search from what its store holds; they are kept in the store, too.

    Args:
        singles: task -> the recipe that trains on it alone, all with the same hyperparameters, model and seed.
        encoder_rung: at which these encoders were stored.
        probe_rung: whose target stage a merged encoder gets.

    Raises:
        InputError: an encoder is not in the store.
    """

    def __init__(self, plan: Plan, singles: Mapping[str, Recipe], encoder_rung: int, probe_rung: int = 0) -> None:
        alike, self._worker = next(iter(singles.values())), Worker(plan)
        self._rest = dict(alike.hyperparameters), alike.model, alike.seed
        self.plan, self._encoder_rung, self._probe_rung = plan, encoder_rung, probe_rung
        self._base = self._worker.base(alike.model)
        together = Recipe.of(Mixture.of(dict.fromkeys(singles, 1.0)), *self._rest)
        self._worker.single_encoders(together, encoder_rung)

    def merged_score(self, mixture: Mixture, target: str) -> float:
        """The score on the development rows, between 0 and 1, of the merged encoder with the probe's target stage.

        The empty mixture is the base encoder.

        Raises: as `trainables.work.Worker.score`.
        """
        item = self._item(mixture, target)

        def compute(encoder: PreTrainedModel) -> dict[str, Any]:
            return self._worker.score(encoder, item, target).model_dump(mode="json")

        return self._kept(item, self._key(item, target), compute)

    def log_evidence(self, mixture: Mixture, target: str) -> float:
        """LogME of the merged encoder on the target's training rows; of a single task's, that encoder itself.

        Raises:
            ValueError: the target's format has no labels.
        """
        if self.plan.targets[target].format not in LABELLED:
            raise ValueError(f"{target} has no labels that a linear model could explain")
        item = self._item(mixture, target)
        key = digest(["logme", self._key(item, target)], length=32)
        return self._kept(item, key, lambda encoder: {"score": self._log_evidence(encoder, item, target)})

    def _log_evidence(self, encoder: PreTrainedModel, item: WorkItem, target: str) -> float:
        """On the card that the target's fine-tuning ends with, whose labels are its own."""
        card, length = self.plan.training_cards[target][-1], self.plan.target_for(item.recipe, target).max_length
        tokenizer, language = self._base.tokenizer, card.training_language
        _, features = self._worker.data.features(card, "train", language, tokenizer, length, ROWS)
        size = self.plan.evaluation.batch_size
        return log_evidence(*labelled_vectors(encoder.to(device()), card, features, tokenizer, size))  # type: ignore[arg-type]

    def _item(self, mixture: Mixture, target: str) -> WorkItem:
        """What a search would do where both rungs are one."""
        return WorkItem(Recipe.of(mixture, *self._rest), self._probe_rung, (target,), merged=bool(mixture))

    def _key(self, item: WorkItem, target: str) -> str:
        """Of the merged encoder's score: where both rungs are one, that of the search's own estimate."""
        return self.plan.score_key(item.recipe, item.rung, target, self._encoder_rung if item.merged else None)

    def _kept(self, item: WorkItem, key: str, compute: Callable[[PreTrainedModel], dict[str, Any]]) -> float:
        """The value in the store, else what is computed from a new encoder."""
        store = self._worker.store
        stored = store.score(key)
        if stored is None:
            merges, base = item.merged, self._base.model
            stored = compute(self._worker.merged(item.recipe, self._encoder_rung) if merges else copy.deepcopy(base))
            store.put_score(key, stored)
        return float(stored["score"])


def labelled_vectors(
    encoder: nn.Module, card: Card, features: Dataset, tokenizer: PreTrainedTokenizerBase, batch_size: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """What the head of a labelled format would see, and the labels: (vectors, hidden size) and (vectors,).

    A vector per row; of tagging one per word, every so many of them if there are more than `VECTORS`.
    """
    form, vectors, labels = by_name(card.format), list[Tensor](), list[Tensor]()
    with evaluating(encoder, nn.Identity()) as where:
        for chosen in by_length(features, batch_size):
            batch = on(where, form.collate(chosen, tokenizer, torch.Generator()))
            states = token_states(encoder, batch) if card.format == "tagging" else text_states(encoder, batch)
            counts = batch["labels"] != IGNORED
            vectors.append(states[counts].float().cpu())
            labels.append(batch["labels"][counts].cpu())
    every = -(-sum(map(len, labels)) // VECTORS)
    return torch.cat(vectors)[::every].double().numpy(), torch.cat(labels)[::every].numpy()


def log_evidence(vectors: NDArray[np.float64], labels: NDArray[Any]) -> float:
    """LogME: the log evidence per row of a Bayesian linear model of each label's indicator, in nats; the labels' mean.

    The evidence is at its maximum over the two precisions, of the weights and of the noise, which have hyperpriors so
    wide that they only keep a perfect fit finite. There is no intercept; labels that do not occur are left out.
    """
    vectors = vectors / np.sqrt(np.mean(vectors**2))  # else their unit decides when the iteration ends
    evidences = []
    for label in np.unique(labels):
        ridge = BayesianRidge(tol=1e-5, compute_score=True, fit_intercept=False)
        ridge.fit(vectors, (labels == label).astype(float))
        evidences.append(ridge.scores_[-1] / len(labels))
    return fmean(evidences)
