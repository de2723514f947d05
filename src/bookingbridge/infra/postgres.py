"""A PostgreSQL of our own runs over a data folder, however the last one ended and whoever else asks at the same time.

The programs come from `postgres_programs`, the user they run as from `unprivileged`, what lives from
`postgres_processes`. The server answers on a Unix socket in a private folder only, and outlives the process that
started it. It is meant for trials and for a single machine.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from bookingbridge.canonical.errors import Refused, Unreachable
from bookingbridge.infra import postgres_processes as processes
from bookingbridge.infra import postgres_programs, postgres_socket
from bookingbridge.infra.postgres_programs import Origin, Preference, Programs
from bookingbridge.infra.postgres_socket import PORT
from bookingbridge.infra.unprivileged import Identity, identity_for

OWNER = "bookingbridge"
"""The superuser of the embedded server."""
DATABASE = "bookingbridge"

_PATIENCE = 60.0  # seconds; after a crash the server replays its log before it answers
_ORPHANS_LEAVE = 1.0  # seconds within which idle processes notice that their postmaster died

_SETTINGS = """
# BookingBridge wrote the lines below when it created this folder; change what you like.
max_connections = 100
shared_buffers = 256MB
timezone = 'UTC'
log_timezone = 'UTC'
# Compiling a query costs more than the pages' queries take.
jit = off
# The application is told of its own errors; this log keeps no row's content.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
"""

_HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `is_ours`: this call started it. `program` is the file that runs, `version` is like "18.6"."""

    data_dir: Path
    socket_dir: Path
    port: int
    version: str
    program: Path
    is_ours: bool

    @property
    def origin(self) -> Origin:
        """Where the program came from."""
        return postgres_programs.origin_of(self.program)

    def url(self, database: str = DATABASE) -> str:
        """A libpq URL of the superuser. It holds no secret: the closed folder of the socket guards it."""
        where = f"host={quote(str(self.socket_dir), safe='')}&port={self.port}"
        return f"postgresql://{OWNER}@/{quote(database, safe='')}?{where}"

    def stop(self) -> None:
        """As `stop(data_dir)`."""
        stop(self.data_dir)


def ensure(data_dir: Path, *, prefer: Preference = "any", durable: bool = True) -> Server:
    """A server over `data_dir` accepts connections and holds the database `bookingbridge`.

    The folder is created (initdb) where it is missing or empty. `prefer` says where the programs of a server that must
    be started may come from; with "any", $BOOKINGBRIDGE_POSTGRES may narrow it. `durable=False` leaves out fsync: for
    tests. Raises Refused when this machine or this folder cannot serve, Unreachable when the server does not come up.
    """
    data = data_dir.expanduser().resolve()
    data.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(data) as starting:
        if not (data / "PG_VERSION").exists():
            _create(data, prefer, starting, durable=durable)
        server = _running_or_started(data, prefer, durable=durable)
        _complete(server, durable=durable)
        return server


def stop(data_dir: Path) -> None:
    """No process serves `data_dir` (which must exist), and what was committed is on disk. Stopping twice is fine.

    Raises Unreachable when it does not end within two minutes.
    """
    data = data_dir.expanduser().resolve()
    with _one_at_a_time(data):
        _stop(data)


@contextmanager
def _one_at_a_time(data: Path) -> Iterator[int]:
    """Nobody else starts or stops this server meanwhile. Gives the lock's file descriptor, for initdb to keep."""
    lock = os.open(data.with_name(data.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


def _create(data: Path, prefer: Preference, starting: int, *, durable: bool) -> None:
    """A new cluster stands at `data`, whole: it grows under another name first.

    initdb keeps the lock `starting`, so that after a kill of this process nobody clears the folder it still fills.
    """
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise Refused(f"{data} is neither empty nor a PostgreSQL data folder. Nothing was touched; choose another one.")
    programs, identity = _choose(data, prefer, written_by=None)
    fresh = data.with_name(data.name + ".init")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    identity.give(fresh)
    flags = [f"--username={OWNER}", "--encoding=UTF8", "--no-locale", "--auth-local=trust", "--auth-host=reject"]
    command: list[str | Path] = [programs.folder / "initdb", "-D", fresh, *flags, *([] if durable else ["--no-sync"])]
    done = identity.run(command, capture_output=True, env=_environment(), stdin=subprocess.DEVNULL, pass_fds=[starting])
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise Unreachable(f"{programs} could not create {data}: {(done.stderr or done.stdout).strip()[-2000:]}")
    with (fresh / "postgresql.conf").open("a") as conf:
        conf.write(_SETTINGS)
        conf.flush()
        os.fsync(conf.fileno())
    fresh.rename(data)
    _sync_folder(data.parent)


def _sync_folder(folder: Path) -> None:
    """What was renamed in the folder stays so after a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _choose(data: Path, prefer: Preference, *, written_by: int | None) -> tuple[Programs, Identity]:
    """The programs to run and as whom; copied next to the data where that user cannot reach them."""
    programs = postgres_programs.choose(postgres_programs.narrowed(prefer), written_by=written_by)
    identity = identity_for(data)
    if identity.can([programs.folder / "postgres", "--version"]):
        return programs, identity
    if programs.origin == "system":
        raise Refused(f"{identity.name} may not run {programs}. Install it where everybody may read.")
    return _copied(programs, beside=data), identity


def _copied(programs: Programs, *, beside: Path) -> Programs:
    """The wheel's programs, readable for everybody, in a folder next to the data."""
    package = programs.folder.parents[1]
    target = beside.with_name(f"{beside.name}.programs-{programs.version}")
    if not target.exists():
        growing = target.with_name(target.name + ".copy")
        shutil.rmtree(growing, ignore_errors=True)
        # The programs look for their libraries in the package's sibling, by a path relative to themselves.
        for source in (package / "pginstall", package.with_name(package.name + ".libs")):
            if source.exists():
                shutil.copytree(source, growing / source.relative_to(package.parent), symlinks=True)
        for folder in (growing, growing / package.name):
            folder.chmod(0o755)
        growing.rename(target)
    return Programs(target / package.name / "pginstall" / "bin", "wheel", programs.version)


def _environment() -> dict[str, str]:
    """The surroundings without what would steer PostgreSQL from outside, in no language and UTC."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _running_or_started(data: Path, prefer: Preference, *, durable: bool) -> Server:
    deadline = time.monotonic() + _PATIENCE
    orphans_leave_by = time.monotonic() + _ORPHANS_LEAVE
    while time.monotonic() < deadline:
        is_dead = processes.postmaster(data) is None
        if is_dead and (guard := processes.claim(data)) is not None:
            try:
                return _start(data, prefer, guard, deadline, durable=durable)
            finally:
                os.close(guard)
        if server := _answering(data, is_ours=False):
            return server
        if is_dead and time.monotonic() > orphans_leave_by:
            processes.end_orphans(data)
        time.sleep(0.02)
    raise Unreachable(f"A PostgreSQL server holds {data} but does not answer. Its log is {data / 'server.log'}.")


def _start(data: Path, prefer: Preference, guard: int, deadline: float, *, durable: bool) -> Server:
    """The server runs and answers. `guard` proves that none runs; every process of the new one keeps it."""
    programs, identity = _choose(data, prefer, written_by=int((data / "PG_VERSION").read_text()))
    if data.stat().st_uid != identity.owner[0]:
        identity.give(data)
    folder = postgres_socket.folder_for(data, identity)
    # PostgreSQL would believe these files of a dead server as long as any process, even a zombie, has its number.
    for left in (data / "postmaster.pid", folder / f".s.PGSQL.{PORT}.lock"):
        left.unlink(missing_ok=True)
    settings = {"listen_addresses": "", "port": str(PORT), "unix_socket_permissions": "0700"}
    settings["unix_socket_directories"] = '"' + str(folder).replace('"', '""') + '"'
    settings |= {} if durable else _HASTY
    flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (data / "server.log").open("a+b") as log:
        begin = log.seek(0, os.SEEK_END)
        process = identity.spawn(
            [programs.folder / "postgres", "-D", data, *flags],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(),
            pass_fds=[guard],
            start_new_session=True,
        )
        processes.remember(process)
        while process.poll() is None and time.monotonic() < deadline:
            if server := _answering(data, is_ours=True):
                return server
            time.sleep(0.01)
        log.seek(begin)
        said = log.read()[-2000:].decode(errors="replace").strip()
    does = "does not start" if process.returncode is not None else "is still starting"
    raise Unreachable(f"{programs} {does} over {data}: {said or 'it says nothing'}")


def _answering(data: Path, *, is_ours: bool) -> Server | None:
    """The server, if it accepts connections by now."""
    written = processes.read_pid_file(data)
    if written is None or not written.is_ready:
        return None
    program = (data / "postmaster.opts").read_text().partition(' "')[0].strip()
    server = Server(data, written.socket_dir, written.port, "", Path(program), is_ours)
    try:
        with psycopg.connect(server.url("postgres"), connect_timeout=5) as conn:
            version = str(conn.info.parameter_status("server_version")).split()[0]
    except psycopg.OperationalError:
        return None
    return Server(data, written.socket_dir, written.port, version, Path(program), is_ours)


def _complete(server: Server, *, durable: bool) -> None:
    """The database exists, and a server that keeps real data flushes it."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as conn:
        if durable and conn.execute("SHOW fsync").fetchone() != ("on",):
            raise Refused(f"The server over {server.data_dir} runs without fsync, as tests want it. Stop it first.")
        if conn.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            conn.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")


def _stop(data: Path) -> None:
    began = time.monotonic()
    asked = False
    while (waited := time.monotonic() - began) < 2 * _PATIENCE:
        pid = processes.postmaster(data)
        if pid is None and (guard := processes.claim(data)) is not None:
            os.close(guard)
            return postgres_socket.forget(data)
        if pid is None:
            processes.end_orphans(data)
        elif waited > _PATIENCE:
            # It ends at once; the next start replays its log, and nothing committed is lost.
            processes.send(pid, signal.SIGQUIT)
        elif not asked:
            processes.send(pid, signal.SIGINT)
            asked = True
        time.sleep(0.01)
    raise Unreachable(f"The server over {data} does not stop; perhaps it runs in another container.")
