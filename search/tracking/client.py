"""Opens MLflow quietly, and soon when it cannot be opened: its own client tries for minutes."""

from __future__ import annotations

import logging
import os
import sqlite3
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy.engine import URL

from search.formatting import shown
from search.studies.database import LIBPQ, alone, parsed, reason_of, sqlite_file
from spaces.errors import Failure, Problem, TaskmixError
from trainables.store.filesystem import write_aside

if TYPE_CHECKING:
    from mlflow import MlflowClient

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # nobody asked for it, and it waits for a network
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
"""What MLflow reads; what the user has set stays. A server that drops packets is given up soon, and asked later."""

REACH_SECONDS = 10.0

ARTIFACTS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"""Tables and columns of MLflow that say where artifacts lie."""

FIX = "see that the server or database runs, the folder can be written, and storage.mlflow is right"


def open_client(uri: str) -> MlflowClient:
    """A client whose store is ready, its tables made by one process at a time.

    A new SQLite file is migrated aside and then renamed, so that it is whole or not there; it is in WAL mode, so that
    `mlflow ui` may read while a search writes.

    Args:
        uri: MLflow's tracking URI.

    Raises:
        InputError: SQLite would lie on a network file system.
        Failure: it cannot be opened.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        if uri.startswith(("sqlite:", "postgres")):
            return _open_database(parsed(uri, "storage.mlflow"))
        if uri.startswith(("http://", "https://")):
            _reach(uri)
        return _ready(uri)
    except TaskmixError:
        raise
    except Exception as error:  # MLflow's, SQLAlchemy's, its drivers', ours: all mean the same
        raise Failure(Problem("MLflow cannot be opened", shown(uri), reason_of(error), FIX)) from error


def artifacts_beside(uri: str) -> str | None:
    """Where artifacts go: a folder beside an SQLite file; a server has a place of its own."""
    file = sqlite_file(parsed(uri, "storage.mlflow")) if uri.startswith("sqlite") else None  # with a driver or without
    return (file.resolve().parent / "artifacts").as_uri() if file else None


def _open_database(address: URL) -> MlflowClient:
    file = sqlite_file(address)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    else:
        address = address.update_query_dict(
            {key: str(value) for key, value in LIBPQ.items() if key not in address.query}
        )
    with alone(address, "mlflow"):
        if file is not None:
            _prepare(file)
            return _ready(_file_uri(file))
        return _ready(address.render_as_string(hide_password=False))


def _file_uri(file: Path) -> str:
    """With the driver named: of `sqlite:///a%20b/c.db` MLflow makes the folder `a%20b`, and of this none."""
    return URL.create("sqlite+pysqlite", database=str(file)).render_as_string()


def _ready(uri: str) -> MlflowClient:
    client = _client(uri)
    client.search_experiments(max_results=1)
    return client


def _client(uri: str) -> MlflowClient:
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # errors come as exceptions
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _prepare(file: Path) -> None:
    """Makes the database if there is none; fails at once when it cannot be written."""
    if not file.exists():
        with write_aside(file) as aside:
            with closing(sqlite3.connect(aside)) as database:
                database.execute("PRAGMA user_version = 0")
            _ready(_file_uri(aside))
    with closing(sqlite3.connect(file, timeout=REACH_SECONDS)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("BEGIN IMMEDIATE")
        _move_artifacts(database, file.resolve().parent / "artifacts")
        database.commit()


def _move_artifacts(database: sqlite3.Connection, here: Path) -> None:
    """Our artifacts lie beside their database; MLflow notes whole paths, which are wrong once both have moved."""
    question = "SELECT DISTINCT artifact_location FROM experiments WHERE name LIKE 'taskmix/%'"
    for (noted,) in database.execute(question).fetchall():
        there = Path(urllib.request.url2pathname(urlsplit(noted).path)) if noted.startswith("file:") else here
        if there == here or there.name != here.name or (there.exists() and not here.exists()):
            continue
        for table, column in ARTIFACTS:
            # paths of runs and models begin with their experiment's
            database.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",
                (here.as_uri(), len(noted) + 1, len(noted), noted),
            )


def _reach(uri: str) -> None:
    """Any answer will do: whether we may come in is MLflow's to say."""
    try:
        urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=REACH_SECONDS).close()
    except urllib.error.HTTPError:
        return
