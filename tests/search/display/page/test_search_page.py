"""The report: one file with everything, for searches of every state and size."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import pytest

from search.answers.answer import Purpose
from search.cli import main
from search.config.workspace import Workspace
from search.display.page.answer import OFFERS
from search.display.page.course import BEGUN
from search.display.page.search_page import report_page, search_page
from search.display.verdict import verdict
from search.results.search_report import report_search
from search.results.status import summarize
from search.studies.studies import Studies
from spaces.errors import Failure
from tests.support.searches import Filler, copied, kept_at

SECTIONS = ["answer", "now", "effects", "belief", "cost", "rungs", "mixtures", "languages", "work-items", "settings"]


class Reader(HTMLParser):
    """What a page holds, and whether its elements are closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.ids: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in ("meta", "link", "input", "br"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] not in ("style", "script"):
            self.text += data + " "


def test_all_sections_and_the_verdicts_word_for_word(filled: Filler) -> None:
    report = report_search(filled.studies, summarize(filled.studies, driven=False))
    page = Reader(report_page(report))
    assert [name for name in page.ids if name in SECTIONS] == SECTIONS
    assert len(page.ids) == len(set(page.ids))
    text = " ".join(page.text.split())
    for mixes in report.best.targets.values():
        for line in verdict(mixes):
            assert " ".join(line.plain.split()) in re.sub(r" ([,;])", r"\1", text)
    for part in ("‖ interrupted", "4 of 4 recipes", "62.0", "diverged", "loss is nan", "every mixture with crossref"):
        assert part in text, part


def test_a_work_item_of_every_purpose(filler: Filler) -> None:
    """Also of a search that grew by a target, which has recipes to catch up with."""
    for at, purpose in enumerate(get_args(Purpose)):
        filler.run("none" if purpose == "baseline" else "crossref", 1, {"related": 0.5, "verses": 0.5}, purpose, at + 1)
    page = report_page(report_search(filler.studies, summarize(filler.studies, driven=False)))
    assert [BEGUN[purpose] for purpose in get_args(Purpose) if BEGUN[purpose] not in page] == []


def test_it_asks_nobody_for_anything(filled: Filler) -> None:
    text = report_page(report_search(filled.studies))
    page = Reader(text)
    assert not [one for one in page.attributes if one[1] in ("src", "href", "action", "srcset", "data")]
    assert "@import" not in text
    assert "url(" not in text
    assert not re.search(r"https?:", text.replace("http://www.w3.org/", ""))


def test_the_same_studies_give_the_same_bytes(filled: Filler, tmp_path: Path) -> None:
    page = report_page(report_search(filled.studies))
    again = Studies.open(kept_at(str(filled.studies.storage.engine.url), filled.search))
    assert report_page(report_search(again)) == page


def test_at_minute_zero_it_says_so(filler: Filler) -> None:
    text = " ".join(
        Reader(report_page(report_search(filler.studies, summarize(filler.studies, driven=True)))).text.split()
    )
    for part in ("▶ running", "0 of 4 recipes", "no mix has been measured yet", "No recipe was started yet."):
        assert part in text, part


def test_a_search_in_which_all_failed_shows_why(filler: Filler) -> None:
    for mix in ("none", "paraphrase"):
        filler.fail(mix, 0, "CUDA error <script>alert('x')</script> & more")
    page = report_page(report_search(filler.studies))
    assert "CUDA error &lt;script&gt;" in page
    assert "<script>alert" not in page
    Reader(page)


def test_thousands_of_recipes_stay_below_500_kB(filled: Filler) -> None:  # noqa: N802
    report = report_search(filled.studies)
    mixes = [
        line.model_copy(update={"digest": f"{line.digest[:20]}{number}", "mix": f"{line.mix} ({number})"})
        for number in range(1000)
        for line in report.mixes
    ]
    items = [
        one.model_copy(update={"begun": one.begun + number, "ended": number + 5.0})
        for number in range(1000)
        for one in report.work_items
    ]
    page = report_page(report.model_copy(update={"mixes": mixes, "work_items": items}))
    assert len(page.encode()) < 500_000
    assert "The first 100 of 4,000 are shown." in page


def test_no_style_and_no_script_inside_a_page_of_the_service(filled: Filler) -> None:
    text = search_page(report_search(filled.studies, summarize(filled.studies, driven=True)), offers=OFFERS)
    assert text.count("promote</button>") == 2
    page = Reader(text)
    assert not [one for one in page.attributes if one[1] == "style" or one[1].startswith("on")]
    assert "<style" not in text
    assert all(value and value.startswith("/") for _, name, value in page.attributes if name in ("src", "href"))
    assert ("main", "data-live", "/api/v1/searches/small/events") in page.attributes


def test_the_command_writes_it(filled: Filler, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = Workspace.of(filled.search)
    workspace.enter(tmp_path / "search.yaml")
    copied(tmp_path / "empty.db", workspace.folder, filled.search)
    (workspace.folder / "empty.db").rename(workspace.folder / "studies.db")
    out = tmp_path / "deep" / "report.html"
    assert main(["report", "small", "--out", str(out)]) == 0
    assert capsys.readouterr().out.startswith(str(out))
    assert "paraphrase:0.7 + ner:0.3" in out.read_text(encoding="utf-8")
    assert main(["report", "small", "--out", "/proc/none/report.html"]) == Failure.exit_code
    assert "the report cannot be written" in capsys.readouterr().err
