"""Answers as tables, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import NamedTuple

import pytest

from search.answers.cards import CardList
from search.answers.mixes import BestMixes
from search.answers.status import BestLine, SearchLine, SearchList, SearchStatus
from search.display import report
from search.display.page.course import settings_section
from search.results.cards import list_cards
from search.results.ranking import rank
from search.results.search_report import report_search
from search.results.status import summarize
from spaces.catalogue import Catalogue
from tests.support.searches import Filler


class Answers(NamedTuple):
    """One of each."""

    best: BestMixes
    status: SearchStatus
    searches: SearchList
    cards: CardList


@pytest.fixture
def answers(filled: Filler) -> Answers:
    status = summarize(filled.studies, driven=False)
    line = SearchLine(
        search="small",
        state="interrupted",
        recipes=status.budget.recipes,
        work_items=status.work_items,
        best={"related": BestLine(mix="paraphrase:1", score=0.62, gain=0.07)},
    )
    return Answers(rank(filled.studies), status, SearchList(searches=[line]), list_cards(Catalogue.load()))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_whoever_repeats_a_search_reads_its_commits(filled: Filler) -> None:
    """On the terminal at its end and later, and on its page."""
    commits = {"datasets/tau/commonsense_qa": "a" * 40, "models/xlm-roberta-base@v2": "b" * 40}
    filled.studies.remember_data({}, "hub:one", commits)
    status, best = summarize(filled.studies, driven=False), rank(filled.studies)
    shown = [report.final_answer(best, status, "mlruns", width=200), report.render(status, width=200)]
    assert all(f"tau/commonsense_qa at {'a' * 12}, xlm-roberta-base@v2 at {'b' * 12}" in text for text in shown)
    page = str(settings_section(report_search(filled.studies, status, best=best)))
    assert all(name in page and commit in page for name, commit in commits.items())


def test_json_is_the_answer_itself(answers: Answers) -> None:
    for answer in answers:
        text = report.render(answer, "json")
        assert json.loads(text) == answer.to_json()
        assert text.startswith("{\n  ")


def test_best_as_csv_has_a_row_per_target_and_rank(answers: Answers) -> None:
    found = rows(report.render(answers.best, "csv"))
    assert [(row["target"], row["rank"]) for row in found] == [("related", "1"), ("related", "2"), ("verses", "1")]
    assert found[0]["mix"] == "paraphrase:0.7 + ner:0.3"
    assert float(found[0]["gain"]) == pytest.approx(0.08)
    assert float(found[0]["weight.ner"]) == 0.3
    assert found[1]["weight.ner"] == ""
    assert float(found[0]["hp.intermediate.learning_rate"]) == 5e-5
    assert float(found[0]["score.de"]) == pytest.approx(0.64)


def test_the_others_as_csv(answers: Answers) -> None:
    (status,) = rows(report.render(answers.status, "csv"))
    assert (status["work_items.failed"], status["failures.count"]) == ("1", "1")
    (line,) = rows(report.render(answers.searches, "csv"))
    assert line["best.related.mix"] == "paraphrase:1"
    cards = rows(report.render(answers.cards, "csv"))
    assert {card["kind"] for card in cards} == {"task", "target"}
    assert len(cards) == len(answers.cards.tasks) + len(answers.cards.targets)


@pytest.mark.parametrize("width", [40, 60, 120])
def test_tables_keep_to_the_width_and_lose_nothing(answers: Answers, width: int) -> None:
    for answer in answers:
        text = report.render(answer, width=width)
        assert max(map(len, text.splitlines())) <= width, answer
        assert "…" not in text, answer
    best = " ".join(report.render(answers.best, width=width).split())
    for part in ("62.0", "+8.0 ± 9.7", "+8.0 ± 11.9", "54.0", "25.0", "64.0", "in %", "no mix beats the baseline"):
        assert part in best, part


def test_numbers_beside_each_other_where_they_fit(answers: Answers) -> None:
    lines = report.render(answers.best, width=120).splitlines()
    assert lines[2].split() == ["mix", "score", "gain", "de", "fr", "ru", "ar", "test", "seeds", "cost"]
    row = "1 paraphrase:0.7 + ner:0.3 62.0 +8.0 ± 9.7 64.0 60.0 64.0 60.0 61.0 2 30 s, 300 examples"
    assert " ".join(lines[3].split()) == row


def test_the_final_answer(answers: Answers) -> None:
    text = report.final_answer(answers.best, answers.status, "sqlite:////home/x/mlflow.db", width=100)
    for part in (
        "paraphrase:0.7 + ner:0.3",
        "intermediate.learning_rate 5e-05",
        "+8.0 ± 9.7 points over the baseline, 2 seeds",
        "no mix beats the baseline",
        "3 min 20 s",
        "1: 1 diverged",
        "best small",
        "status small",
        "resume small",
        "mlflow ui --backend-store-uri sqlite:////home/x/mlflow.db",
    ):
        assert part in text, part


def test_a_gain_within_the_noise_is_called_so(filler: Filler) -> None:
    for seed, base, mixed in ((1, 0.50, 0.51), (2, 0.50, 0.54)):
        filler.run("none", 1, {"related": base}, "baseline", seed=seed)
        filler.run("ner", 1, {"related": mixed}, seed=seed)
    text = " ".join(report.render(rank(filler.studies, "related")).split())
    # a variance of .00045 / 2, so a standard error of .015 with two degrees of freedom: t = 1.67
    assert "best mix: ner:1, +2.5 points on the test split (-4.0 to +9.0)" in text
    assert "it beats the baseline with a probability of .88; 2 seeds against 2 of the baseline" in text
    assert "their error is not in the interval" in text


def test_what_nothing_was_repeated_of_is_said_to_be_uncertain(filler: Filler) -> None:
    filler.run("none", 1, {"related": 0.50}, "baseline")
    filler.run("ner", 1, {"related": 0.55})
    text = " ".join(report.render(rank(filler.studies, "related")).split())
    assert "best mix: ner:1, +5.0 points on the test split; 1 seed against 1 of the baseline" in text
    assert "nothing was measured with a second seed" in text


def test_the_best_mix_is_none_where_none_gains(filled: Filler) -> None:
    answer = rank(filled.studies)
    text = " ".join(report.render(answer, width=100).split())
    assert "best mix: none; no mix beats the baseline here" in text
    assert "the first of 3 mixes, paraphrase:0.7 + ner:0.3: -" in text
    assert "would have been found with a probability of .8" in text
    assert (answer.targets["verses"].best_mix, answer.targets["verses"].beats_baseline) == ("none", False)
    assert answer.targets["related"].best_mix == "paraphrase:0.7 + ner:0.3"


def test_what_fell_to_the_floor_is_named(filled: Filler) -> None:
    filled.run("none", 1, {"related": 0.26}, "confirm", seed=3)
    text = " ".join(report.render(rank(filled.studies, "related")).split())
    assert "1 of 3 seeds of the baseline fell to the floor; the others count" in text
    assert "against 2 of the baseline" in text


def test_a_baseline_that_has_learned_nothing_is_named(filler: Filler) -> None:
    for seed in (1, 2):
        filler.run("none", 1, {"related": 0.25 + seed / 1000}, "baseline", seed=seed)
        filler.run("ner", 1, {"related": 0.55}, seed=seed)
    assert "the baseline is at the floor" in " ".join(report.render(rank(filler.studies, "related")).split())


def test_no_gain_is_claimed_for_a_score_that_is_not_above_the_floor(filler: Filler) -> None:
    for seed in (1, 2):
        filler.run("none", 1, {"related": 0.15 + seed / 1000}, "baseline", seed=seed)
        filler.run("ner", 1, {"related": 0.22 + seed / 1000}, seed=seed)
    answer = rank(filler.studies, "related")
    mixes = answer.targets["related"]
    assert (mixes.beats_baseline, mixes.best_mix, mixes.best[0].claim, answer.mean) == (False, "none", None, None)
    assert mixes.best[0].above_floor is False
    text = " ".join(report.render(answer, width=100).split())
    assert (
        "best mix: none; no gain is claimed: the first of one mix, ner:1, scores 22.1, and guessing gets 25.0" in text
    )
    assert "related: the baseline scores 15.2, not above the floor of 25.0, which guessing gets" in text
    assert "10 steps of the target stage are too few; raise stages.target.examples from 320 to 1,600" in text
    assert "+7.0" not in text
    final = " ".join(report.final_answer(answer, summarize(filler.studies), "sqlite:///x").split())
    assert "gain none: its score is not above the floor" in final
    assert "+7.0" not in final


def test_what_was_interrupted_compares_rung_with_rung(filler: Filler) -> None:
    filler.run("none", 0, {"related": 0.30}, "baseline")
    filler.run("none", 1, {"related": 0.55}, "baseline")
    filler.run("ner", 0, {"related": 0.57})
    mixes = rank(filler.studies, "related").targets["related"]
    assert (mixes.rung.index, mixes.full_baseline) == (0, 0.55)
    text = " ".join(report.render(rank(filler.studies, "related"), width=100).split())
    assert "best mix so far: ner:1, +27.0 points" in text
    assert "this is at rung 0 (25% of the examples), mixes and baseline alike" in text
    assert "with more examples the baseline scores 55.0, and no mix was measured there yet" in text


def test_a_mix_that_stands_above_a_better_score_says_why(filled: Filler) -> None:
    filled.run("paraphrase:0.5 + ner:0.5", 1, {"related": 0.9}, "promotion")
    text = " ".join(report.render(rank(filled.studies, "related"), width=100).split())
    assert "1 stands above 2: it was confirmed with 2 seeds, the other measured once" in text


def test_an_interrupted_search_says_what_is_done_again(filled: Filler) -> None:
    filled.begin(filled.item("crossref:0.5 + ner:0.5", 0))
    dead, alive = (summarize(filled.studies, driven) for driven in (False, True))
    text = report.final_answer(rank(filled.studies), dead, "sqlite:///x", width=120)
    assert "done again  crossref:0.5 + ner:0.5 (seed 1) at rung 0" in text
    assert "will be done again: crossref:0.5 + ner:0.5" in report.render(dead, width=120)
    assert ": 1 interrupted, " in report.render(dead, width=120)
    assert "runs: crossref:0.5 + ner:0.5" in report.render(alive, width=120)


def test_an_empty_search(filler: Filler) -> None:
    best, status = rank(filler.studies), summarize(filler.studies)
    assert report.render(best).count("no mix has been measured yet") == 2
    assert "no mix has been measured yet" in report.final_answer(best, status, "http://server:5000")
    assert report.render(best, "csv") == ""
    assert "no searches yet" in report.render(SearchList(searches=[]))


@pytest.mark.parametrize("width", [80, 40])
def test_what_is_to_be_typed_next_stands_in_a_line(answers: Answers, width: int) -> None:
    uri = f"sqlite:////{'a-long-folder/' * 8}mlflow.db"
    text = report.final_answer(answers.best, answers.status, uri, width)
    lines = [line.strip() for line in text.splitlines()]
    assert f"mlflow ui --backend-store-uri {uri}" in lines
    assert "taskmix resume small" in lines and "next      taskmix best small --top 10" in lines


def test_languages_keep_one_order(answers: Answers) -> None:
    mixes = answers.best.targets["verses"]
    turned = mixes.best[0].model_copy(update={"languages": dict(reversed(mixes.best[0].languages.items()))})
    best = answers.best.model_copy(update={"targets": {"verses": mixes.model_copy(update={"best": [turned]})}})
    told = [
        re.findall(r"[a-z]{2}(?= [0-9.]{3,5}(?:  |$))", line) for line in report.render(best, width=50).splitlines()
    ]
    told = [languages for languages in told if len(languages) > 1]
    assert len(told) > 1 and all(languages == mixes.languages[: len(languages)] for languages in told)
