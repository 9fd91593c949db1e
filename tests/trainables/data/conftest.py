"""A hub of the test's own."""

import datasets
import pytest


@pytest.fixture
def hub(monkeypatch):
    """Replaces the hub: answers with what the test sets, and counts."""

    class Hub:
        answer = None
        asked = 0

        def load_dataset(self, *args, **options):
            self.asked += 1
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

    hub = Hub()
    monkeypatch.setattr(datasets, "load_dataset", hub.load_dataset)
    return hub
