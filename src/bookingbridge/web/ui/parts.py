"""The small values pages are made of: frozen, already in words. `ui/parts.html` draws each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bookingbridge.web import format as fmt

Tone = Literal["good", "warn", "bad", "info", "flat"]
"""What a colour would say; the words beside it always say it too."""

HealthState = Literal["good", "warn", "bad", "paused", "busy"]


@dataclass(frozen=True, slots=True)
class Tag:
    """A word or two in a coloured box."""

    text: str
    tone: Tone = "flat"


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment in words, with the exact one behind it. `is_stale` marks figures older than they should be."""

    text: str
    iso: str
    exact: str
    is_stale: bool = False


def stamp(at: datetime, *, now: datetime, tz: ZoneInfo, stale_after: timedelta | None = None) -> Stamp:
    """How long ago `at` was; stale when longer than `stale_after`."""
    is_stale = stale_after is not None and now - at > stale_after
    return Stamp(fmt.age(at, now), at.isoformat(), fmt.full(at, tz), is_stale)


def moment(at: datetime, *, now: datetime, tz: ZoneInfo) -> Stamp:
    """The day and minute of `at` in the shop's zone."""
    return Stamp(fmt.moment(at, tz, now), at.isoformat(), fmt.full(at, tz))


@dataclass(frozen=True, slots=True)
class Trend:
    """How a figure moved: `+12.4%`, whether that is good news, and against what."""

    text: str
    tone: Tone
    against: str


@dataclass(frozen=True, slots=True)
class Health:
    """How something that runs is doing, with the words that say so."""

    state: HealthState
    words: str


@dataclass(frozen=True, slots=True)
class Action:
    """A link that looks like a button."""

    label: str
    href: str
    is_main: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a select or a radio group."""

    value: str
    label: str
    is_chosen: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True)
class Select:
    """A labelled list to choose one from, sent with a GET form as `name`."""

    name: str
    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A labelled input. `kind` is an input type, or `textarea`, `select`, `checkbox`, `radio`.

    `error` says what is wrong and how to mend it. A password's `value` is never sent back.
    """

    name: str
    label: str
    value: str = ""
    kind: str = "text"
    help: str = ""
    error: str = ""
    autocomplete: str = "off"
    placeholder: str = ""
    is_required: bool = True
    choices: tuple[Choice, ...] = ()
    is_code: bool = False
    inputmode: str = ""
    suggestions: tuple[str, ...] = ()

    key: str = ""
    """Sets its id apart where a page has several fields of one name."""

    @property
    def id(self) -> str:
        return f"f-{self.key}{self.name}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong and what to do about it; shown above a form or instead of a part."""

    title: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth knowing here and now."""

    title: str
    text: str = ""
    tone: Tone = "info"


@dataclass(frozen=True, slots=True)
class Empty:
    """What stands where nothing is yet: why, and the one thing to do."""

    title: str
    text: str
    icon: str = "box"
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Tab:
    """One page of several that belong together."""

    label: str
    href: str
    is_current: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One of the steps of a set-up."""

    label: str
    state: Literal["done", "current", "todo"]
    href: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value; `note` below it."""

    label: str
    value: str
    note: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a checked list."""

    label: str
    is_ok: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something is. Without a `total` nobody knows, and the bar says so."""

    label: str
    done: int
    total: int | None = None
    is_finished: bool = False
    problem: str = ""

    @property
    def words(self) -> str:
        if self.problem:
            return self.problem
        if self.is_finished:
            return f"{fmt.count(self.done)} read"
        if self.total is None:
            return f"{fmt.count(self.done)} so far"
        return f"{fmt.count(self.done)} of {fmt.count(self.total)}"


@dataclass(frozen=True, slots=True)
class CopyBox:
    """Text to take elsewhere, with a button that copies it. `key` is unique on the page."""

    key: str
    label: str
    text: str
    help: str = ""
    is_block: bool = False


@dataclass(frozen=True, slots=True)
class Pager:
    """Where the rows before and after are; empty where there are none."""

    words: str
    earlier: str = ""
    later: str = ""


@dataclass(frozen=True, slots=True)
class Confirm:
    """A question asked before something that hurts, and the form that then does it. `key` is unique on the page."""

    key: str
    label: str
    question: str
    consequence: str
    action: str
    fields: tuple[tuple[str, str], ...] = ()
    """Hidden inputs sent along: (name, value)."""
    verb: str = ""
    """What the last button says; the label where empty."""
    is_dangerous: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """A POST form: its fields in order, what its button says, and what went wrong last time.

    `hidden` are inputs sent along: (name, value). `pairs` puts fields side by side where there is room.
    """

    action: str
    fields: tuple[Field, ...]
    submit: str
    problem: Problem | None = None
    note: str = ""
    hidden: tuple[tuple[str, str], ...] = ()
    is_paired: bool = False
    username: str = ""
    """Whose password it sets, for password managers; only where the form does not ask for it."""
    is_quiet: bool = False
    """Its button is not the main one of the page."""
