"""MLflow's registry: a model's folder as a version of `taskmix-<target>`, and which version an alias means."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.formatting import shown
from search.studies.database import reason_of
from search.tracking.client import FIX, artifacts_beside, open_client
from spaces.errors import Failure, InputError, Problem, TaskmixError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

ROLE, KEY, SCORE, COMPARABLE = "taskmix.role", "taskmix.key", "taskmix.score", "taskmix.comparable"
"""Tags: what a run stands for; of a version the model's key, its score, and the digest of what decides it."""


@dataclass(frozen=True)
class Candidate:
    """A model that is to be registered.

    Args:
        experiment: whose run it is logged in.
        folder: as `taskmix export --format hf --fine-tuned` writes it.
        task: the pipeline that loads it.
        key: equal for equal models.
        score: mean over seeds, as a share of 1.
        comparable: equal where scores may be compared: same data, metric and budget.
        beats_baseline: whether it gains anything; None: it is the baseline.
        tags: of the version, for people.
    """

    target: str
    experiment: str
    folder: Path
    task: str
    key: str
    score: float
    comparable: str
    beats_baseline: bool | None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the registered model."""
        return f"taskmix-{self.target}"


@dataclass(frozen=True)
class Promoted:
    """What came of it.

    Args:
        is_new: whether the version was made now.
        moved: whether the alias was moved.
        reason: why, or why not.
    """

    name: str
    version: str
    is_new: bool
    moved: bool
    reason: str


def promote(uri: str, candidate: Candidate, alias: str, force: bool) -> Promoted:
    """Register a model, once, and let the alias mean it if it is better than what the alias means.

    Args:
        uri: MLflow's tracking URI.
        force: move the alias whatever it means now.

    Raises:
        Failure: MLflow cannot be used.
    """
    client = open_client(uri)
    try:
        with _as_default(client.tracking_uri):
            version, is_new = _version(client, candidate)
        moved, reason = _decide(client, candidate, version, alias)
        if force and not moved:
            moved, reason = True, f"as asked, although {reason}"
        if moved:
            client.set_registered_model_alias(candidate.name, alias, version.version)
        return Promoted(candidate.name, str(version.version), is_new, moved, reason)
    except TaskmixError:
        raise
    except Exception as error:  # MLflow's, its database's, its server's
        raise Failure(Problem("the model cannot be registered", shown(uri), reason_of(error), FIX)) from error


def _version(client: MlflowClient, candidate: Candidate) -> tuple[ModelVersion, bool]:
    """The version of that key; made where there is none."""
    from mlflow.exceptions import MlflowException

    condition = f"name = '{candidate.name}' AND tags.`{KEY}` = '{candidate.key}'"
    found = client.search_model_versions(condition)
    if found:
        return found[0], False
    try:
        client.get_registered_model(candidate.name)
    except MlflowException:
        client.create_registered_model(candidate.name, description=f"Models for {candidate.target}, found by taskmix.")
    source, run_id, model_id = _log(client, candidate)
    tags = {**candidate.tags, KEY: candidate.key, SCORE: repr(candidate.score), COMPARABLE: candidate.comparable}
    card = (candidate.folder / "README.md").read_text(encoding="utf-8").partition("\n---\n")[2].strip()
    made = client.create_model_version(
        candidate.name, source, run_id=run_id, tags=tags, description=card, model_id=model_id
    )
    return made, True


def _log(client: MlflowClient, candidate: Candidate) -> tuple[str, str, str]:
    """Log the model in a run of its own; where it lies, the run, and MLflow's id of the model.

    The pipeline is loaded for that: by path alone MLflow 3.17 cannot log with transformers 5 (it takes the name of a
    pipeline's class for the class).
    """
    import mlflow
    import transformers

    load_pipeline: Any = transformers.pipeline  # typed for tasks that are written out
    experiment = client.get_experiment_by_name(candidate.experiment)
    place = artifacts_beside(client.tracking_uri)
    experiment_id = experiment.experiment_id if experiment else client.create_experiment(candidate.experiment, place)
    logging.getLogger("mlflow.transformers").setLevel(logging.ERROR)  # looks for the card on the hub
    run = client.create_run(experiment_id, run_name=f"{candidate.target} model", tags={ROLE: "model"})
    with mlflow.start_run(run_id=run.info.run_id):
        info: Any = mlflow.transformers.log_model(
            load_pipeline(candidate.task, str(candidate.folder), trust_remote_code=True),  # ours, if there is any
            name=candidate.target,
            pip_requirements=["transformers", "torch"],
            metadata={"taskmix": dict(candidate.tags)},
        )
    for name in ("README.md", "taskmix.json"):
        client.log_artifact(run.info.run_id, str(candidate.folder / name))
    return info.model_uri, run.info.run_id, info.model_id


@contextmanager
def _as_default(uri: str) -> Iterator[None]:
    """What of MLflow has no client asks this server, and after it whom it asked before."""
    import mlflow

    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)


def _decide(client: MlflowClient, candidate: Candidate, version: ModelVersion, alias: str) -> tuple[bool, str]:
    """Whether the alias is to mean the version, and why."""
    try:
        champion = client.get_model_version_by_alias(candidate.name, alias)
    except Exception as error:  # a class of its own for each kind of store
        if "not found" not in str(error).lower():
            raise
        if candidate.beats_baseline is False:
            return False, "it does not beat the baseline"
        return True, f"there was no {alias}"
    if str(champion.version) == str(version.version):
        return False, f"it is {alias} already"
    if champion.tags.get(COMPARABLE) != candidate.comparable:
        return False, f"{alias}, version {champion.version}, was scored on other data or with another budget"
    theirs = float(champion.tags[SCORE])
    points = 100 * (candidate.score - theirs)
    if points <= 0:
        return False, f"it scores {points:+.1f} points beside {alias}, version {champion.version}"
    return True, f"it scores {points:+.1f} points beside version {champion.version}"


def check_alias(alias: str) -> None:
    """Raise InputError if MLflow would not take it."""
    if not alias or not all(letter.isalnum() or letter in "-_" for letter in alias) or alias == "latest":
        raise InputError(Problem("is no alias", "--alias", alias, "letters, digits, '-' and '_', such as champion"))
