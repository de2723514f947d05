"""The commands, put together. Heavy parts are imported by the command that needs them, so that --help is quick."""

from __future__ import annotations

import sys

import typer

from bookingbridge.canonical.errors import BridgeError
from bookingbridge.main.cli import data, host, serving, vendors
from bookingbridge.main.output import fail

cli = typer.Typer(
    name="bookingbridge",
    help="Which marketing brought which booked, paid visit: booking systems, ads and payments kept together.",
    epilog="Start with `bookingbridge demo`. Then `bookingbridge serve` and connect your own systems, or "
    "`bookingbridge import` your exports.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
serving.add_to(cli)
data.add_to(cli)
vendors.add_to(cli)
host.add_to(cli)


def main() -> None:
    """The program `bookingbridge`."""
    try:
        cli()
    except BridgeError as refused:
        fail(refused.why, code=refused.code)
        sys.exit(1)
