"""`delete`: everything that is a search's alone. What is shared stays: scores, and encoders that another one needs.

The order is that of `carry_out`: the studies and the folder go last, so what was broken off can be begun again.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from search.config.workspace import Workspace
from search.retention.gc import is_in_home
from search.retention.inventory import EncoderInventory, neighbours
from search.studies.database import open_storage, parsed, sqlite_file, usable
from search.studies.studies import Studies, never_began, study_name
from spaces.errors import Failure, Problem


@dataclass(frozen=True)
class DeletionPlan:
    """What `delete` would delete of a search.

    Args:
        studies: the names of its studies; none where it never began.
        folder_bytes: what lies in its folder.
        encoders, predictions: key -> bytes, of those in the store that no other search needs.
        shared: encoders of it that stay, because another search needs them.
        elsewhere: encoders of it that stay, because searches that nobody here knows of may write to the store.
    """

    workspace: Workspace
    studies: list[str]
    folder_bytes: int
    encoders: dict[str, int] = field(default_factory=dict)
    predictions: dict[str, int] = field(default_factory=dict)
    shared: int = 0
    elsewhere: int = 0

    def carry_out(self) -> None:
        """Delete what lies in the store and in the database.

        Raises:
            StoreError, Failure: what was deleted before stays deleted.
        """
        store, url = self.workspace.store, self.workspace.studies_url
        for key in self.encoders:
            store.remove(key)
        for key in self.predictions:
            store.remove_predictions(key)
        if self.studies and not self._lies_in_folder():
            with usable(url):
                storage = open_storage(url)
                for name in self.studies:
                    storage.delete_study(storage.get_study_id_from_name(name))

    def _lies_in_folder(self) -> bool:
        """Whether the studies go with the folder."""
        file = sqlite_file(parsed(self.workspace.studies_url, "storage.studies"))
        return file is not None and file.resolve().is_relative_to(self.workspace.folder.resolve())


def plan_deletion(workspace: Workspace) -> DeletionPlan:
    """What a search has that no other one needs, while no driver runs it.

    Raises:
        TaskmixError: the store, this search, or another one on the same store cannot be read.
    """
    size = sum(path.lstat().st_size for path in workspace.folder.rglob("*") if path.is_file())
    try:
        studies = Studies.open(workspace)
    except Failure as error:
        if never_began(error):
            return DeletionPlan(workspace, [], size)
        raise
    names = [study_name(workspace.name, target) for target in studies.study_ids]
    store = workspace.store
    predicted, have = store.prediction_sizes(), store.encoder_keys()
    holdings = EncoderInventory(workspace, studies)
    made, predictions = have & holdings.made().keys(), predicted.keys() & holdings.predictions()
    if not is_in_home(workspace):
        return DeletionPlan(workspace, names, size, elsewhere=len(made))
    needed, known = set[str](), set[str]()
    for other in neighbours(workspace):
        needed |= other.running(have) | other.worth(have, 1).keys()
        known |= other.predictions()
    return DeletionPlan(
        workspace,
        names,
        size,
        store.sizes(sorted(made - needed)),
        {key: predicted[key] for key in sorted(predictions - known)},
        shared=len(made & needed),
    )


def remove_folder(folder: Path) -> None:
    """The last step, when nothing holds a file in it any more. Raises Failure if something stays."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        fix = "remove the folder by hand: nothing else of the search is left"
        raise Failure(Problem("the search's folder cannot be removed", str(folder), str(error), fix)) from error
