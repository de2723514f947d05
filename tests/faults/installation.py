"""A whole installation in real processes over its own data folder, to be ill-treated: web app, worker, database."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx2
import psycopg
from tests.house import KEY

from bookingbridge.infra import migrate, postgres

DEAD_AFTER_S = 3
"""Seconds of silence after which this installation takes a worker for dead."""


def until(is_so: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Comes back when it is so. Fails, naming `what`, when that takes too long."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited too long: {what}"
        time.sleep(0.05)


@dataclass(slots=True)
class Installation:
    """One data folder with what runs over it. `simulators` is the address of the simulated vendors."""

    folder: Path
    simulators: str
    port: int
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _logs: list[IO[bytes]] = field(default_factory=list)

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def _data(self) -> Path:
        return self.folder / "postgres"

    @property
    def url(self) -> str:
        """The database's owner URL; the server runs, as it would for any of the commands."""
        return postgres.ensure(self._data, durable=True).url()

    def rows(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        """What the owner of the database, who sees all businesses, finds."""
        with psycopg.connect(self.url) as conn:
            return conn.execute(sql.encode(), params or None).fetchall()

    def start_web(self) -> None:
        """The web app answers."""
        self._start("web", "serve", "--no-with-worker", "--port", str(self.port))
        until(self.is_ready, "the web app answers")

    def start_worker(self) -> None:
        """A worker works."""
        before = self.log("worker").count("worker ready")
        self._start("worker", "worker")
        until(lambda: self.log("worker").count("worker ready") > before, "the worker is ready")

    def is_ready(self) -> bool:
        with suppress(httpx2.HTTPError):
            return httpx2.get(f"{self.web}/readyz", timeout=5, trust_env=False).status_code == 200
        return False

    def is_alive(self, name: str) -> bool:
        """Whether that process still runs, not one that was started since."""
        return self._running[name].poll() is None

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self, name: str) -> None:
        """The process is dead, without a last word."""
        self._running[name].kill()
        self._running[name].wait()

    def ask_to_stop(self, name: str) -> int:
        """The process was asked to end and did; its exit code."""
        self._running[name].send_signal(signal.SIGTERM)
        return self._running[name].wait(timeout=40)

    def kill_database(self) -> None:
        """The database's first process is dead; the others notice and leave."""
        os.kill(int((self._data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def close(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()
        for log in self._logs:
            log.close()
        postgres.stop(self._data)

    def _start(self, name: str, *command: str) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        self._logs.append(log)
        self._running[name] = subprocess.Popen(
            [sys.executable, "-m", "bookingbridge", *command],
            cwd=self.folder, env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip

    def _environment(self) -> dict[str, str]:
        ours = {
            "BOOKINGBRIDGE_DATA_DIR": str(self.folder), "PUBLIC_URL": self.web, "SIMULATORS_URL": self.simulators,
            "SECRET_KEY": KEY, "HASH_SALT": "salt", "WORKER_DEAD_AFTER_S": str(DEAD_AFTER_S),
            "TRUSTED_PROXIES": "127.0.0.1",
        }  # fmt: skip
        return {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DATABASE_APP_URL")} | ours


@contextmanager
def installed(folder: Path, simulators: str) -> Iterator[Installation]:
    """An installation whose database runs and has this version's shape; nothing else runs yet."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made = Installation(folder, simulators, port)
    try:
        migrate.upgrade(made.url)
        yield made
    finally:
        made.close()
