"""Earlier searches: what those in $TASKMIX_HOME with the same model and store have found for targets like these."""

from __future__ import annotations

from search.config import workspace
from search.config.search import Search
from search.config.workspace import Place
from search.results.ranking import best_of
from search.studies.studies import Studies
from spaces import initial_design
from spaces.errors import TaskmixError
from spaces.initial_design import Finding, Start
from spaces.mixture import Mixture


def remember(search: Search, place: Place, studies: Studies) -> None:
    """Write down what the search begins with because of earlier ones, unless it was, or the search does not ask."""
    if "earlier" in search.config.start.priors and studies.earlier is None:
        studies.remember_earlier(starts(search, place))


def starts(search: Search, place: Place) -> list[Start]:
    """What a search begins with because of earlier ones; see `spaces.priors.earlier`."""
    return list(initial_design.earlier(search.pool, findings(search, place)))


def findings(search: Search, place: Place) -> list[Finding]:
    """The best mix at the top rung of every target of every earlier search, where it has a baseline beside it."""
    found = []
    for name in workspace.names():
        if name == search.config.name:
            continue
        try:
            other, elsewhere = workspace.find(name)
            if other.config.model != search.config.model or not elsewhere.keeps_in(place.store):
                continue
            studies = Studies.open(elsewhere.studies, other)
        except TaskmixError:  # `status` shows what is wrong with it; it is no reason not to begin
            continue
        for target, card in other.targets.items():
            answer = best_of(other, studies, {}, target, 1)
            for entry in answer["best"] if answer["rung"]["top"] else ():
                if entry["gain"] is not None:
                    mixture = Mixture.of(entry["mixture"])
                    found.append(Finding(name, target, card.format, mixture, entry["gain"]))
    return found
