"""The pages. What they show is what the API answers; what they do they ask of it."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from search.answers.explanation import Explanation
from search.answers.mixes import BestMixes
from search.answers.service import ExplanationWish
from search.display.page.answer import OFFERS
from search.display.page.compare_page import compare_page
from search.display.page.document import static_text
from search.display.page.overview import new_page, searches_page, tasks_page
from search.display.page.recipe_page import recipe_page
from search.display.page.search_page import LOOKED_INTO, UNKNOWN_TEXTS, now_page, report_page, search_page
from search.results.cards import list_cards
from search.results.compare import compare_searches
from search.results.ranking import rank
from search.results.search_report import TOP, report_mix, report_search
from search.service.answers import SearchName, tagged
from search.service.problems import Refused
from search.service.readers import PATIENCE, Opened, Reading, Searches
from search.service.routes.explaining import find_explanation, key_of
from search.service.routes.reading import catalogue_of, file_of
from search.service.shelf import NotReady, Shelf
from spaces.errors import InputError, Problem, TaskmixError

STATIC = {"app.css": "text/css", "app.js": "text/javascript", "tables.js": "text/javascript"}

THINKING = "The model of all results is being computed; what it says will be here in a while."
OLDER = "Of a while ago: results that came since are being thought about."

EMPTY = """\
name: my-search
model: xlm-roberta-base
tasks: [mnli, qqp, squad_v1]
targets: [xnli]
stages:
  intermediate: {examples: 20000}
  target: {examples: 20000}
budget: {recipes: 12}
"""

SEARCH = "/api/v1/searches/{name}"

router = APIRouter()


@router.get("/static/{name}")
def static(request: Request, name: str) -> Response:
    """Style and scripts."""
    if name not in STATIC:
        raise Refused(404, Problem("there is no such file", found=name[:200]))
    return tagged(request, static_text(name), STATIC[name])


@router.get("/")
def searches(request: Request) -> Response:
    """All searches."""
    return _page(request, searches_page(_searches(request).list()))


@router.get("/searches/{name}")
def search(request: Request, name: SearchName) -> Response:
    """A search."""
    opened = _searches(request).open(name)
    best, note = _best(request, opened)
    status, offers = _searches(request).status(name), _offers(request)
    why = _why(request, name, is_driven=status.state == "running")

    def draw() -> str:
        return search_page(report_search(opened.studies, status, opened.rows, best), note, offers, why)

    stamp = opened.stamp, note, status.model_dump_json(), why if isinstance(why, str) else why.model_dump_json()
    try:
        page = _drawings(request).get(name, stamp, draw, PATIENCE).value
    except NotReady as error:
        raise Reading(Problem("is still being drawn", found=name, fix="ask again in a few seconds")) from error
    return _page(request, page)


@router.get("/searches/{name}/now")
def now(request: Request, name: SearchName) -> Response:
    """What of a search's page changes while nothing ends."""
    return _page(request, now_page(_searches(request).status(name)))


@router.get("/searches/{name}/report.html")
@router.get("/api/v1/searches/{name}/report.html")
def report(request: Request, name: SearchName) -> Response:
    """The search as one file, whose style and script are in it."""
    found = _searches(request)
    opened = found.open(name)
    status = found.status(name)
    drawn = report_page(report_search(opened.studies, status, opened.rows, found.best(name, top=TOP)))
    response = _page(request, drawn)
    response.headers["Content-Security-Policy"] = _inline_policy()
    response.headers["Content-Disposition"] = f'inline; filename="{name}.html"'
    return response


@router.get("/searches/{name}/recipes/{digest}")
def recipe(request: Request, name: SearchName, digest: str) -> Response:
    """A mix."""
    studies, _ = _searches(request).studies(name)
    try:
        found = report_mix(studies, digest)
    except InputError as error:
        raise Refused(404, error.problems[0]) from error
    return _page(request, recipe_page(found, studies.search.space.tasks))


@router.get("/compare")
def compare(request: Request, names: Annotated[list[str], Query(max_length=20)] = []) -> Response:  # noqa: B006
    """Searches beside each other; names in one parameter or in several."""
    searches = _searches(request)
    asked = [name for part in names for name in part.split(",") if name][:20]
    found, problems = None, list[str]()
    if len(asked) > 1:
        try:
            found = compare_searches([searches.studies(name) for name in asked])
        except InputError as error:
            problems = [" · ".join(filter(None, (one.what, one.where, one.found, one.fix))) for one in error.problems]
    return _page(request, compare_page(asked, found, problems, searches.names()))


@router.get("/new")
def new(request: Request, like: Annotated[str | None, Query(max_length=240)] = None) -> Response:
    """A search file to be written."""
    text = EMPTY if like is None else file_of(_searches(request).find(like))
    return _page(request, new_page(text, like))


@router.get("/tasks")
def tasks(request: Request) -> Response:
    """The cards."""
    return _page(request, tasks_page(list_cards(catalogue_of(request))))


def _searches(request: Request) -> Searches:
    found: Searches = request.app.state.searches
    return found


def _best(request: Request, opened: Opened) -> tuple[BestMixes, str]:
    """The best mixes as they are now, with what the model made of them now or a while ago; and what to say of that."""
    try:
        known = _searches(request).best_known(opened.workspace.name, top=TOP)
    except Reading:
        return rank(opened.studies, top=TOP, rows=opened.rows), THINKING
    if known.is_current:
        return known.value, ""
    fresh, learned = rank(opened.studies, top=TOP, rows=opened.rows), known.value.targets
    targets = {
        name: mixes.model_copy(update={"learned": learned[name].learned}) for name, mixes in fresh.targets.items()
    }
    return fresh.model_copy(update={"targets": targets}), OLDER


def _why(request: Request, name: str, is_driven: bool) -> Explanation | str:
    """Why mixes help, where that is known; while a search runs nothing is computed for it."""
    searches, wish = _searches(request), ExplanationWish()
    if is_driven:
        known = searches.last(key_of(name, wish))
        return known.value if known is not None else "It is looked into when nothing runs."
    try:
        return find_explanation(searches, name, wish, patience=0.0)
    except Reading:
        return LOOKED_INTO
    except Refused:
        return UNKNOWN_TEXTS
    except TaskmixError as error:
        return f"{error.problems[0].what}: {error.problems[0].found}"


def _offers(request: Request) -> tuple[str, ...]:
    """Those of the endpoints that cards have buttons for that this service has."""
    paths = request.app.openapi()["paths"]
    return tuple(name for name in OFFERS if any(path.startswith(f"{SEARCH}/{name}") for path in paths))


def _drawings(request: Request) -> Shelf:
    """The pages of searches as they were drawn last: however many look at one, it is drawn once."""
    state = request.app.state
    if not hasattr(state, "drawings"):
        state.drawings = Shelf("drawing", threads=2, room=100)
    found: Shelf = state.drawings
    return found


def _page(request: Request, text: str) -> Response:
    return tagged(request, text, "text/html")


@cache
def _inline_policy() -> str:
    """What a report may do: nothing but its own style and script, which are known by what they are."""
    style, script = (
        base64.b64encode(hashlib.sha256(static_text(name).encode()).digest()).decode()
        for name in ("app.css", "tables.js")
    )
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
