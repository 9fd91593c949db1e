"""How many work items a search is expected to take, against what a made-up landscape really takes; and their cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from search.checks.plan import describe
from search.config.search import Search
from search.display import report
from search.forecast.estimate import OVERHEAD, Estimate, Line, estimate, expected
from search.forecast.recipe_cost import Costs
from search.scheduling.agenda import Agenda
from search.studies.studies import Studies
from spaces.formats import FORMATS
from spaces.mixture import Mixture
from tests.support.landscape import outcome
from tests.support.searches import kept_at
from trainables.work.preparation import PreparationReport


def per_rung(search: Search) -> Counter[int]:
    counts: Counter[int] = Counter()
    for items in expected(search):
        counts[items.rung] += items.items
    return counts


def test_counts_by_hand(search: Search) -> None:
    # rung 0: baseline and 4 recipes; rung 1: baseline, 3 promotions, and for one more seed baseline and 2 winners
    assert per_rung(search) == {0: 5, 1: 7}


@pytest.mark.parametrize("recipes", [6, 18])
def test_counts_are_about_what_a_search_takes(make_search: Callable[..., Search], tmp_path: Path, recipes: int) -> None:
    search = make_search(budget={"recipes": recipes}, halving={"rungs": [0.25, 0.5, 1.0], "eta": 2})
    agenda = Agenda(search, Studies.create(kept_at(f"sqlite:///{tmp_path / 'studies.db'}", search)))
    taken: Counter[int] = Counter()
    while (item := agenda.next()) is not None:
        agenda.done(item, outcome(search, item))
        taken[item.rung] += 1
    assert per_rung(search)[0] == taken[0]
    assert per_rung(search).total() == pytest.approx(taken.total(), rel=0.35)


def test_a_space_with_fewer_mixes_than_the_budget_is_tried_as_a_whole(
    make_search: Callable[..., Search], tmp_path: Path
) -> None:
    space = {"max_tasks": 1, "min_weight": 1.0, "weight_step": 1.0}
    search = make_search(budget={"recipes": 50}, space=space, confirm={"top": 0})
    agenda = Agenda(search, Studies.create(kept_at(f"sqlite:///{tmp_path / 'studies.db'}", search)))
    taken: Counter[int] = Counter()
    while (item := agenda.next()) is not None:
        agenda.done(item, outcome(search, item))
        taken[item.rung] += 1
    assert per_rung(search) == taken == {0: 1 + 3, 1: 1 + 3}


def costs(search: Search, findings: PreparationReport) -> Estimate:
    return estimate(search, search.plan("store", "cache"), findings, concurrency=1)


def test_estimates_by_evidence_train_nothing(make_search: Callable[..., Search]) -> None:
    def line(probe: str) -> Line:
        found = costs(make_search(sampler={"estimates": 6, "probe": probe}), PreparationReport())
        return next(line for line in found.lines if line.kind.startswith("estimates"))

    assert line("logme").examples == line("logme").trained == 0 < line("stage").examples
    assert line("logme").scored > 0


def test_what_a_probe_reads_counts(make_search: Callable[..., Search]) -> None:
    """A thousand rows at most, of the one target that has labels."""
    stages = {"intermediate": {"examples": 640}, "target": {"examples": 320}}
    begun = {**stages, "target": {"examples": 320, "head_start": "probe"}}
    searches = make_search(stages=stages), make_search(stages=begun)
    drawn, probed = (costs(search, PreparationReport()).lines[0] for search in searches)
    read = 1000 * FORMATS["pair_classification"].tokens
    assert probed.scored - drawn.scored == pytest.approx(read) and probed.trained == drawn.trained
    cost = [Costs(search)(Mixture.of({"ner": 1.0}), {}) for search in searches]
    assert cost[1] - cost[0] == pytest.approx(read)


ON_A_GPU = {"cpus": 4, "gpus": 1}
LARGE = "xlm-roberta-large"


def test_gpu_hours_by_hand(make_search: Callable[..., Search]) -> None:
    search = make_search(model=LARGE, resources=ON_A_GPU, evaluation={"max_examples": 100})
    found = costs(search, PreparationReport())
    line = found.lines[2]
    assert line.kind == "new recipes at rung 0 (25%)" and line.items == 4
    # intermediate: a quarter of 640 examples of three tasks in the mean; target: a quarter of 320, on `related` alone
    tokens = {form: spec.tokens for form, spec in FORMATS.items()}
    mean = (tokens["pair_classification"] * 2 + tokens["tagging"]) / 3
    assert line.trained == pytest.approx(160 * mean + 80 * tokens["pair_classification"])
    assert line.scored == pytest.approx(4 * 100 * (tokens["pair_classification"] + tokens["retrieval"]))
    assert (line.examples, line.steps) == (240, 160 // 32 + -(-80 // 32))
    trained, scored = (sum(line.items * value for line, value in pairs) for pairs in (
        [(line, line.trained) for line in found.lines], [(line, line.scored) for line in found.lines],
    ))  # fmt: skip
    steps = sum(line.items * line.steps for line in found.lines)
    seconds = (6 * trained + 2 * scored) * 304e6 / (312e12 * 0.2) + steps * 40 * 560e6 / 1555e9
    assert found.gpu_hours["A100"] == pytest.approx(seconds / 3600)
    assert found.gpu_hours["H100"] < found.gpu_hours["A100"] < found.gpu_hours["T4"]


def test_fewer_rows_are_scored_below_the_top_where_the_file_says_so(make_search: Callable[..., Search]) -> None:
    few, low, whole = (
        costs(make_search(model=LARGE, resources=ON_A_GPU, evaluation=evaluation), PreparationReport()).lines
        for evaluation in ({"max_examples": 100}, {"low_rung_examples": 100}, {})
    )
    for kind in {line.kind for line in whole}:
        [a], [b], [c] = ([line.scored for line in lines if line.kind == kind] for lines in (few, low, whole))
        assert (b == c > a) if "(100%)" in kind else (a == b < c), kind


def test_all_stages_of_a_target_count(make_search: Callable[..., Search]) -> None:
    stages = {"intermediate": {"examples": 640}, "target": {"examples": 320}}
    own = {**stages, "per_target": {"xcopa": {"examples": [400, 240]}}}
    found = costs(make_search(tasks=["hellaswag"], targets=["xcopa"], stages=own), PreparationReport())
    line = found.lines[0]
    assert line.kind.startswith("baseline at rung 0 (25%)")
    assert (line.examples, line.steps) == (100 + 60, -(-100 // 32) + -(-60 // 32))
    assert line.trained == pytest.approx(160 * min(128, FORMATS["multiple_choice"].tokens))
    assert {"siqa", "copa"} <= set(found.assumed)


def test_disk_is_that_of_the_encoders_that_are_stored(make_search: Callable[..., Search]) -> None:
    search = make_search(model=LARGE)
    found = costs(search, PreparationReport())
    # 4 new recipes and 3 promotions store one each, 2 winners with one more seed both rungs
    assert found.disk == (4 + 3 + 2 * 2) * 4 * 560e6
    assert costs(search, PreparationReport(parameters=1000, embeddings=400)).disk == (4 + 3 + 2 * 2) * 4 * 1000


def test_an_embedding_that_is_never_trained_is_stored_once(make_search: Callable[..., Search]) -> None:
    stages = {"intermediate": {"examples": 640, "freeze_embeddings": True}, "target": {"examples": 320}}
    encoders, base = 4 + 3 + 2 * 2, PreparationReport(parameters=278_000_000, embeddings=192_000_000)
    small = PreparationReport(parameters=1000, embeddings=400)
    found = costs(make_search(model=LARGE, stages=stages), base).disk
    assert found == pytest.approx((encoders * 86 + 192) * 4e6)
    assert costs(make_search(model=LARGE, stages=stages), small).disk == encoders * 4 * 1000
    tuned = {"hyperparameters": {"intermediate.freeze_embeddings": {"choices": [True, False]}}}
    found = costs(make_search(model=LARGE, stages=stages, space=tuned), base).disk
    assert found == pytest.approx(encoders * 278 * 4e6)


def test_a_cpu_says_nothing_about_a_gpu(make_search: Callable[..., Search]) -> None:
    search = make_search(model=LARGE, resources=ON_A_GPU)
    here = PreparationReport(seconds_per_token=1e-3)
    assert costs(search, here).seconds is None and costs(search, here).measured_gpu_hours is None
    there = PreparationReport(seconds_per_token=1e-6, training_seconds_per_token=4e-6, device="a GPU")
    found = costs(search, there)
    trained = sum(line.items * line.trained for line in found.lines)
    scored = sum(line.items * line.scored for line in found.lines)
    assert found.seconds == pytest.approx(4e-6 * trained + OVERHEAD * 1e-6 * scored)
    assert found.measured_gpu_hours == pytest.approx(found.seconds / 3600)
    assert costs(make_search(), there).seconds is None  # nor the other way round


def test_an_unknown_model_costs_nobody_knows_what(make_search: Callable[..., Search]) -> None:
    found = costs(make_search(resources=ON_A_GPU), PreparationReport())
    assert found.gpu_hours == {} and found.disk is None


@pytest.mark.parametrize(("eta", "says"), [(2, "the best 1/2 go on"), (1, "of the examples; all go on")])
def test_plan_says_who_goes_on(make_search: Callable[..., Search], eta: int, says: str) -> None:
    search = make_search(halving={"rungs": [0.25, 1.0], "eta": eta})
    assert says in " ".join(
        report.plan(describe(search, [], PreparationReport(), costs(search, PreparationReport()))).split()
    )


def test_plan_prints_what_it_costs(make_search: Callable[..., Search]) -> None:
    search = make_search(model=LARGE, resources=ON_A_GPU, start={"single_tasks": True})
    text = " ".join(
        report.plan(describe(search, search.starts(), PreparationReport(), costs(search, PreparationReport()))).split()
    )
    for part in (
        "steps each",
        "GPU-hours: about",
        "on A100",
        "not measured",
        "24.6 GB of encoders",
        "lengths and rows assumed",
        "crossref:0.5 + ner:0.5 the 2 largest tasks of 3 with equal weights",
        "they take the whole budget of 4 recipes",
        "sampler mixture: 3 tasks to mix",
    ):
        assert part in text, part
    measured = PreparationReport(seconds_per_token=1e-6, device="a GPU")
    assert "by the speed measured on a GPU" in report.plan(describe(search, [], measured, costs(search, measured)))


def test_plan_says_what_is_worth_knowing_of_the_data(make_search: Callable[..., Search]) -> None:
    notes = ["genres: 1 of 9 test rows are training rows of book, too (de 1)", "book, train: left out: 2 rows"]
    search, prepared = make_search(), PreparationReport(notes=notes)
    answer = describe(search, [], prepared, costs(search, prepared))
    assert answer.notes == notes
    text = " ".join(report.plan(answer).split())
    assert f"data {notes[0]} {notes[1]}" in text
