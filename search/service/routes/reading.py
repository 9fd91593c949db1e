"""The endpoints that tell something. None of them writes."""

from __future__ import annotations

import importlib.metadata
import platform
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from search.answers.answer import Answer
from search.answers.benchmark import BenchmarkTable
from search.answers.cards import CardList
from search.answers.comparison import Comparison
from search.answers.items import ItemPhase, RecipeList, WorkItemList
from search.answers.mixes import BestMixes
from search.answers.status import SearchList, SearchPhase, SearchStatus
from search.config.schema import NAME
from search.config.search_file import dump, stored_config
from search.config.workspace import Workspace
from search.formatting import shown
from search.results.cards import list_cards
from search.results.compare import compare_searches
from search.results.items import list_work_items
from search.service.answers import TABLE, Format, Limit, SearchName, answered, as_text, errors, tagged
from search.service.launching.launch_log import log_of
from search.service.problems import Refused
from search.service.readers import NoSearch, Searches
from search.service.settings import Settings
from search.service.shelf import Kept
from spaces.catalogue import Catalogue
from spaces.errors import InputError, Problem

router = APIRouter(prefix="/api/v1")
open_router = APIRouter()


class Version(Answer):
    """What answers."""

    taskmix: str
    api: int
    python: str


def _searches(request: Request) -> Searches:
    found: Searches = request.app.state.searches
    return found


@open_router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses=errors(),
    tags=["service"],
)
def metrics(request: Request) -> str:
    """Counts for Prometheus."""
    lines = _searches(request).list().searches
    states = Counter(line.state for line in lines)
    found = ["# HELP taskmix_searches Searches by state.", "# TYPE taskmix_searches gauge"]
    found += [f'taskmix_searches{{state="{state}"}} {states[state]}' for state in get_args(SearchPhase)]
    found += ["# HELP taskmix_work_items Work items of a search by state.", "# TYPE taskmix_work_items gauge"]
    for line in lines:
        counts = line.work_items.model_dump(exclude={"total"}) if line.work_items else {}
        found += [f'taskmix_work_items{{search="{line.search}",state="{name}"}} {n}' for name, n in counts.items()]
    found += ["# HELP taskmix_event_streams Event streams that are open.", "# TYPE taskmix_event_streams gauge"]
    found.append(f"taskmix_event_streams {request.app.state.feeds.readers}")
    return "\n".join(found) + "\n"


@open_router.get("/healthz", response_class=PlainTextResponse, tags=["service"])
def healthz() -> str:
    """That the service is up; needs no token."""
    return "ok\n"


@router.get("/version", response_model=Version, responses=errors(), tags=["service"])
def version(request: Request) -> Response:
    """What answers."""
    return tagged(
        request, as_text(Version(taskmix=_version(), api=1, python=platform.python_version())), "application/json"
    )


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request) -> Response:
    """The document of all this."""
    document: dict[str, Any] = request.app.openapi()
    return JSONResponse(document)


@router.get("/searches", response_model=SearchList, responses={**TABLE, **errors(503)}, tags=["searches"])
def searches(
    request: Request,
    state: Annotated[SearchPhase | None, Query(description="those in this state alone")] = None,
    format: Format = "json",
) -> Response:
    """A line for every search, as `taskmix status`."""
    found = _searches(request).list()
    if state is not None:
        found = SearchList(searches=[line for line in found.searches if line.state == state])
    return answered(request, found, format)


@router.get("/searches/{name}", response_model=SearchStatus, responses={**TABLE, **errors(404, 503)}, tags=["searches"])
def status(request: Request, name: SearchName, format: Format = "json") -> Response:
    """Where a search stands, as `taskmix status NAME`."""
    return answered(request, _searches(request).status(name), format)


@router.get(
    "/searches/{name}/best",
    response_model=BestMixes | BenchmarkTable,
    responses={**TABLE, **errors(404, 503)},
    tags=["searches"],
)
def best(
    request: Request,
    name: SearchName,
    target: Annotated[str | None, Query(max_length=200, description="one target; default: all")] = None,
    top: Annotated[int, Query(ge=1, le=1000, description="mixes per target")] = 3,
    suite: Annotated[
        str | None,
        Query(max_length=200, description="the table of a benchmark instead, of all its targets", examples=["xtreme"]),
    ] = None,
    format: Format = "json",
) -> Response:
    """The best mixes, as `taskmix best NAME`; with an `Age` where a large search has gone on since."""
    searches = _searches(request)
    known: Kept[BestMixes] | Kept[BenchmarkTable]
    with _absent():
        known = searches.best_known(name, target, top) if suite is None else searches.table_known(name, suite)
    response = answered(request, known.value, format)
    if known.age:
        response.headers["Age"] = str(known.age)
    return response


@router.get(
    "/searches/{name}/recipes", response_model=RecipeList, responses={**TABLE, **errors(404, 503)}, tags=["searches"]
)
def recipes(
    request: Request,
    name: SearchName,
    target: Annotated[str | None, Query(max_length=200, description="scores on this one alone")] = None,
    after: Annotated[str | None, Query(max_length=200, description="digest: `next` of the page before")] = None,
    limit: Limit = 1000,
    format: Format = "json",
) -> Response:
    """The configurations that were tried, in the order of their start."""
    with _absent():
        found = _searches(request).recipes(name, target, after, limit)
    return answered(request, found, format)


@router.get(
    "/searches/{name}/work-items",
    response_model=WorkItemList,
    responses={**TABLE, **errors(404, 503)},
    tags=["searches"],
)
def work_items(
    request: Request,
    name: SearchName,
    state: Annotated[ItemPhase | None, Query(description="those in this state alone")] = None,
    after: Annotated[int | None, Query(ge=0, le=1 << 53, description="number: `next` of the page before")] = None,
    limit: Limit = 1000,
    format: Format = "json",
) -> Response:
    """The work items, in the order of their start."""
    opened = _searches(request).open(name)
    states = () if state is None else (state,)
    driven = _searches(request).is_driven(opened.workspace)
    found = list_work_items(opened.studies, driven, states, after, limit)
    return answered(request, found, format)


TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


@router.get("/searches/{name}/file", response_class=Response, responses={**TEXT, **errors(404, 503)}, tags=["searches"])
def search_file(request: Request, name: SearchName) -> Response:
    """The search file as it was launched, YAML without passwords."""
    return tagged(request, file_of(_searches(request).find(name)), "text/plain")


@router.get("/searches/{name}/log", response_class=Response, responses={**TEXT, **errors(404, 503)}, tags=["searches"])
def log(
    request: Request,
    name: SearchName,
    after: Annotated[
        int | None, Query(ge=0, le=1 << 53, description="byte at which to begin; default: the last 64 kB")
    ] = None,
) -> Response:
    """What the driver printed, a megabyte at most; the header `Taskmix-Log-End` is the next `after`."""
    text, end = log_of(_searches(request).find(name), after)
    response = tagged(request, text, "text/plain")
    response.headers["Taskmix-Log-End"] = str(end)
    return response


@router.get("/compare", response_model=Comparison, responses={**TABLE, **errors(404, 503)}, tags=["searches"])
def compare(
    request: Request,
    names: Annotated[
        str,
        Query(
            max_length=5000,
            pattern=f"^{NAME}(,{NAME})+$",
            description="of searches, with commas between them",
            examples=["mini,other"],
        ),
    ],
    format: Format = "json",
) -> Response:
    """Searches beside each other, as `taskmix compare`; 422 where they cannot be compared."""
    found = [_searches(request).studies(name) for name in names.split(",")[:20] if name]
    return answered(request, compare_searches(found), format)


@router.get("/tasks", response_model=CardList, responses={**TABLE, **errors()}, tags=["tasks"])
def tasks(request: Request, format: Format = "json") -> Response:
    """All cards, as `taskmix tasks`."""
    return answered(request, list_cards(catalogue_of(request)), format)


@router.get("/tasks/{name}", response_model=CardList, responses={**TABLE, **errors(404)}, tags=["tasks"])
def task(request: Request, name: SearchName, format: Format = "json") -> Response:
    """One card, as `taskmix tasks NAME`."""
    catalogue = catalogue_of(request)
    if name not in catalogue.tasks and name not in catalogue.targets:
        raise Refused(404, Problem("no card of that name", found=name))
    return answered(request, list_cards(catalogue.only([name])), format)


def file_of(workspace: Workspace) -> str:
    """The search file, without passwords of addresses."""
    config = stored_config(workspace.file)
    kept = {name: shown(value) for name, value in config.storage.model_dump().items() if isinstance(value, str)}
    storage = config.storage.model_copy(update=kept)
    return dump(config.model_copy(update={"storage": storage}), workspace.folder)


@contextmanager
def _absent() -> Iterator[None]:
    """What a request names and the search does not have is not there: 404."""
    try:
        yield
    except NoSearch:
        raise
    except InputError as error:
        raise Refused(404, error.problems) from error


def catalogue_of(request: Request) -> Catalogue:
    """The cards that the service knows."""
    settings: Settings = request.app.state.settings
    return Catalogue.load(list(settings.cards))


def _version() -> str:
    try:
        return importlib.metadata.version("taskmix")
    except importlib.metadata.PackageNotFoundError:  # a checkout
        return "0"
