"""What is recommended for a target: its data are checked as a search would, so that its profile has a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from search.answers.explanation import Recommendation
from search.checks.plan import checked
from search.config.workspace import Workspace, find, names
from search.distances.domain import Measure
from search.distances.tables import DomainTable, LanguageTable
from search.explanation.pool import Pool, open_pool
from search.explanation.recommend import recommend
from search.explanation.rows import Split
from search.studies.studies import Studies
from spaces.errors import InputError, TaskmixError
from spaces.initial_design import Start
from spaces.mixture import Mixture
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


def remember(workspace: Workspace, studies: Studies, say: Callable[[str], None], address: str | None) -> None:
    """Write down what the search begins with by recommendation, unless it was, or the search does not ask."""
    if "recommended" in workspace.config.start.priors and studies.recommended is None:
        plan, _ = checked(workspace, studies.versioned(workspace.plan), say)
        studies.remember_recommended(starts(workspace, plan, say, address))


def starts(workspace: Workspace, plan: Plan, say: Callable[[str], None], address: str | None = None) -> list[Start]:
    """For each target the mixture of this search's tasks that earlier searches expect the most of.

    Those in $TASKMIX_HOME count that have the same model and store. Where they have too few targets, that is said.

    Args:
        plan: with the versions of this search's data and model.
    """
    if "recommended" not in workspace.config.start.priors:
        return []
    others = list(_alike(workspace))
    if not others:
        say("nothing is recommended: there is no earlier search with this model and store")
        return []
    pool = open_pool(others)
    everything = pool.plan.model_copy(
        update={
            field: {**getattr(plan, field), **getattr(pool.plan, field)}
            for field in ("tasks", "targets", "training_cards", "dev_cards", "versions", "commits")
        }
    )
    pool = Pool(pool.workspaces, pool.studies, everything)
    domain = DomainTable(everything, pool.profiles(say, address), "centroid")
    features = pool.features(domain, LanguageTable(Typology()))
    rows, _ = pool.rows(features, "dev")
    found = []
    for target in workspace.config.targets:
        try:
            answer = recommend(pool.names, target, rows, features, [workspace.search.space], top=1000)
        except InputError as error:
            say(f"nothing is recommended for {target}: {error.problems[0].what}")
            continue
        space = workspace.search.space
        for one in answer.configurations:
            mixture = Mixture.of(one.mixture)
            if set(mixture.tasks) <= set(space.tasks) and not space.problems(mixture):
                expected = f"{one.gain:+.1f} expected on {target}, give or take {one.deviation:.1f}"
                found.append(Start(mixture, f"recommended by {', '.join(pool.names)}: {expected}"))
                break
    return found


def _alike(workspace: Workspace) -> Iterator[str]:
    """Other searches with the same model and store."""
    for name in names():
        try:
            other = find(name)
        except TaskmixError:  # `status` shows what is wrong with it
            continue
        same = other.config.model == workspace.config.model and other.shares_store_with(workspace)
        if name != workspace.name and same:
            yield name
