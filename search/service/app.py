"""The service as an application."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path

from fastapi import FastAPI

from search.service import problems
from search.service.feed import Feeds
from search.service.gate import Gate
from search.service.launching.launcher import Launcher
from search.service.readers import Searches
from search.service.routes import doing, events, explaining, models, reading
from search.service.settings import Settings

PAGES = "search.service.routes.views"

TICK_SECONDS = 1.0
"""Between two looks at the queue."""


def make_app(home: Path, settings: Settings) -> FastAPI:
    """The service of a $TASKMIX_HOME, which holds no state of its own."""
    searches = Searches(home)
    launcher = Launcher(searches, settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        looking = asyncio.create_task(_look_after(launcher))
        yield
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        searches.close()

    app = FastAPI(
        title="taskmix",
        version="1",
        lifespan=lifespan,
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: str(route.name),  # names of a generated client's functions
        openapi_url=None,  # it needs a token, as everything does
        separate_input_output_schemas=False,  # a field with a default may be left out of an answer
    )
    app.state.searches, app.state.settings, app.state.launcher = searches, settings, launcher
    app.state.feeds = Feeds(searches, settings.streams)
    problems.add_to(app)
    app.include_router(reading.open_router)
    app.include_router(reading.router)
    app.include_router(doing.router)
    app.include_router(events.router)
    app.include_router(models.router)
    app.include_router(explaining.router)
    if importlib.util.find_spec(PAGES) is not None:
        app.include_router(import_module(PAGES).router, include_in_schema=False)
    app.add_middleware(Gate, access=settings.access)
    return app


async def _look_after(launcher: Launcher) -> None:
    """The queue, as long as the service lives."""
    while True:
        try:
            await asyncio.to_thread(launcher.tick)
        except Exception:  # what goes wrong once may go well the next time
            logging.getLogger("taskmix.service").exception("the queue could not be looked after")
        await asyncio.sleep(TICK_SECONDS)
