"""Every test that asks for `database_url` has a migrated database of its own, on a real PostgreSQL.

The server is an embedded one of this run, or the one whose superuser TEST_DATABASE_URL names. The workers of one run
(pytest-xdist) share a folder, in which locks decide who starts the server and who migrates the template.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import structlog

from bookingbridge.infra import postgres

_RUN = "BOOKINGBRIDGE_TEST_RUN"
_MEMORY = Path("/dev/shm")  # noqa: S108 - creating a database there takes 20 ms, on a busy disk up to 500 ms
_MEMORY_NEEDED = 2 * 1024**3  # bytes; Docker's default of 64 MB is too little
_PREFIX = f"bookingbridge-tests-{os.geteuid()}-"
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """The run's folder exists, and what killed runs left behind is gone."""
    if hasattr(config, "workerinput"):
        return
    _sweep()
    run = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_places()[0]))
    os.environ[_RUN] = str(run)
    running = (run / "begun").open("w")
    fcntl.flock(running, fcntl.LOCK_EX)
    # Seen by others under this name, it is locked already.
    (run / "begun").rename(run / "running")
    config.add_cleanup(running.close)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The run's databases, its server and its folder are gone."""
    if not hasattr(config, "workerinput") and _RUN in os.environ:
        _clear(Path(os.environ.pop(_RUN)))


@pytest.fixture(scope="session")
def admin_url() -> str:
    """A superuser's URL of the server that holds this run's databases."""
    return _given_url() or postgres.ensure(_run() / "pg", durable=False).url("postgres")


@pytest.fixture
def server_dir() -> Iterator[Path]:
    """A folder that does not exist yet, for a server of the test's own; afterwards nothing runs in it."""
    with tempfile.TemporaryDirectory(dir=_run()) as folder:
        data = Path(folder) / "pg"
        yield data
        if (data / "PG_VERSION").exists():
            postgres.stop(data)


@pytest.fixture(scope="session")
def template_database(admin_url: str) -> str:
    """The name of a database at the newest revision, made once per run."""
    from bookingbridge.infra import migrate  # takes a second, which tests without a database need not wait

    name = f"{_databases(_run())}_template"
    with _locked(_run() / "template.lock"):
        if not (_run() / "template").exists():
            with psycopg.connect(admin_url, autocommit=True) as conn:
                _create(conn, name, "template0 ENCODING 'UTF8' LOCALE 'C'")
            migrate.upgrade(_at(admin_url, name))
            (_run() / "template").touch()
    return name


@pytest.fixture
def database_url(admin_url: str, template_database: str) -> Iterator[str]:
    """The owner's URL of a migrated database without rows, for this test alone."""
    with _database(admin_url, template_database) as url:
        yield url


@pytest.fixture
def empty_database_url(admin_url: str) -> Iterator[str]:
    """The owner's URL of a database in which nothing was created, for this test alone."""
    with _database(admin_url, "template0 ENCODING 'UTF8' LOCALE 'C'") as url:
        yield url


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """The installed Chromium. Where there is none: a failure in CI, elsewhere a reason to skip."""
    for name in (os.environ.get("CHROMIUM", ""), *_CHROMIUM_NAMES):
        if name and (found := shutil.which(name)):
            return Path(found)
    why = "no Chromium on PATH (Debian: apt-get install chromium; or set CHROMIUM to its path)"
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


def _given_url() -> str | None:
    return os.environ.get("TEST_DATABASE_URL")


def _places() -> list[Path]:
    """Where runs keep their folders, the preferred place first."""
    disk = Path(tempfile.gettempdir())
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _MEMORY_NEEDED:
        return [_MEMORY, disk]
    return [disk, _MEMORY]


def _run() -> Path:
    return Path(os.environ[_RUN])


def _databases(run: Path) -> str:
    """What the names of a run's databases begin with."""
    return f"bb_{run.name.removeprefix(_PREFIX)}"


def _at(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _database(admin_url: str, template: str) -> Iterator[str]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"{_databases(_run())}_{worker}_{next(_numbers)}"
    with psycopg.connect(admin_url, autocommit=True) as conn:
        _create(conn, name, template)
        yield _at(admin_url, name)
        _drop(conn, name)


def _create(conn: psycopg.Connection, name: str, template: str) -> None:
    _drop(conn, name)
    # Without fsync copying the files is quicker than logging their content.
    strategy = "WAL_LOG" if _given_url() else "FILE_COPY"
    conn.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY {strategy}".encode())


def _drop(conn: psycopg.Connection, name: str) -> None:
    conn.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def _sweep() -> None:
    """Runs that were killed are cleared: nobody holds their lock any more."""
    for run in (run for place in _places() for run in place.glob(f"{_PREFIX}*")):
        if not (run / "running").exists():
            continue
        with (run / "running").open("r+") as running:
            try:
                fcntl.flock(running, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _clear(run)


def _clear(run: Path) -> None:
    if url := _given_url():
        with psycopg.connect(url, autocommit=True) as conn:
            pattern = _databases(run).replace("_", r"\_") + r"\_%"
            for (name,) in conn.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", (pattern,)).fetchall():
                _drop(conn, name)
    if (run / "pg" / "PG_VERSION").exists():
        postgres.stop(run / "pg")
    shutil.rmtree(run, ignore_errors=True)


@pytest.fixture(autouse=True)
def _logs_as_at_the_start() -> None:
    """No test inherits the level and the renderer that another configured for its program."""
    structlog.reset_defaults()
