"""Promotion: a target's model, taken home and registered with MLflow."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from search.config.workspace import Workspace
from search.export.model import ModelRequest, export_model
from search.export.model_card import PIPELINES
from search.export.statement import Statement
from search.formatting import points
from search.results.model import MixResult
from search.studies.studies import Studies
from search.tracking.registry import Candidate, Promoted, check_alias, promote
from spaces.digest import digest
from spaces.errors import InputError, Problem
from trainables.work.outcome import Report

TASKS = {**PIPELINES, "SentenceTransformer": "feature-extraction"}
"""Class -> the pipeline by which MLflow loads it."""

WITHOUT_PIPELINE = frozenset({"question-answering", "multiple-choice"})
"""What transformers 5 has no pipeline for."""


def promote_model(
    workspace: Workspace,
    studies: Studies,
    request: ModelRequest,
    alias: str,
    force: bool,
    report: Report = lambda progress: None,
) -> Promoted:
    """Make the model that is asked for, as an export does, and register it; see `registry.promote`.

    Raises:
        InputError: as `export_model`; there is no pipeline for such a model.
        Failure: as `export_model` and `registry.promote`.
    """
    check_alias(alias)
    with TemporaryDirectory(prefix="taskmix-") as above:
        folder = Path(above) / "model"
        statement = export_model(workspace, studies, request, folder, report)
        task = TASKS[statement.loads_with]
        if task in WITHOUT_PIPELINE:
            found, fix = statement.loads_with, "take it home with: taskmix export NAME --format hf --fine-tuned"
            raise InputError(
                Problem("MLflow loads pipelines, and transformers 5 has none for it", "--target", found, fix)
            )
        return promote(workspace.mlflow_uri, _candidate(statement, folder, task), alias, force)


def _candidate(statement: Statement, folder: Path, task: str) -> Candidate:
    result = statement.result
    score = result.score
    assert score is not None, "what is exported has a score"
    scored_on = sorted((one.name, one.digest) for one in statement.data if one.role in ("scored on", "fine-tuned on"))
    tags = {
        "search": statement.search,
        "mix": statement.mix,
        "score": f"{score:.6f}",
        "seeds": str(len(result.seeds)),
        "recipe.digest": result.digest if isinstance(result, MixResult) else "baseline",
        "data.digest": digest([[one.name, one.digest] for one in statement.data]),
        "score.key": statement.keys.score,
        "model": statement.model.name,
    }
    if isinstance(result, MixResult):
        tags["gain"] = points(result.gain, result.gain_spread)
    return Candidate(
        target=statement.target,
        experiment=f"taskmix/{statement.search}",
        folder=folder,
        task=task,
        key=statement.keys.score,
        score=score,
        comparable=digest(
            [scored_on, statement.metric, statement.languages, statement.evaluated_rows, statement.rung.share]
        ),
        beats_baseline=(result.gain or 0.0) > 0 and result.above_floor is not False
        if isinstance(result, MixResult)
        else None,
        tags=tags,
    )
