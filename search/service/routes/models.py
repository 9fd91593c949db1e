"""The endpoints that give a trained model away: each asks a command that trains and loads it, one at a time."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import ValidationError

from search.answers.service import Promotion, PromotionWish
from search.service.access import Token
from search.service.answers import SearchName, errors
from search.service.launching.drivers import child_environment
from search.service.problems import Refused
from search.service.readers import Searches
from spaces.errors import MISTAKE, Problem

LONGEST_SECONDS = 3600.0
"""How long a model may take to be trained once more."""

router = APIRouter(prefix="/api/v1", tags=["models"])

TAR: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the model's folder, a tar file",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

TargetName = Annotated[str, InPath(pattern=r"^[A-Za-z0-9][\w.-]*$", max_length=200, description="of the search")]

_one = threading.Lock()


@router.post(
    "/searches/{name}/promotions", response_model=Promotion, status_code=201, responses=errors(400, 404, 409, 410, 503)
)
async def promote(request: Request, name: SearchName, wish: PromotionWish) -> Response:
    """Register a target's model with MLflow, as `taskmix promote`; it is trained once more, which takes its time."""
    await run_in_threadpool(_check, request, name, wish.target)
    mix = [f"--mix={wish.mixture}"] if wish.mixture is not None else []
    command = ["promote", name, "--target", wish.target, "--alias", wish.alias, *mix]
    text = await run_in_threadpool(run_command, command)
    try:
        made = Promotion.model_validate_json(text)
    except ValidationError as error:
        raise Refused(503, Problem("the model could not be registered", found=text[-200:])) from error
    if not made.moved:
        raise Refused(409, Problem("the alias stays where it is", made.alias, made.reason))
    token: Token = request.state.token
    request.app.state.launcher.note(name, f"{token.name} promoted {made.uri}")
    return JSONResponse(made.to_json(), 201, {"Cache-Control": "no-store"})


@router.get("/searches/{name}/models/{target}.tar", response_class=Response, responses={**TAR, **errors(404, 410, 503)})
async def model(
    request: Request,
    name: SearchName,
    target: TargetName,
    mixture: Annotated[
        str | None, Query(max_length=1000, description='"none": the baseline; default: the best')
    ] = None,
) -> Response:
    """The encoder of the target's best mix, as `taskmix export --format hf`: a folder that transformers loads."""
    await run_in_threadpool(_check, request, name, target)
    above = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="taskmix-model-"))
    folder = above / f"{name}-{target}"
    mix = [f"--mix={mixture}"] if mixture is not None else []
    try:
        await run_in_threadpool(run, ["export", name, "--format", "hf", "--target", target, "--out", str(folder), *mix])
    except BaseException:
        shutil.rmtree(above, ignore_errors=True)
        raise
    headers = {"Content-Disposition": f'attachment; filename="{target}.tar"', "Cache-Control": "no-store"}
    return StreamingResponse(_packed(folder), media_type="application/octet-stream", headers=headers)


def _check(request: Request, name: str, target: str) -> None:
    searches: Searches = request.app.state.searches
    if target not in searches.find(name).config.targets:
        raise Refused(404, Problem("no target of this search", "target", target))


def run_command(command: list[str]) -> str:
    """What a command answers, as JSON. Raises as `run`."""
    return run([*command, "--format", "json"])


def run(command: list[str]) -> str:
    """What a command prints. They run one at a time: each takes the memory of a model.

    Raises:
        Refused: it failed, with what it said; 410 where what was trained is gone.
    """
    with _one:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "search", *command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=LONGEST_SECONDS,
                env=child_environment(),
            )
        except subprocess.TimeoutExpired as error:
            raise Refused(503, Problem("it took too long", found=f"{LONGEST_SECONDS:.0f} s")) from error
    if done.returncode == 0:
        return done.stdout
    said = done.stderr
    status = 410 if "not in the store" in said or "is gone" in said else 409 if done.returncode == 2 else 503
    raise Refused(500 if MISTAKE in said else status, told(said))


def told(said: str) -> list[Problem]:
    """The problems that a command prints, each from its `error: ` on: head, found, fix."""
    problems = []
    said = re.sub(r"^\d+ problems$", "", said, flags=re.MULTILINE)
    for block in re.split(r"^error: ", said, flags=re.MULTILINE)[1:]:
        head, *rest = re.split(r"\n  (found: |fix:   )", block.strip())
        parts = dict(zip(rest[::2], rest[1::2], strict=True))
        problems.append(Problem(head, found=parts.get("found: ", ""), fix=parts.get("fix:   ", "")))
    return problems or [Problem("the command failed", found=said[-200:])]


def _packed(folder: Path) -> Iterator[bytes]:
    """A folder as a tar file, made while it is read; the folder is deleted in the end."""
    pieces: list[bytes] = []

    class Sink:
        def write(self, data: bytes) -> int:
            pieces.append(bytes(data))
            return len(data)

    try:
        with tarfile.open(fileobj=Sink(), mode="w|") as archive:  # type: ignore[call-overload]
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    info = archive.gettarinfo(file, str(file.relative_to(folder.parent)))
                    with file.open("rb") as content:
                        archive.addfile(info, content)
                    yield b"".join(pieces)
                    pieces.clear()
        yield b"".join(pieces)
    finally:
        shutil.rmtree(folder.parent, ignore_errors=True)
