"""Exact nearest neighbours by dot product: what retrieval, mining and margin scoring ask."""

from __future__ import annotations

import torch
from torch import Tensor

QUERIES = 1024
CANDIDATES = 65536
"""Compared at a time: bounds the matrix of similarities to 256 MB."""

LARGE = 100_000
"""From so many candidates on, FAISS searches where there is no GPU."""


def nearest(queries: Tensor, candidates: Tensor, k: int, device: torch.device | None = None) -> tuple[Tensor, Tensor]:
    """The k candidates with the highest dot products, best first; of equal ones the first in order.

    Args:
        queries: (queries, hidden size), float32.
        candidates: (candidates, hidden size), float32, at least one.
        k: at most the number of candidates is given.
        device: where to compute, a block at a time; default: where the candidates are.

    Returns:
        Similarities, float32, and positions, int64, both (queries, k), on the CPU.
    """
    k = min(k, len(candidates))
    device = device or candidates.device
    if device.type == "cpu" and len(candidates) >= LARGE:
        return _by_faiss(queries.cpu(), candidates.cpu(), k)
    return _by_matmul(queries, candidates, k, device)


def _by_matmul(queries: Tensor, candidates: Tensor, k: int, device: torch.device) -> tuple[Tensor, Tensor]:
    similarities, positions = [], []
    for block in torch.split(queries, QUERIES):
        here = block.to(device)
        best = torch.empty(len(here), 0, device=device)
        nearest_at = torch.empty(len(here), 0, dtype=torch.int64, device=device)
        for start in range(0, len(candidates), CANDIDATES):
            scores = here @ candidates[start : start + CANDIDATES].to(device).T
            values, at = _top(scores, min(k, scores.shape[1]))
            # what was nearest before comes first, and the sort is stable: of equal ones it stays in front
            merged = torch.cat([best, values], dim=1)
            order = merged.argsort(dim=1, descending=True, stable=True)[:, :k]
            best = merged.gather(1, order)
            nearest_at = torch.cat([nearest_at, at + start], dim=1).gather(1, order)
        similarities.append(best.cpu())
        positions.append(nearest_at.cpu())
    if not similarities:
        return torch.empty(0, k), torch.empty(0, k, dtype=torch.int64)
    return torch.cat(similarities), torch.cat(positions)


def _top(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """As torch.topk, and of equal scores the first columns, which topk does not promise."""
    values, at = scores.topk(k, dim=1)
    at, order = at.sort(dim=1)
    values = values.gather(1, order)
    order = values.argsort(dim=1, descending=True, stable=True)
    values, at = values.gather(1, order), at.gather(1, order)
    cut = (scores >= values[:, -1:]).sum(dim=1) > k  # equal ones on both sides of the cut: which were taken is chance
    if cut.any():
        exact = scores[cut].argsort(dim=1, descending=True, stable=True)[:, :k]
        at[cut] = exact
    return values, at


def _by_faiss(queries: Tensor, candidates: Tensor, k: int) -> tuple[Tensor, Tensor]:
    import faiss  # loads an OpenMP runtime of its own: only where it is wanted

    index = faiss.IndexFlatIP(candidates.shape[1])
    index.add(candidates.numpy())
    wide = min(k + 1, len(candidates))
    result = index.search(queries.numpy(), wide)
    values, at = torch.from_numpy(result[0]), torch.from_numpy(result[1])
    at, order = at.sort(dim=1)
    values = values.gather(1, order)
    order = values.argsort(dim=1, descending=True, stable=True)
    values, at = values.gather(1, order), at.gather(1, order)
    if wide > k:
        cut = values[:, k - 1] == values[:, k]
        if cut.any():
            values[cut, :k], at[cut, :k] = _by_matmul(queries[cut], candidates, k, candidates.device)
    return values[:, :k], at[:, :k]
