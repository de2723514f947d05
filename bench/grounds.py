"""What every bench stands on: a durable PostgreSQL of its own, a served app, percentiles, and words for figures."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]

import psycopg  # noqa: E402
import uvicorn  # noqa: E402

from bookingbridge.infra import migrate, postgres  # noqa: E402
from bookingbridge.main.settings import Settings  # noqa: E402


def parser(doc: str | None) -> argparse.ArgumentParser:
    """The options that all benches have."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--small", action="store_true", help="a fiftieth of the size: does it run at all?")
    made.add_argument("--rows", type=int, default=0, help="the size itself")
    made.add_argument("--json", action="store_true", help="the results as one line of JSON")
    made.add_argument("--database", help="owner's URL of a migrated, empty database; without it one is made")
    made.add_argument("--keep", type=Path, help="folder in which the database stays, to be measured again")
    return made


@contextmanager
def database(given: argparse.Namespace) -> Iterator[str]:
    """The owner's URL of a migrated database; fsync is on where this made it."""
    if given.database:
        yield given.database
        return
    with tempfile.TemporaryDirectory(prefix="bookingbridge-bench-") as folder:
        server = postgres.ensure(Path(given.keep or folder) / "pg")
        try:
            migrate.upgrade(server.url())
            yield server.url()
        finally:
            server.stop()


def settings(url: str, public_url: str = "http://127.0.0.1", **more: Any) -> Settings:
    """Of an installation over that database; the key is good for nothing else."""
    said = {"database_url": url, "secret_key": "a key of the benches that is long enough", "hash_salt": "bench"}
    return Settings.model_validate({**said, "public_url": public_url, **more})


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def environment() -> dict[str, str]:
    """For processes of ours: they find what this one finds."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent / "src")])}


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def serving(app: Any, port: int) -> Iterator[None]:
    """The app answers at the port, served by uvicorn in a thread as `bookingbridge serve` does."""
    config = uvicorn.Config(app, port=port, log_level="warning", access_log=False, server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the app does not start")
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(20)


def quantile(values: Sequence[float], q: float) -> float:
    """The smallest of the values that a part `q` of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(len(ordered) * q * 1_000) // 1_000) - 1))]


def postgres_seconds(conn: psycopg.Connection[Any]) -> float:
    """Processor seconds so far of the connections that this server has now; 0 where the system does not tell."""
    spent = 0
    for (pid,) in conn.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'").fetchall():
        with contextlib.suppress(OSError):
            spent += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    return spent / 1e9


def machine(url: str) -> str:
    """`2 cores, PostgreSQL 15.13, fsync on`."""
    with psycopg.connect(url) as conn:
        version = str(conn.info.parameter_status("server_version")).split()[0]
        row = conn.execute("SHOW fsync").fetchone()
    return f"{len(os.sched_getaffinity(0))} cores, PostgreSQL {version}, fsync {row[0] if row else '?'}"


def tell(given: argparse.Namespace, figures: dict[str, Any], lines: Sequence[str]) -> None:
    """Prints for people, or for programs."""
    print(json.dumps(figures) if given.json else "\n".join(lines))
