"""Merging: one encoder from several, without training (Tao et al. 2025, arXiv 2505.16066)."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from torch import Tensor
from transformers import PreTrainedModel

from spaces.errors import InputError, Problem
from spaces.recipe import Recipe
from trainables.encoders import checkpoint
from trainables.store.store import Store
from trainables.work.keys import single_keys
from trainables.work.plan import Plan


def merge_stored(plan: Plan, store: Store, recipe: Recipe, rung: int) -> PreTrainedModel:
    """The weighted mean of the stored encoders of the mixture's tasks, each trained alone up to the rung.

    Raises:
        InputError: some are not in the store.
    """
    weights, folders = recipe.mixture.weights, find_single_encoders(plan, store, recipe, rung)
    return merge((checkpoint.load(folder).model, weights[task]) for task, folder in folders.items())


def find_single_encoders(plan: Plan, store: Store, recipe: Recipe, rung: int) -> dict[str, Path]:
    """Task -> folder of the stored encoder that was trained on it alone, else as the recipe says.

    Raises:
        InputError: some are not in the store.
    """
    folders = {task: store.encoder(key) for task, key in single_keys(plan, recipe, rung).items()}
    missing = [task for task, folder in folders.items() if folder is None]
    if missing:
        what, fix = "single-task encoders are not in the store", "train each task alone, and keep the encoder"
        raise InputError(Problem(what, f"{plan.store}, rung {rung}", ", ".join(missing), fix))
    return {task: folder for task, folder in folders.items() if folder is not None}


def merge(parts: Iterable[tuple[PreTrainedModel, float]]) -> PreTrainedModel:
    """A new encoder whose every weight is the weighted mean of the parts'. No more than two encoders are held.

    Args:
        parts: encoders of one architecture, at least one, and their weights, which sum to 1.

    Raises:
        ValueError: there are no parts.
    """
    average: PreTrainedModel | None = None
    sums: dict[str, Tensor] = {}
    for model, weight in parts:
        state = model.state_dict()
        if average is None:
            average = copy.deepcopy(model)
            named = chain(average.named_parameters(), average.named_buffers())  # tied weights once
            sums = {name: value.data for name, value in named if name in state and value.is_floating_point()}
            for value in sums.values():
                value.mul_(weight)
        else:
            for name, value in sums.items():
                value.add_(state[name], alpha=weight)
        del model, state  # before the next one is loaded
    if average is None:
        raise ValueError("nothing to merge")
    return average
