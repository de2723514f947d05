"""What the owner may decide about a connection: the vendor's own settings, and when it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bookingbridge.canonical.errors import Refused
from bookingbridge.canonical.ports import Setting
from bookingbridge.sync.overview import Connection
from bookingbridge.sync.planning import LONGEST, SHORTEST, Plan
from bookingbridge.web.ui.parts import Choice, Field, Form

_LONGEST_TEXT = 200
_MOST_DAYS = 3650


def setting_fields(settings: Sequence[Setting], stored: Mapping[str, str]) -> tuple[Field, ...]:
    """One input per setting: what was decided, else the default."""
    return tuple(_field(s, stored.get(s.name, "").strip() or s.default) for s in settings)


def _field(s: Setting, value: str) -> Field:
    if s.choices:
        choices = tuple(Choice(v, label, v == value) for v, label in s.choices)
        return Field(_input(s), s.label, kind="select", choices=choices, help=s.help)
    mode = "numeric" if s.default.isdigit() else ""
    return Field(_input(s), s.label, value, help=s.help, is_required=bool(s.default), inputmode=mode)


def _input(s: Setting) -> str:
    # Apart from the other names of a form: a vendor is free in naming its settings.
    return f"setting_{s.name}"


def settings_said(settings: Sequence[Setting], given: Mapping[str, str]) -> dict[str, str]:
    """The settings of a form by name. Refused, naming the first that makes no sense; what is not said is left out."""
    return {s.name: _checked(s, given[_input(s)].strip()) for s in settings if _input(s) in given}


def _checked(s: Setting, value: str) -> str:
    value = value or s.default
    if s.choices and value not in dict(s.choices):
        raise Refused(f"{s.label}: choose one of {', '.join(label for _, label in s.choices)}")
    if len(value) > _LONGEST_TEXT or not (value.isprintable() or not value):
        raise Refused(f"{s.label}: at most {_LONGEST_TEXT} characters, on one line")
    is_number = value.isascii() and value.isdigit() and 1 <= int(value) <= _MOST_DAYS
    if s.default.isdigit() and not s.choices and not is_number:
        raise Refused(f"{s.label}: a whole number from 1 to {_MOST_DAYS}")
    return value


def settings_form(c: Connection, settings: Sequence[Setting]) -> Form | None:
    """The vendor's settings of this connection; None where it has none."""
    if not settings:
        return None
    note = "It holds for what is read from now on. “Read everything again” goes through the rest."
    return Form(f"/connections/{c.id}/settings", setting_fields(settings, c.settings), "Save", note=note, is_quiet=True)


_LABELS = {
    "every_minutes": "In business hours every",
    "every_outside_minutes": "Else every",
    "opens": "Business hours begin",
    "closes": "Business hours end",
    "full_at": "Everything at",
}


def plan_form(c: Connection, plan: Plan) -> Form:
    """When the connection is read, in the business's own time."""
    bounds = f"Minutes, {SHORTEST} to {LONGEST}."
    helps = {
        "every_minutes": bounds,
        "every_outside_minutes": bounds,
        "closes": "The same as the beginning: all day.",
        "full_at": "Once a night all of it is compared. Empty: never by itself.",
    }

    def field(name: str) -> Field:
        is_number = name in _MINUTES
        value, kind, mode = str(getattr(plan, name)), "text" if is_number else "time", "numeric" if is_number else ""
        is_needed = name != "full_at"
        return Field(name, _LABELS[name], value, kind, helps.get(name, ""), is_required=is_needed, inputmode=mode)

    fields = tuple(field(name) for name in _LABELS)
    return Form(f"/connections/{c.id}/schedule", fields, "Save the times", is_paired=True, is_quiet=True)


def plan_said(given: Mapping[str, str]) -> dict[str, str]:
    """The times of the form. Browsers may add seconds to a time of day."""
    return {name: given[name].strip() if name in _MINUTES else _time(given[name]) for name in _LABELS if name in given}


def in_words(why: str) -> str:
    """A refusal that names a field by its own name, with the label instead."""
    name, _, rest = why.partition(" ")
    return f"{_LABELS[name]}: {rest.removeprefix('is ')}" if name in _LABELS else why


_MINUTES = frozenset(name for name in _LABELS if name.endswith("_minutes"))


def _time(said: str) -> str:
    said = said.strip()
    return said.removesuffix(":00") if said.count(":") == 2 else said
