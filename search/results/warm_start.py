"""Earlier searches: what those in $TASKMIX_HOME with the same model and store have found for targets like these."""

from __future__ import annotations

from search.config.workspace import Workspace, find, names
from search.results.ranking import rank_target
from search.studies.studies import Studies
from spaces import initial_design
from spaces.errors import TaskmixError
from spaces.initial_design import Finding, Start
from spaces.mixture import Mixture


def remember(workspace: Workspace, studies: Studies) -> None:
    """Write down what the search begins with because of earlier ones, unless it was, or the search does not ask."""
    if "earlier" in workspace.config.start.priors and studies.earlier is None:
        studies.remember_earlier(starts(workspace))


def starts(workspace: Workspace) -> list[Start]:
    """What a search begins with because of earlier ones; see `spaces.initial_design.earlier`."""
    return list(initial_design.earlier(workspace.search.pool, findings(workspace)))


def findings(workspace: Workspace) -> list[Finding]:
    """The best mix at the top rung of every target of every earlier search, where it has a baseline beside it."""
    found = []
    for name in names():
        if name == workspace.name:
            continue
        try:
            other = find(name)
            if other.config.model != workspace.config.model or not other.shares_store_with(workspace):
                continue
            studies = Studies.open(other)
        except TaskmixError:  # `status` shows what is wrong with it; it is no reason not to begin
            continue
        for target, card in other.search.targets.items():
            mixes = rank_target(studies, {}, target, 1)
            for result in mixes.best if mixes.rung.top else ():
                if result.gain is not None and result.above_floor is not False:
                    mixture = Mixture.of(result.mixture)
                    found.append(Finding(name, target, card.format, mixture, result.gain))
    return found
