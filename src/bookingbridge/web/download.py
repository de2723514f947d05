"""Tables and charts to take away, as CSV files."""

from __future__ import annotations

import re

from starlette.responses import Response

from bookingbridge.web.csp import HEADERS


def csv_file(text: str, name: str) -> Response:
    """The text as a file called `name`.csv. It begins with a byte order mark: Excel takes it for UTF-8 only then."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "table"
    headers = {
        **HEADERS,
        "content-disposition": f'attachment; filename="{plain}.csv"',
        "cache-control": "private, no-store",
    }
    return Response("\ufeff" + text, media_type="text/csv", headers=headers)
