"""The model that a search was begun with, where nobody kept what its files were: searches of former versions.

The store's encoders know: each began with the model, and has the tokenizer that it was trained with beside it.
"""

from __future__ import annotations

from search.config.workspace import Workspace
from search.studies.begun_with import FIX_MODEL, MODEL_CHANGED
from search.studies.studies import Studies
from spaces.errors import InputError, Problem
from trainables.encoders.vocabulary import vocabulary_in
from trainables.work.keys import encoder_key


def check_begun_model(workspace: Workspace, studies: Studies, now: str | None) -> None:
    """Raise InputError where the encoders of a search were trained with another vocabulary than the model has now.

    Where the version of the model was kept, that says more, and the store is not asked.

    Args:
        now: as `trainables.encoders.vocabulary` has it; None: the model was not loaded.
    """
    if now is None or studies.begun_model is not None:
        return
    begun = _stored_vocabulary(workspace, studies)
    if begun is not None and begun != now:
        found = "its tokenizer has other pieces than those that the search's encoders were trained with"
        raise InputError(Problem(MODEL_CHANGED, workspace.config.model, found, FIX_MODEL))


def _stored_vocabulary(workspace: Workspace, studies: Studies) -> str | None:
    """Of the first encoder that the store has of the search."""
    plan, store = studies.versioned(workspace.plan), workspace.store
    for record in studies.owners():
        if record.score and not record.recipe.is_baseline and not record.is_estimate:
            folder = store.encoder(encoder_key(plan, record.recipe, record.rung))
            if folder is not None:
                return vocabulary_in(folder)
    return None
