"""The studies' database: opened safely, its errors in words, and lost connections borne.

SQLite on a local disk or PostgreSQL. Everything that two processes could do at once to a fresh database (make the
tables) happens under a lock; an address is never shown with its password.
"""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import optuna
import psutil
from optuna.exceptions import OptunaError
from optuna.storages import RDBStorage
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from search.formatting import shown
from spaces.errors import Failure, InputError, Problem
from trainables.store.patience import TOLD_EVERY

PATIENCE = 600.0
"""Seconds that a database may be away before a driver gives up."""

PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds between the tries; the last one repeats."""

NETWORK = re.compile(
    r"(fuse\.)?(afs|beegfs|ceph|cephfs|cifs|gcsfuse|glusterfs|gpfs|juicefs|lustre|nfs|nfs4|orangefs|panfs|rclone|s3fs"
    r"|smb3|sshfs|wekafs)"
)
"""File systems on which machines do not see each other's locks, or see a file's end late: SQLite loses data there."""

POSTGRES = "postgresql://USER:PASSWORD@HOST/DATABASE"

LIBPQ = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Seconds, and the last in milliseconds: without them a connection to a machine that vanished hangs for hours. A driver
says that the database is away within about ten seconds, and waits for it then."""

T = TypeVar("T")


def open_storage(url: str) -> RDBStorage:
    """Optuna's storage; the tables are made when there are none.

    Raises:
        InputError: the address is none, or SQLite would lie on a network file system.
        Failure: the tables are another Optuna's.
        Others, that `usable` puts into words.
    """
    address = parsed(url, "storage.studies")
    with alone(address, "studies"):
        whole = address.render_as_string(hide_password=False)
        storage = RDBStorage(whole, engine_kwargs=_arguments(address), skip_compatibility_check=True)
        version, wanted = storage.get_current_version(), _tables_version(storage)
        if version != wanted:
            fix = f"optuna storage upgrade --storage {shown(url)}"
            found = f"of version {version}; Optuna {optuna.__version__} is here, which wants {wanted}"
            raise Failure(Problem("the tables are another Optuna's", shown(url), found, fix))
        _set_up(storage.engine)
        storage.engine.dispose()  # connections from before the line above
    return storage


def connect(url: str, key: str = "storage.studies") -> Engine:
    """A way to the same database beside Optuna's. Raises as `open_storage`."""
    address = parsed(url, key)
    engine = create_engine(address, **_arguments(address))
    _set_up(engine)
    return engine


_versions: list[str] = []


def _tables_version(storage: RDBStorage) -> str:
    """The tables that this Optuna wants. It loads ten scripts to tell, a tenth of a second, so it is asked once."""
    if not _versions:
        _versions.append(storage.get_head_version())
    return _versions[0]


@contextmanager
def alone(address: URL, noun: str) -> Iterator[None]:
    """One process at a time makes the tables of `noun` in a database."""
    if address.get_backend_name() == "sqlite":
        file = sqlite_file(address)
        folder = os.open(file.parent, os.O_RDONLY) if file else None
        try:
            if folder is not None:
                fcntl.flock(folder, fcntl.LOCK_EX)  # the folder: a lock file of ours would lie about for ever
            yield
        finally:
            if folder is not None:
                os.close(folder)
        return
    engine = create_engine(address, **_arguments(address))
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:noun))"), {"noun": f"taskmix {noun}"})
            yield
    finally:
        engine.dispose()


@contextmanager
def usable(url: str) -> Iterator[None]:
    """Errors of the database as one that says what to do."""
    try:
        yield
    except KeyError as error:
        fix = "launch the search first, or see that storage.studies is the one it was launched with"
        raise Failure(Problem("the studies of the search are not there", shown(url), str(error), fix)) from error
    except ImportError as error:
        fix = _driver_fix(url)
        raise Failure(Problem("the database's driver is missing", shown(url), reason_of(error), fix)) from error
    except (SQLAlchemyError, OptunaError, OSError) as error:
        fix = "see that the database runs, the folder exists and can be written, and storage.studies is right"
        raise Failure(Problem("the studies' database cannot be opened", shown(url), reason_of(error), fix)) from error


def _driver_fix(url: str) -> str:
    driver = url.partition("://")[0].partition("+")[2]
    if driver in ("", "psycopg"):
        return "pip install 'psycopg[binary]'"
    plain = url.partition("+")[0]
    return f"leave +{driver} out of the address, so that it begins with {plain}://, or install {driver}"


def persistently(
    operation: Callable[[], T],
    repair: Callable[[], None],
    *,
    seconds: float = PATIENCE,
    say: Callable[[str], None] = lambda text: None,
) -> T:
    """What `operation` returns; when the connection is lost on its way, it is done again.

    Args:
        operation: is safe to repeat after `repair`: a commit may have arrived although its answer did not.
        repair: reads again what is in the database; it may lose the connection as well.
        seconds: how long the database may be away.
        say: told that it is away, at once and every half minute, and once that it is back.

    Raises:
        Failure: it was away for longer.
        Others that are no lost connection, as they come.
    """
    try:
        return operation()
    except Exception as error:
        if not is_lost(error):
            raise
        last = error
    told = time.monotonic()
    deadline = told + seconds
    say(f"the database is away ({reason_of(last)}); trying again for {seconds:.0f} s (Ctrl-C twice ends this)")
    tries = 0
    while (left := deadline - time.monotonic()) > 0:
        time.sleep(min(left, PAUSES[min(tries, len(PAUSES) - 1)]))
        tries += 1
        try:
            repair()
            result = operation()
        except Exception as error:
            if not is_lost(error):
                raise
            last = error
            if time.monotonic() - told >= TOLD_EVERY:
                told = time.monotonic()
                say(f"the database is still away ({reason_of(last)}); trying again for {deadline - told:.0f} s")
        else:
            say("the database is back")
            return result
    found = f"{reason_of(last)}; {tries} tries in {seconds:.0f} s"
    fix = "start the database, then go on with: taskmix resume NAME; nothing that was written is lost"
    raise Failure(Problem("the studies' database is away", "storage.studies", found, fix)) from last


def is_lost(error: BaseException | None) -> bool:
    """Whether an error says that the database is away or busy, and nothing about what was asked of it."""
    while error is not None and not isinstance(error, DBAPIError):
        error = error.__cause__
    if error is None:
        return False
    if isinstance(error.orig, sqlite3.Error):  # its OperationalError stands for mistakes in SQL as well
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL)
    return error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))


def reason_of(error: BaseException) -> str:
    """The first line of what an error says; the database's own words where it has them."""
    inner: BaseException | None = error
    while inner is not None and not isinstance(inner, DBAPIError):
        inner = inner.__cause__
    lines = str((inner and inner.orig) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def parsed(url: str, key: str) -> URL:
    """An address as SQLAlchemy takes it, with psycopg 3 where no driver is named.

    Raises:
        InputError: it is no address of SQLite or PostgreSQL, or SQLite would lie on a network file system.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        fix = f"sqlite:///FILE or {POSTGRES}"
        raise InputError(Problem("is no address of a database", key, shown(url), fix)) from error
    if address.drivername in ("postgresql", "postgres"):
        address = address.set(drivername="postgresql+psycopg")
    if address.drivername.partition("+")[0] not in ("sqlite", "postgresql"):
        fix = f"sqlite:///FILE or {POSTGRES}"
        raise InputError(Problem("SQLite and PostgreSQL are known, no other database", key, shown(url), fix))
    if file := sqlite_file(address):
        _refuse_network(file, key)
    return address


def sqlite_file(address: URL) -> Path | None:
    """The file of a database; None for PostgreSQL and for SQLite in memory."""
    if address.get_backend_name() != "sqlite" or not address.database or address.database == ":memory:":
        return None
    return Path(address.database)


def file_system(path: Path) -> tuple[str, str]:
    """Type ("ext4", "nfs4") and mount point of the file system that a path lies on; empty where that cannot be told.

    Args:
        path: absolute, without links.
    """
    name, point = "", ""
    for mount in psutil.disk_partitions(all=True):
        # In the order in which they were mounted: a later one lies over an earlier one.
        if path.is_relative_to(mount.mountpoint) and len(mount.mountpoint) >= len(point):
            name, point = mount.fstype, mount.mountpoint
    return name, point


def _refuse_network(file: Path, key: str) -> None:
    name, point = file_system(file.resolve())
    if NETWORK.fullmatch(name):
        found = f"{file} ({name}, mounted at {point})"
        fix = f"use PostgreSQL ({key}: {POSTGRES}), or put TASKMIX_HOME on a local disk"
        reason = "SQLite loses data on a network file system, where its locks do not hold"
        raise InputError(Problem(reason, key, found, fix))


def _arguments(address: URL) -> dict[str, Any]:
    if address.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": 30}}
    libpq = {key: value for key, value in LIBPQ.items() if key not in address.query}
    return {"pool_pre_ping": True, "connect_args": libpq}


def _set_up(engine: Engine) -> None:
    """What each new connection is told first."""
    event.listen(engine, "connect", _relax if engine.dialect.name == "sqlite" else _let_go)


def _relax(connection: Any, _: Any) -> None:
    # A commit that waits for the disk takes longer than all else here. Without the wait a power cut may undo the
    # last commits, never half of one; the work that they were about is in the store.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _let_go(connection: Any, _: Any) -> None:
    # A driver whose machine vanished in the middle of a write would keep rows locked until the server misses it.
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '60s'")
    connection.commit()
