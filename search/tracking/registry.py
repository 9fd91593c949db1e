"""MLflow's registry: a model's folder as a version of `taskmix-<target>`, and which version an alias means."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.formatting import points, points_between, share, shown, typed
from search.statistics.gain import LEVEL, Gain
from search.studies.database import reason_of
from search.tracking.client import FIX, artifacts_beside, open_client
from spaces.errors import Failure, InputError, Problem, TaskmixError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

ROLE, KEY, MEASURED, COMPARABLE = "taskmix.role", "taskmix.key", "taskmix.measured", "taskmix.comparable"
"""Tags: what a run stands for; of a version the model's key, what was measured on the test split, and the digest of
what decides a score."""


FORCE = "--force moves it whatever it means"

SERVED = Path(__file__).with_name("served_model.py")
"""What MLflow runs where transformers has no pipeline."""


@dataclass(frozen=True)
class Measured:
    """What seeds of a model that did not choose it have scored on the test split.

    Args:
        scores: shares of 1.
        keys: under which the store has them.
    """

    scores: tuple[float, ...]
    keys: tuple[str, ...]

    def to_tag(self) -> str:
        return json.dumps({"scores": self.scores, "keys": self.keys})

    @classmethod
    def from_tag(cls, text: str) -> Measured:
        """Of none where the tag is empty or not ours."""
        with suppress(ValueError, KeyError, TypeError):
            data = json.loads(text)
            return cls(tuple(map(float, data["scores"])), tuple(map(str, data["keys"])))
        return cls((), ())


@dataclass(frozen=True)
class Candidate:
    """A model that is to be registered.

    Args:
        experiment: whose run it is logged in.
        folder: as `taskmix export --format hf --fine-tuned` writes it.
        task: the pipeline that loads it; None: there is none, and it is registered with a class of its own.
        key: equal for equal models.
        measured: on the test split.
        compare: what it scores more than a model of which that was measured; None: not known.
        comparable: equal where scores may be compared: same data, metric and budget.
        beats_baseline: whether it gains anything; None: it is the baseline.
        tags: of the version, for people.
    """

    target: str
    experiment: str
    folder: Path
    task: str | None
    key: str
    measured: Measured
    compare: Callable[[Measured], Gain | None]
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

    Better: with a probability above .95, by the test split and seeds that did not choose (docs/statistics.md).

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
        return _with_scores(client, candidate, found[0]), False
    try:
        client.get_registered_model(candidate.name)
    except MlflowException:
        client.create_registered_model(candidate.name, description=f"Models for {candidate.target}, found by taskmix.")
    source, run_id, model_id = _log(client, candidate)
    tags = {
        **candidate.tags,
        KEY: candidate.key,
        MEASURED: candidate.measured.to_tag(),
        COMPARABLE: candidate.comparable,
    }
    card = (candidate.folder / "README.md").read_text(encoding="utf-8").partition("\n---\n")[2].strip()
    made = client.create_model_version(
        candidate.name, source, run_id=run_id, tags=tags, description=card, model_id=model_id
    )
    return made, True


def _with_scores(client: MlflowClient, candidate: Candidate, version: ModelVersion) -> ModelVersion:
    """A version that was registered when nothing was measured on the test split yet gets what is known by now."""
    if Measured.from_tag(version.tags.get(MEASURED, "")).scores or not candidate.measured.scores:
        return version
    for name, value in ((MEASURED, candidate.measured.to_tag()), (COMPARABLE, candidate.comparable)):
        client.set_model_version_tag(version.name, version.version, name, value)
    return client.get_model_version(version.name, version.version)


def _log(client: MlflowClient, candidate: Candidate) -> tuple[str, str, str]:
    """Log the model in a run of its own; where it lies, the run, and MLflow's id of the model.

    The pipeline is loaded for that: by path alone MLflow 3.17 cannot log with transformers 5 (it takes the name of a
    pipeline's class for the class).
    """
    import mlflow

    experiment = client.get_experiment_by_name(candidate.experiment)
    place = artifacts_beside(client.tracking_uri)
    experiment_id = experiment.experiment_id if experiment else client.create_experiment(candidate.experiment, place)
    logging.getLogger("mlflow.transformers").setLevel(logging.ERROR)  # looks for the card on the hub
    run = client.create_run(experiment_id, run_name=f"{candidate.target} model", tags={ROLE: "model"})
    with mlflow.start_run(run_id=run.info.run_id):
        info = _log_pipeline(candidate) if candidate.task else _log_without_pipeline(candidate)
    for name in ("README.md", "taskmix.json"):
        client.log_artifact(run.info.run_id, str(candidate.folder / name))
    return info.model_uri, run.info.run_id, info.model_id


def _log_pipeline(candidate: Candidate) -> Any:
    import mlflow
    import transformers

    load_pipeline: Any = transformers.pipeline  # typed for tasks that are written out
    # of a class of ours it says in three thousand characters which others there are
    logging.getLogger("transformers.pipelines.base").setLevel(logging.CRITICAL)
    return mlflow.transformers.log_model(
        load_pipeline(candidate.task, str(candidate.folder), trust_remote_code=True),  # ours, if there is any
        name=candidate.target,
        pip_requirements=["transformers", "torch"],
        metadata={"taskmix": dict(candidate.tags)},
    )


def _log_without_pipeline(candidate: Candidate) -> Any:
    """As a Python function, by a file that MLflow copies: it loads with `mlflow.pyfunc.load_model`."""
    import mlflow

    return mlflow.pyfunc.log_model(
        name=candidate.target,
        python_model=str(SERVED),
        artifacts={"model": str(candidate.folder)},
        pip_requirements=["mlflow", "transformers", "torch", "pandas"],
        metadata={"taskmix": dict(candidate.tags)},
    )


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
    theirs = Measured.from_tag(champion.tags.get(MEASURED, ""))
    if theirs.scores and champion.tags.get(COMPARABLE) != candidate.comparable:
        return False, f"{alias}, version {champion.version}, was scored on other data or with another budget; {FORCE}"
    if not candidate.measured.scores:
        return False, f"of it nothing was measured on the test split, so nothing can be claimed; {FORCE}"
    gain = candidate.compare(theirs) if theirs.scores else None
    if gain is None:
        again = f"register it once more, from {_where(champion)}, whose test scores are then kept with it"
        return False, f"of {alias}, version {champion.version}, no test scores are known: {again}; or {FORCE}"
    text = f"it scores {points(gain.mean)} points beside version {champion.version} on the test split"
    if gain.low is None or gain.high is None or gain.probability is None:
        return False, f"{text}, and nothing was measured with a second seed: nobody knows what that is worth"
    text += f" ({points_between(gain.low, gain.high)}); it is better with a probability of {share(gain.probability)}"
    return gain.probability > LEVEL, text if gain.probability > LEVEL else f"{text}, and .95 would move {alias}"


def _where(champion: ModelVersion) -> str:
    """The command that makes a version again."""
    tags = champion.tags
    search, mix, target = tags.get("search", "NAME"), tags.get("mix", "MIX"), champion.name.removeprefix("taskmix-")
    return typed(f'taskmix promote {search} --target {target} --mix "{mix}"')


def check_alias(alias: str) -> None:
    """Raise InputError if MLflow would not take it."""
    if not alias or not all(letter.isalnum() or letter in "-_" for letter in alias) or alias == "latest":
        raise InputError(Problem("is no alias", "--alias", alias, "letters, digits, '-' and '_', such as champion"))
