"""The disk budget of a search: a listener that deletes what the search needs least."""

from __future__ import annotations

from collections.abc import Callable

from search.config.workspace import Workspace
from search.formatting import size
from search.retention.inventory import LOST, EncoderInventory, neighbours
from search.studies.studies import Studies
from search.studies.trial_record import Purpose
from spaces.errors import TaskmixError
from trainables.store.store import StoreError
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome, Progress

GIGABYTE = 1e9


class DiskBudget:
    """A listener that keeps a search's encoders and predictions within `storage.max_gb`, after each work item.

    What nothing needs goes first, then what promotions may start from, worst first, then answers; never predictions,
    what runs now starts from or what another search needed at the start. The store is listed once; later sizes are
    remembered.

    Args:
        say: told, once, when the budget cannot be kept, and why; and what is damaged in the store.
    """

    def __init__(
        self,
        workspace: Workspace,
        studies: Studies,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._workspace, self._studies, self._store = workspace, studies, workspace.store
        self._say, self._said = say, set[str]()
        self._holdings: EncoderInventory | None = None
        self._sizes: dict[str, int] = {}
        self._shared: dict[str, int] = {}
        self._predicted: dict[str, int] = {}
        self._unmeasured: set[str] = set()
        self._foreign: set[str] = set()

    def started(self, item: WorkItem, purpose: Purpose) -> None:
        """Nothing to do."""

    def progressed(self, item: WorkItem, progress: Progress) -> None:
        """Nothing to do."""

    def finished(self, item: WorkItem, outcome: Outcome) -> None:
        """Look what the work item has added, and make room where it is too much."""
        limit = self._workspace.config.storage.max_gb
        if limit is None:
            return
        try:
            holdings = self._holdings or self._look_around()
            if not item.recipe.is_baseline and not item.merged:
                self._unmeasured |= {holdings.key(item.recipe, rung) for rung in range(item.rung + 1)}
            self._unmeasured |= holdings.models_of(item)
            added = self._store.sizes(self._unmeasured - self._sizes.keys())
            self._sizes |= added
            self._shared |= self._store.shared_sizes(added)
            self._unmeasured.clear()
            for key in holdings.predictions_of(item):
                self._predicted[key] = self._store.prediction_size(key) or 0
            self._shrink(holdings, limit * GIGABYTE)
        except StoreError as error:  # the next work item tries again
            self._say_once(f"storage.max_gb is not kept: {error.problems[0].what}: {error.problems[0].found}")
        while self._store.complaints:
            self._say(self._store.complaints.pop(0))

    def _look_around(self) -> EncoderInventory:
        """What is there at the start, and what belongs to others."""
        holdings, have = EncoderInventory(self._workspace, self._studies), self._store.encoder_keys()
        self._sizes = self._store.sizes(holdings.made().keys() & have)
        self._shared = self._store.shared_sizes(self._sizes)
        predicted = self._store.prediction_sizes()
        self._predicted = {key: predicted[key] for key in holdings.predictions() & predicted.keys()}
        try:
            for other in neighbours(self._workspace):
                self._foreign |= other.running(have) | other.worth(have, top=1).keys()
        except TaskmixError as error:
            self._say_once(f"storage.max_gb: what another search needs is not known: {error.problems[0].what}")
        self._holdings = holdings
        return holdings

    def _shrink(self, holdings: EncoderInventory, limit: float) -> None:
        # what encoders share counts once, also when the last of them is gone: it stays until `gc`
        total = sum(sum(each.values()) for each in (self._sizes, self._shared, self._predicted))
        if total <= limit:
            return
        have = self._sizes.keys()
        worth = holdings.worth(have, max(1, self._workspace.config.confirm.top))
        untouchable = holdings.running(have) | self._foreign
        for key in sorted(have - untouchable, key=lambda key: (worth.get(key, LOST), key)):
            if total <= limit:
                return
            self._store.remove(key)
            total -= self._sizes.pop(key)
        if total > limit:
            taken = size(total)
            self._say_once(
                f"storage.max_gb is too small: what runs now, or another search, and predictions need {taken}"
            )

    def _say_once(self, text: str) -> None:
        kind = text.partition(":")[0]
        if kind not in self._said:
            self._said.add(kind)
            self._say(text)
