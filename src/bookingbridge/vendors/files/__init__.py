"""Files: bookings, clients, payments, ad spend and touchpoints from CSV, Excel and calendar files. Nobody signs in.

`read_table` gives a file's table, `guess` a mapping of its columns, `preview` what the first rows become, and `load`
the records or the list of what is wrong, line by line.
"""

from __future__ import annotations

from datetime import timedelta

from bookingbridge.canonical.ports import Ability, Manifest
from bookingbridge.vendors.files.dates import DateOrder
from bookingbridge.vendors.files.mapping import SURE_ENOUGH, Mapping, Wishes, guess, wishes_from
from bookingbridge.vendors.files.open_file import read_table
from bookingbridge.vendors.files.options import Options, with_texts
from bookingbridge.vendors.files.preview import Preview, PreviewRow, describe, preview
from bookingbridge.vendors.files.read import MOST_PROBLEMS, Loaded, load, load_table
from bookingbridge.vendors.files.table import Limits, Problem, Reading, Row, Table
from bookingbridge.vendors.files.vocabulary import Field, Kind, kinds

MANIFEST = Manifest(
    name="files",
    title="Files",
    tagline="Exports of whatever you use: CSV, Excel or a calendar. No account needed.",
    abilities=frozenset(
        {Ability.BOOKINGS, Ability.CLIENTS, Ability.CATALOG, Ability.TEAM, Ability.PAYMENTS, Ability.AD_SPEND}
    ),
    auth=(),
    scopes=(),
    app_fields=(),
    token_fields=(),
    webhook_fields=(),
    streams=(),
    api_version="",
    hosts={},
    allowed_hosts=frozenset(),
    every=timedelta(days=7),
    docs="docs/import.md",
    limits="100 MB and 500,000 rows a file, and 30 MB for a calendar.",
    cost="Free.",
)

__all__ = [
    "MANIFEST", "MOST_PROBLEMS", "SURE_ENOUGH", "DateOrder", "Field", "Kind", "Limits", "Loaded", "Mapping", "Options",
    "Preview", "PreviewRow", "Problem", "Reading", "Row", "Table", "Wishes", "describe", "guess", "kinds", "load",
    "load_table", "preview", "read_table", "wishes_from", "with_texts",
]  # fmt: skip
