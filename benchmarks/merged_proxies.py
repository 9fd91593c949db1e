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
from typing import Any

from transformers import PreTrainedModel

from spaces.formats import FORMATS
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from trainables.encoders.merging import find_single_encoders, merge_stored
from trainables.work.item import WorkItem
from trainables.work.keys import evidence_key, score_key
from trainables.work.plan import Plan
from trainables.worker import Worker


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
        self._base = self._worker.load_base(alike.model)
        together = Recipe.of(Mixture.of(dict.fromkeys(singles, 1.0)), *self._rest)
        find_single_encoders(plan, self._worker.store, together, encoder_rung)  # or say which are missing

    def merged_score(self, mixture: Mixture, target: str) -> float:
        """The score on the development rows, between 0 and 1, of the merged encoder with the probe's target stage.

        The empty mixture is the base encoder.

        Raises: as `trainables.worker.Worker.score`.
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
        if not FORMATS[self.plan.targets[target].format].is_labeled:
            raise ValueError(f"{target} has no labels that a linear model could explain")
        item = self._item(mixture, target)
        key, evidence_of = evidence_key(self._key(item, target)), self._worker.fine_tuner.log_evidence
        return self._kept(
            item, key, lambda encoder: {"score": evidence_of(encoder, self._base.tokenizer, item, target)}
        )

    def _item(self, mixture: Mixture, target: str) -> WorkItem:
        """What a search would do where both rungs are one."""
        return WorkItem(Recipe.of(mixture, *self._rest), self._probe_rung, (target,), merged=bool(mixture))

    def _key(self, item: WorkItem, target: str) -> str:
        """Of the merged encoder's score: where both rungs are one, that of the search's own estimate."""
        return score_key(self.plan, item.recipe, item.rung, target, self._encoder_rung if item.merged else None)

    def _kept(self, item: WorkItem, key: str, compute: Callable[[PreTrainedModel], dict[str, Any]]) -> float:
        """The value in the store, else what is computed from a new encoder."""
        store = self._worker.store
        stored = store.score(key)
        if stored is None:
            if item.merged:
                encoder = merge_stored(self.plan, store, item.recipe, self._encoder_rung)
            else:
                encoder = copy.deepcopy(self._base.model)
            stored = compute(encoder)
            store.put_score(key, stored)
        return float(stored["score"])
