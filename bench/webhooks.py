"""How many webhooks are stored and acknowledged per second, and how that compares, in one run on one machine.

    python bench/webhooks.py [--small] [--seconds 5] [--connections 64]

Each server runs in a process of its own on a PostgreSQL of its own (fsync on). wrk delivers signed events of Square,
one per request, each with an event id of its own; an answer counts when it is 200. Servers:

    the product   signature checked over the raw body, business found, stored under row-level security with a bell for
                  the worker, many deliveries in one commit; answered after it
    one INSERT    bare ASGI: signature checked, one INSERT and its commit per request, a pool of ten connections
    bare ASGI     reads the body and answers 200: stores nothing, checks nothing; what server and client cost

At full load, then at half of what each server reached there. wrk and PostgreSQL take their share of the processors.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import grounds  # type: ignore[import-not-found]
import psycopg
import webhooks_peers as peers  # type: ignore[import-not-found]

SERVERS = ("the product", "one INSERT", "bare ASGI")
BODIES = 60_000


@dataclass(frozen=True, slots=True)
class Load:
    """One load. Latencies in ms; `rows` are in the inbox, `stored` were acknowledged, `failed` were not."""

    per_second: float
    p50: float
    p99: float
    stored: int
    rows: int
    failed: int


def main() -> None:
    parser = grounds.parser(__doc__)
    parser.add_argument("--seconds", type=int, default=0, help="length of each load")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=0, help="full loads per server; the median counts")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("bench/webhooks.py needs wrk (Debian: apt-get install wrk)")
    given.seconds = given.seconds or (1 if given.small else 5)
    given.rounds = given.rounds or (1 if given.small else 3)
    with grounds.database(given) as url, _folder() as folder:
        port = grounds.free_port()
        connection = asyncio.run(peers.open_shop(url))
        _write_load(folder, port, connection, given.rows or BODIES)
        full, half = _measured(url, folder, port, connection, given)
        where = grounds.machine(url)
    ours = full["the product"].per_second
    ratios = {f"the product / {name}": round(ours / full[name].per_second, 3) for name in SERVERS[1:]}
    said = {name: {"full": asdict(full[name]), "half": asdict(half[name])} for name in SERVERS}
    grounds.tell(given, {"servers": said, "ratios": ratios}, _told(full, half, ratios, where))


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bookingbridge-bench-") as name:
        yield Path(name)


def _write_load(folder: Path, port: int, connection: UUID, count: int) -> None:
    """Signed events, `<signature> <body>` per line, and the address they go to."""
    url = peers.address(port, connection)
    with (folder / "events").open("w") as out:
        for n in range(count):
            body = json.dumps(peers.event(n), separators=(",", ":"))
            signed = base64.b64encode(hmac.digest(peers.KEY.encode(), (url + body).encode(), "sha256")).decode()
            out.write(f"{signed} {body}\n")


def _measured(
    url: str, folder: Path, port: int, connection: UUID, given: Any
) -> tuple[dict[str, Load], dict[str, Load]]:
    full: dict[str, list[Load]] = {name: [] for name in SERVERS}
    half: dict[str, Load] = {}
    for _ in range(given.rounds):
        # Side by side in each round, so that a slow minute of the machine meets all of them.
        for name in SERVERS:
            with _serving(name, url, port, connection):
                if not given.small:
                    _load(url, folder, port, connection, given, 0, seconds=1)
                full[name].append(_load(url, folder, port, connection, given, 0))
    median = {name: sorted(loads, key=lambda load: load.per_second)[len(loads) // 2] for name, loads in full.items()}
    for name in SERVERS:
        peak = statistics.median(load.per_second for load in full[name])
        with _serving(name, url, port, connection):
            if not given.small:
                _load(url, folder, port, connection, given, 0, seconds=1)
            half[name] = _load(url, folder, port, connection, given, 2_000 * given.connections / max(peak, 1))
    return median, half


@contextmanager
def _serving(name: str, url: str, port: int, connection: UUID) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, peers.__file__, name, url, str(port), str(connection)])
    try:
        deadline = time.monotonic() + 30
        while not grounds.answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{name} does not start")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)


def _load(
    url: str, folder: Path, port: int, connection: UUID, given: Any, pause_ms: float, *, seconds: int = 0
) -> Load:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("TRUNCATE inbound_events")
    length = f"-d{seconds or given.seconds}s"
    said = subprocess.run(
        ["wrk", "-t2", f"-c{given.connections}", length, "-s", grounds.HERE / "webhooks_load.lua",
         f"http://127.0.0.1:{port}"],
        env={
            **os.environ, "EVENTS": str(folder / "events"), "TARGET": f"/api/v1/webhooks/square/{connection}",
            "DELAY_MS": str(round(pause_ms)), "RUN": str(random.getrandbits(30)),
        },
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    seen = json.loads(said.strip().splitlines()[-1])
    # Requests on their way when wrk stops are stored, too.
    time.sleep(0.5)
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT coalesce(sum(deliveries), 0)::bigint FROM inbound_events").fetchone()
    stored = seen["requests"] - seen["refused"]
    return Load(
        stored / seen["seconds"], seen["p50"], seen["p99"], stored, row[0] if row else 0,
        seen["refused"] + seen["broken"],
    )  # fmt: skip


def _told(full: dict[str, Load], half: dict[str, Load], ratios: dict[str, float], where: str) -> list[str]:
    head = "              stored/s   full: p50   p99 ms    half: stored/s   p50   p99 ms   acknowledged    rows"
    lines = [where, "", head]
    lines += [
        f"{name:12} {f.per_second:9,.0f} {f.p50:11.1f} {f.p99:8.1f} {half[name].per_second:17,.0f} "
        f"{half[name].p50:5.1f} {half[name].p99:8.1f}   {f.stored:12,} {f.rows:7,}"
        for name, f in full.items()
    ]
    return [*lines, *(f"{what:28} {value}" for what, value in ratios.items())]


if __name__ == "__main__":
    main()
