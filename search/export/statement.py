"""What is said of a model that is taken home: `taskmix.json` in its folder is a dump of it, README.md is made of it."""

from __future__ import annotations

import shlex
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from search.answers.answer import Answer
from search.answers.mixes import Baseline, MixResult, Rung, TargetMixes
from search.config.search import Search
from search.results.ranking import mix_costs, rank, rank_target
from search.results.row_source import RowSource
from search.studies.studies import Studies
from search.studies.trial_record import Record
from spaces.card import Card
from spaces.repository import Repository
from trainables.store.manifest import StoredFile, sha256
from trainables.work.keys import encoder_key, score_key
from trainables.work.plan import Plan

STATEMENT = "taskmix.json"

Role = Literal["intermediate task", "fine-tuned on", "scored on", "chosen with"]
"""`chosen with`: of an encoder, what the target's models were trained and scored on that the search compared."""


class DataSet(Answer):
    """A card whose rows had a part in the model, or in its scores."""

    name: str
    role: Role
    format: str
    license: str
    origin: str
    source: str = Field(description="hub id, suite/data set, folder, or tasks")
    commits: dict[str, str] = Field(description="data set of the hub -> commit")
    digest: str | None = Field(description="of the data")
    unverified: str | None


class BaseModel(Answer):
    """The pretrained model that it began with."""

    name: str
    version: str | None = Field(description="digest of its files")
    commit: str | None = Field(description="of the hub")


class StageDone(Answer):
    """A stage of training that led to the model."""

    data: str = Field(description="mixture, or card")
    examples: int
    settings: dict[str, Any]


class StoreKeys(Answer):
    """Where the search's store has it."""

    encoder: str | None = Field(description="null for the pretrained model")
    score: str


class Statement(Answer):
    """A model that is taken home: what it is, how it came about, what it is worth."""

    content: Literal["encoder", "fine-tuned"]
    loads_with: str = Field(description="class of transformers, or SentenceTransformer")
    takes_pooler_away: bool = Field(description="whether `add_pooling_layer=False` has to be said, or there is one")
    architecture: str
    code: list[str] = Field(description="files of code in the folder, which `trust_remote_code=True` allows to run")
    search: str
    target: str
    format: str
    metric: str | None
    languages: list[str]
    model: BaseModel
    mix: str
    mixture: dict[str, float]
    hyperparameters: dict[str, int | float | str | bool]
    seed: int
    recipe: dict[str, Any]
    rung: Rung
    max_length: int
    evaluated_rows: int | None = Field(description="most rows per language and split that were scored; null: all")
    stages: list[StageDone]
    keys: StoreKeys
    result: MixResult | Baseline
    baseline: Baseline | None
    data: list[DataSet]
    versions: dict[str, str]
    command: str
    files: dict[str, StoredFile] = Field(description="all others in the folder")

    @property
    def is_baseline(self) -> bool:
        return not self.mixture


def describe(
    search: Search,
    studies: Studies,
    plan: Plan,
    record: Record,
    loads_with: str,
    takes_pooler_away: bool,
    architecture: str,
    fine_tuned: bool,
    command: list[str],
    folder: Path,
    rows: RowSource | None,
) -> Statement:
    """What is said of the model in `folder`, which is of that trial.

    Args:
        plan: with the versions that the search was begun with.
        command: the arguments that made it.
        rows: as for `rank`, so that it says of a gain what `best` says.
    """
    target, recipe, rung = record.target, record.recipe, record.rung
    card, mixes = plan.targets[target], mixes_of(studies, record)
    stage = plan.target_for(recipe, target)
    return Statement(
        content="fine-tuned" if fine_tuned else "encoder",
        loads_with=loads_with,
        takes_pooler_away=takes_pooler_away,
        architecture=architecture,
        code=sorted(path.name for path in folder.glob("*.py")),
        search=search.config.name,
        target=target,
        format=card.format,
        metric=card.metric,
        languages=card.languages,
        model=BaseModel(name=recipe.model, version=plan.model_version, commit=_model_commit(plan, recipe.model)),
        mix=str(recipe.mixture),
        mixture=recipe.mixture.weights,
        hyperparameters=dict(recipe.hyperparameters),
        seed=recipe.seed,
        recipe=recipe.to_dict(),
        rung=mixes.rung,
        max_length=stage.max_length if fine_tuned else plan.intermediate_for(recipe).max_length,
        evaluated_rows=plan.evaluation.max_examples,
        stages=_stages(plan, record, fine_tuned),
        keys=StoreKeys(
            encoder=None if recipe.is_baseline else encoder_key(plan, recipe, rung),
            score=score_key(plan, recipe, rung, target),
        ),
        result=_worth(_result(mixes, record), rank(studies, target, top=1, rows=rows).targets[target]),
        baseline=mixes.baseline,
        data=_data(plan, record, fine_tuned),
        versions=_versions(),
        command=shlex.join(command),
        files=checksums(folder),
    )


def _worth(result: MixResult | Baseline, mixes: TargetMixes) -> MixResult | Baseline:
    """The result with what its gain is worth, if it is the target's best: of no other mix anything is claimed."""
    best = mixes.best[0] if mixes.best else None
    if not isinstance(result, MixResult) or best is None or best.digest != result.digest:
        return result
    return result.model_copy(update={"expected": best.expected, "claim": best.claim})


def mixes_of(studies: Studies, record: Record) -> TargetMixes:
    """The ranking of a trial's target with its mix alone."""
    recipe = record.recipe
    return rank_target(studies, mix_costs(studies), record.target, 1, lambda other: other.family == recipe.family)


def _result(mixes: TargetMixes, record: Record) -> MixResult | Baseline:
    result = mixes.baseline if record.recipe.is_baseline else mixes.best[0]
    assert result is not None, "the trial has a score"
    return result


def checksums(folder: Path) -> dict[str, StoredFile]:
    """Path in the folder -> size and SHA-256, of all files."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): StoredFile(size=path.stat().st_size, sha256=sha256(path)) for path in files
    }


def _stages(plan: Plan, record: Record, fine_tuned: bool) -> list[StageDone]:
    recipe, rung = record.recipe, record.rung
    stages = []
    if not recipe.is_baseline:
        settings = plan.intermediate_for(recipe).model_dump(mode="json", exclude={"examples"})
        examples = sum(plan.segments(recipe, rung))
        stages.append(StageDone(data=str(recipe.mixture), examples=examples, settings=settings))
    for card, stage in plan.target_stages(record.target, rung, recipe) if fine_tuned else ():
        settings = stage.model_dump(mode="json", exclude={"examples"})
        stages.append(StageDone(data=card.name, examples=stage.examples, settings=settings))
    return stages


def _data(plan: Plan, record: Record, fine_tuned: bool) -> list[DataSet]:
    """Each card once, in the first of its roles; a card that puts others together is followed by them."""
    roles: list[tuple[Role, Card]] = [("intermediate task", plan.tasks[task]) for task in record.recipe.mixture.tasks]
    target = plan.targets[record.target]
    if target.is_trained:
        roles += [
            ("fine-tuned on" if fine_tuned else "chosen with", card) for card in plan.training_cards[record.target]
        ]
    roles += [("scored on" if fine_tuned else "chosen with", card) for card in (target, plan.dev_card(record.target))]
    found: dict[tuple[str, str], DataSet] = {}
    for role, card in roles:
        for each in (card, *(part for part in card.parts if part.name in card.source.tasks)):
            found.setdefault((each.kind, each.name), _data_set(plan, each, role, card))
    return list(found.values())


def _data_set(plan: Plan, card: Card, role: Role, whole: Card) -> DataSet:
    return DataSet(
        name=card.name,
        role=role,
        format=card.format,
        license=card.license,
        origin=card.origin,
        source=card.source.location,
        commits={str(each): plan.commits[str(each)] for each in card.repositories if str(each) in plan.commits},
        digest=plan.version_of(whole),
        unverified=card.unverified,
    )


def _model_commit(plan: Plan, model: str) -> str | None:
    repository = Repository.of_model(model)
    return plan.commits.get(str(repository)) if repository else None


def _versions() -> dict[str, str]:
    """Distribution -> version, of those that are installed."""
    found = {}
    for name in ("taskmix", "transformers", "tokenizers", "torch"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # run from a checkout
            continue
    return found
