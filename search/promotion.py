"""Promotion: a target's model, taken home and registered with MLflow."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from search.answers.mixes import MixResult
from search.config.workspace import Workspace
from search.export.model import ModelRequest, export_model
from search.export.statement import Statement
from search.formatting import points
from search.results.gains import Gains
from search.results.ranking import beats_baseline
from search.results.row_source import StoredRows
from search.statistics.gain import Gain
from search.studies.studies import Studies
from search.tracking.registry import Candidate, Measured, Promoted, check_alias, promote
from spaces.digest import digest
from spaces.recipe import Recipe
from trainables.work.keys import score_key
from trainables.work.outcome import Report

TASKS = {
    "AutoModelForSequenceClassification": "text-classification",
    "AutoModelForTokenClassification": "token-classification",
    "SentenceTransformer": "feature-extraction",
}
"""Class -> the pipeline by which MLflow loads it; transformers 5 has none for span QA and multiple choice."""


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
        InputError: as `export_model`.
        Failure: as `export_model` and `registry.promote`.
    """
    check_alias(alias)
    with TemporaryDirectory(prefix="taskmix-") as above:
        folder = Path(above) / "model"
        statement = export_model(workspace, studies, request, folder, report)
        task = TASKS.get(statement.loads_with)
        return promote(workspace.mlflow_uri, _candidate(workspace, studies, statement, folder, task), alias, force)


def _candidate(
    workspace: Workspace, studies: Studies, statement: Statement, folder: Path, task: str | None
) -> Candidate:
    result, target, rung = statement.result, statement.target, statement.rung.index
    rows = StoredRows(workspace, studies)
    gains, plan = Gains(studies, rows), studies.versioned(workspace.plan)
    family = Recipe.from_dict(statement.recipe).family
    seeds = gains.claiming(
        target,
        {one.recipe.seed: one for one in studies.records[target] if one.recipe.family == family and one.rung == rung},
    )
    tested = [(one, one.score.test_score) for one in seeds.values() if one.score and one.score.test_score is not None]
    own = Measured(
        tuple(score for _, score in tested),
        tuple(score_key(plan, one.recipe, rung, target) for one, _ in tested),
    )

    def compare(other: Measured) -> Gain | None:
        if not own.scores or not other.scores:
            return None
        drawn = rows.draw_stored(target, [*own.keys, *other.keys])
        return gains.compare(target, rung, own.scores, other.scores, drawn.errors if drawn else None)

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
        measured=own,
        compare=compare,
        comparable=digest(
            [scored_on, statement.metric, statement.languages, statement.evaluated_rows, statement.rung.share]
        ),
        beats_baseline=beats_baseline(result) if isinstance(result, MixResult) else None,
        tags=tags,
    )
