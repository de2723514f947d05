"""The peer's side: the same endpoints, windows and pages by a `dlt` pipeline into PostgreSQL, in its own process.

    python history_dlt.py URL SIMULATORS TOKEN NOW SCHEMA FORMAT FOLDER

The peer is spared what costs it most: rows are replaced rather than merged, and nothing of the run is sent anywhere.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

os.environ.update(RUNTIME__DLTHUB_TELEMETRY="false", RUNTIME__LOG_LEVEL="ERROR")

import dlt  # type: ignore[import-not-found]
from dlt.destinations import postgres  # type: ignore[import-not-found]
from dlt.sources.helpers.rest_client import RESTClient  # type: ignore[import-not-found]
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth  # type: ignore[import-not-found]
from dlt.sources.helpers.rest_client.paginators import (  # type: ignore[import-not-found]
    JSONResponseCursorPaginator,
)

WINDOW, BACK, AHEAD = timedelta(days=31), timedelta(days=365), timedelta(days=180)
_BY_QUERY: dict[str, str] = {"cursor_path": "cursor", "cursor_param": "cursor"}
_BY_BODY: dict[str, str] = {"cursor_path": "cursor", "cursor_body_path": "cursor"}
Pages = Iterator[list[dict[str, Any]]]


def resources(base: str, token: str, now: datetime) -> list[Any]:
    """What the product's streams read, one table each."""
    client = RESTClient(f"{base}/square", headers={"Square-Version": "2025-08-20"}, auth=BearerTokenAuth(token))

    def searched(path: str, name: str, body: dict[str, Any]) -> Pages:
        pager = JSONResponseCursorPaginator(**_BY_BODY)
        yield from client.paginate(path, method="POST", json=body, paginator=pager, data_selector=name)

    def listed(path: str, name: str, **params: Any) -> Pages:
        pager = JSONResponseCursorPaginator(**_BY_QUERY)
        yield from client.paginate(path, params=params, paginator=pager, data_selector=name)

    def bookings() -> Pages:
        start = now - BACK
        while start < now + AHEAD:
            end = min(start + WINDOW, now + AHEAD)
            yield from listed("/v2/bookings", "bookings", limit=100, start_at_min=_t(start), start_at_max=_t(end))
            start += WINDOW

    def payments() -> Pages:
        for page in listed("/v2/locations", "locations"):
            for place in page:
                asked = {"location_id": place["id"], "sort_field": "CREATED_AT", "sort_order": "ASC"}
                yield from listed("/v2/payments", "payments", limit=100, begin_time=_t(now - BACK), **asked)

    by_creation = {"sort": {"field": "CREATED_AT", "order": "ASC"}}
    catalog = {"object_types": ["ITEM"], "include_deleted_objects": True, "limit": 100}
    made = {
        "locations": listed("/v2/locations", "locations"),
        "team": searched("/v2/team-members/search", "team_members", {"limit": 200}),
        "services": searched("/v2/catalog/search", "objects", catalog),
        "customers": searched("/v2/customers/search", "customers", {"limit": 100, "query": by_creation, "count": True}),
        "bookings": bookings(),
        "payments": payments(),
        "refunds": listed("/v2/refunds", "refunds", limit=100, begin_time=_t(now - BACK)),
    }
    return [dlt.resource(rows, name=name, primary_key="id", write_disposition="replace") for name, rows in made.items()]


def _t(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _credentials(url: str) -> str:
    """The address as the peer takes it: user and host must stand in front."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    host = query.get("host") or parts.hostname or "127.0.0.1"
    port = query.get("port") or parts.port or 5432
    user = query.get("user") or parts.username or "postgres"
    # The peer insists on a password, also where the server asks for none. A socket's folder is a host to libpq when it
    # is percent-encoded.
    return f"postgresql://{user}:{parts.password or 'none'}@{quote(host, safe='')}:{port}{parts.path}"


def main(url: str, base: str, token: str, now: str, schema: str, written_as: str, folder: str) -> None:
    """The history is in tables of that schema."""
    began = time.perf_counter(), time.process_time()
    pipeline = dlt.pipeline(
        "bench_history", destination=postgres(_credentials(url)), dataset_name=schema, pipelines_dir=folder
    )
    pipeline.run(resources(base, token, datetime.fromisoformat(now)), loader_file_format=written_as)
    seconds, processor = time.perf_counter() - began[0], time.process_time() - began[1]
    unit = 1e6 if sys.platform == "darwin" else 1e3
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    said = {"seconds": seconds, "processor": processor, "peak MB": held / unit}
    print(json.dumps({**said, "version": dlt.__version__}))


if __name__ == "__main__":
    main(*sys.argv[1:8])
