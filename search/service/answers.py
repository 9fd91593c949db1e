"""Answers over HTTP: the text that the command prints, with a tag that says whether it changed."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal

from fastapi import Path as InPath
from fastapi import Query, Request
from fastapi.responses import Response

from search.answers.answer import Answer
from search.answers.items import RecipeList, WorkItemList
from search.config.schema import LONGEST_NAME, NAME
from search.display.report import Listed, render
from search.service.problems import ProblemList

SearchName = Annotated[
    str, InPath(pattern=f"^{NAME}$", max_length=LONGEST_NAME, description="of a search", examples=["mini"])
]
Format = Annotated[Literal["json", "csv"], Query(description="`csv`: the same as a table")]
Limit = Annotated[int, Query(ge=1, le=10_000, description="how many at most")]

Tabled = Listed | RecipeList | WorkItemList

REASONS = {
    400: "the body cannot be parsed",
    401: "no token, or a wrong one",
    403: "the token may only read, or the request comes from another site",
    404: "there is no such thing",
    408: "the body did not arrive in time",
    409: "it cannot be done as things stand",
    410: "it was there, and is gone",
    413: "the body is too long",
    415: "the body is neither YAML nor JSON",
    421: "the Host header names another service",
    422: "mistakes in the request, all of them",
    503: "something is away, or is still being read: ask again",
}


def errors(*codes: int) -> dict[int | str, dict[str, object]]:
    """What an endpoint may answer instead, for the document; what all may answer is among it."""
    return {
        code: {
            "description": REASONS[code],
            "model": ProblemList,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemList"}}},
        }
        for code in sorted({401, 403, 421, 422, *codes})
    }


TABLE: dict[int | str, dict[str, object]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
"""That an answer can be had as a table, for the document."""


def as_text(answer: Answer) -> str:
    """JSON as the command line prints it."""
    return json.dumps(answer.to_json(), indent=2, ensure_ascii=False) + "\n"


def answered(request: Request, answer: Tabled, format: str = "json") -> Response:
    """An answer, or 304 where whoever asks has it."""
    if format == "csv":
        return tagged(request, render(answer, "csv") + "\n", "text/csv")  # type: ignore[arg-type]
    return tagged(request, as_text(answer), "application/json")


def tagged(request: Request, text: str, media_type: str) -> Response:
    """A text with its ETag."""
    body = text.encode(errors="replace")
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
    known = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
