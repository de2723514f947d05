"""Commands for whoever runs the installation: the database's shape, a health check with fixes, keys, users."""

from __future__ import annotations

from typing import Annotated

import typer

from bookingbridge.main.output import AsJson, out, say_json
from bookingbridge.main.session import house, run

secrets = typer.Typer(help="Keys that seal credentials.", no_args_is_help=True)
user = typer.Typer(help="People who sign in.", no_args_is_help=True)


def add_to(cli: typer.Typer) -> None:
    cli.command()(migrate)
    cli.command()(doctor)
    cli.command("map")(map_)
    cli.command()(scaffold)
    cli.add_typer(secrets, name="secrets")
    cli.add_typer(user, name="user")


def migrate(
    to: Annotated[str, typer.Option(help="A revision, `head`, or `base` to remove everything.")] = "head",
    yes: Annotated[bool, typer.Option("--yes", help="Going down loses data: say that you mean it.")] = False,
    as_json: bool = AsJson,
) -> None:
    """Bring the database to a revision."""
    from bookingbridge.canonical.errors import Refused
    from bookingbridge.infra import migrate as shape
    from bookingbridge.main import database, settings

    found = database.find(settings.load())
    before = shape.current(found.url)
    is_down = to == "base" or (before is not None and to != "head" and to < before)
    if is_down and not yes:
        raise Refused("going down loses what newer revisions hold; add --yes if you mean it")
    if is_down:
        shape.downgrade(found.url, to)
    else:
        shape.upgrade(found.url, to)
    after = shape.current(found.url)
    if as_json:
        say_json({"before": before, "after": after, "database": found.origin})
    else:
        out.print(f"{found.origin}: {before or 'empty'} → {after or 'empty'}")


def doctor(as_json: bool = AsJson) -> None:
    """Look at everything this installation needs; every line that is not well ends in its fix."""
    from bookingbridge.main import doctor as checks
    from bookingbridge.main import settings

    findings = run(checks.examine(settings.load()))
    if as_json:
        say_json([f.__class__ and {"name": f.name, "state": f.state, "found": f.found, "fix": f.fix} for f in findings])
    else:
        marks = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "bad": "[red]✗[/]"}
        for f in findings:
            out.print(f"{marks[f.state]} {f.name}: {f.found}" + (f" → {f.fix}" if f.fix else ""))
    if any(f.state == "bad" for f in findings):
        raise typer.Exit(1)


def map_(
    table: Annotated[
        str, typer.Argument(help="contracts, ranks, reactions, vendors, owners, routes, permissions, settings ...")
    ] = "",
    write: Annotated[
        bool, typer.Option("--write", help="Draw the tables in ARCHITECTURE.md and the docs anew.")
    ] = False,
    as_json: bool = AsJson,
) -> None:
    """The map of the code, drawn from the code: one table, or which of the drawn documents are stale."""
    from bookingbridge.canonical.errors import Refused
    from bookingbridge.main import atlas

    if table:
        if table not in atlas.TABLES:
            raise Refused(f"there is no table {table!r}; there are {', '.join(atlas.TABLES)}")
        heads, rows = atlas.TABLES[table]()
        if as_json:
            say_json([dict(zip(heads, row, strict=True)) for row in rows])
        else:
            out.print(atlas.table(table), markup=False)
        return
    root = atlas.checkout()
    found = [str(path.relative_to(root)) for path in (atlas.write(root) if write else atlas.stale(root))]
    if as_json:
        say_json({"written" if write else "stale": found})
    else:
        out.print("\n".join(f"{'written' if write else 'stale'}: {name}" for name in found) or "everything is current")
    if found and not write:
        raise typer.Exit(1)


def scaffold(
    kind: Annotated[str, typer.Argument(help="vendor, domain or page.")],
    name: Annotated[str, typer.Argument(help="Its name in code, such as acme_books.")],
    as_json: bool = AsJson,
) -> None:
    """Begin a vendor, a domain or a page: files with tests that pass, and what is to be done next."""
    from bookingbridge.main import atlas
    from bookingbridge.main import scaffold as scaffolding

    root = atlas.checkout()
    files, then = scaffolding.write(kind, name, root)
    made = [str(path.relative_to(root)) for path in files]
    if as_json:
        say_json({"files": made, "next": then})
    else:
        out.print("\n".join(made), markup=False)
        out.print("\nNext:\n" + "\n".join(f"- {line}" for line in then), markup=False)


@secrets.command()
def generate(as_json: bool = AsJson) -> None:
    """Make a key for SECRET_KEY. Keep it apart from backups of the database."""
    from bookingbridge.infra.ids import new_token

    made = {"SECRET_KEY": new_token(), "HASH_SALT": new_token()}
    if as_json:
        say_json(made)
    else:
        for name, value in made.items():
            out.print(f"{name}={value}")


@secrets.command()
def rotate(as_json: bool = AsJson) -> None:
    """Seal every stored credential anew with the first key of the ring (put the new key in SECRET_KEY first)."""

    async def act() -> int:
        from bookingbridge.sync import credentials

        async with house() as engine:
            return await credentials.reseal_all(engine)

    count = run(act())
    if as_json:
        say_json({"resealed": count})
    else:
        out.print(f"{count} connections' credentials are sealed with the newest key.")


@user.command()
def link(
    email: Annotated[str, typer.Option(help="Whose password to renew; without it, a further owner's link.")] = "",
    as_json: bool = AsJson,
) -> None:
    """Print a one-time link: to become an owner here, or to set a new password."""

    async def act() -> str:
        from bookingbridge.domains.accounts import api as accounts

        async with house() as engine:
            if email:
                return f"{engine.public_url}/setup/{await accounts.password_link(engine.db, email)}"
            token = await accounts.owner_link(engine.db, is_further=True)
            return f"{engine.public_url}/setup/{token}"

    made = run(act())
    if as_json:
        say_json({"link": made})
    else:
        out.print(made)
