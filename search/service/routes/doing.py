"""The endpoints that change something."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from search.answers.answer import Answer
from search.answers.plan import PlannedSearch
from search.answers.service import BudgetChange, Launched, StopWish
from search.config.workspace import Workspace
from search.service.access import Token
from search.service.answers import SearchName, errors
from search.service.launching.launcher import Launcher
from search.service.launching.submission import LONGEST, submitted
from search.service.problems import Refused
from search.service.settings import Settings
from spaces.errors import Problem

BODY_SECONDS = 30.0
"""How long a body may take to arrive."""

KINDS = ("application/yaml", "application/x-yaml", "text/yaml", "application/json")
"""Media types of a search file; JSON is YAML."""

router = APIRouter(prefix="/api/v1", tags=["searches"])

FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "a search file; as it is, too, with the media type application/yaml",
        "content": {"application/json": {"schema": {"title": "SearchFile", "type": "object"}}},
    }
}
"""The body of a request, as the document has it: what a search file may say is not the document's."""


@router.put(
    "/searches/{name}",
    response_model=Launched,
    responses={201: {"model": Launched, "description": "a new search"}, **errors(408, 409, 413, 415, 503)},
    openapi_extra=FILE,
)
async def launch(request: Request, name: SearchName) -> Response:
    """Launch a search, or go on with it: the same file again is the same search."""
    content, by = await body_of(request), _who(request)
    answer, is_new = await run_in_threadpool(_launcher(request).launch, name, content, by)
    return _json(answer, 201 if is_new else 200)


@router.post(
    "/plans",
    response_model=PlannedSearch,
    responses={204: {"description": "of `quick`: nothing is wrong with the file"}, **errors(408, 413, 415, 503)},
    openapi_extra=FILE,
)
async def plan(
    request: Request,
    quick: Annotated[bool, Query(description="look at the file and the cards alone, not at data and model")] = False,
) -> Response:
    """What a search file asks for and would cost, as `taskmix plan --offline`; nothing is stored."""
    content = await body_of(request)
    settings: Settings = request.app.state.settings

    def looked_at() -> None:
        with submitted(content, settings):
            pass

    if quick:
        await run_in_threadpool(looked_at)
        return Response(status_code=204)

    def planned_here() -> PlannedSearch:
        from search.checks.plan import planned

        with submitted(content, settings) as (search, _):
            return planned(Workspace.of(search), lambda line: None, offline=True)

    return _json(await run_in_threadpool(planned_here))


@router.post("/searches/{name}/stop", response_model=Launched, status_code=202, responses=errors(400, 404, 409, 503))
def stop(request: Request, name: SearchName, wish: StopWish | None = None) -> Response:
    """Ask the search's driver to end, as an interrupt does, wherever it runs."""
    return _json(_launcher(request).stop(name, (wish or StopWish()).hard, _who(request)), 202)


@router.post("/searches/{name}/resume", response_model=Launched, status_code=202, responses=errors(400, 404, 409, 503))
def resume(request: Request, name: SearchName, change: BudgetChange | None = None) -> Response:
    """Go on with a search, with another budget if one is given."""
    return _json(_launcher(request).resume(name, change or BudgetChange(), _who(request)), 202)


@router.delete("/searches/{name}/queued", status_code=204, response_class=Response, responses=errors(404, 409))
def withdraw(request: Request, name: SearchName) -> Response:
    """Take a search out of the queue."""
    _launcher(request).withdraw(name)
    return Response(status_code=204)


async def body_of(request: Request) -> bytes:
    """A search file that is sent, in time and not too long.

    Raises:
        Refused: it is not.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in KINDS:
        raise Refused(415, Problem("a search file is YAML or JSON", "Content-Type", kind, " or ".join(KINDS)))
    try:
        async with asyncio.timeout(BODY_SECONDS):
            content = bytearray()
            async for part in request.stream():
                content += part
                if len(content) > LONGEST:
                    raise Refused(413, Problem("the search file is too long", fix=f"at most {LONGEST} bytes"))
    except TimeoutError as error:
        raise Refused(408, Problem("the body did not arrive in time")) from error
    return bytes(content)


def _launcher(request: Request) -> Launcher:
    found: Launcher = request.app.state.launcher
    return found


def _who(request: Request) -> str:
    token: Token = request.state.token
    return token.name


def _json(answer: Answer, status: int = 200) -> Response:
    return JSONResponse(answer.to_json(), status, {"Cache-Control": "no-store"})
