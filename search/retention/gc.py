"""`gc`: what a search does not need any more of the store, and deleting it."""

from __future__ import annotations

from dataclasses import dataclass, field

from search.config.workspace import Workspace, cache_folder, home
from search.retention.inventory import EncoderInventory, neighbours, searches_on
from search.scheduling.remaining import is_over
from search.studies.studies import Studies
from trainables.store.store import Orphan, Store

ORPHAN_SECONDS = 86_400.0
"""A writer that was silent for so long is dead."""


@dataclass(frozen=True)
class UnneededEncoder:
    """An encoder that nothing needs: of which mix, at which rung, in bytes."""

    key: str
    mix: str
    rung: int
    bytes: int


@dataclass(frozen=True)
class GcPlan:
    """What `gc` would delete, and what it would keep of this search. A file that encoders share is an orphan once a day
    has passed since the last of them was stored, and all of them are gone.

    `predictions`, `kept_predictions`: key -> bytes; `unknown`: the same, of encoders that no search speaks of.
    """

    encoders: list[UnneededEncoder]
    predictions: dict[str, int]
    orphans: list[Orphan]
    kept: int
    kept_bytes: int
    kept_predictions: dict[str, int]
    unknown: dict[str, int] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """What it frees."""
        encoders, orphans = (sum(one.bytes for one in part) for part in (self.encoders, self.orphans))
        return encoders + orphans + sum(self.predictions.values()) + sum(self.unknown.values())

    def __bool__(self) -> bool:
        return bool(self.encoders or self.predictions or self.orphans or self.unknown)

    def carry_out(self, store: Store) -> None:
        """Delete. Raises StoreError; what was deleted before stays deleted."""
        for encoder in self.encoders:
            store.remove(encoder.key)
        for key in self.unknown:
            store.remove(key)
        for key in self.predictions:
            store.remove_predictions(key)
        for orphan in self.orphans:
            store.remove_orphan(orphan)


def sweep(workspace: Workspace, top: int) -> GcPlan:
    """What of the store can go without loss for this search, while no driver runs it.

    Args:
        top: the best mixes per target that stay.

    Raises:
        TaskmixError: the store, this search, or another one on the same store cannot be read.
    """
    store = workspace.store
    predicted = store.prediction_sizes()  # before any studies are read: what is made after that is not looked at
    studies = Studies.open(workspace)
    holdings, have = EncoderInventory(workspace, studies), store.encoder_keys()
    needed = holdings.running(have) | holdings.worth(have, top, is_over(studies)).keys()
    own = holdings.predictions()
    known = set(own)
    for other in neighbours(workspace):
        needed |= other.running(have) | other.worth(have, top).keys()
        known |= other.predictions()
    unknown = {key: size for key, size in predicted.items() if key not in known}
    made = {key: uses for key, uses in holdings.made().items() if key in have}
    sizes = store.sizes(made)
    waste = [
        UnneededEncoder(key, str(made[key][0][0].mixture), made[key][0][1], sizes[key]) for key in sizes.keys() - needed
    ]
    kept = {key: size for key, size in sizes.items() if key in needed}
    return GcPlan(
        sorted(waste, key=lambda one: (one.rung, one.mix, one.key)),
        unknown if is_in_home(workspace) else {},
        store.orphans(ORPHAN_SECONDS),
        len(kept),
        sum(kept.values()) + sum(store.shared_sizes(kept).values()),
        {key: size for key, size in predicted.items() if key in own},
    )


def sweep_unknown() -> GcPlan:
    """What of the store in $TASKMIX_HOME no search there knows any more, as of searches whose folders were deleted.

    Raises:
        TaskmixError: the store, or a search on it, cannot be read.
    """
    store = home_store()
    predicted, have = store.prediction_sizes(), store.encoder_keys()  # before studies: what is made later stays
    made, known = set[str](), set[str]()
    for holdings in searches_on(store.url):
        made |= holdings.made().keys()
        known |= holdings.predictions()
    sizes = store.sizes(sorted(have))
    kept = {key: size for key, size in sizes.items() if key in made}
    return GcPlan(
        [],
        {key: size for key, size in predicted.items() if key not in known},
        store.orphans(ORPHAN_SECONDS),
        len(kept),
        sum(kept.values()) + sum(store.shared_sizes(kept).values()),
        {key: size for key, size in predicted.items() if key in known},
        {key: size for key, size in sizes.items() if key not in made},
    )


def home_store() -> Store:
    """The store that all searches share that name no other."""
    return Store(str(home() / "store"), cache_folder(None))


def is_in_home(workspace: Workspace) -> bool:
    """Whether every search that writes to the store lies in $TASKMIX_HOME."""
    return workspace.keeps_in(str(home() / "store"))
