"""Exact search, against brute force in numpy; whole numbers make the ties exact."""

import numpy as np
import pytest
import torch

from trainables.formats import search_index
from trainables.formats.search_index import nearest


def brute(queries, candidates, k):
    scores = queries.astype(np.float64) @ candidates.astype(np.float64).T
    order = np.array([sorted(range(len(row)), key=lambda at: (-row[at], at))[:k] for row in scores])
    return np.take_along_axis(scores, order, axis=1), order


@pytest.fixture(params=["matmul", "small blocks", "faiss"])
def way(request, monkeypatch):
    if request.param == "faiss":
        monkeypatch.setattr(search_index, "LARGE", 1)
    if request.param == "small blocks":
        monkeypatch.setattr(search_index, "QUERIES", 3)
        monkeypatch.setattr(search_index, "CANDIDATES", 5)
    return request.param


@pytest.mark.parametrize("seed", range(8))
def test_nearest_is_what_brute_force_finds_ties_included(way, seed):
    rng = np.random.default_rng(seed)
    count, hidden, k = int(rng.integers(1, 60)), int(rng.integers(1, 5)), int(rng.integers(1, 12))
    queries = rng.integers(-2, 3, (int(rng.integers(1, 30)), hidden)).astype(np.float32)
    candidates = rng.integers(-2, 3, (count, hidden)).astype(np.float32)
    scores, order = brute(queries, candidates, min(k, count))
    values, at = nearest(torch.from_numpy(queries), torch.from_numpy(candidates), k)
    assert at.tolist() == order.tolist()
    assert values.tolist() == scores.tolist()


def test_nearest_on_real_numbers(way):
    rng = np.random.default_rng(0)
    queries, candidates = (rng.standard_normal((rows, 16)).astype(np.float32) for rows in (40, 200))
    scores, order = brute(queries, candidates, 20)
    values, at = nearest(torch.from_numpy(queries), torch.from_numpy(candidates), 20)
    assert at.tolist() == order.tolist()
    np.testing.assert_allclose(values.numpy(), scores, rtol=1e-5, atol=1e-5)


def test_no_queries(way):
    values, at = nearest(torch.empty(0, 4), torch.eye(4), 2)
    assert values.shape == at.shape == (0, 2)
