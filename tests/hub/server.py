"""The stand-in itself: two servers on loopback, one for the hub and one for the host of its large files."""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from tests.hub import xet
from tests.hub.answers import Answer, Answers, Request, refusal
from tests.hub.client import environment
from tests.hub.faults import OF_HEADERS, Action, Limits, RequestKind, Rule
from tests.hub.repositories import Kind, Repository

PORTAL = b"<html><body>Please log in to the network</body></html>"


@dataclass(frozen=True)
class Served:
    """A request that came, and what became of it; `size`: bytes of the body that was sent, `status` 0: no answer."""

    kind: RequestKind
    method: str
    path: str
    status: int
    size: int
    token: str | None


class Hub:
    """A hub with repositories of its own, between enter and exit.

    Attributes:
        url: what `HF_ENDPOINT` has to be.
        answers: what lies on it, and which tokens it knows.
        rules: faults; the first rule that fires decides.
        limits: of requests.
        latency: seconds before each answer.
        requests: what was asked and answered; written before the answer, so that who has it finds it here.
    """

    def __init__(self) -> None:
        self.answers = Answers()
        self.rules: list[Rule] = []
        self.limits = Limits()
        self.latency = 0.0
        self.requests: list[Served] = []
        self.stopped = threading.Event()
        self.lock = threading.Lock()
        self._servers: list[_Server] = []
        self._ports = (0, 0)

    def __enter__(self) -> Hub:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Answer, on the same ports as before."""
        self.stopped = threading.Event()
        for port, is_cdn in zip(self._ports, (False, True), strict=True):
            self._servers.append(_Server(self, port, is_cdn))
        self._ports = (self._servers[0].server_port, self._servers[1].server_port)
        self.url = f"http://127.0.0.1:{self._ports[0]}"
        self.answers.cdn = f"http://127.0.0.1:{self._ports[1]}"

    def stop(self) -> None:
        """Close ports and connections: the hub cannot be reached until it is started again."""
        self.stopped.set()
        while self._servers:
            self._servers.pop().stop()

    def environment(self, home: Path, **changes: str) -> dict[str, str]:
        """For a program that is to ask this hub, with `home` as its `HF_HOME`."""
        return {**environment(self.url, home), **changes}

    # --- what lies on it

    def add(
        self,
        kind: Kind,
        id: str,
        files: Mapping[str, bytes | str],
        gated: Literal[False, "auto", "manual"] = False,
        is_private: bool = False,
        readers: set[str] | None = None,
    ) -> Repository:
        """A new repository, with a first commit."""
        repository = Repository(kind, id, gated, is_private, readers or set())
        repository.commit(files)
        self.answers.repositories[kind, id] = repository
        return repository

    def repository(self, kind: Kind, id: str) -> Repository:
        return self.answers.repositories[kind, id]

    def rename(self, kind: Kind, old: str, new: str) -> None:
        """A repository has another id from now on; requests for the old one are sent on."""
        repository = self.answers.repositories.pop((kind, old))
        repository.id = new
        self.answers.repositories[kind, new] = repository
        self.answers.renamed[kind, old] = new

    # --- what goes wrong

    def fail(self, do: Action, path: str = "", **how: Any) -> Rule:
        """From now on some requests fail; what `how` may say: `Rule`."""
        rule = Rule(do, path, **how)
        self.rules.append(rule)
        return rule

    def recover(self) -> None:
        """No faults, no limits, no latency."""
        self.rules.clear()
        self.limits, self.latency = Limits(), 0.0

    # --- what was asked

    def forget(self) -> None:
        """What was asked so far."""
        with self.lock:
            self.requests.clear()

    @property
    def counts(self) -> Counter[RequestKind]:
        """Requests by kind."""
        return Counter(request.kind for request in self.requests)

    @property
    def bytes(self) -> Counter[RequestKind]:
        """Bytes of bodies by kind."""
        sizes: Counter[RequestKind] = Counter()
        for request in self.requests:
            sizes[request.kind] += request.size
        return sizes

    def fault(self, kind: RequestKind, request: Request, answer: Answer) -> Rule | None:
        """The rule that a request falls under."""
        with self.lock:
            for rule in self.rules:
                content = answer.is_content and request.method == "GET"
                if rule.fires(kind, request.method, request.path, answer.headers, content):
                    return rule
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, hub: Hub, port: int, is_cdn: bool) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.hub, self.is_cdn = hub, is_cdn
        self.connections: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave are what is tested here."""

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            _shut(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def log_message(self, *_: object) -> None:
        """Nothing: a test's output is its own."""

    def handle_any(self) -> None:
        hub = self.server.hub
        length = int(self.headers.get("Content-Length") or 0)
        given = self.headers.get("Authorization")
        request = Request(
            self.command,
            self.path,
            self.headers.get("Host", ""),
            given.removeprefix("Bearer ") if given else None,
            self.rfile.read(length) if length else b"",
            self.headers.get("Content-Type", ""),
        )
        self.asked = request
        self.kind = self._kind_of(request.path)
        if hub.latency:
            hub.stopped.wait(hub.latency)
        try:
            self._serve(hub, self.kind, request)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = handle_any  # noqa: N815

    def _kind_of(self, path: str) -> RequestKind:
        if self.server.is_cdn:
            return "xet" if path.startswith((xet.PLANS, xet.TELEMETRY)) else "cdn"
        return "resolve" if "/resolve/" in path else "api"

    def _serve(self, hub: Hub, kind: RequestKind, request: Request) -> None:
        with hub.lock:
            exceeded = hub.limits.exceeded(kind)
        if exceeded:
            self._send(refusal(429, None, "We had to rate limit your IP.", exceeded))
            return
        answer = hub.answers.content(request) if self.server.is_cdn else hub.answers.answer(request)
        rule = hub.fault(kind, request, answer)
        if answer.is_content:
            answer = self._part(answer)
        if rule is None:
            self._send(answer)
        elif rule.do == "status":
            self._send(refusal(rule.status, rule.code, rule.message, rule.headers))
        elif rule.do == "html":
            self._send(Answer(200, PORTAL, {"Content-Type": "text/html"}))
        elif rule.do in OF_HEADERS:
            kept = {name: value for name, value in answer.headers.items() if name not in OF_HEADERS[rule.do]}
            self._send(Answer(answer.status, answer.body, kept, answer.is_content))
        elif rule.do == "corrupt":
            middle = len(answer.body) // 2
            wrong = bytes(byte ^ 0xFF for byte in answer.body[middle : middle + 64])
            body = answer.body[:middle] + wrong + answer.body[middle + 64 :]
            self._send(Answer(answer.status, body, answer.headers))
        elif rule.do == "truncate":
            self._send(Answer(answer.status, answer.body[: int(len(answer.body) * rule.share)], answer.headers))
        else:
            if rule.do in ("drop", "stall"):
                self._send(answer, share=rule.share)
            else:
                self._note(0, 0)
            if rule.do in ("stall", "hang"):
                hub.stopped.wait(rule.seconds)
            self.close_connection = True
            _shut(self.connection)

    def _part(self, answer: Answer) -> Answer:
        """What was asked for of a file, where a part was."""
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if wanted is None:
            return answer
        total, begin = len(answer.body), int(wanted[1])
        end = min(total, int(wanted[2]) + 1) if wanted[2] else total
        headers = {**answer.headers, "Content-Range": f"bytes {begin}-{end - 1}/{total}"}
        if begin >= total:
            return Answer(416, headers={"Content-Range": f"bytes */{total}"})
        return Answer(206, answer.body[begin:end], headers, is_content=True)

    def _send(self, answer: Answer, share: float = 1.0) -> None:
        body = b"" if self.command == "HEAD" else answer.body[: int(len(answer.body) * share)]
        self._note(answer.status, len(body))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _note(self, status: int, size: int) -> None:
        hub, asked = self.server.hub, self.asked
        with hub.lock:
            hub.requests.append(Served(self.kind, asked.method, asked.path, status, size, asked.token))


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # the other side was first
        return
