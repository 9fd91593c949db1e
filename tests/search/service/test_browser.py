"""The pages in a browser: as a person would look at them, and press their buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from search.config.workspace import Workspace
from search.display.page.search_page import report_page
from search.results.search_report import report_search
from search.service.app import make_app
from search.service.settings import Settings
from search.studies import lease
from search.studies.database import connect
from search.studies.lease import Lease
from search.studies.live import LiveFacts, LiveItem, write_live
from search.studies.studies import Studies
from search.studies.ticket import read_ticket
from tests.search.service.conftest import ACCESS, READER, WRITER
from tests.support.browser import launched, listening, overflow, url_of
from tests.support.searches import SEARCH, Filler, load

pytestmark = pytest.mark.long

CARDS = Path(SEARCH["cards"][0])


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture
def address(home: Path, workspace: Workspace) -> Iterator[str]:
    """A service that starts no drivers: all its places are taken."""
    with listening(make_app(home, Settings(access=ACCESS, searches=0, cards=(CARDS.parent,)))) as address:
        yield address


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """A page in a window of its own; whatever it complains of is a failure, but for requests that were refused."""
    contexts, complaints = [], list[str]()

    def complain(message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    def make(url: str, **options: Any) -> Any:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        return page

    yield make
    for context in contexts:
        context.close()
    assert not complaints


def told(url: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}token={WRITER.secret}"


def test_the_report_asks_for_nothing_and_fits_every_window(
    filled: Filler, open_page: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_text(report_page(report_search(filled.studies)), encoding="utf-8")
    for width in (1400, 768, 390):
        for scheme in ("light", "dark"):
            page = open_page("about:blank", viewport={"width": width, "height": 800}, color_scheme=scheme)
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto(url_of(file))
            assert asked == [url_of(file)]
            assert overflow(page) == 0
            light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
            assert light == (scheme == "light")
            for question in (OUTSIDE, COLLIDING):
                found = page.evaluate(question)
                assert not found, (width, found)


OUTSIDE = """() => [...document.querySelectorAll('svg text')].filter((text) => {
  const [own, whole] = [text.getBoundingClientRect(), text.ownerSVGElement.closest('svg.plot').getBoundingClientRect()];
  return own.width && (own.left < whole.left - 2 || own.right > whole.right + 2 || own.top < whole.top - 2
    || own.bottom > whole.bottom + 2);
}).map((text) => text.textContent)"""
"""Texts of drawings that are cut off."""

COLLIDING = """() => [...document.querySelectorAll('svg.plot')].flatMap((drawing) => {
  const all = [...drawing.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
  return all.flatMap(([one, a], index) => all.slice(index + 1).filter(([, b]) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
      && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4
  ).map(([other]) => `${one} | ${other}`));
})"""
"""Texts of a drawing that lie on each other."""


def test_the_report_is_read_without_javascript(filled: Filler, open_page: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(report_page(report_search(filled.studies)), encoding="utf-8")
    page = open_page(url_of(file), java_script_enabled=False)
    for text in ("paraphrase:0.7 + ner:0.3", "no mix beats the baseline", "loss is nan", "Work items"):
        assert page.get_by_text(text).first.is_visible(), text


def test_nothing_is_offered_that_needs_javascript(address: str, open_page: Callable[..., Any]) -> None:
    page = open_page(told(f"{address}/searches/small"), java_script_enabled=False)
    assert page.locator("noscript p").is_visible()
    assert page.get_by_role("link", name="report").is_visible()
    for name in ("resume", "promote", "explain"):
        assert not page.get_by_role("button", name=name).first.is_visible(), name


def test_a_large_search_fits_paper(open_page: Callable[..., Any], tmp_path: Path) -> None:
    targets = ["xnli", "pawsx", "panx", "udpos", "xquad", "mlqa", "tydiqa", "tatoeba", "bucc2018"]
    tasks = [
        "anli",
        "ccg",
        "copa",
        "cosmosqa",
        "csqa",
        "hellaswag",
        "mnli",
        "qqp",
        "siqa",
        "snli",
        "squad_v1",
        "squad_v2",
    ]
    search = load(tmp_path, tasks=tasks, targets=targets, space={"max_tasks": 4}, cards=[])
    filler = Filler(search, Studies.in_memory(search))
    for mixture in ("none", "copa:0.5 + squad_v2:0.5", "anli:0.4 + cosmosqa:0.4 + hellaswag:0.2"):
        for rung in (0, 1):
            filler.run(mixture, rung, dict.fromkeys(targets, 0.5 + rung / 9 + len(mixture) / 500))
    file = tmp_path / "report.html"
    file.write_text(report_page(report_search(filler.studies)), encoding="utf-8")
    page = open_page("about:blank", viewport={"width": 794, "height": 1123}, color_scheme="dark")
    page.emulate_media(media="print")
    page.goto(url_of(file))
    assert overflow(page) == 0
    for question in (OUTSIDE, COLLIDING):
        assert not page.evaluate(question)


def test_a_table_is_sorted(filled: Filler, open_page: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(report_page(report_search(filled.studies)), encoding="utf-8")
    page = open_page(url_of(file))
    gains = "[...document.querySelectorAll('.mixes tbody tr')].map(row => row.cells[2].textContent)"
    assert page.evaluate(gains) == ["+3.0", "+0.5", "-22.5", ""]
    head = page.get_by_role("button", name="mean gain")
    head.click()
    head.click()
    assert page.evaluate(gains) == ["-22.5", "+0.5", "+3.0", ""]  # what has none stays last


def test_columns_are_chosen_and_stay_so(filled: Filler, address: str, open_page: Callable[..., Any]) -> None:
    page = open_page(told(f"{address}/searches/small"))
    head = page.locator(".mixes thead").get_by_text("how it began")
    page.get_by_text("columns", exact=True).click()
    page.get_by_label("how it began").uncheck()
    head.wait_for(state="hidden")
    assert not page.locator(".mixes tbody").get_by_text("a start recipe").first.is_visible()
    filled.run("ner", 1, {"related": 0.5}, "promotion")
    page.get_by_text("10 done").wait_for()
    assert not head.is_visible()
    page.get_by_label("how it began").check()
    head.wait_for()


def test_a_page_changes_while_the_search_runs(
    filled: Filler, workspace: Workspace, address: str, open_page: Callable[..., Any]
) -> None:
    """Without being loaded again, and what a reader opened stays open, where they were."""
    page = open_page(told(f"{address}/searches/small"))
    page.get_by_text("‖ interrupted").wait_for()
    page.evaluate("window.mark = 1")
    page.get_by_text("next best:").first.click()
    page.locator("#mixtures h2").scroll_into_view_if_needed()
    top = "document.querySelector('#mixtures h2').getBoundingClientRect().top"
    place = page.evaluate(top)
    engine = connect(workspace.studies_url)
    with Lease.take(workspace.studies_url, "small") as held:
        item = filled.begin(filled.item("crossref:0.5 + ner:0.5", 0))
        at = LiveItem(key=item.key, phase="intermediate", done=0.4, node="node-3")
        write_live(engine, "small", held.id, LiveFacts(items=(at,), seconds_left=120.0))
        page.get_by_text("▶ running").wait_for()
        page.get_by_text("node-3").wait_for()
        page.get_by_text("intermediate 40%").wait_for()
        filled.studies.finish(item, filled.outcome(item, {"related": 0.7, "verses": 0.7}))
        page.locator("#mixtures").get_by_text("crossref:0.5 + ner:0.5").wait_for()
    page.get_by_text("‖ interrupted").wait_for()
    assert page.evaluate("window.mark") == 1
    assert page.locator("#answer details").first.get_attribute("open") is not None
    assert abs(page.evaluate(top) - place) < 3


def test_stop(
    workspace: Workspace, address: str, open_page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LOOK", 0.1)
    asked: list[str] = []
    with Lease.take(workspace.studies_url, "small", on_stop=lambda request: asked.append(request.by)):
        page = open_page(told(f"{address}/searches/small"))
        questions: list[str] = []
        page.on("dialog", lambda dialog: (questions.append(dialog.message), dialog.accept()))
        page.get_by_role("button", name="stop").click()
        page.get_by_text("the service has taken it up").wait_for()
        for _ in range(600):
            if asked:
                break
            page.wait_for_timeout(100)
    assert asked == ["writer"]
    assert questions == ["Stop small? What was trained is kept, and resume goes on with it."]


def test_resume_and_withdraw(workspace: Workspace, address: str, open_page: Callable[..., Any]) -> None:
    page = open_page(told(f"{address}/searches/small"))
    page.get_by_role("button", name="resume").click()
    page.get_by_text("◷ queued").wait_for()
    assert read_ticket(workspace.folder) is not None
    page.get_by_role("button", name="withdraw").click()
    page.get_by_text("‖ interrupted").wait_for()
    assert read_ticket(workspace.folder) is None


def test_a_new_search_is_checked_while_it_is_typed_and_launched(
    home: Path, address: str, open_page: Callable[..., Any]
) -> None:
    page = open_page(told(f"{address}/new?like=small"))
    area, launch = page.get_by_label("search file"), page.get_by_role("button", name="launch")
    wrong = {**SEARCH, "cards": ["cards"], "name": "second", "tasks": ["paraphrase", "nerr"]}
    area.fill(yaml.safe_dump(wrong))
    page.get_by_text("did you mean 'ner'?").wait_for()
    assert launch.is_disabled()
    area.fill(yaml.safe_dump({**wrong, "tasks": ["paraphrase", "ner"]}))
    page.get_by_text("the file is right").wait_for()
    launch.click()
    page.wait_for_url("**/searches/second")
    assert read_ticket(home / "second") is not None


def test_who_may_only_read_is_told_so(address: str, open_page: Callable[..., Any]) -> None:
    page = open_page(f"{address}/searches/small?token={READER.secret}")
    page.get_by_role("button", name="resume").click()
    page.get_by_text("this token may only read").wait_for()


def test_a_service_that_is_gone_is_missed_and_comes_back(
    home: Path, workspace: Workspace, open_page: Callable[..., Any]
) -> None:
    settings = Settings(access=ACCESS, searches=0)
    with listening(make_app(home, settings)) as address:
        page = open_page(told(f"{address}/searches/small"))
        page.get_by_text("‖ interrupted").wait_for()
    page.get_by_text("the service does not answer").wait_for()
    assert page.get_by_text("paraphrase:0.7 + ner:0.3").first.is_visible()
    with listening(make_app(home, settings), int(address.rpartition(":")[2])):
        page.get_by_text("the service does not answer").wait_for(state="hidden")


@pytest.mark.parametrize("path", ["/", "/tasks", "/new", "/compare?names=small", "/searches/small"])
def test_every_page_fits_a_telephone(address: str, open_page: Callable[..., Any], path: str) -> None:
    page = open_page(told(f"{address}{path}"), viewport={"width": 390, "height": 800})
    assert overflow(page) == 0
    hidden = page.evaluate(
        "[...document.querySelectorAll('.scroll:has(.stacked)')].map(one => one.scrollWidth - one.clientWidth)"
    )
    assert not any(hidden)
