"""How fast one shop's history comes from the simulated Square into PostgreSQL, beside a `dlt` pipeline, in one run.

    python bench/history.py [--small] [--rows 20000] [--dlt PYTHON] [--rounds 3]

    reading          the product's client reads every page, and nothing is done about it: what the simulator allows
    the product      a connection's first full run by the worker's own function: raw payloads kept, records made of
                     them, links, row-level security, events for what follows, the cursor with each page
    dlt, csv         the same endpoints, windows and pages by a `dlt` pipeline that loads by COPY
    dlt, inserts     the same as it is without settings

The best of the rounds is told; the first also fills a store of the simulator's answers, so that in the others its own
searching is not measured: see `history_shop.Rehearsed`.

`--rows` counts bookings; clients are two fifths of that, payments five fourths. The simulators, the product and the
peer are processes of their own; seconds are without their start; memory is the most that the process itself held.
`--dlt` is a Python that has dlt (`uv run --group bench python`); without one, the product's side is printed alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grounds  # type: ignore[import-not-found]
import history_shop  # type: ignore[import-not-found]
import psycopg

HERE = Path(__file__).parent
TABLES = {"clients": "customers", "bookings": "bookings", "payments": "payments"}
"""Ours and the peer's, of which the rows must be as many."""


def main() -> None:
    parser = grounds.parser(__doc__)
    parser.add_argument("--dlt", default=sys.executable, help="a Python that has dlt")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many is told")
    given = parser.parse_args()
    n = given.rows or (400 if given.small else 20_000)
    rows = {"clients": n * 2 // 5, "bookings": n, "payments": n * 5 // 4}
    has_dlt = subprocess.run([given.dlt, "-c", "import dlt"], capture_output=True, check=False).returncode == 0
    ways: dict[str, dict[str, Any]] = {}
    with grounds.database(given) as url, history_shop.simulated(n) as (base, token):
        where, now = grounds.machine(url), datetime.now(UTC).isoformat(timespec="milliseconds")
        for _ in range(1 if given.small else given.rounds):
            _best(ways, "reading", _product(url, base, token, now, "reading"))
            _best(ways, "the product", _product(url, base, token, now))
            for written_as in ("csv", "insert_values") if has_dlt else ():
                name = "dlt, csv" if written_as == "csv" else "dlt, inserts"
                _best(ways, name, _peer(given.dlt, url, base, token, now, written_as))
    for name, way in ways.items():
        if way.get("stored", rows) != rows:
            raise RuntimeError(f"{name} stored {way['stored']}, not {rows}")
        way["rows/s"] = sum(rows.values()) / way["seconds"]
    peers = [way for name, way in ways.items() if name.startswith("dlt")]
    ours = ways["the product"]
    ratios = {
        "times as fast": min(p["seconds"] for p in peers) / ours["seconds"],
        "of its memory": ours["peak MB"] / min(p["peak MB"] for p in peers),
    } if peers else {}  # fmt: skip
    grounds.tell(given, {"rows": rows, "ways": ways, "ratios": ratios}, _told(rows, ways, ratios, where))


def _best(ways: dict[str, dict[str, Any]], name: str, way: dict[str, Any]) -> None:
    if name not in ways or way["seconds"] < ways[name]["seconds"]:
        ways[name] = way


def _product(url: str, base: str, token: str, now: str, *words: str) -> dict[str, Any]:
    said = _ran([sys.executable, str(HERE / "history_product.py"), url, base, token, now, *words])
    if "business" in said:
        said["stored"] = _counted(url, {ours: f"{ours} WHERE business_id = '{said['business']}'" for ours in TABLES})
    return said


def _peer(python: str, url: str, base: str, token: str, now: str, written_as: str) -> dict[str, Any]:
    schema = f"peer_{written_as}"
    with tempfile.TemporaryDirectory(prefix="bookingbridge-bench-") as folder:
        said = _ran([python, str(HERE / "history_dlt.py"), url, base, token, now, schema, written_as, folder])
    said["stored"] = _counted(url, {ours: f"{schema}.{theirs}" for ours, theirs in TABLES.items()})
    with psycopg.connect(url) as conn:
        conn.execute(f"DROP SCHEMA {schema} CASCADE")
    return said


def _ran(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, env=grounds.environment(), check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    said: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return said


def _counted(url: str, tables: dict[str, str]) -> dict[str, int]:
    with psycopg.connect(url) as conn:
        return {name: conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for name, table in tables.items()}  # type: ignore[index, call-overload]


def _told(
    rows: dict[str, int], ways: dict[str, dict[str, Any]], ratios: dict[str, float], where: str
) -> list[str]:  # fmt: skip
    lines = [", ".join(f"{count:,} {name}" for name, count in rows.items()) + f"; {where}", ""]
    lines.append("                 seconds    rows/s   processor s   peak MB")
    for name, way in ways.items():
        lines.append(
            f"{name:15} {way['seconds']:8.2f} {way['rows/s']:9,.0f} {way['processor']:13.2f} {way['peak MB']:9.0f}"
        )
    if ratios:
        lines += ["", "Rows on both sides are equal. Beside the faster and the leaner dlt, the product: " + ", ".join(
            f"{value:.2f} {name}" for name, value in ratios.items()
        )]  # fmt: skip
    else:
        lines += ["", "dlt is not installed: only the product's side was run. `--dlt` takes a Python that has it."]
    return lines


if __name__ == "__main__":
    main()
