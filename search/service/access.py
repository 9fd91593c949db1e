"""Who may ask: tokens, cookies, and the hosts and origins that requests may name.

Programs send a token as a bearer. A browser opens a link with the token once and gets a cookie, which is made of the
token and is none itself.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from spaces.errors import Failure, InputError, Problem

TOKEN = "TASKMIX_TOKEN"
"""Environment variable with a token that may do everything."""

FILE = "service-tokens"
"""In $TASKMIX_HOME: a token in each line, as `write admin TOKEN`."""

COOKIE = "taskmix"

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

SHORTEST = 16
"""Letters of a token at least."""

Role = Literal["read", "write"]


@dataclass(frozen=True)
class Token:
    """Who holds it may ask (`read`), or launch, stop and promote as well (`write`)."""

    name: str
    role: Role
    secret: str

    @property
    def cookie(self) -> str:
        """What a browser is given instead; nobody learns the token from it."""
        made = hmac.new(self.secret.encode(), b"cookie of taskmix", hashlib.sha256)
        return made.hexdigest()


@dataclass(frozen=True)
class Access:
    """Args:
    tokens: of which one is needed.
    hosts: names that a request's Host header may have, without ports.
    """

    tokens: tuple[Token, ...]
    hosts: frozenset[str]

    def of_bearer(self, header: str) -> Token | None:
        """Whose `Authorization` header it is."""
        scheme, _, secret = header.partition(" ")
        return self.of_secret(secret.strip()) if scheme.lower() == "bearer" else None

    def of_secret(self, secret: str) -> Token | None:
        """Whose token it is."""
        return _found(self.tokens, secret, lambda token: token.secret)

    def of_cookie(self, cookie: str) -> Token | None:
        """Whose cookie it is."""
        return _found(self.tokens, cookie, lambda token: token.cookie)

    def takes_host(self, host: str) -> bool:
        """Whether a request may have this Host header: another one is that of a page which points its name here."""
        return bool(host) and _name_of(f"//{host}") in self.hosts

    def takes_origin(self, origin: str, host: str) -> bool:
        """Whether a request to `host` may come from a page of this origin: from our own alone."""
        return urlsplit(origin).scheme in ("http", "https") and urlsplit(origin).netloc.lower() == host.lower()


def _found(tokens: Iterable[Token], given: str, known: Callable[[Token], str]) -> Token | None:
    """All are compared, each in a time that does not depend on where the two differ."""
    found = None
    for token in tokens:
        if hmac.compare_digest(known(token).encode(), given.encode(errors="replace")):
            found = token
    return found


def _name_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return ""
    return "" if parts.username is not None or parts.path else (parts.hostname or "")


def allowed_hosts(host: str, allowed: Iterable[str]) -> frozenset[str]:
    """The names under which a service that listens at `host` is asked.

    Args:
        allowed: further ones, as users type them into their browsers.

    Raises:
        InputError: other machines shall reach it, and nobody said by what name.
    """
    names = {name.lower().strip("[]") for name in allowed}
    if not names and not is_loopback(host):
        fix = "--allow-host NAME, as users type it; there is no TLS here: put a proxy before it, or use ssh"
        raise InputError(Problem("other machines would reach the service", "--host", host, fix))
    return frozenset(names | LOOPBACK | ({host.lower()} if is_loopback(host) else set()))


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_tokens(home: Path, environ: Mapping[str, str] = os.environ) -> tuple[Token, ...]:
    """The tokens of a service; one is made, and kept for its owner alone, where there is none.

    Raises:
        InputError: a token is too short, or a line of the file is none.
        Failure: the file cannot be read or written.
    """
    file = home / FILE
    tokens = [Token("environment", "write", environ[TOKEN])] if environ.get(TOKEN) else []
    try:
        if not tokens and not file.exists():
            home.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                out.write(f"write admin {secrets.token_urlsafe(24)}\n")
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        if file.exists() and file.stat().st_mode & 0o077:
            raise InputError(Problem("others can read the tokens", str(file), fix=f"chmod 600 {file}"))
    except OSError as error:
        fix = f"{TOKEN}=..., or a $TASKMIX_HOME that can be written"
        raise Failure(Problem("the tokens cannot be read", str(file), str(error), fix)) from error
    tokens += [_token(line, f"{file}: line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    for token in tokens:
        if len(token.secret) < SHORTEST:
            fix = f"at least {SHORTEST} letters; for example: {secrets.token_urlsafe(24)}"
            raise InputError(Problem("the token is too short", token.name, fix=fix))
    return tuple(tokens)


def _token(line: str, where: str) -> Token:
    match line.split():
        case [("read" | "write") as role, name, secret]:
            return Token(name, role, secret)
    raise InputError(Problem("is no token", where, fix=f"{' or '.join(get_args(Role))}, a name, and the token"))
