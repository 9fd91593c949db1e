"""Errors as answers: `application/problem+json` with the problems that the command line prints."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from starlette.exceptions import HTTPException

from search.answers.answer import Answer
from search.display.page.document import served
from search.display.page.markup import tag
from search.formatting import shown
from search.service.readers import NoSearch
from spaces.errors import MISTAKE, Failure, InputError, Problem, TaskmixError

LONGEST = 200
"""Letters that are quoted of what was found."""

RETRY_SECONDS = 2

log = logging.getLogger("taskmix.service")


class ProblemLine(Answer):
    """One thing that is wrong."""

    what: str = Field(description="the mistake, a short sentence")
    where: str = Field("", description="file and key, or the part of the request")
    found: str = Field("", description="what stands there, 200 letters of it at most")
    fix: str = Field("", description="what would be right, or what to do next")


class ProblemList(Answer):
    """Why a request was not done."""

    problems: list[ProblemLine]


class Refused(TaskmixError):
    """A request that is not done, with its status."""

    def __init__(self, status: int, problems: Problem | Iterable[Problem], headers: dict[str, str] | None = None):
        super().__init__(problems)
        self.status, self.headers = status, headers or {}


def status_of(error: TaskmixError) -> int:
    """404 for a search that is not there, 422 for a mistake of whoever asks, 503 where something is away."""
    match error:
        case Refused():
            return error.status
        case NoSearch():
            return 404
        case InputError():
            return 422
        case Failure():
            return 503
    return 500


def answer(
    request: Request, status: int, problems: Iterable[Problem], headers: dict[str, str] | None = None
) -> Response:
    """Problems as JSON; for a browser as a page that says the same."""
    lines = [_line(problem) for problem in problems]
    headers = {"Cache-Control": "no-store", **(headers or {})}
    if status == 503:
        headers.setdefault("Retry-After", str(RETRY_SECONDS))
    if not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", ""):
        if status == 503:
            headers["Refresh"] = str(RETRY_SECONDS)
        return HTMLResponse(_page(lines), status, headers)
    content = json.dumps({"problems": [line.to_json() for line in lines]}, indent=2, ensure_ascii=False)
    return Response(content.encode(errors="replace"), status, headers, media_type="application/problem+json")


def add_to(app: FastAPI) -> None:
    """Let an application answer errors so."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, TaskmixError)
        headers = error.headers if isinstance(error, Refused) else {}
        return answer(request, status_of(error), error.problems, headers)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        problems = [
            Problem(str(one["msg"]), ".".join(map(str, one["loc"])), repr(one.get("input", ""))[:LONGEST])
            for one in error.errors()
        ]
        return answer(request, 422, problems)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        problem = Problem(str(error.detail), found=request.url.path)
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods(app, request.url.path))
        return answer(request, error.status_code, [problem], headers)

    async def unforeseen(request: Request, error: Exception) -> Response:
        log.exception("%s %s", request.method, request.url.path, exc_info=error)
        problem = Problem(MISTAKE, found=type(error).__name__, fix="see the service's log")
        return answer(request, 500, [problem])

    app.add_exception_handler(TaskmixError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unforeseen)


def _methods(app: FastAPI, path: str) -> list[str]:
    """All that a path takes, of whatever route: a route of the framework knows its own alone."""
    found = set()
    for template, methods in app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            found |= {method.upper() for method in methods}
    return sorted(found) or ["GET"]


def _line(problem: Problem) -> ProblemLine:
    what, where, found, fix = map(shown, (problem.what, problem.where, problem.found, problem.fix))
    return ProblemLine(what=what[:1000], where=where[:1000], found=found[:LONGEST], fix=fix[:1000])


def _page(lines: Iterable[ProblemLine]) -> str:
    told = (
        tag(
            "div",
            tag("p", tag("strong", line.what)),
            *(tag("p", text) for text in (line.where, line.found, line.fix) if text),
            class_="problem",
        )
        for line in lines
    )
    return served("taskmix", tag("h1", "This cannot be shown"), told)
