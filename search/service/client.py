"""A service as the command line asks it: $TASKMIX_URL says where it is. Needs pydantic, and neither Ray nor torch."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from pydantic import ValidationError

from search.answers.answer import Answer
from search.answers.benchmark import BenchmarkTable
from search.answers.cards import CardList
from search.answers.explanation import Explanation, Recommendation
from search.answers.mixes import BestMixes
from search.answers.service import Launched
from search.answers.status import SearchList, SearchStatus
from spaces.errors import Failure, InputError, Problem

URL, TOKEN = "TASKMIX_URL", "TASKMIX_TOKEN"

PATIENCE = 120.0
"""Seconds that a service may take to read a search."""

ANSWER_SECONDS = 60.0

COMPUTE_SECONDS = 3600.0
"""That a service may take to load a model and look at texts."""

A = TypeVar("A", bound=Answer)


class Service:
    """A service over HTTP.

    Args:
        url: http://HOST:PORT, or https:// behind a proxy; a path before /api is kept.
        token: with which it is asked.

    Raises of all that ask:
        InputError: the request is wrong, with every mistake as the service tells them.
        Failure: the service is away, or cannot do it.
    """

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise InputError(Problem("is no address of a service", URL, fix="http://HOST:8717, as taskmix serve says"))
        self._url, self._token = url.rstrip("/"), token
        self._parts = parts

    def searches(self) -> SearchList:
        """What `status` says."""
        return self._read(SearchList, "/searches")

    def status(self, name: str) -> SearchStatus:
        """What `status NAME` says."""
        return self._read(SearchStatus, f"/searches/{quote(name, '')}")

    def best(self, name: str, target: str | None, top: int) -> BestMixes:
        """What `best NAME` says."""
        asked = {"top": str(top), **({"target": target} if target else {})}
        return self._read(BestMixes, f"/searches/{quote(name, '')}/best?{urlencode(asked)}")

    def table(self, name: str, suite: str) -> BenchmarkTable:
        """What `best NAME --suite S` says."""
        return self._read(BenchmarkTable, f"/searches/{quote(name, '')}/best?{urlencode({'suite': suite})}")

    def cards(self, name: str = "") -> CardList:
        """What `tasks` says."""
        return self._read(CardList, f"/tasks/{quote(name, '')}" if name else "/tasks")

    def explain(
        self, names: Sequence[str], split: str, measure: str, typology: str, scale: str = "points"
    ) -> Explanation:
        """What `explain NAME NAME` says; texts that nobody looked at are looked at, which takes minutes."""
        path, further = f"/searches/{quote(names[0], '')}/explanation", list(names[1:])
        wish = {"split": split, "measure": measure, "typology": typology, "scale": scale}
        try:
            return self._read(Explanation, f"{path}?{urlencode({'names': ','.join(further), **wish})}")
        except InputError as error:
            if "profiles of the texts are missing" not in str(error):
                raise
        return self._post(Explanation, path, {"names": further, **wish})

    def recommend(
        self, card: str, names: Sequence[str], top: int, split: str, measure: str, typology: str
    ) -> Recommendation:
        """What `recommend CARD` says."""
        wish = {"target": card, "names": list(names), "top": top, "split": split, "measure": measure}
        return self._post(Recommendation, "/recommendations", {**wish, "typology": typology})

    def launch(self, name: str, file: Path) -> Launched:
        """Launch a search by its file."""
        try:
            content = file.read_bytes()
        except OSError as error:
            raise InputError(Problem("cannot be read", str(file), error.strerror or str(error))) from error
        return self._ask(Launched, "PUT", f"/searches/{quote(name, '')}", content, "application/yaml")

    def resume(self, name: str) -> Launched:
        """Go on with a search."""
        return self._ask(Launched, "POST", f"/searches/{quote(name, '')}/resume", b"{}", "application/json")

    def stop(self, name: str, hard: bool) -> Launched:
        """Ask a search to stop."""
        wish = json.dumps({"hard": hard}).encode()
        return self._ask(Launched, "POST", f"/searches/{quote(name, '')}/stop", wish, "application/json")

    def _post(self, model: type[A], path: str, wish: Mapping[str, Any]) -> A:
        """What may take minutes."""
        return self._ask(model, "POST", path, json.dumps(wish).encode(), "application/json", COMPUTE_SECONDS)

    def _read(self, model: type[A], path: str) -> A:
        return self._ask(model, "GET", path)

    def _ask(
        self,
        model: type[A],
        method: str,
        path: str,
        body: bytes | None = None,
        kind: str = "",
        seconds: float = ANSWER_SECONDS,
    ) -> A:
        deadline = time.monotonic() + PATIENCE
        while True:
            status, headers, content = self._send(method, path, body, kind, seconds)
            if status < 300:
                try:
                    return model.model_validate_json(content)
                except ValidationError as error:
                    raise self._no_service(f"an answer of another kind: {content[:100]!r}") from error
            problems = self._problems(status, content)
            wait = float(headers.get("Retry-After") or 0) if headers.get("Retry-After", "").isdecimal() else 0.0
            again = method == "GET" and status == 503 and "still being read" in problems[0].what
            if not again or time.monotonic() + wait > deadline:
                raise InputError(problems) if status < 500 else Failure(problems)
            time.sleep(wait or 1.0)

    def _send(
        self, method: str, path: str, body: bytes | None, kind: str, timeout: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        host, port = self._parts.hostname or "", self._parts.port
        connection: http.client.HTTPConnection
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=timeout)
        headers = {"Authorization": f"Bearer {self._token}", **({"Content-Type": kind} if kind else {})}
        try:
            connection.request(method, f"{self._parts.path.rstrip('/')}/api/v1{path}", body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._no_service(str(error) or type(error).__name__) from error
        finally:
            connection.close()

    def _problems(self, status: int, content: bytes) -> list[Problem]:
        if status == 401:
            fix = f"{TOKEN}=..., a token of the service (taskmix serve says where they are)"
            return [Problem("the service wants another token", self._url, fix=fix)]
        try:
            found: list[dict[str, Any]] = json.loads(content)["problems"]
            keys = ("what", "where", "found", "fix")
            return [Problem(*(str(one.get(key, "")) for key in keys)) for one in found] or [
                Problem("refused", self._url)
            ]
        except (ValueError, KeyError, TypeError, AttributeError):
            return [Problem("what answers is no service of taskmix", self._url, f"status {status}")]

    def _no_service(self, reason: str) -> Failure:
        fix = f"see that taskmix serve runs there and can be reached from here; or unset {URL}"
        return Failure(Problem("the service does not answer", self._url, reason, fix))


def find_service(environ: Mapping[str, str] = os.environ) -> Service | None:
    """The service that is to be asked; None: $TASKMIX_URL is not set, the searches are those of this machine.

    Raises:
        InputError: the address is none, or there is no token.
    """
    url = environ.get(URL)
    if not url:
        return None
    token = environ.get(TOKEN, "")
    if not token:
        raise InputError(Problem("the service wants a token", URL, url, f"export {TOKEN}=..."))
    return Service(url, token)
