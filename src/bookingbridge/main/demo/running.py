"""The demo as processes: simulators, web app and worker beside each other, filled and then kept alive."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from bookingbridge.canonical.errors import Refused, Unreachable
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.main import database, settings, simulators, wiring
from bookingbridge.main.demo import filling, life, story
from bookingbridge.main.output import err, say_json

READY_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Places:
    """Where the demo's parts listen and keep their files."""

    port: int
    data: Path

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def simulators(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    def environ(self) -> dict[str, str]:
        """The environment of the demo's processes: its own data, no real credentials."""
        kept = {k: v for k, v in os.environ.items() if k not in ("SECRET_KEY", "HASH_SALT")}
        return {
            **kept,
            "BOOKINGBRIDGE_DATA_DIR": str(self.data),
            "PUBLIC_URL": self.web,
            "PORT": str(self.port),
            "SIMULATORS_URL": self.simulators,
            "BOOKINGBRIDGE_DEMO": "1",
            "BOOKINGBRIDGE_LOG_LEVEL": os.environ.get("BOOKINGBRIDGE_LOG_LEVEL", "WARNING"),
        }


def show(*, port: int, days: int, is_fresh: bool) -> None:
    """The demo runs until Ctrl+C: filled at the first start, then with clicks, bookings and payments all the time."""
    places = Places(port, _data(port))
    if is_fresh:
        _empty(places)
    with running(places) as token, contextlib.suppress(KeyboardInterrupt):
        door = filling.fill(places.web, places.simulators, token, days=days, say=_say, can_enter=_welcome)
        life.go_on(door)


def _welcome(door: filling.Door) -> None:
    err.print(f"\n  Open [bold]{door.web}[/]")
    err.print(f"  sign in with [bold]{door.email}[/] and [bold]{door.password}[/]")
    err.print(f"  the invented shop's website: {door.shop}   (book something!)")
    err.print("\n  Everything here is invented and stays on this machine. Ctrl+C ends it.\n")


def check(*, port: int, days: int, as_json: bool) -> int:
    """The story, walked over HTTP in an empty demo of its own; 0 when every step worked."""
    with _folder() as data, _free_ports(port) as chosen:
        places = Places(chosen, data)
        with running(places) as token:
            result = story.walk(places.web, places.simulators, token, say=_say)
        stop_database(places)
    say_json(result.as_json())
    return 0 if result.is_whole else 1


def _say(text: str) -> None:
    err.print(f"  {text}")


def _data(port: int) -> Path:
    base = Path(os.environ.get("BOOKINGBRIDGE_DATA_DIR", "var"))
    return (base / "demo" if port == 8000 else base / f"demo-{port}").absolute()


@contextmanager
def _folder() -> Iterator[Path]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="bookingbridge-check-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@contextmanager
def _free_ports(wanted: int) -> Iterator[int]:
    """The wanted port where it and the next are free, else others."""
    for port in (wanted, *range(20_000 + os.getpid() % 10_000, 60_000, 7)):
        if all(_is_free(p) for p in (port, port + 1)):
            yield port
            return
    raise Refused("no two free ports next to each other")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _empty(places: Places) -> None:
    """The demo's own files are removed; nothing else is."""
    if places.data.exists():
        stop_database(places)
        shutil.rmtree(places.data)


def stop_database(places: Places) -> None:
    from bookingbridge.infra import postgres

    if "DATABASE_URL" not in os.environ and (places.data / "postgres").exists():
        postgres.stop(places.data / "postgres")


async def _owner_token(url: str) -> str | None:
    async with wiring.database(url, max_size=1) as db:
        return await accounts.owner_link(db)


@contextmanager
def running(places: Places) -> Iterator[str | None]:
    """Simulators, web app and worker live within. Gives a one-time token for the owner; None where there is one.

    The simulators live in this process, web app and worker in another: over HTTP, like strangers.
    """
    for port in (places.port, places.port + 1):
        if not _is_free(port):
            raise Refused(f"port {port} is taken; choose another with --port")
    places.data.mkdir(parents=True, exist_ok=True)
    os.environ.update(places.environ())
    chosen = settings.load()
    with contextlib.ExitStack() as stack:
        _say("starting the database …")
        found = database.prepare(chosen)
        _say("starting web app, worker and the simulated vendors …")
        web = stack.enter_context(_process("serve", places=places))
        stack.enter_context(simulators.in_background(places.port + 1))
        token = asyncio.run(_owner_token(found.url))
        _until(lambda: _answers(f"{places.simulators}/"), "the simulators", web)
        _until(lambda: _answers(f"{places.web}/readyz"), "the web app", web)
        yield token


@contextmanager
def _process(*words: str, places: Places) -> Iterator[subprocess.Popen[bytes]]:
    log = (places.data / f"{words[0]}.log").open("ab")
    child = subprocess.Popen(  # noqa: S603 - our own program with our own words
        [sys.executable, "-m", "bookingbridge", *words],
        env=places.environ(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        log.close()


def _until(holds: Callable[[], bool], what: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_WITHIN_S
    while not holds():
        if process.poll() is not None:
            raise Unreachable(f"{what} stopped while starting; its log is in the demo's folder")
        if time.monotonic() > end:
            raise Unreachable(f"{what} did not start within {READY_WITHIN_S:.0f} seconds")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False
