"""What the program says about itself, as text for the docs: its commands, its settings, its API."""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from bookingbridge.main.settings import Settings
from bookingbridge.main.wiring import VENDORS

_TOP = """# The command line

<!-- Drawn from the program's own help by `bookingbridge map --write`. -->

In a checkout every command is `./run WORD ...`; where the package is installed, `bookingbridge WORD ...`. Every command
has `--help`. Commands that answer have `--json`. Progress and reasons go to standard error, answers to standard output;
`NO_COLOR` and pipes switch colour off.

Exit codes: 0 done, 1 refused or failed (the reason is printed), 2 called wrongly.

"""
_HIDDEN = frozenset({"install_completion", "show_completion", "help"})

_MEANINGS: Mapping[str, str] = {
    "data_dir": "Where the embedded database, the generated key and the demo keep their files",
    "postgres": "Which programs the embedded server runs from: `wheel`, `system`, or `any` that is found",
    "public_url": "The address people and vendors reach this installation at; https in earnest",
    "host": "Address the web app listens at",
    "port": "Port the web app listens at",
    "environment": "`production` insists on https and on a key of your own",
    "is_demo": "Every business made here is a demo's, and says so on every page",
    "log_json": "Log lines as JSON",
    "log_level": "`DEBUG`, `INFO`, `WARNING` or `ERROR`",
    "square_environment": "Which of Square's environments the application belongs to",
}
"""Settings that do not describe themselves."""


def command_line() -> str:
    """docs/cli.md: every command with its arguments and options."""
    # Named, not imported: the command that draws the map is itself one of them.
    cli = importlib.import_module("bookingbridge.main.cli.app").cli

    root: Any = typer.main.get_command(cli)
    found = list(_commands(root, ()))
    index = "\n".join(f"- [`{' '.join(words)}`](#{'-'.join(words)}): {_first(c)}" for words, c in found)
    return _TOP + index + "\n" + "".join(_chapter(words, c) for words, c in found)


def _commands(group: Any, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*above, name))
        else:
            yield (*above, name), command


def _first(command: Any) -> str:
    return str(command.help or "").strip().split("\n")[0]


def _chapter(words: tuple[str, ...], command: Any) -> str:
    mine = [p for p in command.params if p.name not in _HIDDEN]
    arguments = [p for p in mine if p.param_type_name == "argument"]
    usage = " ".join(["bookingbridge", *words, *(_argument(p) for p in arguments), *(["[OPTIONS]"] if mine else [])])
    text = f"\n## {' '.join(words)}\n\n{inspect.cleandoc(command.help or '')}\n\n```sh\n{usage}\n```\n"
    rows = [f"| {_name(p)} | {_default(p)} | {_cell(p.help)} |\n" for p in mine]
    return text + ("\n| | default | |\n| --- | --- | --- |\n" + "".join(rows) if rows else "")


def _argument(param: Any) -> str:
    name = str(param.name).upper() + ("..." if param.nargs == -1 else "")
    return name if param.required else f"[{name}]"


def _name(param: Any) -> str:
    if param.param_type_name == "argument":
        return f"`{param.name.upper()}`"
    return "`" + " / ".join([*param.opts, *param.secondary_opts]) + "`" + (" (needed)" if param.required else "")


def _default(param: Any) -> str:
    if param.default in (None, "", False) or callable(param.default) or isinstance(param.default, (list, tuple)):
        return ""
    return "yes" if param.default is True else f"`{param.default}`"


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|")


def settings_rows() -> list[tuple[str, str, str]]:
    """Every setting: its environment variable, its default, what it is for."""
    fields = {f.name.lower(): (v.manifest.title, f) for v in VENDORS.values() for f in v.manifest.app_fields}
    rows = []
    for name, info in Settings.model_fields.items():
        variable = str(info.validation_alias or name.upper())
        if name in fields:
            title, field = fields[name]
            meaning = f"{title}: {field.label}. {field.help}"
        else:
            meaning = info.description or _MEANINGS.get(name, "")
        rows.append((f"`{variable}`", _shown(info), meaning))
    return rows


def _shown(info: FieldInfo) -> str:
    value = info.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value == "":
        return ""
    return f"`{value}`" if not isinstance(value, bool) else ("yes" if value else "no")


def openapi() -> str:
    """docs/openapi.json: the API's description as the program serves it."""
    from starlette.datastructures import State

    from bookingbridge.api.app import api

    return json.dumps(api(State()).openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
