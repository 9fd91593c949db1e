"""The search file: every mistake at once, each with file, key, what was found and the fix."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from search.config import differences, search_file
from search.config.search import Search
from search.config.workspace import Workspace
from search.studies.lease import acquire, is_held
from spaces.catalogue import Catalogue
from spaces.errors import InputError, Problem
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from tests.support.searches import SEARCH
from trainables.work.keys import encoder_key, score_key

MakeSearch = Callable[..., Search]
EXAMPLES = Path(__file__).parents[3] / "examples"


def mistakes(make_search: MakeSearch, **changes: Any) -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        make_search(**changes)
    return caught.value.problems


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_examples_are_right(file: Path) -> None:
    assert search_file.load(file).starts()


def test_the_search_file_of_the_readme_is_right(tmp_path: Path) -> None:
    blocks = (EXAMPLES.parent / "README.md").read_text().split("```yaml\n")
    file = tmp_path / "search.yaml"
    file.write_text(blocks[1].split("```")[0])
    assert search_file.load(file).config.name == "my-search"


def test_the_card_of_the_docs_is_right(tmp_path: Path) -> None:
    block = (EXAMPLES.parent / "docs" / "add-a-task.md").read_text().split("```yaml\n")[1]
    file = tmp_path / "tasks" / "boolq.yaml"
    file.parent.mkdir()
    file.write_text(block.split("```")[0])
    assert Catalogue.load([tmp_path]).tasks["boolq"].labels == ["False", "True"]


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        ({"tasks": ["parafrase"]}, "tasks.0", "did you mean 'paraphrase'"),
        ({"tasks": ["ner", "ner"]}, "tasks.1", "stands twice"),
        ({"targets": ["verse"]}, "targets.0", "did you mean 'verses'"),
        ({"suite": "smal"}, "suite", "did you mean 'small'"),
        ({"name": "a b"}, "name", "letters, digits"),
        ({"name": "store"}, "name", "letters, digits"),
        ({"name": "a.yaml"}, "name", "letters, digits"),
        ({"name": "a" * 256}, "name", "at most 240"),
        ({"budget": {"recipe": 4}}, "budget.recipe", "did you mean 'recipes'"),
        ({"budget": {"recipes": 0}}, "budget.recipes", "greater than 0"),
        ({"halving": {"rungs": [0.5, 0.2]}}, "halving", "rungs rise"),
        ({"halving": {"eta": 0}}, "halving.eta", "greater than or equal to 1"),
        ({"space": {"exclude": [["ner", "nothing"]]}}, "space.exclude.0", "unknown: ['nothing']"),
        ({"space": {"licences": ["mine"]}}, "space.licences", "no task is left"),
        ({"space": {"min_weight": 0.5, "max_tasks": 3}}, "space", "more than the whole"),
        ({"space": {"hyperparameters": {"warmup": {"choices": [1, 2]}}}}, "hyperparameters.warmup", "no setting of"),
        (
            {"space": {"hyperparameters": {"target.warmup": {"low": 0.1, "high": 2.0}}}},
            "hyperparameters.target.warmup",
            "less than or equal to 1",
        ),
        (
            {"space": {"hyperparameters": {"target.warmup": {"low": 0.2, "high": 0.3}}}},
            "hyperparameters.target.warmup",
            "the default is outside the range",
        ),
        ({"start": {"mixtures": ["ner;1"]}}, "start.mixtures.0", "task:weight"),
        ({"start": {"mixtures": ["ner:0.99 + crossref:0.01"]}}, "start.mixtures.0", "below min_weight"),
        ({"stages": {**SEARCH["stages"], "per_target": {"vers": {}}}}, "per_target.vers", "did you mean 'verses'"),
        ({"stages": {**SEARCH["stages"], "target": {"examples": 40}}}, "stages.target", "less than one batch"),
        ({"sampler": {"name": "best"}}, "sampler.name", "one of: auto, mixture, random, tpe"),
        ({"sampler": {"name": "mixtures"}}, "sampler.name", "did you mean 'mixture'"),
        ({"sampler": {"name": "gp"}}, "sampler.name", "name: auto, or name: tpe"),
    ],
)
def test_a_mistake_names_the_key_and_the_fix(
    make_search: MakeSearch, changes: dict[str, Any], where: str, words: str
) -> None:
    found = mistakes(make_search, **changes)
    assert all("search.yaml: " in problem.where for problem in found)
    assert [problem for problem in found if where in problem.where and words in str(problem)]


@pytest.mark.parametrize("name", ["a" * 300, "loop"])
def test_a_folder_of_cards_that_the_system_does_not_look_into(
    tmp_path: Path, make_search: MakeSearch, name: str
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (problem,) = [each for each in mistakes(make_search, cards=[name], colour="blue") if "colour" not in each.where]
    assert name[:2] in str(problem)


def test_examples_of_each_training_card(make_search: MakeSearch) -> None:
    def stages(**settings: Any) -> dict[str, Any]:
        own = {**SEARCH["stages"], "per_target": {"xcopa": settings}}
        return {"tasks": ["hellaswag"], "targets": ["xcopa", "xnli"], "stages": own}

    halves = {"rungs": [0.5, 1.0]}
    plan = make_search(**stages(examples=[640, 320]), halving=halves).plan("store", "cache")
    assert [(card.name, stage.examples) for card, stage in plan.target_stages("xcopa", 0)] == [
        ("siqa", 320),
        ("copa", 160),
    ]
    (problem,) = mistakes(make_search, **stages(examples=[640]))
    assert "per_target.xcopa.examples" in problem.where
    assert "a number for each of siqa, copa, in order" in problem.fix
    found = mistakes(make_search, **stages(examples=[640, 0], batch_size=0))
    assert {problem.where.rpartition("xcopa.")[2] for problem in found} == {"examples", "batch_size"}
    assert len(found) == 2
    single = {**SEARCH["stages"], "per_target": {"xnli": {"examples": [640, 320]}}}
    (problem,) = mistakes(make_search, tasks=["hellaswag"], targets=["xnli"], stages=single)
    assert problem.fix == "one number"


def test_a_share_of_the_target_stages_for_each_rung(make_search: MakeSearch) -> None:
    plan = make_search(halving={"rungs": [0.25, 1.0], "target_rungs": [0.5, 1.0]}).plan("store", "cache")
    whole = make_search(halving={"rungs": [0.25, 1.0]}).plan("store", "cache")
    (target, *_), recipe = plan.targets, Recipe.of(Mixture.of({next(iter(plan.tasks)): 1.0}), {}, "m", 1)
    assert plan.segments(recipe, 0) == whole.segments(recipe, 0)
    for rung, share in enumerate([0.5, 1.0]):
        examples = round(plan.target_stage(target).examples * share)
        assert [stage.examples for _, stage in plan.target_stages(target, rung)] == [examples]
    assert score_key(plan, recipe, 0, target) != score_key(whole, recipe, 0, target)
    assert score_key(plan, recipe, 1, target) == score_key(whole, recipe, 1, target)
    assert encoder_key(plan, recipe, 0) == encoder_key(whole, recipe, 0)
    for wrong in ([0.5, 0.25], [0.5], [0.5, 0.9]):
        (problem,) = mistakes(make_search, halving={"rungs": [0.25, 1.0], "target_rungs": wrong})
        assert "target_rungs" in problem.what


def test_all_mistakes_at_once(make_search: MakeSearch) -> None:
    found = mistakes(make_search, tasks=["parafrase", "ner"], budget={"recipe": 4}, colour="blue")
    keys = {problem.where.rpartition(": ")[2] for problem in found}
    assert keys == {"tasks.0", "budget.recipe", "budget.recipes", "colour"}


def test_a_suite_adds_its_targets(make_search: MakeSearch, tmp_path: Path) -> None:
    beside = make_search(targets=["verses", "slots"], suite="small")
    assert beside.config.targets == ["verses", "slots", "related"]
    text = (tmp_path / "search.yaml").read_text().replace("targets:\n- verses\n- slots\n", "")
    (tmp_path / "search.yaml").write_text(text)
    instead = search_file.load(tmp_path / "search.yaml")
    assert instead.config.targets == ["related", "verses"]
    (tmp_path / "copy.yaml").write_text(search_file.dump(instead.config, tmp_path))
    assert search_file.load(tmp_path / "copy.yaml").config == instead.config


def test_start_mixtures_are_distinct_and_in_order(make_search: MakeSearch) -> None:
    search = make_search(start={"mixtures": ["ner:0.7 + crossref:0.3", "ner"], "single_tasks": True})
    mixtures = [start.mixture for start in search.starts()]
    assert mixtures[:2] == [Mixture.parse("ner:0.7 + crossref:0.3"), Mixture.parse("ner")]
    assert len(set(mixtures)) == len(mixtures) == 5


def test_the_stored_copy_reads_back_the_same(search: Search, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "search.yaml"
    copy.parent.mkdir()
    copy.write_text(search_file.dump(search.config, tmp_path))
    assert search_file.load(copy).config.fixed() == search.config.fixed()


def test_budgets_may_change_and_the_space_may_not(make_search: MakeSearch) -> None:
    before = make_search()
    assert differences.differences(before.config, make_search(budget={"recipes": 99}).config) == []
    changed = differences.differences(before.config, make_search(space={"max_tasks": 3}).config)
    assert {problem.where for problem in changed} >= {"space.max_tasks"}


def test_estimates_may_be_added_and_their_unit_may_not_change(make_search: MakeSearch) -> None:
    before = make_search(sampler={"estimates": 4})
    assert differences.differences(before.config, make_search(sampler={"estimates": 9}).config) == []
    [changed] = differences.differences(before.config, make_search(sampler={"estimates": 4, "probe": "logme"}).config)
    assert (changed.where, changed.before, changed.now) == ("sampler.probe", "stage", "logme")


def test_how_many_go_on_may_change_and_the_rungs_may_not(make_search: MakeSearch) -> None:
    """Searches that were begun when `eta` was 3 by default go on without it."""
    before = make_search(halving={"rungs": [0.25, 1.0], "eta": 3})
    assert differences.differences(before.config, make_search(halving={"rungs": [0.25, 1.0]}).config) == []
    [changed] = differences.differences(before.config, make_search(halving={"rungs": [0.5, 1.0]}).config)
    assert changed.where == "halving.rungs"
    shares = make_search(halving={"rungs": [0.25, 1.0], "target_rungs": [0.1, 1.0]})
    [changed] = differences.differences(before.config, shares.config)
    assert changed.where == "halving.target_rungs"


def test_where_things_are_kept_may_change_and_how_encoders_are_may_not(make_search: MakeSearch) -> None:
    before = make_search()
    assert differences.differences(before.config, make_search(storage={"store": "elsewhere"}).config) == []
    [changed] = differences.differences(before.config, make_search(storage={"dtype": "bf16"}).config)
    assert (changed.where, changed.before, changed.now) == ("storage.dtype", "fp32", "bf16")


def test_another_search_of_that_name_is_refused(
    make_search: MakeSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    search = make_search()
    workspace = Workspace.of(search)
    workspace.enter(tmp_path / "search.yaml")
    before = workspace.file.read_text()
    with pytest.raises(
        InputError, match=r"the search has +the file has\n +seed +1 +7\n(.|\n)*another name(.|\n)*taskmix resume small"
    ):
        Workspace.of(make_search(seed=7)).enter(tmp_path / "search.yaml")
    assert workspace.file.read_text() == before


def test_one_driver_at_a_time(search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    workspace = Workspace.of(search)
    workspace.enter(tmp_path / "search.yaml")
    assert not is_held(workspace)
    with acquire(workspace):
        assert is_held(workspace)
        with pytest.raises(InputError, match="running already"), acquire(workspace):
            pass
    assert not is_held(workspace)


@pytest.mark.parametrize(
    ("tasks", "target", "leaks"),
    [
        (["tydiqa.ru"], "tydiqa", True),  # its training rows are the target's development rows
        (["tydiqa"], "tydiqa", True),
        (["tydiqa.en", "mnli"], "tydiqa", False),
        (["udpos.tr", "xnli.de"], "udpos", False),
    ],
)
def test_no_task_trains_on_rows_that_a_target_is_scored_on(
    make_search: MakeSearch, tasks: list[str], target: str, leaks: bool
) -> None:
    changes: dict[str, Any] = {"tasks": tasks, "targets": [target]}
    if not leaks:
        assert sorted(make_search(**changes).tasks) == sorted(tasks)
        return
    (problem,) = mistakes(make_search, **changes)
    assert "tasks.0" in problem.where
    assert problem.what == "trains on rows that tydiqa is scored on"


def test_tasks_may_be_added_and_targets_behind_those_that_are_there(make_search: Callable[..., Search]) -> None:
    """With settings of their own; what goes, or comes first, is another search, and says what may be done."""
    small = make_search(tasks=["ner"], targets=["related"]).config
    stages = {**SEARCH["stages"], "per_target": {"verses": {"batch_size": 8}}}
    large = make_search(tasks=["paraphrase", "ner"], targets=["related", "verses"], stages=stages).config
    assert differences.differences(small, large) == []
    assert differences.grown(small, large) == ["paraphrase", "verses"]
    [gone] = differences.differences(make_search(tasks=["paraphrase", "ner"]).config, make_search(tasks=["ner"]).config)
    assert gone.fix.startswith("put paraphrase back")
    [first] = differences.differences(small, make_search(tasks=["ner"], targets=["verses", "related"]).config)
    assert first.fix == "new targets stand behind those that are there: [related, ...]"
    per_target = {**SEARCH["stages"], "per_target": {"related": {"batch_size": 8}}}
    [settings] = differences.differences(
        small, make_search(tasks=["ner"], targets=["related"], stages=per_target).config
    )
    assert settings.where == "stages.per_target.related.batch_size" and "another name" in settings.fix
