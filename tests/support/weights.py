"""Weights that were trained in two ways and have to be the same ones, to rounding."""

from __future__ import annotations

import torch

ROUNDING = 1e-3
"""Share of the weights' norm. One batch that misses a worker's rows is some ten times as much."""


def differ(one: torch.Tensor, other: torch.Tensor) -> float:
    """How far apart two flat vectors of weights are, as a share of their norm.

    Not element by element: Adam divides a gradient by its own size, so where the true gradient is 0, as of the biases
    of attention's keys, its step is a rounding error made as large as the learning rate, and another CPU rounds
    otherwise.
    """
    return float((one - other).norm() / other.norm())
