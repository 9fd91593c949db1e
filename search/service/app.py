"""The service as an application."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

from fastapi import FastAPI

from search.service import problems, reading
from search.service.gate import Gate
from search.service.readers import Searches
from search.service.settings import Settings

PAGES = "search.service.views"


def make_app(home: Path, settings: Settings) -> FastAPI:
    """The service of a $TASKMIX_HOME, which holds no state of its own."""
    searches = Searches(home)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        searches.close()

    app = FastAPI(
        title="taskmix",
        version="1",
        lifespan=lifespan,
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,  # it needs a token, as everything does
        separate_input_output_schemas=False,  # a field with a default may be left out of an answer
    )
    app.state.searches, app.state.settings = searches, settings
    problems.add_to(app)
    app.include_router(reading.open_router)
    app.include_router(reading.router)
    if importlib.util.find_spec(PAGES) is not None:
        app.include_router(import_module(PAGES).router, include_in_schema=False)
    app.add_middleware(Gate, access=settings.access)
    return app
