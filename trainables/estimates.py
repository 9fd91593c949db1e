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
from spaces.errors import InputError, Problem
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from trainables import encoders
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

    Holds an encoder per task in memory.

    Args:
        singles: task -> the recipe that trains on it alone, all with the same model.
        encoder_rung: at which these encoders were stored.
        probe_rung: whose target stage a merged encoder gets.

    Raises:
        InputError: an encoder is not in the store.
    """

    def __init__(self, plan: Plan, singles: Mapping[str, Recipe], encoder_rung: int, probe_rung: int = 0) -> None:
        any_recipe, self._worker = next(iter(singles.values())), Worker(plan)
        store, values = self._worker.store, dict(any_recipe.hyperparameters)  # those of the target stage count
        baseline = Recipe.of(Mixture(), values, any_recipe.model, any_recipe.seed)
        self.plan, self._item = plan, WorkItem(baseline, probe_rung, ())
        self._keys = {task: plan.encoder_key(recipe, encoder_rung) for task, recipe in singles.items()}
        folders = {task: store.encoder(key) for task, key in self._keys.items()}
        missing = [task for task, folder in folders.items() if folder is None]
        if missing:
            fix = "a search that trains each task alone, and keeps their encoders"
            raise InputError(Problem("encoders are not in the store", plan.store, ", ".join(missing), fix))
        self._base = self._worker.base(any_recipe.model)
        self._models = {task: encoders.load(folder).model for task, folder in folders.items() if folder is not None}

    def merged_score(self, mixture: Mixture, target: str) -> float:
        """The score on the development rows, between 0 and 1, of the merged encoder with the probe's target stage.

        The empty mixture is the base encoder.

        Raises: as `trainables.work.Worker.score`.
        """
        return self._kept(
            "merged", mixture, target, lambda encoder: self._worker.score(encoder, self._item, target).score
        )

    def log_evidence(self, mixture: Mixture, target: str) -> float:
        """LogME of the merged encoder on the target's training rows; of a single task's, that encoder itself.

        Raises:
            ValueError: the target's format has no labels.
        """
        if self.plan.targets[target].format not in LABELLED:
            raise ValueError(f"{target} has no labels that a linear model could explain")
        return self._kept("logme", mixture, target, lambda encoder: self._log_evidence(encoder, target))

    def _log_evidence(self, encoder: PreTrainedModel, target: str) -> float:
        """On the card that the target's fine-tuning ends with, whose labels are its own."""
        card, length = self.plan.training_cards[target][-1], self.plan.target_for(self._item.recipe, target).max_length
        tokenizer, language = self._base.tokenizer, card.training_language
        _, features = self._worker.data.features(card, "train", language, tokenizer, length, ROWS)
        size = self.plan.evaluation.batch_size
        return log_evidence(*labelled_vectors(encoder.to(device()), card, features, tokenizer, size))  # type: ignore[arg-type]

    def _kept(self, estimate: str, mixture: Mixture, target: str, compute: Callable[[PreTrainedModel], float]) -> float:
        """The value in the store, else what is computed from a new encoder.

        Its key says what was merged, and all that decides the baseline's score at the probe's rung.
        """
        parts = {task: (self._keys[task], weight) for task, weight in mixture.weights.items()}
        probe = self.plan.score_key(self._item.recipe, self._item.rung, target)
        key, store = digest([estimate, parts, probe], length=32), self._worker.store
        stored = store.score(key)
        if stored is None:
            chosen = {task: self._models[task] for task in mixture.tasks}
            encoder = merged(chosen, mixture.weights) if chosen else copy.deepcopy(self._base.model)
            stored = {"score": compute(encoder)}
            store.put_score(key, stored)
        return float(stored["score"])


def merged(models: Mapping[str, PreTrainedModel], weights: Mapping[str, float]) -> PreTrainedModel:
    """A new encoder whose every weight is the weighted mean of the models'.

    Args:
        models: of one architecture.
        weights: of the same names; they sum to 1.
    """
    states = {name: model.state_dict() for name, model in models.items()}
    average: PreTrainedModel = copy.deepcopy(next(iter(models.values())))
    for key, value in average.state_dict().items():
        if value.is_floating_point():
            value.copy_(sum((weights[name] * state[key] for name, state in states.items()), torch.zeros_like(value)))
    return average


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
