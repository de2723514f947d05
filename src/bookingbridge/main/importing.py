"""Importing a file for a business: read, previewed or stored, with every problem by its line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bookingbridge.canonical.errors import Refused
from bookingbridge.domains.accounts import api as accounts
from bookingbridge.infra.db import Database
from bookingbridge.sync import files as storing
from bookingbridge.sync.engine import Engine
from bookingbridge.vendors import files


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person said about the files, as typed."""

    kind: str | None
    mapping: Path | None
    pairs: tuple[str, ...]
    source: str
    zone: str | None
    currency: str | None
    dates: str | None
    skip_bad_rows: bool = False

    def wishes(self) -> files.Wishes:
        """What is wished of the mapping; guessed where nothing is said."""
        wishes = files.wishes_from(self.mapping) if self.mapping else files.Wishes()
        return replace(wishes.with_pairs(self.pairs), kind=self.kind or wishes.kind)

    def options(self, business: accounts.Business, wishes: files.Wishes) -> files.Options:
        """The business's own zone, currency and region, overruled by the mapping file and then by what was typed."""
        own = files.Options(
            ZoneInfo(business.time_zone), business.currency, business.region, skip_bad_rows=self.skip_bad_rows
        )
        typed = {"time_zone": self.zone, "currency": self.currency, "dates": self.dates}
        return files.with_texts(own, {**wishes.options, **{name: text for name, text in typed.items() if text}})


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
    from bookingbridge.main.cli.session import the_business

    return await the_business(db, named)


def previewed(path: Path, wanted: Wanted, business: accounts.Business) -> dict[str, Any]:
    """What the file's first rows would become, and which columns mean what."""
    wishes = wanted.wishes()
    options = wanted.options(business, wishes)
    table = files.read_table(path, path.name, options.reading())
    mapping = files.guess(table, wishes)
    shown = files.preview(table, mapping, options)
    problems = [str(p) for p in shown.blockers] + [str(p) for row in shown.rows for p in row.problems]
    return {
        "file": path.name,
        "kind": mapping.kind,
        "rows": shown.total_rows,
        "columns": mapping.columns,
        "ignored": list(mapping.ignored),
        "preview": [
            {"line": r.line, "becomes": r.sentence, "problems": [str(p) for p in r.problems]} for r in shown.rows
        ],
        "problems": problems,
        "problem_count": len(problems),
        "notes": list(shown.notes),
    }


async def imported(engine: Engine, path: Path, wanted: Wanted, business: accounts.Business) -> dict[str, Any]:
    """The file is stored, all of it or nothing; counts of what was new, changed and known, or the problems."""
    wishes = wanted.wishes()
    loaded = files.load(path, wishes, wanted.options(business, wishes), name=path.name)
    result: dict[str, Any] = {
        "file": path.name,
        "kind": loaded.kind,
        "rows": loaded.rows,
        "bad_rows": loaded.bad_rows,
        "counts": loaded.counts,
        "problems": [str(p) for p in loaded.problems],
        "problem_count": loaded.problem_count,
        "notes": list(loaded.notes),
    }
    if loaded.records:
        run_id, taken = await storing.import_records(
            engine, business.id, loaded.records, source=wanted.source, asked_by=f"file {path.name}"
        )
        result["run"] = str(run_id)
        result["imported"] = {
            "new": taken.new, "changed": taken.changed, "same as before": taken.same, "older than known": taken.stale,
        }  # fmt: skip
    return result
