"""The databases under the program: real SQLite and a real PostgreSQL, which is stopped and started."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
import psutil
import pytest
from optuna.storages import RDBStorage
from optuna.trial import TrialState, create_trial
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from search.config.search import Search
from search.formatting import shown
from search.studies import database
from search.studies.database import PATIENCE, file_system, open_storage, persistently, usable
from search.studies.studies import Studies
from search.tracking.client import open_client
from spaces.errors import Failure, InputError
from tests.support.parallel import at_once
from tests.support.postgres import Server
from tests.support.searches import Filler, kept_at

CLIENTS, TRIALS = 8, 3

MOUNTS = """\
/dev/nvme0n1p2 / ext4 rw,relatime 0 0
proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0
tmpfs /dev/shm tmpfs rw,nosuid,nodev 0 0
10.1.2.3:/export/home /home nfs4 rw,relatime,vers=4.2,rsize=1048576,proto=tcp,sec=sys 0 0
/dev/sdb1 /home/ada/local\\040disk xfs rw,relatime,attr2,inode64,noquota 0 0
/dev/sdc1 /scratch ext4 rw,relatime 0 0
10.1.2.4@o2ib:/scratch /scratch lustre rw,relatime,flock,lazystatfs 0 0
"""
"""As Linux writes it: a space in a name, and a mount over another."""


@pytest.fixture
def mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets this machine seem to have other file systems."""

    def mount(table: str) -> None:
        file = tmp_path / "proc" / "self" / "mounts"
        file.parent.mkdir(parents=True)
        file.write_text(table)
        monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path / "proc"))

    return mount


# --- opening


def write_trials(client: int, url: str) -> list[int]:
    study = optuna.create_study(storage=open_storage(url), study_name="shared", load_if_exists=True)
    for number in range(TRIALS):
        study.add_trial(create_trial(value=1.0, user_attrs={"key": [client, number]}))
    return [client]


@pytest.mark.long
def test_eight_clients_open_a_fresh_database_at_once(url: str) -> None:
    assert at_once(CLIENTS, write_trials, url) == [[client] for client in range(CLIENTS)]
    trials = optuna.load_study(storage=open_storage(url), study_name="shared").trials
    assert sorted(trial.user_attrs["key"] for trial in trials) == [
        [client, number] for client in range(CLIENTS) for number in range(TRIALS)
    ]
    assert [trial.number for trial in trials] == list(range(CLIENTS * TRIALS))


def write_run(client: int, uri: str, folder: str) -> None:
    # MLflow has a lock of its own in the temporary folder, which machines do not share.
    tempfile.tempdir = f"{folder}/{client}"
    Path(tempfile.tempdir).mkdir()
    mlflow = open_client(uri)
    run = mlflow.create_run("0")
    mlflow.log_metric(run.info.run_id, "client", client)


@pytest.mark.long
def test_eight_clients_open_a_fresh_mlflow_at_once(url: str, tmp_path: Path) -> None:
    at_once(CLIENTS, write_run, url, str(tmp_path))
    runs = open_client(url).search_runs(["0"])
    assert sorted(run.data.metrics["client"] for run in runs) == list(range(CLIENTS))


def test_connections_are_told_what_they_need(tmp_path: Path, postgres_url: str) -> None:
    def answer(url: str, question: str) -> Any:
        with open_storage(url).engine.connect() as connection:
            return connection.execute(text(question)).scalar_one()

    assert answer(f"sqlite:///{tmp_path / 'studies.db'}", "PRAGMA journal_mode") == "wal"
    assert answer(f"sqlite:///{tmp_path / 'studies.db'}", "PRAGMA synchronous") == 1
    assert answer(postgres_url, "SHOW idle_in_transaction_session_timeout") == "1min"


def test_the_tables_of_another_optuna_are_no_mistake_of_ours(url: str) -> None:
    with open_storage(url).engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'v99'"))
    with pytest.raises(Failure, match="the tables are another Optuna's"), usable(url):
        open_storage(url)


# --- addresses


@pytest.mark.parametrize(
    ("path", "kind", "point"),
    [
        ("/home/ada/searches/studies.db", "nfs4", "/home"),
        ("/home/ada/local disk/studies.db", "xfs", "/home/ada/local disk"),
        ("/homes/studies.db", "ext4", "/"),
        ("/scratch/studies.db", "lustre", "/scratch"),
    ],
)
def test_the_file_system_of_a_path(mount: Callable[[str], None], path: str, kind: str, point: str) -> None:
    mount(MOUNTS)
    assert file_system(Path(path)) == (kind, point)


def test_the_file_system_of_this_folder(tmp_path: Path) -> None:
    asked = subprocess.run(["df", "--output=fstype,target", tmp_path], capture_output=True, text=True, check=True)
    assert file_system(tmp_path.resolve()) == tuple(asked.stdout.splitlines()[1].split(maxsplit=1))


@pytest.mark.parametrize("opened", [open_storage, open_client])
def test_sqlite_on_a_network_file_system_is_refused(
    opened: Callable[[str], object], tmp_path: Path, mount: Callable[[str], None]
) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    mount(MOUNTS.replace(" /home ", f" {folder} "))
    with pytest.raises(InputError, match=r"network file system(.|\n)*nfs4(.|\n)*postgresql://"):
        opened(f"sqlite:///{folder / 'a.db'}")
    assert not list(folder.iterdir())
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(InputError, match="network file system"):
        opened(f"sqlite:///{tmp_path / 'link' / 'a.db'}")
    database.parsed(f"sqlite:///{tmp_path / 'a.db'}", "storage.studies")  # beside it all is well


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("postgresql://ada:secret@host/studies", "postgresql://ada:***@host/studies"),
        ("postgresql+psycopg://ada:sec@ret@host:5432/studies", "postgresql+psycopg://ada:***@host:5432/studies"),
        ("postgresql://host/studies?user=ada&password=secret", "postgresql://host/studies?user=ada&password=***"),
        ("http://ada:secret@host:5000", "http://ada:***@host:5000"),
        ("postgresql://ada@host/studies", "postgresql://ada@host/studies"),
        ("sqlite:////home/ada/studies.db", "sqlite:////home/ada/studies.db"),
    ],
)
def test_passwords_are_not_shown(url: str, masked: str) -> None:
    assert shown(url) == masked


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://ada:secret@127.0.0.1:1/studies", "127.0.0.1"),
        ("postgresql+psycopg2://ada:secret@127.0.0.1:1/studies", r"leave \+psycopg2 out of the address"),
        ("mysql://ada:secret@127.0.0.1:1/studies", "SQLite and PostgreSQL are known"),
        ("postgresql:://ada:secret@127.0.0.1/studies", "is no address of a database"),
    ],
)
def test_what_cannot_be_opened_is_said_without_the_password(url: str, says: str) -> None:
    with pytest.raises((Failure, InputError), match=says) as raised, usable(url):
        open_storage(url)
    assert "secret" not in str(raised.value)


def test_mlflow_that_cannot_be_opened_is_said_without_the_password() -> None:
    with pytest.raises(Failure, match="MLflow cannot be opened") as raised:
        open_client("postgresql://ada:secret@127.0.0.1:1/mlflow")
    assert "secret" not in str(raised.value)


# --- lost connections


class Log:
    """Trials with a key each, written so that a repetition writes nothing twice: what `Studies` does, in small."""

    def __init__(self, storage: RDBStorage) -> None:
        self.study = optuna.create_study(storage=storage, study_name="log", load_if_exists=True)
        self.keys: set[int] = set()
        self.repairs = 0

    def write(self, key: int) -> None:
        if key not in self.keys:
            self.study.add_trial(create_trial(value=1.0, user_attrs={"key": key}))
            self.keys.add(key)

    def repair(self) -> None:
        self.repairs += 1
        self.keys = {trial.user_attrs["key"] for trial in self.study.get_trials(deepcopy=False)}


def test_writes_survive_a_server_that_is_stopped_among_them(postgres: Server, postgres_url: str) -> None:
    log, said = Log(open_storage(postgres_url)), list[str]()

    def say(text: str) -> None:
        said.append(text)
        if "away" in text:
            postgres.start()

    for key in range(8):
        if key % 4 == 2:
            postgres.stop()
        persistently(lambda: log.write(key), log.repair, say=say)  # noqa: B023
    trials = optuna.load_study(storage=open_storage(postgres_url), study_name="log").trials
    assert [trial.user_attrs["key"] for trial in trials] == list(range(8))
    assert all(trial.state is TrialState.COMPLETE for trial in trials)
    assert ["away" in text for text in said] == [True, False] * 2
    assert said[1] == "the database is back"


def test_a_commit_whose_answer_is_lost_is_not_written_twice(postgres: Server, postgres_url: str) -> None:
    log = Log(open_storage(postgres_url))

    def write() -> None:
        arrived = 1 in log.keys
        log.write(1)
        if not arrived:
            postgres.stop()
            log.write(2)  # the connection is gone, and with it the news that 1 was written
        log.write(2)

    persistently(write, log.repair, say=lambda text: postgres.start() if "away" in text else None)
    assert [trial.user_attrs["key"] for trial in log.study.trials] == [1, 2]
    assert log.repairs == 1


def test_patience_ends(postgres: Server, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "TOLD_EVERY", 0.5)
    log, said = Log(open_storage(postgres_url)), list[str]()
    postgres.stop()
    try:
        with pytest.raises(Failure, match=r"is away(.|\n)*tries in 1 s(.|\n)*taskmix resume"):
            persistently(lambda: log.write(1), log.repair, seconds=1.0, say=said.append)
    finally:
        postgres.start()
    assert said[0].startswith("the database is away") and "still away" in said[1]
    assert PATIENCE == 600
    persistently(lambda: log.write(1), log.repair)
    assert [trial.user_attrs["key"] for trial in log.study.trials] == [1]


def test_a_locked_sqlite_is_waited_for(tmp_path: Path) -> None:
    def engine(timeout: float) -> Engine:
        return create_engine(f"sqlite:///{tmp_path / 'a.db'}", connect_args={"timeout": timeout})

    with closing(engine(5.0).raw_connection()) as other:
        other.cursor().execute("CREATE TABLE a (b INTEGER PRIMARY KEY)")
        other.cursor().execute("BEGIN IMMEDIATE")

        def write() -> None:
            with engine(0.0).begin() as connection:
                connection.execute(text("INSERT INTO a VALUES (1)"))

        persistently(write, lambda: None, say=lambda text: other.rollback() if "locked" in text else None)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("INSERT INTO a VALUES (1)", IntegrityError),
        ("INSERT INTO nowhere VALUES (1)", (ProgrammingError, OperationalError)),
        ("this is no SQL", (ProgrammingError, OperationalError)),
    ],
)
def test_mistakes_are_not_repeated(url: str, statement: str, error: type[Exception]) -> None:
    engine = database.connect(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE a (b INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO a VALUES (1)"))
    tries: list[int] = []

    def write() -> None:
        tries.append(1)
        with engine.begin() as connection:
            connection.execute(text(statement))

    with pytest.raises(error):
        persistently(write, lambda: None, say=pytest.fail)
    assert tries == [1]
    engine.dispose()


# --- the studies themselves


def known(studies: Studies) -> list[tuple[Any, ...]]:
    return [(r.target, r.number, r.state, r.key, r.purpose, r.score, r.failure, r.item, r.cost) for r in studies.all()]


def test_studies_are_the_same_on_every_database(url: str, search: Search, studies: Studies) -> None:
    for filler in (Filler(search, studies), Filler(search, Studies.create(kept_at(url, search)))):
        filler.run("none", 0, {"related": 0.50, "verses": 0.60}, "baseline")
        filler.run("ner", 0, {"related": 0.45, "verses": 0.20})
        filler.fail("crossref", 0)
        filler.run("ner", 1, {"related": 0.62}, "promotion")
        filler.begin(filler.item("paraphrase", 0))
    found = known(Studies.open(kept_at(url, search)))
    assert found == known(studies)
    assert len(found) == 8
    assert len(Studies.create(kept_at(url, search)).running()) == 1


def test_studies_survive_a_server_that_is_stopped(postgres: Server, postgres_url: str, search: Search) -> None:
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if "away" in text:
            postgres.start()

    filler = Filler(search, Studies.create(kept_at(postgres_url, search), say=say))
    item = filler.item("ner", 0)
    postgres.stop()
    filler.begin(item)
    postgres.stop()
    filler.studies.finish(item, filler.outcome(item, {"related": 0.5, "verses": 0.6}))
    found = Studies.open(kept_at(postgres_url, search))
    assert known(found) == known(filler.studies)
    assert sorted((record.target, record.number, record.state) for record in found.all()) == [
        ("related", 0, TrialState.PRUNED),
        ("verses", 0, TrialState.PRUNED),
    ]
    assert len(said) == 4
