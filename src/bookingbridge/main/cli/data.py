"""Commands about data: import files, and print or export what brought which paid visit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bookingbridge.canonical.errors import Refused
from bookingbridge.main.businesses import the_business
from bookingbridge.main.output import AsJson, err, out, say_json, table
from bookingbridge.main.session import house, run


def add_to(cli: typer.Typer) -> None:
    cli.command("import")(import_files)
    cli.command()(report)


def import_files(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="CSV, TSV, XLSX or ICS files.")],
    kind: Annotated[
        str | None, typer.Option(help="bookings, clients, payments, ad_spend or touchpoints; guessed without.")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="A TOML or JSON file that says which column is what.")] = None,
    map_: Annotated[list[str] | None, typer.Option("--map", help="field=column, as often as needed.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only show what the rows would become.")] = False,
    skip_bad_rows: Annotated[bool, typer.Option(help="Import the good rows where some are bad.")] = False,
    source: Annotated[str, typer.Option(help="Files of one source share their ids and clients.")] = "files",
    zone: Annotated[str | None, typer.Option(help="Time zone of times without one; the business's.")] = None,
    currency: Annotated[str | None, typer.Option(help="Currency of amounts without one; the business's.")] = None,
    dates: Annotated[str | None, typer.Option(help="dmy, mdy or ymd, where the file leaves it open.")] = None,
    business: Annotated[
        str | None, typer.Option(help="The business's name or id; made with --zone and --currency where none is.")
    ] = None,
    as_json: bool = AsJson,
) -> None:
    """Import bookings, clients, payments, ad spend and touchpoints. All of a file or nothing; again changes nothing."""

    async def act() -> list[dict[str, Any]]:
        from bookingbridge.main import importing, worker

        async with house() as engine:
            chosen = await importing.business_for(engine.db, business, zone=zone, currency=currency)
            said = importing.said_of(
                chosen, kind=kind, mapping=mapping, pairs=tuple(map_ or ()), skip_bad_rows=skip_bad_rows,
                typed={"time_zone": zone, "currency": currency, "dates": dates}, is_preview=preview,
            )  # fmt: skip
            done = [await importing.from_file(engine, path, said, chosen, source=source) for path in files]
            if preview:
                return done
            if not as_json:
                err.print("Working out what brought which visit …")
            await worker.drain(engine)
            return done

    done = run(act())
    if as_json:
        say_json(done)
    else:
        for one in done:
            _say_imported(one)
    if any(one["problem_count"] and not one.get("imported") for one in done):
        raise typer.Exit(1)


def _say_imported(one: dict[str, Any]) -> None:
    out.print(f"[bold]{one['file']}[/]: {one['kind']}, {one['rows']} rows")
    if one["is_preview"]:
        table("", ("field", "column"), list(one["columns"].items()))
        for row in one["preview"]:
            out.print(f"  line {row['line']}: {row['becomes'] or '; '.join(row['problems'])}")
        if one["ignored"]:
            out.print("  ignored columns: " + ", ".join(one["ignored"]))
    for problem in one["problems"][:20]:
        err.print(f"  {problem}")
    if one["problem_count"] > 20:
        err.print(f"  and {one['problem_count'] - 20} more; --json lists them")
    for note in one["notes"]:
        err.print(f"  note: {note}")
    if taken := one.get("imported"):
        out.print("  " + ", ".join(f"{count} {name}" for name, count in taken.items() if count))
    elif one["problem_count"] and not one["is_preview"]:
        err.print("  nothing was imported: mend the rows above, or add --skip-bad-rows")


def report(
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days back from the last one.")] = 90,
    until: Annotated[str | None, typer.Option(help="The last day, YYYY-MM-DD; the newest with a paid visit.")] = None,
    model: Annotated[str | None, typer.Option(help="Which model sorts the rows; the business's own without.")] = None,
    output: Annotated[
        Path | None, typer.Option("--out", help="Also write campaigns.csv and channels.csv here.")
    ] = None,
    business: Annotated[str | None, typer.Option(help="The business's name or id.")] = None,
    as_json: bool = AsJson,
) -> None:
    """Which campaign brought how many paid visits and how much revenue, in every model side by side."""

    async def act() -> Any:
        from datetime import date

        from bookingbridge.domains.attribution import api as attribution
        from bookingbridge.domains.insights import api as insights

        async with house() as engine:
            chosen = await the_business(engine.db, business)
            wanted = attribution.Model(model or chosen.settings.default_model)
            async with engine.db.business(chosen.id) as tx:
                if until is not None:
                    last = date.fromisoformat(until)
                else:
                    newest = await attribution.latest(tx, limit=1)
                    last = newest[0].day if newest else tx.now.astimezone(ZoneInfo(chosen.time_zone)).date()
                return chosen, await insights.overview(tx, insights.ending(last, days), wanted)

    try:
        chosen, overview = run(act())
    except ValueError as wrong:
        raise Refused(str(wrong)) from wrong
    from bookingbridge.main import reporting

    if output is not None:
        written = reporting.write(overview, output)
        err.print("wrote " + ", ".join(str(path) for path in written))
    if as_json:
        say_json(reporting.as_json(chosen.name, overview))
    else:
        reporting.print_tables(chosen.name, overview)
