"""What commands print: words for people on a terminal, JSON for programs with --json. Progress goes to stderr."""

from __future__ import annotations

import json as stdlib_json
import sys
from collections.abc import Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from bookingbridge.infra import json

AsJson = typer.Option(False, "--json", help="Print JSON for programs.")

# A program's environment decides about colour: Rich honours NO_COLOR and pipes by itself.
# What is not a terminal has no width of its own: files get whole lines.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say_json(value: Any) -> None:
    """The value as indented JSON on stdout."""
    sys.stdout.write(stdlib_json.dumps(stdlib_json.loads(json.dumps(value)), indent=2, ensure_ascii=False) + "\n")


def fail(why: str, *, code: str = "") -> None:
    """The reason, on stderr."""
    err.print(f"[bold red]✗[/] {why}" + (f" [dim]({code})[/]" if code else ""))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()) -> None:
    """A table on stdout; the columns whose indices are in `numbers` are aligned to the right."""
    shown = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for i, column in enumerate(columns):
        shown.add_column(column, justify="right" if i in numbers else "left")
    for row in rows:
        shown.add_row(*row)
    out.print(shown)
