"""Commands that keep running: the web app, the worker, the simulated vendors, and the demo of all of them."""

from __future__ import annotations

from typing import Annotated

import typer

from bookingbridge.main.output import AsJson, out, say_json
from bookingbridge.main.session import house, run


def add_to(cli: typer.Typer) -> None:
    cli.command()(demo)
    cli.command()(serve)
    cli.command()(worker)
    cli.command()(simulate)


def demo(
    port: Annotated[int, typer.Option(help="Where the web app listens; the simulators take the next port.")] = 8000,
    check: Annotated[bool, typer.Option("--check", help="Walk the whole story over HTTP, print it, and stop.")] = False,
    days: Annotated[int, typer.Option(help="How many days of history the shop has.")] = 200,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin again with an empty demo database.")] = False,
    as_json: bool = AsJson,
) -> None:
    """An invented shop with simulated vendors: nothing to set up, nothing leaves this machine."""
    from bookingbridge.main.demo import running

    if check:
        raise typer.Exit(running.check(port=port, days=days, as_json=as_json))
    running.show(port=port, days=days, is_fresh=fresh)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen at (HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen at (PORT).")] = None,
    with_worker: Annotated[bool, typer.Option(help="Run the worker in the same process.")] = True,
) -> None:
    """The web app and, unless told otherwise, its worker. The first run prints a link that creates the owner."""
    from bookingbridge.main import settings, web_app

    chosen = settings.load()
    web_app.serve(chosen, host=host or chosen.host, port=port or chosen.port, with_worker=with_worker)


def worker() -> None:
    """A worker: syncs connections, works off webhooks, computes attribution. Run as many as you like."""

    async def act() -> None:
        from bookingbridge.main import settings
        from bookingbridge.main import worker as working

        async with house(is_quiet=False) as engine:
            await working.run(engine, dead_after_s=settings.load().worker_dead_after_s)

    run(act())


def simulate(
    port: Annotated[int, typer.Option(help="Where the simulators listen.")] = 8001,
    as_json: bool = AsJson,
) -> None:
    """Simulated Square, Meta Ads and Google Ads in their own wire formats, with faults on demand. For trying only."""
    from bookingbridge.main import simulators

    addresses = simulators.addresses(f"http://127.0.0.1:{port}")
    if as_json:
        say_json(addresses)
    else:
        for name, address in addresses.items():
            out.print(f"{name:12} {address}")
    simulators.serve(port)
