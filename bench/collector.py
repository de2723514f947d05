"""How fast touches are stored, and how that compares, in one run on one machine: read the ratios, not the numbers.

    python bench/collector.py [--seconds 5] [--connections 128] [--json]

Each server runs in a process of its own on a PostgreSQL of its own (fsync on), is loaded by wrk with one event per
request, and answers after the commit. Printed per server: events stored per second, latency at full load and at half
of it, and that the table holds as many rows as were acknowledged. Servers:

    collector       the product: key, limits, consent, robots, channel, row-level security, untold touches, bell
    micro-batcher   raw ASGI and one INSERT of many rows: decodes, validates, and nothing else
    one INSERT      FastAPI and one INSERT with its commit per request, a pool of ten connections
    raw COPY        no server: the same rows streamed into the table by one connection, 2,000 per transaction

wrk takes its share of the same processors, as the PostgreSQL does.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import psycopg

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "src"))

import collector_peers as peers  # type: ignore[import-not-found]  # noqa: E402

from bookingbridge.domains.journeys.rules import new_token  # noqa: E402
from bookingbridge.infra import migrate, postgres  # noqa: E402

SITE = "bbs_0123456789abcdef0123"
SERVERS = ("collector", "micro-batcher", "one INSERT")


@dataclass(frozen=True, slots=True)
class Load:
    """What one load of one server came to. Latencies in ms; `rows` were in the table, `stored` acknowledged.

    `app_us`, `pg_us`: processor time per event of the server and of PostgreSQL, steady also on a busy machine.
    """

    per_second: float
    p50: float
    p99: float
    p999: float
    stored: int
    rows: int
    failed: int
    app_us: float
    pg_us: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5, help="length of each load")
    parser.add_argument("--rounds", type=int, default=3, help="loads per server; the median counts")
    parser.add_argument("--connections", type=int, default=128)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("bench/collector.py needs wrk (Debian: apt-get install wrk)")
    with tempfile.TemporaryDirectory(prefix="bookingbridge-bench-") as folder:
        server = postgres.ensure(Path(folder) / "pg")
        try:
            url = server.url()
            migrate.upgrade(url)
            open_shop(url)
            results = _measure(url, Path(folder), given)
        finally:
            server.stop()
    print(json.dumps(asdict(results) | {"ratios": results.ratios()}) if given.json else _told(results))


@dataclass(frozen=True, slots=True)
class Results:
    """All loads by server, and the rows per second of raw COPY."""

    full: dict[str, list[Load]]
    half: dict[str, Load]
    copied: float

    def median(self, name: str, figure: str) -> float:
        """Of one figure over the loads at full speed."""
        return float(statistics.median(getattr(load, figure) for load in self.full[name]))

    def ratios(self) -> dict[str, float]:
        ours = self.median("collector", "per_second")
        others = {name: self.median(name, "per_second") for name in SERVERS[1:]} | {"raw COPY": self.copied}
        return {f"collector / {name}": round(ours / other, 3) for name, other in others.items()}

    def is_whole(self, name: str) -> bool:
        """Whether every load's rows were those acknowledged, and nothing failed."""
        return all(load.rows == load.stored and not load.failed for load in [*self.full[name], self.half[name]])


def _measure(url: str, folder: Path, given: argparse.Namespace) -> Results:
    told = folder / "bodies"
    told.write_text("\n".join(bodies()))
    full: dict[str, list[Load]] = {name: [] for name in SERVERS}
    half: dict[str, Load] = {}
    copies = []
    for _ in range(given.rounds):
        copies.append(asyncio.run(_copy(url, 40_000)))
        # Side by side in each round, so that a slow minute of the machine meets all of them.
        for name in SERVERS:
            with serving(name, url) as running:
                load(running, told, 1, given.connections)
                full[name].append(load(running, told, given.seconds, given.connections))
    for name in SERVERS:
        peak = statistics.median(each.per_second for each in full[name])
        with serving(name, url) as running:
            load(running, told, 1, given.connections)
            pause_ms = 2_000 * given.connections / peak
            half[name] = load(running, told, given.seconds, given.connections, pause_ms=pause_ms)
    return Results(full, half, statistics.median(copies))


def _told(results: Results) -> str:
    head = "                 stored/s   full: p50   p99 ms    half: stored/s   p50   p99 ms   app us   pg us"
    lines = [f"{head}   rows = acknowledged"]
    for name in SERVERS:
        p50, p99, app, pg = (results.median(name, figure) for figure in ("p50", "p99", "app_us", "pg_us"))
        half = results.half[name]
        lines.append(
            f"{name:15} {results.median(name, 'per_second'):9,.0f} {p50:12.1f} {p99:8.1f} {half.per_second:17,.0f} "
            f"{half.p50:5.1f} {half.p99:8.1f} {app:8.0f} {pg:7.0f}   {'yes' if results.is_whole(name) else 'NO'}"
        )
    lines.append(f"{'raw COPY':15} {results.copied:9,.0f}")
    return "\n".join([*lines, *(f"{what:28} {value}" for what, value in results.ratios().items())])


def open_shop(url: str) -> None:
    now = datetime.now(UTC)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("INSERT INTO accounts (id, name, created_at) VALUES (%s, 'Bench', %s)", (UUID(int=1), now))
        conn.execute(
            "INSERT INTO businesses (id, account_id, name, time_zone, currency, region, created_at) "
            "VALUES (%s, %s, 'Bench', 'America/New_York', 'USD', 'US', %s)",
            (peers.BUSINESS, UUID(int=1), now),
        )
        conn.execute(
            "INSERT INTO sites (business_id, id, key, name, hosts, created_at) VALUES (%s, %s, %s, 'Bench', %s, %s)",
            (peers.BUSINESS, UUID(int=2), SITE, ["salon.example.com"], now),
        )
        conn.execute(
            "INSERT INTO public_addresses (kind, key, business_id, target_id, created_at) "
            "VALUES ('site', %s, %s, %s, %s)",
            (SITE, peers.BUSINESS, UUID(int=2), now),
        )


def bodies(count: int = 5_000) -> Iterator[str]:
    """Arrivals as the script tells of them: every other from an ad, with a click id of its own; many visitors."""
    chance = random.Random(7)
    page = "https://salon.example.com/{}"
    for n in range(count):
        utm: dict[str, str] = {}
        ids: dict[str, str] = {}
        referrer, query = "", ""
        match n % 10:
            case 0 | 1 | 2:
                utm = {"source": "instagram", "medium": "cpc", "campaign": f"spring-{n % 40}", "content": "reel"}
                ids, referrer = {"fbclid": "IwAR-@N@"}, "https://l.instagram.com/"
            case 3 | 4:
                utm, ids = {"source": "google", "medium": "cpc", "campaign": f"brand-{n % 30}"}, {"gclid": "Cj0K-@N@"}
                referrer = "https://www.google.com/"
            case 5 | 6 | 7:
                referrer = "https://www.google.com/"
            case 8:
                referrer = "https://www.facebook.com/"
        if utm:
            query = "?" + "&".join([f"utm_{k}={v}" for k, v in utm.items()] + [f"{k}={v}" for k, v in ids.items()])
        event = {
            "id": "@ID@", "kind": "visit", "at": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
            "visitor": new_token(chance.randbytes(10)), "consent": "granted", "utm": utm, "click_ids": ids,
            "url": page.format(("", "prices", "book", "team", f"blog/{n % 50}")[n % 5]) + query,
            "referrer": referrer, "fields": {"page": str(UUID(bytes=chance.randbytes(16)))},
        }  # fmt: skip
        yield json.dumps({"site": SITE, "events": [event]}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Running:
    """A server under test and its database."""

    url: str
    port: int
    pid: int

    def cpu_s(self) -> tuple[float, float]:
        """Processor seconds so far of the server and of all processes of PostgreSQL; zeros where there is no /proc."""
        with psycopg.connect(self.url) as conn:
            row = conn.execute("SHOW data_directory").fetchone()
        assert row
        postgres_s = 0.0
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (entry / "cwd").resolve() == Path(row[0]).resolve():
                    postgres_s += _cpu_s(entry)
        return _cpu_s(Path(f"/proc/{self.pid}")), postgres_s


def _cpu_s(process: Path) -> float:
    try:
        spent = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
    except OSError:
        return 0.0
    return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(name: str, url: str) -> Iterator[Running]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, peers.__file__, name, url, str(port)])
    try:
        while process.poll() is None:
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield Running(url, port, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def load(server: Running, told: Path, seconds: int, connections: int, *, pause_ms: float = 0) -> Load:
    with psycopg.connect(server.url, autocommit=True) as conn:
        conn.execute("TRUNCATE touches, touches_untold")
        conn.execute("CHECKPOINT")
    before = server.cpu_s()
    said = subprocess.run(
        ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "-s", HERE / "collector_load.lua", f"http://127.0.0.1:{server.port}"],
        env={
            **os.environ, "BODIES": str(told), "TARGET": "/t", "CONTENT_TYPE": "text/plain;charset=UTF-8",
            "DELAY_MS": str(round(pause_ms)), "RUN": str(random.getrandbits(30)),
        },
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    seen = json.loads(said.strip().splitlines()[-1])
    # Requests still on their way when wrk stops are stored, too; they are let in before the rows are counted.
    time.sleep(0.5)
    app_s, pg_s = (after - at for after, at in zip(server.cpu_s(), before, strict=True))
    with psycopg.connect(server.url) as conn:
        row = conn.execute("SELECT count(*) FROM touches").fetchone()
    rows = row[0] if row else 0
    stored = seen["requests"] - seen["refused"]
    late = rows - stored
    return Load(
        per_second=stored / seen["seconds"],
        p50=seen["p50"], p99=seen["p99"], p999=seen["p999"],
        stored=stored, rows=rows - late if 0 <= late <= connections else rows, failed=seen["refused"] + seen["broken"],
        app_us=app_s * 1e6 / max(1, rows), pg_us=pg_s * 1e6 / max(1, rows),
    )  # fmt: skip


async def _copy(url: str, count: int, batch: int = 2_000) -> float:
    """Rows per second by COPY in the binary format, the fastest way in there is."""
    events = [peers.decoder.decode(body.replace("@ID@", str(uuid4())).encode()).events[0] for body in bodies(batch)]
    into = f"COPY touches ({', '.join(peers.COLUMNS)}) FROM STDIN (FORMAT BINARY)"
    took = 0.0
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
        await conn.execute("TRUNCATE touches, touches_untold")
        for _ in range(count // batch):
            rows = [peers.row(peers.BUSINESS, msgspec.structs.replace(event, id=str(uuid4()))) for event in events]
            began = time.perf_counter()
            async with conn.transaction(), conn.cursor() as cursor, cursor.copy(into) as copy:
                copy.set_types(peers.TYPES)
                for row in rows:
                    await copy.write_row(row)
            took += time.perf_counter() - began
    return count / took


if __name__ == "__main__":
    main()
