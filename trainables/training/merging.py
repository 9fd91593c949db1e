"""Merging: one encoder from several, without training (Tao et al. 2025, arXiv 2505.16066)."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from itertools import chain

from torch import Tensor
from transformers import PreTrainedModel


def merged(parts: Iterable[tuple[PreTrainedModel, float]]) -> PreTrainedModel:
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
