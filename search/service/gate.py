"""What every request passes first: host, origin, who asks; and the headers that every answer has."""

from __future__ import annotations

from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search.service.access import COOKIE, Access, Token
from search.service.problems import answer
from spaces.errors import Problem

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

FREE = ("/healthz", "/static/")
"""Paths that need no token."""

SAFE = ("GET", "HEAD", "OPTIONS")

LOGIN = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>taskmix</title>'
    '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/static/app.css"></head>'
    "<body><main><h1>taskmix</h1><p>Open the link that <code>taskmix serve</code> prints, or type a token:</p>"
    '<form method="get"><label>Token <input name="token" type="password" autocomplete="off" autofocus></label> '
    "<button>Open</button></form></main></body></html>"
)


class Gate:
    """Middleware: lets through who may ask, with `request.state.token` set to their `Token`."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # websockets: there are none

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/static/") is False:
                    headers.setdefault("Cache-Control", "private, no-cache")
            await send(message)

        request = Request(scope, receive)
        refusal = self._refusal(request)
        if refusal is not None:
            await refusal(scope, receive, sent)
        else:
            await self._app(scope, receive, sent)

    def _refusal(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        if not self._access.takes_host(host):
            fix = "start the service with --allow-host and this name, if it is one of its own"
            return answer(request, 421, [Problem("this is no name of the service", "Host", host, fix)])
        origin = request.headers.get("origin")
        if origin is not None and not self._access.takes_origin(origin, host):
            return answer(request, 403, [Problem("requests from other sites are refused", "Origin", origin)])
        if any(request.url.path == path or (path.endswith("/") and request.url.path.startswith(path)) for path in FREE):
            return None
        given = self._login(request)
        if given is not None:
            return given
        token, by_cookie = self._token(request)
        if token is None:
            return self._unknown(request)
        if request.method not in SAFE:
            if by_cookie and origin is None and request.headers.get("sec-fetch-site") != "same-origin":
                problem = Problem("a browser says where a request comes from", "Origin", fix="or send a bearer token")
                return answer(request, 403, [problem])
            if token.role != "write":
                fix = "ask for a token whose role is write"
                return answer(request, 403, [Problem("this token may only read", found=token.name, fix=fix)])
        request.state.token = token
        return None

    def _token(self, request: Request) -> tuple[Token | None, bool]:
        """Who asks, and whether a cookie says so."""
        bearer = request.headers.get("authorization")
        if bearer is not None:
            return self._access.of_bearer(bearer), False
        cookies = SimpleCookie()
        try:
            cookies.load(request.headers.get("cookie", ""))
        except Exception:  # whatever it is, it is none of ours
            return None, True
        return (self._access.of_cookie(cookies[COOKIE].value) if COOKIE in cookies else None), True

    def _login(self, request: Request) -> Response | None:
        """Of a link with a token: the same page without it, and a cookie."""
        if request.method != "GET" or request.url.path.startswith("/api/") or "token" not in request.query_params:
            return None
        token = self._access.of_secret(request.query_params["token"])
        if token is None:
            return self._unknown(request)
        rest = [(key, value) for key, value in parse_qsl(request.url.query) if key != "token"]
        path = "/" + request.url.path.lstrip("/\\")  # //elsewhere would be another site
        response = RedirectResponse(path + (f"?{urlencode(rest)}" if rest else ""), 303)
        secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
        response.set_cookie(COOKIE, token.cookie, max_age=30 * 86400, httponly=True, samesite="strict", secure=secure)
        return response

    def _unknown(self, request: Request) -> Response:
        if not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", ""):
            return Response(LOGIN, 401, media_type="text/html")
        fix = "Authorization: Bearer TOKEN, with one of $TASKMIX_HOME/service-tokens"
        problem = Problem("a token is needed", "Authorization", fix=fix)
        return answer(request, 401, [problem], {"WWW-Authenticate": "Bearer"})
