"""Retention: what of the store a search may lose. `gc` asks for it once, `disk_budget.py` during the search.

Of the encoders that a search has made it needs

* what its running work items start from;
* what a promotion may start from, for each recipe that may still be promoted: its highest encoder, the lower ones not;
* while mixtures are still to be estimated, each task's own encoder of the lowest rung, which they are merged from;
* its answer: the best mixes of each target, with all their seeds, and the target models that were kept of them.

All else may go. Whatever is missing later is computed again: that is slower, never wrong. The store belongs to all
searches: what another one in $TASKMIX_HOME needs stays. Scores are tiny and always stay.

Predictions on the test split stay with the search that has their score, since an export trains nothing. Those that no
search knows go, in a store that lies in $TASKMIX_HOME: to any other one searches may write that nobody here knows of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from search.config.workspace import Workspace, find, names
from search.results.ranking import rank
from search.scheduling.proxies import Merges
from search.scheduling.remaining import Remaining
from search.studies.studies import Studies, never_began
from spaces.errors import Failure
from spaces.recipe import Recipe
from trainables.work.item import WorkItem
from trainables.work.keys import encoder_key, model_key, score_key, single_keys

LOST, RESUME, MERGE, ANSWER = 0.0, 1.0, 2.0, 3.0
"""What an encoder is worth: nothing needs it; a promotion may, up to 2 for the best of its rung; estimates do; it is an
answer."""


class EncoderInventory:
    """The encoders that the records of one search speak of, and what they are worth to it; and its predictions.

    `have`, everywhere: keys that are in the store.
    """

    def __init__(self, workspace: Workspace, studies: Studies) -> None:
        self._search, self._studies = workspace.search, studies
        self._plan = studies.versioned(workspace.plan)
        self._keys: dict[tuple[str, int], str] = {}

    def key(self, recipe: Recipe, rung: int) -> str:
        """The store's key; it takes a while, so it is looked up the second time."""
        known = recipe.digest, rung
        if known not in self._keys:
            self._keys[known] = encoder_key(self._plan, recipe, rung)
        return self._keys[known]

    def made(self) -> dict[str, list[tuple[Recipe, int]]]:
        """Key -> (recipe, rung) of those that have or may have it; recipes that differ in the target stage share it."""
        state, found = self._studies.state, dict[str, list[tuple[Recipe, int]]]()
        highest: dict[str, int] = {}
        for rungs in state.rungs.values():
            for rung, at in enumerate(rungs):
                for digest in at.started:
                    highest[digest] = max(rung, highest.get(digest, 0))
        for digest, top in highest.items():
            recipe = state.recipes[digest]
            for rung in range(top + 1) if not recipe.is_baseline else ():
                found.setdefault(self.key(recipe, rung), []).append((recipe, rung))
        return found | self.models()

    def models(self) -> dict[str, list[tuple[Recipe, int]]]:
        """The same, of target models that may have been kept."""
        top, targets = len(self._plan.rungs) - 1, tuple(self._search.config.targets)
        started = self._studies.state.recipes.values()
        return {key: [(one, top)] for one in started for key in self.models_of(WorkItem(one, top, targets))}

    def models_of(self, item: WorkItem) -> set[str]:
        """Keys of the target models that a work item leaves where `storage.keep_models` asks for them, or once did."""
        if item.recipe.seed != self._search.fresh_seed or not self._plan.tests(item):
            return set()
        return {model_key(self._plan, item.recipe, item.rung, target) for target in item.targets}

    def predictions_of(self, item: WorkItem) -> set[str]:
        """Keys of the predictions that a work item makes: of each target, at the top rung."""
        if not self._plan.tests(item):
            return set()
        return {score_key(self._plan, item.recipe, item.rung, target) for target in item.targets}

    def predictions(self) -> set[str]:
        """Keys of all predictions that the search has or is making."""
        items = self._studies.running()
        for target, records in self._studies.records.items():
            items += [WorkItem(record.recipe, record.rung, (target,)) for record in records]
        return {key for item in items for key in self.predictions_of(item)}

    def running(self, have: AbstractSet[str]) -> set[str]:
        """What running work items start from, and what they have made on their way."""
        found = set[str]()
        for item in self._studies.running():
            if item.merged:
                found |= have & set(single_keys(self._plan, item.recipe, item.rung).values())
            else:
                found |= self._from(item.recipe, item.rung, have)
        return found

    def worth(self, have: AbstractSet[str], top: int, over: bool = False) -> dict[str, float]:
        """Key -> worth, of those that are needed.

        Args:
            top: how many mixes per target are an answer.
            over: nothing will be promoted any more.
        """
        found: dict[str, float] = {}
        state, recipes, factors = self._studies.state, self._studies.state.recipes, Remaining(self._studies).factors
        for target, rungs in state.rungs.items() if not over else ():
            rankings, started = [rung.ranked for rung in rungs], [rung.started for rung in rungs]
            hopes = hopeful(rankings, started, self._arriving(target), factors)
            for rung, digests in enumerate(hopes):
                for position, digest in enumerate(digests):
                    worth = RESUME + 1 - position / len(rankings[rung])
                    for key in self._from(recipes[digest], rung + 1, have):
                        found[key] = max(worth, found.get(key, LOST))
        singles = () if over or self._studies.exhausted else Merges(self._search, state).needed
        for key in have & {self.key(recipe, 0) for recipe in singles}:
            found[key] = max(MERGE, found.get(key, LOST))
        found.update(dict.fromkeys(self._answer(top) & have, ANSWER))
        return found

    def _from(self, recipe: Recipe, rung: int, have: AbstractSet[str]) -> set[str]:
        """The encoder that a work item at `rung` starts from, and any above, which other targets have led to."""
        if recipe.is_baseline:
            return set()
        stored = [at for at in range(len(self._plan.rungs)) if self.key(recipe, at) in have]
        nearest = max((at for at in stored if at <= rung), default=0)
        return {self.key(recipe, at) for at in stored if at >= nearest}

    def _arriving(self, target: str) -> list[int]:
        """Per rung, how many searched recipes may still get a result there that are not waiting below."""
        studies, config = self._studies, self._search.config
        arriving = [0] * len(self._plan.rungs)
        if not studies.exhausted:
            arriving[0] = max(0, config.budget.recipes - len(studies.state.tried))
        for item in studies.running():
            if target in item.targets and item.recipe.digest in studies.state.tried:
                arriving[item.rung] += 1
        return arriving

    def _answer(self, top: int) -> set[str]:
        """Keys of the best mixes of each target, with all their seeds; of target models those of the baseline, too."""
        keys = set()
        for target, mixes in rank(self._studies, top=top).targets.items():
            digests = {result.digest for result in mixes.best}
            for recipe in self._studies.state.recipes.values():
                is_best = recipe.with_seed(self._search.config.seed).digest in digests
                if is_best:
                    keys.add(self.key(recipe, mixes.rung.index))
                if is_best or recipe.is_baseline:
                    keys |= self.models_of(WorkItem(recipe, mixes.rung.index, (target,)))
        return keys


def hopeful(
    rankings: Sequence[Sequence[str]],
    started: Sequence[AbstractSet[str]],
    arriving: Sequence[int],
    factors: Sequence[int],
) -> list[list[str]]:
    """Per rung but the last, the recipes that may still be promoted from it for one target, best first.

    A rung never gets more results than it has, plus those that may still arrive, and sends on 1/eta of them. Which of
    them is the sampler's word: as long as one is to go on, it may be any that has not.

    Args:
        rankings, started, factors: as for `halving.promotable`.
        arriving: per rung, recipes that may still get a result there, those left out that wait for it a rung below.
    """
    found: list[list[str]] = []
    promoted = 0
    for rung, ranking in enumerate(rankings[:-1]):
        coming = arriving[rung] + promoted
        left = [digest for digest in ranking if digest not in started[rung + 1]]
        due = max(1, (len(ranking) + coming) // factors[rung]) - (len(ranking) - len(left))
        found.append(left if due > 0 else [])
        promoted = max(0, due)
    return found


def neighbours(workspace: Workspace) -> Iterator[EncoderInventory]:
    """The other searches in $TASKMIX_HOME on the same store; raises TaskmixError for one that cannot be read."""
    yield from searches_on(workspace.store_url, apart_from=workspace.name)


def searches_on(store_url: str, apart_from: str | None = None) -> Iterator[EncoderInventory]:
    """The searches in $TASKMIX_HOME on a store; raises as `neighbours`."""
    for name in names():
        if name == apart_from:
            continue
        other = find(name)
        if not other.keeps_in(store_url):
            continue
        try:
            studies = Studies.open(other)
        except Failure as error:
            if never_began(error):
                continue
            raise
        yield EncoderInventory(other, studies)
