"""Workspaces whose studies lie where a test wants them."""

from __future__ import annotations

from dataclasses import replace

from search.config.search import Search
from search.config.workspace import Workspace


def kept_at(url: str, search: Search) -> Workspace:
    """The search's workspace, its studies in another database."""
    return replace(Workspace.of(search), studies_url=url)
