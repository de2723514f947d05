"""Commands about vendors: what they can do, connecting, syncing, and why a webhook is refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from bookingbridge.canonical.errors import Refused
from bookingbridge.main.businesses import the_business
from bookingbridge.main.output import AsJson, err, out, say_json, table
from bookingbridge.main.session import as_uuid, house, run

webhook = typer.Typer(help="Look into webhooks.", no_args_is_help=True)


def add_to(cli: typer.Typer) -> None:
    cli.command()(vendors)
    cli.command()(connect)
    cli.command()(sync)
    cli.command()(mail_address)
    cli.add_typer(webhook, name="webhook")


def vendors(as_json: bool = AsJson) -> None:
    """What each vendor's connection can do, and its computed quality level."""
    from bookingbridge.main import quality

    rows = [quality.described(name) for name in quality.names()]
    if as_json:
        say_json(rows)
        return
    table(
        "Vendors",
        ("name", "title", "level", "abilities", "sign-in", "API version"),
        [
            (r["name"], r["title"], r["level"], ", ".join(r["abilities"]), ", ".join(r["auth"]), r["api_version"])
            for r in rows
        ],
    )
    out.print("\nThe level is computed from what is there, never claimed: `--json` lists each rule.")


_TOKEN_OF = {"square": "SQUARE_ACCESS_TOKEN", "meta_ads": "FACEBOOK_ACCESS_TOKEN"}
"""Where a host may have put a vendor's token already."""


def connect(
    vendor: str,
    token: Annotated[
        str | None,
        typer.Option(
            help="Credentials to paste. Without: SQUARE_ACCESS_TOKEN or FACEBOOK_ACCESS_TOKEN, else standard input."
        ),
    ] = None,
    environment: Annotated[str, typer.Option(help="production, sandbox or simulator.")] = "production",
    account: Annotated[str, typer.Option(help="Which account, where the credentials reach several.")] = "",
    business: Annotated[str | None, typer.Option(help="The business's name or id.")] = None,
    as_json: bool = AsJson,
) -> None:
    """Connect a vendor with pasted credentials and begin the first import.

    Signing in at the vendor's own page needs a browser: use Connections in the web app for that.
    """

    async def act() -> dict[str, Any]:
        from bookingbridge.sync import connecting

        text = token or os.environ.get(_TOKEN_OF.get(vendor, ""), "")
        if not text:
            text = typer.get_text_stream("stdin").readline().strip()
        async with house() as engine:
            chosen = await the_business(engine.db, business)
            fields = engine.vendor(vendor).manifest.token_fields
            if not fields:
                raise Refused(f"{vendor} is connected by signing in: use Connections in the web app")
            made = await connecting.connect_with_token(
                engine, chosen.id, vendor=vendor, environment=environment, fields={fields[0].name: text}
            )
            if account:
                await connecting.choose_account(engine, chosen.id, made, account)
            tested = await connecting.test(engine, chosen.id, made)
            if tested.account is None:
                await connecting.remove(engine, chosen.id, made)
                raise Refused(tested.why)
            choices = {str(remote): name for remote, name in tested.account.choices}
            if len(choices) > 1 and not account:
                return {"connection": made, "choose": choices}
            imported = await connecting.start_import(engine, chosen.id, made, asked_by="command line")
            return {"connection": made, "account": tested.account.name, "run": imported}

    done = run(act())
    if as_json:
        say_json(done)
    elif "choose" in done:
        err.print("These credentials reach several accounts; say which with --account:")
        table("", ("account", "name"), list(done["choose"].items()))
    else:
        out.print(f"Connected {done['account']}. The import begins when a worker runs: `bookingbridge worker`.")


def sync(
    connection: Annotated[str, typer.Argument(help="The connection's id; all of them without one.")] = "",
    full: Annotated[bool, typer.Option(help="Read everything again, not only what changed.")] = False,
    status: Annotated[bool, typer.Option(help="Only show how it stands.")] = False,
    now: Annotated[bool, typer.Option(help="Do it in this process instead of leaving it to a worker.")] = False,
    business: Annotated[str | None, typer.Option(help="The business's name or id.")] = None,
    as_json: bool = AsJson,
) -> None:
    """Ask for a run of one or all connections, or show how they stand."""

    async def act() -> list[dict[str, Any]]:
        from bookingbridge.sync import overview, running

        async with house() as engine:
            chosen = await the_business(engine.db, business)
            every = await overview.connections_of(engine, chosen.id)
            wanted = [c for c in every if not connection or c.id == as_uuid(connection, "connection")]
            wanted = [c for c in wanted if c.environment != "file"]
            if status:
                return [overview.as_json(c) for c in wanted]
            asked = []
            for c in wanted:
                async with engine.db.business(chosen.id) as tx:
                    run_id = await running.ask(tx, c.id, is_full=full, asked_by="command line")
                if now:
                    await running.carry_out(engine, chosen.id, run_id)
                asked.append({"connection": c.id, "vendor": c.vendor, "run": run_id})
            return asked

    done = run(act())
    if as_json:
        say_json(done)
        return
    for row in done:
        out.print("  ".join(f"{key} {value}" for key, value in row.items()))
    if not done:
        out.print("There is nothing connected yet: `bookingbridge connect` or Connections in the web app.")


def mail_address(
    connection: Annotated[str, typer.Argument(help="The connection's id.")],
    business: Annotated[str | None, typer.Option(help="The business's name or id.")] = None,
    as_json: bool = AsJson,
) -> None:
    """Print the address to which mails for a connection are forwarded. Who knows it can tell us about appointments."""

    async def act() -> str:
        from bookingbridge.main import mail_door, settings

        async with house() as engine:
            chosen = await the_business(engine.db, business)
            found = as_uuid(connection, "connection")
            return await mail_door.address_of(engine, chosen.id, found, settings.load().mail_domain)

    address = run(act())
    if as_json:
        say_json({"address": address})
    else:
        out.print(address)


@webhook.command()
def check(
    vendor: Annotated[str, typer.Option(help="Whose webhook it is.")],
    secret: Annotated[str, typer.Option(help="The signature key (for Meta the app's secret).")],
    headers: Annotated[Path, typer.Option(help="The delivery's headers: `Name: value` lines, or a JSON object.")],
    body: Annotated[Path, typer.Option(help="The delivery's body, byte for byte as it came.")],
    url: Annotated[str, typer.Option(help="The address the vendor was told; Square signs it too.")] = "",
    as_json: bool = AsJson,
) -> None:
    """Say whether a delivery would be accepted, and if not, why. Exit 0 accepted, 1 refused."""
    from bookingbridge.canonical.errors import BridgeError
    from bookingbridge.canonical.ports import Delivery
    from bookingbridge.main.cli.deliveries import read_headers
    from bookingbridge.main.wiring import VENDORS

    if vendor not in VENDORS:
        raise Refused(f"there is no vendor called {vendor!r}; there are {', '.join(VENDORS)}")
    webhooks = VENDORS[vendor].webhooks
    if webhooks is None:
        raise Refused(f"{vendor} sends no webhooks")
    delivery = Delivery(read_headers(headers.read_text(encoding="utf-8")), body.read_bytes(), url)
    why, notice = "", None
    try:
        webhooks.verify(delivery, [secret])
        notice = webhooks.read(delivery)
    except BridgeError as refused:
        why = refused.why
    if as_json:
        about = {"type": notice.type, "event_id": notice.event_id, "hints": list(notice.hints)} if notice else None
        say_json({"accepted": not why, "why": why, "notice": about})
    elif notice is not None:
        out.print(f"accepted: {notice.type} {notice.event_id}")
    else:
        err.print(f"refused: {why}")
    if why:
        raise typer.Exit(1)
