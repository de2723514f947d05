"""Whether the collector's memory stays flat under a long load.

    python bench/collector_soak.py [--minutes 10] [--rate 4000] [--connections 128] [--json]

The collector runs as in bench/collector.py; wrk loads it in stretches of half a minute with visitors, click ids and
addresses that never repeat, and with keys of sites that do not exist. After each stretch its resident memory is read
and the table emptied. Flat means: the mean of the last third is at most 5 % and 4 MB above that of the second.
The first third is left out, for caches fill up then.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

import collector as bench

from bookingbridge.infra import migrate, postgres

STRETCH_S = 30


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--connections", type=int, default=128)
    parser.add_argument("--rate", type=int, default=4_000, help="events per second to aim at")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("bench/collector_soak.py needs wrk (Debian: apt-get install wrk)")
    with tempfile.TemporaryDirectory(prefix="bookingbridge-bench-") as folder:
        server = postgres.ensure(Path(folder) / "pg")
        try:
            migrate.upgrade(server.url())
            bench.open_shop(server.url())
            events, memory_mb = soak(server.url(), Path(folder), given)
        finally:
            server.stop()
    third = max(1, len(memory_mb) // 3)
    middle, last = statistics.mean(memory_mb[third : 2 * third] or memory_mb), statistics.mean(memory_mb[-third:])
    is_flat = last <= middle * 1.05 + 4
    found = {"events": events, "memory_mb": memory_mb, "middle_mb": middle, "last_mb": last, "is_flat": is_flat}
    if given.json:
        print(json.dumps(found))
    else:
        print(f"{events:,} events stored. Resident memory in MB, every {STRETCH_S} s:")
        print("  " + " ".join(f"{mb:.0f}" for mb in memory_mb))
        print(f"second third {middle:.1f}, last third {last:.1f}: {'flat' if is_flat else 'GROWING'}")
    return 0 if is_flat else 1


def soak(url: str, folder: Path, given: argparse.Namespace) -> tuple[int, list[float]]:
    """How many events were stored, and the server's memory after each stretch."""
    bodies = folder / "bodies"
    bodies.write_text("\n".join(strange(body) if n % 50 == 0 else body for n, body in enumerate(bench.bodies())))
    events, memory_mb = 0, []
    until = time.monotonic() + given.minutes * 60
    with bench.serving("collector", url) as running:
        while time.monotonic() < until:
            left = max(1, min(STRETCH_S, round(until - time.monotonic())))
            pause_ms = 1_000 * given.connections / given.rate
            load = bench.load(running, bodies, left, given.connections, pause_ms=pause_ms)
            events += load.rows
            memory_mb.append(resident_mb(running.pid))
    return events, memory_mb


def strange(body: str) -> str:
    """The same event, in a campaign of its own, or for a site that does not exist."""
    if UUID(json.loads(body)["events"][0]["fields"]["page"]).int % 2:
        return body.replace(bench.SITE, "bbs_@N@"[:60])
    return body.replace("utm_campaign=", "utm_campaign=@N@").replace('"referrer":"', '"referrer":"https://@N@.example/')


def resident_mb(pid: int) -> float:
    """Resident memory of a process (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


if __name__ == "__main__":
    sys.exit(main())
