"""Pinning: which commits of the hub a search reads, and what of them has to be fetched. Settled once, by its driver."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from datasets.naming import camelcase_to_snakecase

from spaces.card import Card
from spaces.errors import InputError, Problem, TaskmixError
from spaces.repository import COMMIT, Repository
from trainables.data.card_data import Data
from trainables.data.wrong_cells import merged
from trainables.encoders.model_files import hub_files
from trainables.hub.needs import Needs
from trainables.work.plan import Plan
from trainables.work.preparation import Say

MOST_GUESSES = 32
"""Combinations of commits that are tried for a card of a search that kept none."""


def pinned(plan: Plan, data: Data, cards: Sequence[Card], model: str | None) -> Data:
    """`data`, from now on at settled commits: the plan's, else those that its versions are of, else the newest.

    What is wrong with a single repository is left to whoever reads it.

    Args:
        model: None: it is not asked for.

    Raises:
        Failure: the hub is out of reach, and something is not in the cache.
    """
    repositories = [each for card in cards for each in data.repositories(card)]
    of_model = Repository.of_model(model) if model else None
    repositories += [of_model] if of_model else []
    with suppress(InputError):
        data.hub.settle(repositories)
    with suppress(InputError):
        data.hub.each(data.hub.files, sorted(set(repositories)))
    is_former = bool(plan.versions) and not plan.commits
    if not is_former:
        return data
    commits = dict[str, str]()
    for card in cards:
        commits |= _former_commits(plan, data, card)
    return replace(data, commits=commits)


def needs_of(data: Data, cards: Sequence[Card], model: str | None) -> Needs:
    """What a search reads from the hub; cards and a model that are wrong are left out, as is a model of None.

    Raises:
        Failure: the hub is out of reach, and something is not in the cache.
    """
    files: dict[Repository, list[str]] = {}
    for card in cards:
        with suppress(InputError):
            for repository, paths in data.hub_files(card).items():
                files[repository] = list(dict.fromkeys([*files.get(repository, []), *paths]))
    if model is not None and Repository.of_model(model) is not None:
        with suppress(InputError):
            repository, paths = hub_files(model, data.hub)
            files[repository] = paths
    return Needs(data.hub, files)


def list_needs(plan: Plan, model: str, say: Say) -> Needs:
    """What a search reads from the hub, of its newest commits.

    Raises:
        InputError: all that is wrong with the cards' data sets and the model, as far as their lists of files show.
        Failure: the hub is out of reach.
    """
    data = Data(Path(plan.cache), plan.mirror, say=say)
    cards = [card for card in plan.cards() if data.repositories(card)]
    data = pinned(plan, data, cards, model)
    problems = [problem for card in cards for problem in layout_problems(data, card)]
    try:
        if Repository.of_model(model) is not None:
            hub_files(model, data.hub)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(list(dict.fromkeys(problems)))
    return needs_of(data, cards, model)


def layout_problems(data: Data, card: Card) -> list[Problem]:
    """What is wrong with a card's data set that is seen before any of its rows is fetched."""
    try:
        data.hub_files(card)
    except InputError as error:
        return merged(error.problems)
    return []


def version_of(plan: Plan, data: Data, card: Card) -> str:
    """The card's version; as the search has it, if that is another way of saying the same."""
    known = plan.version_of(card)
    return known if known is not None and data.has_version(card, known) else data.version(card)


def commits_of(plan: Plan, data: Data, cards: Sequence[Card], model: str) -> dict[str, str]:
    """As `Plan.commits`. Of a search that kept none, without revisions that cards name: they are part of its keys."""
    repositories = {each for card in cards for each in data.repositories(card)}
    if plan.versions and not plan.commits:
        repositories = {each for each in repositories if each.revision is None}
    of_model = Repository.of_model(model)
    commits = {str(each): data.hub.commit(each) for each in sorted(repositories)}
    if of_model is not None:
        with suppress(TaskmixError):
            commits[str(of_model)] = data.hub.commit(of_model)
    return commits


def moved(data: Data, commits: Mapping[str, str]) -> dict[str, str]:
    """Those of `Plan.commits` whose revision is at another commit by now -> that one; nothing where nobody can say."""
    pinned = [Repository.parse(name) for name in commits]
    now = data.hub.each(lambda repository: data.hub.has_moved(repository) or "", pinned)
    return {str(repository): commit for repository, commit in zip(pinned, now, strict=True) if commit}


def _former_commits(plan: Plan, data: Data, card: Card) -> dict[str, str]:
    """The commits at which a card has the version that the plan knows; none if there are no such."""
    known, repositories = plan.version_of(card), data.repositories(card)
    if known is None or not repositories:
        return {}
    guesses = itertools.product(*(list(_guesses(data, each)) for each in repositories))
    for guess in itertools.islice(guesses, MOST_GUESSES):
        commits = {str(each): commit for each, commit in zip(repositories, guess, strict=True)}
        with suppress(TaskmixError):
            if replace(data, commits=commits).has_version(card, known):
                return commits
    return {}


def _guesses(data: Data, repository: Repository) -> Iterator[str]:
    """Commits that a search may have read: the one of the revision, then those that `datasets` has converted."""
    with suppress(TaskmixError):
        yield data.hub.commit(repository)
    owner, _, name = repository.id.rpartition("/")
    folder = Path(data.cache, "hub", "___".join(part for part in (owner, camelcase_to_snakecase(name)) if part))
    found = {path.name for path in folder.glob("*/0.0.0/*") if COMMIT.fullmatch(path.name)}
    yield from sorted(found)
