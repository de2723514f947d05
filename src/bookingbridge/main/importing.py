"""Files, read for the engine and for commands: what a file's rows become, with every problem by its line."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bookingbridge.canonical.errors import Refused
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.infra.db import Database
from bookingbridge.main.businesses import the_business
from bookingbridge.sync import files as storing
from bookingbridge.sync.engine import Engine, FileRead, FileSaid

if TYPE_CHECKING:
    from bookingbridge.vendors import files


def read_file(content: bytes, name: str, said: FileSaid) -> FileRead:
    """As `sync.engine.FileReader`. The options name at least time_zone, currency and region."""
    # Readers of calendars and workbooks take a while to import and are rarely needed.
    from bookingbridge.vendors import files

    wishes = files.Wishes(said.kind, said.columns, {})
    start = files.Options(ZoneInfo("UTC"), "USD", skip_bad_rows=said.skip_bad_rows)
    options = files.with_texts(start, {k: v for k, v in said.options.items() if v})
    table = files.read_table(content, name, options.reading())
    if said.is_preview:
        return _previewed(table, wishes, options)
    loaded = files.load_table(table, wishes, options)
    return FileRead(
        loaded.kind, loaded.rows, loaded.records, [str(p) for p in loaded.problems], loaded.problem_count,
        list(loaded.notes), loaded.mapping.columns, loaded.mapping.ignored, loaded.counts,
    )  # fmt: skip


def _previewed(table: files.Table, wishes: files.Wishes, options: files.Options) -> FileRead:
    from bookingbridge.vendors.files import guess, preview

    mapping = guess(table, wishes)
    shown = preview(table, mapping, options)
    problems = [str(p) for p in shown.blockers] + [str(p) for row in shown.rows for p in row.problems]
    return FileRead(
        mapping.kind, shown.total_rows, [], problems, len(problems), list(shown.notes), mapping.columns,
        mapping.ignored, {}, [(r.line, r.sentence, [str(p) for p in r.problems]) for r in shown.rows],
    )  # fmt: skip


def options_of(business: accounts.Business, typed: dict[str, str | None]) -> dict[str, str]:
    """The business's own zone, currency and region, overruled by what was typed."""
    own = {"time_zone": business.time_zone, "currency": business.currency, "region": business.region}
    return own | {name: text for name, text in typed.items() if text}


def said_of(
    business: accounts.Business,
    *,
    kind: str | None,
    mapping: Path | None,
    pairs: tuple[str, ...],
    typed: dict[str, str | None],
    skip_bad_rows: bool,
    is_preview: bool,
) -> FileSaid:
    """What a command line says of a file: its mapping file's words, overruled by what was typed."""
    from bookingbridge.vendors import files

    wishes = (files.wishes_from(mapping) if mapping else files.Wishes()).with_pairs(pairs)
    options = options_of(business, {**wishes.options, **{k: v for k, v in typed.items() if v}})
    return FileSaid(kind or wishes.kind, wishes.columns, options, skip_bad_rows, is_preview)


async def business_for(db: Database, named: str | None, *, zone: str | None, currency: str | None) -> accounts.Business:
    """The business of that name or id, or the only one; a new one of nobody yet where there is none at all."""
    every = await accounts.every_business(db)
    if not every:
        if zone is None or currency is None:
            raise Refused(
                "there is no business yet: add --zone (such as America/New_York) and --currency (such as USD)"
            )
        new = accounts.NewBusiness(named or "My business", zone, currency, "US")
        return await accounts.found_business(db, new)
    return await the_business(db, named)


async def from_file(
    engine: Engine, path: Path, said: FileSaid, business: accounts.Business, *, source: str
) -> dict[str, Any]:
    """What the file came to, as commands print it; stored unless it is a preview or there are problems."""
    read = await asyncio.to_thread(lambda: read_file(path.read_bytes(), path.name, said))
    result: dict[str, Any] = {
        "file": path.name,
        "kind": read.kind,
        "rows": read.rows,
        "counts": read.counts,
        "columns": read.columns,
        "ignored": list(read.ignored),
        "problems": read.problems,
        "problem_count": read.problem_count,
        "notes": read.notes,
        "preview": [{"line": line, "becomes": becomes, "problems": why} for line, becomes, why in read.preview],
        "is_preview": said.is_preview,
    }
    if read.records:
        run_id, taken = await storing.import_records(
            engine, business.id, read.records, source=source, asked_by=f"file {path.name}"
        )
        result["run"] = str(run_id)
        result["imported"] = {
            "new": taken.new, "changed": taken.changed, "same as before": taken.same, "older than known": taken.stale,
        }  # fmt: skip
    return result
