"""What goes wrong, by rule: at which requests, how often, and in which way."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

RequestKind = Literal["api", "resolve", "cdn", "xet"]
"""What is asked: what there is (`/api`), for a file, or on another host for the content of a file in LFS, or for what
that is made of, where it lies in Xet."""

Action = Literal[
    "status",  # this status instead
    "close",  # the connection, without a word
    "hang",  # no answer
    "html",  # a page of a captive portal
    "no_etag",
    "no_commit",  # as from a server that is no hub
    "drop",  # a part of the file, then the connection is closed
    "stall",  # a part of the file, then nothing
    "truncate",  # a part of the file, and that this is all
    "corrupt",  # the right size, wrong bytes
]

OF_CONTENT = ("drop", "stall", "truncate", "corrupt")
"""Actions that are done to the content of a file, so requests for something else do not count."""

OF_HEADERS = {"no_etag": ("ETag", "X-Linked-Etag"), "no_commit": ("X-Repo-Commit",)}
"""Action -> the headers that it takes away."""


@dataclass
class Rule:
    """A fault, and the requests that have it.

    Args:
        do: the fault.
        path: a regular expression that is searched in the path.
        method, kind: of the request; None is any.
        skip: how many such requests go well before the first that fails.
        first: how many fail; None is all of them.
        chance: that a request that may fail does.
        seed: of that chance.
        status, code, message, headers: of the answer, for `status`; `code` is the hub's own, as "GatedRepo".
        seconds: how long to wait, for `hang` and `stall`.
        share: of the content that is sent.
    """

    do: Action
    path: str = ""
    method: str | None = None
    kind: RequestKind | None = None
    skip: int = 0
    first: int | None = None
    chance: float = 1.0
    seed: int = 0
    status: int = 503
    code: str | None = None
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 3600.0
    share: float = 0.5
    fired: int = field(default=0, init=False)
    seen: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def fires(self, kind: RequestKind, method: str, path: str, headers: Mapping[str, str], is_content: bool) -> bool:
        """Whether this request fails, and counts it. `headers` are those of the answer that it would have."""
        if not re.search(self.path, path) or self.method not in (None, method) or self.kind not in (None, kind):
            return False
        if self.do in OF_CONTENT and not is_content:
            return False
        if self.do in OF_HEADERS and not set(OF_HEADERS[self.do]) & set(headers):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.first is not None and self.fired >= self.first):
            return False
        if self._random.random() >= self.chance:
            return False
        self.fired += 1
        return True


@dataclass
class Limits:
    """Rate limits in a fixed window, as the hub has them; None is no limit. For real: 500, 3000, 300 seconds."""

    api: int | None = None
    resolve: int | None = None
    window: float = 300.0
    _begun: dict[str, float] = field(default_factory=dict)
    _used: dict[str, int] = field(default_factory=dict)

    def exceeded(self, kind: RequestKind) -> dict[str, str] | None:
        """Counts a request; the headers of a refusal when there were too many."""
        limit = {"api": self.api, "resolve": self.resolve}.get(kind)
        if limit is None:
            return None
        now = time.monotonic()
        if now - self._begun.get(kind, -self.window) >= self.window:
            self._begun[kind], self._used[kind] = now, 0
        self._used[kind] += 1
        if self._used[kind] <= limit:
            return None
        left = max(1, round(self.window - (now - self._begun[kind])))
        name = {"api": "api", "resolve": "resolvers"}[kind]
        policy = f'"fixed window";"{name}";q={limit};w={round(self.window)}'
        return {"RateLimit": f'"{name}";r=0;t={left}', "RateLimit-Policy": policy}
