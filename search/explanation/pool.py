"""Pool: several searches on one model taken together, their plans as one, and the distances between their cards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search.answers.explanation import Explanation, LeftOut, Scale
from search.config.workspace import Workspace, find
from search.distances.domain import Measure
from search.distances.profiles import read_profiles, requests_of, stored_profiles
from search.distances.tables import DomainTable, LanguageTable
from search.explanation.distance_report import tabulate
from search.explanation.explain import explain
from search.explanation.rows import Features, Row, Split, gather, in_units
from search.studies.studies import Studies
from spaces.card import Card
from spaces.errors import InputError, Problem
from spaces.typology import Typology, TypologyName
from trainables.work.plan import Plan
from trainables.work.profile import Profile, ProfileRequest


@dataclass(frozen=True)
class Pool:
    """Searches that were begun with one model, and their plans as one."""

    workspaces: list[Workspace]
    studies: list[Studies]
    plan: Plan

    @property
    def names(self) -> list[str]:
        return [workspace.name for workspace in self.workspaces]

    def profiles(
        self, say: Callable[[str], None], address: str | None = None, further: Sequence[ProfileRequest] = ()
    ) -> dict[ProfileRequest, Profile]:
        """Of all cards, computed where they are missing.

        Args:
            further: rows of cards that no search has.
        """
        requests = [*requests_of(self.plan, list(self.plan.targets)), *further]
        return read_profiles(self.workspaces[0], self.plan, list(dict.fromkeys(requests)), say, address)

    @property
    def has_profiles(self) -> bool:
        """Whether any were computed: a glance at one of them."""
        first = requests_of(self.plan, list(self.plan.targets))[:1]
        return stored_profiles(self.workspaces[0], self.plan, first) is not None

    def stored_profiles(self) -> dict[ProfileRequest, Profile] | None:
        """Of all cards, where they were computed before; None where one is missing."""
        requests = dict.fromkeys(requests_of(self.plan, list(self.plan.targets)))
        return stored_profiles(self.workspaces[0], self.plan, list(requests))

    def features(self, domain: DomainTable, languages: LanguageTable) -> Features:
        """What is known of mixtures and targets without training."""
        return Features(self.plan.tasks, self.plan.targets, domain.table(), languages)

    def rows(self, features: Features, split: Split) -> tuple[list[Row], LeftOut]:
        """What all the searches have measured."""
        searches = [
            (workspace.search, studies) for workspace, studies in zip(self.workspaces, self.studies, strict=True)
        ]
        return gather(searches, features, split)


def tables(
    pool: Pool, profiles: Mapping[ProfileRequest, Profile], measure: Measure, typology: TypologyName
) -> tuple[DomainTable, LanguageTable]:
    """The distances between all cards of a pool."""
    return DomainTable(pool.plan, profiles, measure), LanguageTable(Typology(typology))


def explain_pool(
    pool: Pool,
    profiles: Mapping[ProfileRequest, Profile],
    measure: Measure,
    typology: TypologyName,
    split: Split,
    scale: Scale = "points",
) -> tuple[Explanation, list[Row]]:
    """Why mixes helped in these searches, and the rows that it was learned from.

    Raises:
        InputError: as `explain`.
    """
    domain, languages = tables(pool, profiles, measure, typology)
    rows, left_out = pool.rows(pool.features(domain, languages), split)
    rows = in_units(rows) if scale == "units" else rows
    report = tabulate(" + ".join(pool.names), domain, languages)
    return explain(pool.names, split, rows, left_out, report, languages, scale), rows


def open_pool(names: Sequence[str]) -> Pool:
    """The searches of those names. Raises InputError: one is not there; and as `pool_of`."""
    workspaces = [find(name) for name in dict.fromkeys(names)]
    return pool_of(workspaces, [Studies.open(workspace) for workspace in workspaces])


def pool_of(workspaces: Sequence[Workspace], studies: Sequence[Studies]) -> Pool:
    """Searches with their studies.

    Raises:
        InputError: they have different models, or cards of one name that are not the same.
    """
    plans = [one.versioned(workspace.plan) for one, workspace in zip(studies, workspaces, strict=True)]
    first = workspaces[0]
    for workspace, plan in zip(workspaces[1:], plans[1:], strict=True):
        known, other = (plans[0].model_version, plan.model_version)
        if (known != other) if known and other else workspace.config.model != first.config.model:
            what = "searches of different models cannot be taken together"
            found = f"{first.name}: {first.config.model}; {workspace.name}: {workspace.config.model}"
            raise InputError(Problem(what, found=found, fix="searches that began with the same model"))
    merged: dict[str, dict[str, Any]] = {}
    for field in ("tasks", "targets", "training_cards", "dev_cards", "versions", "commits"):
        merged[field] = {}
        for workspace, plan in zip(workspaces, plans, strict=True):
            for name, value in getattr(plan, field).items():
                known = merged[field].setdefault(name, value)
                if _identity(known) != _identity(value):
                    what = f"is not the same in all of these searches ({field})"
                    raise InputError(Problem(what, name, fix=f"leave out {workspace.name}, or the others"))
    return Pool(list(workspaces), list(studies), plans[0].model_copy(update=merged))


def _identity(value: Any) -> Any:
    if isinstance(value, Card):
        return value.identity
    return [_identity(one) for one in value] if isinstance(value, list) else value
