"""Quiet: no progress bars and log lines of the hub's clients, because one class owns the terminal, and no counting."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import datasets
from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

# `datasets` tells a server of each CSV, JSON or Parquet file that it reads, also of a local one, so that loads can be
# counted. Nobody asked for that, and where no network is it waits for one: up to 3 s a file, longer for a name.
datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False

_lock = threading.Lock()
_depth = 0
_before: list[tuple[logging.Logger, int]] = []
_bars = (False, False)


@contextmanager
def quiet() -> Iterator[None]:
    """Within it `datasets` and `huggingface_hub` neither draw nor log. Threads may be in it side by side."""
    global _depth, _before, _bars
    with _lock:
        _depth += 1
        if _depth == 1:
            _bars = (datasets.are_progress_bars_disabled(), are_progress_bars_disabled())
            _before = [(logger, logger.level) for logger in map(logging.getLogger, ("datasets", "huggingface_hub"))]
            for logger, _ in _before:
                logger.setLevel(logging.CRITICAL)
            datasets.disable_progress_bars()
            disable_progress_bars()
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                for logger, level in _before:
                    logger.setLevel(level)
                if not _bars[0]:
                    datasets.enable_progress_bars()
                if not _bars[1]:
                    enable_progress_bars()
