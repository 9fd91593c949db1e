"""Takes a search out of MLflow, where it does not lie in the search's own folder."""

from __future__ import annotations

import time

from search.config.workspace import Workspace
from search.formatting import shown
from search.studies.database import parsed, reason_of, sqlite_file
from search.tracking.client import FIX, open_client
from spaces.errors import Failure, Problem


def lies_elsewhere(workspace: Workspace) -> bool:
    """Whether its runs do not go with its folder."""
    uri = workspace.mlflow_uri
    file = sqlite_file(parsed(uri, "storage.mlflow")) if uri.startswith("sqlite") else None
    return file is None or not file.resolve().is_relative_to(workspace.folder.resolve())


def delete_experiment(workspace: Workspace) -> bool:
    """Delete the search's experiment as MLflow deletes: `mlflow gc` frees the space. Models that were promoted stay.

    It is renamed before, so that a search of the same name may begin anew.

    Returns:
        Whether there was one.

    Raises:
        Failure: MLflow cannot be used.
    """
    client, uri = open_client(workspace.mlflow_uri), workspace.mlflow_uri
    try:
        experiment = client.get_experiment_by_name(f"taskmix/{workspace.name}")
        if experiment is None:
            return False
        if experiment.lifecycle_stage != "deleted":
            stamp = time.strftime("%Y-%m-%d %H:%M:%S")
            client.rename_experiment(experiment.experiment_id, f"{experiment.name} (deleted {stamp})")
            client.delete_experiment(experiment.experiment_id)
        return True
    except Exception as error:  # MLflow's and its drivers' have no common base
        raise Failure(Problem("MLflow cannot be used", shown(uri), reason_of(error), FIX)) from error
