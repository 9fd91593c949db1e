"""The endpoints that say why mixes help, and what to try on a target that no search had."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import ValidationError

from search.answers.explanation import Explanation, Recommendation, Scale
from search.answers.service import (
    ExplanationWish,
    MeasureName,
    RecommendationWish,
    SplitName,
    TypologyFeatures,
)
from search.config.schema import NAME
from search.config.workspace import names as search_names
from search.explanation.pool import explain_pool, pool_of
from search.service.answers import TABLE, Format, SearchName, answered, as_text, errors
from search.service.problems import Refused
from search.service.readers import Searches
from search.service.routes.models import run_command
from spaces.errors import Problem

router = APIRouter(prefix="/api/v1", tags=["explanations"])


@router.get("/searches/{name}/explanation", response_model=Explanation, responses={**TABLE, **errors(404, 409, 503)})
def explanation(
    request: Request,
    name: SearchName,
    names: Annotated[
        str,
        Query(max_length=5000, pattern=f"^({NAME}(,{NAME})*)?$", description="further searches, with commas between"),
    ] = "",
    split: SplitName = "dev",
    measure: MeasureName = "centroid",
    typology: TypologyFeatures = "syntax",
    scale: Scale = "points",
    format: Format = "json",
) -> Response:
    """Why mixes help, as `taskmix explain`; 409 where texts were not looked at yet, which POST does."""
    wish = ExplanationWish(
        names=[one for one in names.split(",")[:20] if one],
        split=split,
        measure=measure,
        typology=typology,
        scale=scale,
    )
    searches: Searches = request.app.state.searches
    return answered(request, find_explanation(searches, name, wish), format)


@router.post("/searches/{name}/explanation", response_model=Explanation, responses=errors(400, 404, 409, 503))
async def explain(request: Request, name: SearchName, wish: ExplanationWish | None = None) -> Response:
    """As GET, and looks at the texts of all cards first, where nobody has."""
    wish = wish or ExplanationWish()
    asked = _known(request, [name, *wish.names])
    options = ["--split", wish.split, "--measure", wish.measure, "--typology", wish.typology, "--scale", wish.scale]
    return _answer(request, Explanation, await run_in_threadpool(run_command, ["explain", *asked, *options]))


@router.post("/recommendations", response_model=Recommendation, responses=errors(400, 404, 409, 503))
async def recommend(request: Request, wish: RecommendationWish) -> Response:
    """Mixtures for a target that no search had, as `taskmix recommend`; nothing is kept but profiles of texts."""
    asked = _known(request, wish.names or search_names())
    searches: Searches = request.app.state.searches
    if wish.target not in searches.find(asked[0]).search.catalogue.targets:
        raise Refused(404, Problem("no target of that name", f"cards of {asked[0]}", wish.target))
    options = ["--split", wish.split, "--measure", wish.measure, "--typology", wish.typology, "--top", str(wish.top)]
    command = ["recommend", wish.target, "--from", *asked, *options]
    return _answer(request, Recommendation, await run_in_threadpool(run_command, command))


def find_explanation(
    searches: Searches, name: str, wish: ExplanationWish, patience: float | None = None
) -> Explanation:
    """An explanation of profiles that are stored: nothing is computed with a model, and nothing written.

    Args:
        patience: as of `Searches.learned`.

    Raises:
        Refused: a profile is missing.
        NoSearch, Failure: as `Searches.open`.
        Reading: it is being computed.
        InputError: the searches cannot be taken together, or hold too little.
    """
    asked = list(dict.fromkeys([name, *wish.names]))
    opened = [searches.open(one) for one in asked]
    pool = pool_of([one.workspace for one in opened], [one.studies for one in opened])
    key = key_of(name, wish)
    if searches.last(key) is None and not pool.has_profiles:
        raise _missing(name)

    def think() -> Explanation:
        profiles = pool.stored_profiles()
        if profiles is None:
            raise _missing(name)
        return explain_pool(pool, profiles, wish.measure, wish.typology, wish.split, wish.scale)[0]

    return searches.learned(name, key, tuple(one.stamp for one in opened), think, patience).value


def key_of(name: str, wish: ExplanationWish) -> Hashable:
    """Of the question, for `Searches.learned`."""
    return "explanation", *dict.fromkeys([name, *wish.names]), wish.split, wish.measure, wish.typology, wish.scale


def _missing(name: str) -> Refused:
    fix = f"POST /api/v1/searches/{name}/explanation computes them, which takes minutes"
    return Refused(409, Problem("profiles of the texts are missing", name, fix=fix))


def _known(request: Request, names: Sequence[str]) -> list[str]:
    searches: Searches = request.app.state.searches
    for name in names:
        searches.find(name)
    if not names:
        raise Refused(409, Problem("there is no search to learn from", fix="launch one, on three targets"))
    return list(dict.fromkeys(names))


def _answer(request: Request, model: type[Explanation] | type[Recommendation], text: str) -> Response:
    try:
        found = model.model_validate_json(text)
    except ValidationError as error:
        raise Refused(503, Problem("the command said something else", found=text[-200:])) from error
    return Response(as_text(found).encode(), 200, {"Cache-Control": "no-store"}, "application/json")
