"""What is recommended for a target: its data are checked as a search would, so that its profile has a key."""

from __future__ import annotations

from collections.abc import Callable

from search.checks.plan import checked
from search.distances.domain import Measure
from search.distances.tables import DomainTable, LanguageTable
from search.explanation.pool import Pool
from search.explanation.recommend import recommend
from search.explanation.rows import Split
from search.results.explanation_model import Recommendation
from spaces.typology import Typology, TypologyName
from trainables.work.plan import Plan


def recommend_for(
    pool: Pool,
    target: str,
    say: Callable[[str], None],
    measure: Measure = "centroid",
    typology: TypologyName = "syntax",
    split: Split = "dev",
    top: int = 10,
    address: str | None = None,
) -> Recommendation:
    """The most promising mixtures for a target, by the results of searches.

    Raises:
        InputError: there is no such target, too few targets were measured, its data cannot be read.
    """
    known = set(pool.plan.targets)
    plan = pool.plan if target in known else with_target(pool, target, say)
    pool = Pool(pool.workspaces, pool.studies, plan)
    domain = DomainTable(plan, pool.profiles(say, address), measure)
    features = pool.features(domain, LanguageTable(Typology(typology)))
    rows, _ = pool.rows(features, split)
    spaces = [workspace.search.space for workspace in pool.workspaces]
    return recommend(pool.names, target, rows, features, spaces, top)


def with_target(pool: Pool, target: str, say: Callable[[str], None]) -> Plan:
    """The pool's plan with a target of the first search's catalogue, and the version of its data."""
    workspace, plan = pool.workspaces[0], pool.plan
    catalogue = workspace.search.catalogue
    card = catalogue.target(target, "recommend")
    dev = catalogue.dev_card(card)
    alone = plan.model_copy(
        update={
            "tasks": {},
            "targets": {target: card},
            "training_cards": {target: catalogue.training_cards(card)},
            "dev_cards": {target: dev} if dev != card else {},
            "per_target": {},
        }
    )
    found, _ = checked(workspace, alone, say)
    return plan.model_copy(
        update={
            "targets": {**plan.targets, target: card},
            "training_cards": {**plan.training_cards, **alone.training_cards},
            "dev_cards": {**plan.dev_cards, **alone.dev_cards},
            "versions": {**found.versions, **plan.versions},
            "commits": {**found.commits, **plan.commits},
        }
    )
