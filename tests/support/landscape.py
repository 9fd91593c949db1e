"""A made-up response surface: what a work item would score, without training."""

from __future__ import annotations

from search.config.search import Search
from spaces.digest import derive_seed
from trainables.simulated import flat
from trainables.work.item import WorkItem
from trainables.work.outcome import Failed, Outcome

EFFECTS = {"related": {"paraphrase": 0.2, "crossref": 0.1, "ner": -0.2}, "verses": {"crossref": 0.1, "ner": -0.4}}


def outcome(search: Search, item: WorkItem) -> Outcome:
    """Diminishing returns in each task's weight, small seeded noise, more of everything at a higher rung."""
    if "broken" in item.recipe.model:
        return Outcome(failure=Failed(kind="diverged", message="the loss is nan"), seconds=1.0)
    share, scores = search.config.halving.rungs[item.rung], {}
    for target in item.targets:
        card = search.targets[target]
        gain = sum(EFFECTS[target].get(task, 0.0) * w**0.5 for task, w in item.recipe.mixture.weights.items())
        noise = (derive_seed(item.recipe.digest, target, item.rung) % 1000) / 1e5
        score = 0.5 + share**0.5 * gain + noise
        scores[target] = flat(card, score, top=item.rung == len(search.config.halving.rungs) - 1)
    return Outcome(scores=scores, seconds=2.0, training_seconds=1.0, examples=100)
