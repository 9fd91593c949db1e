"""The endpoint that pushes: server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.types import Message, Receive, Scope, Send

from search.answers.service import StreamEvent
from search.service.answers import SearchName, errors
from search.service.feed import Feed, Feeds
from search.service.problems import Refused
from search.service.readers import Searches
from spaces.errors import Problem

UNREAD_SECONDS = 30.0
"""How long a reader may let an event lie, with all buffers full, before its stream ends."""

RETRY_MILLISECONDS = 2000

router = APIRouter(prefix="/api/v1", tags=["searches"])


class Stream(StreamingResponse):
    """Ends when nobody takes what it sends."""

    media_type = "text/event-stream"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            async with asyncio.timeout(UNREAD_SECONDS):
                await send(message)

        try:
            await super().__call__(scope, receive, sent)
        except TimeoutError:
            return
        finally:
            await self.body_iterator.aclose()  # type: ignore[attr-defined]  # or its reader is counted until it is found


@router.get(
    "/searches/{name}/events",
    response_class=Stream,
    responses={
        200: {
            "model": StreamEvent,
            "description": "events without an end",
            "content": {"text/event-stream": {"schema": {"type": "object"}}},  # or the class's media type makes it text
        },
        **errors(404, 503),
    },
)
async def events(
    request: Request,
    name: SearchName,
    last_event_id: Annotated[str | None, Header(max_length=200, description="where to go on")] = None,
) -> Response:
    """What happens to the search, as server-sent events; with `Last-Event-ID` from there on."""
    searches: Searches = request.app.state.searches
    feeds: Feeds = request.app.state.feeds
    await run_in_threadpool(searches.find, name)
    if feeds.is_full:
        raise Refused(503, Problem("too many event streams", fix="ask for the status instead"), {"Retry-After": "30"})
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(_written(feeds.of(name), last_event_id or ""), headers=headers)


async def _written(feed: Feed, last: str) -> AsyncGenerator[bytes]:
    yield format_sse_event(comment="hello", retry=RETRY_MILLISECONDS)
    async with aclosing(feed.events(last)) as happening:
        async for event in happening:
            if event is None:
                yield KEEPALIVE_COMMENT
            else:
                data = json.dumps(event.data.to_json(), ensure_ascii=False)
                yield format_sse_event(data_str=data, event=event.name, id=event.id)
