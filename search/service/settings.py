"""What a service is told when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from search.service.access import Access


@dataclass(frozen=True)
class Settings:
    """Settings of a service; none of them is part of a request.

    Args:
        access: who may ask.
        searches: how many run at once.
        cards: folders below which the cards of search files have to lie.
        models: folders below which models may lie; without one a model is one of the hub.
        resume_interrupted: searches whose driver died are launched again.
        storage: where all searches are kept, as a search file says it; empty: below $TASKMIX_HOME.
        cluster: the dashboard of a Ray cluster, http://HOST:8265, whose jobs searches are; None: this machine.
    """

    access: Access
    searches: int = 1
    cards: tuple[Path, ...] = ()
    models: tuple[Path, ...] = ()
    resume_interrupted: bool = False
    storage: Mapping[str, str] = field(default_factory=dict)
    cluster: str | None = None
    streams: int = field(default=200)
