"""Which days a run reads, stretch by stretch, and which campaign-days it must meet again. Pure.

Ad platforms correct the last weeks after the fact and send no row for a day without delivery. So every run reads the
unsettled days again, remembers which of them had figures, and calls the ones that are gone by their name: zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from bookingbridge.canonical.ports import Json

CampaignDay = tuple[str, date]
Days = Mapping[str, frozenset[date]]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Run:
    """A run from `since` to `until` (the account's own today when it began, inclusive), now inside the stretch at `at`.

    `step` is the stretch's length in days; `token` the vendor's page token inside it, empty at its beginning.
    """

    since: date
    until: date
    at: date
    step: int
    token: str = ""

    @property
    def stretch(self) -> tuple[date, date]:
        """First and last day of the stretch being read, both inclusive."""
        return self.at, min(self.until, self.at + timedelta(days=self.step - 1))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far reading has come.

    `awaited` are days that had figures last time and were not met again yet; `met` is what this run remembers.
    """

    read_until: date | None = None
    run: Run | None = None
    awaited: Days = field(default_factory=dict)
    met: Days = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a vendor is read: days that still change, days per request, days of history, and the most there is."""

    settling: int
    step: int
    history: int

    def is_settling(self, day: date, *, today: date) -> bool:
        """Whether the platform may still change that day's figures."""
        return (today - day).days < self.settling


def begin(progress: Progress, reading: Reading, *, today: date, is_full: bool) -> Progress:
    """A new run: the whole history, or every day that was still settling when the last run ended."""
    since = today - timedelta(days=max(reading.history, reading.settling) - 1)
    if progress.read_until is not None and not is_full:
        since = max(since, min(progress.read_until, today) - timedelta(days=reading.settling - 1))
    awaited = {
        campaign: kept
        for campaign, days in progress.met.items()
        if (kept := frozenset(day for day in days if since <= day <= today))
    }
    return Progress(progress.read_until, Run(since, today, since, reading.step), awaited, {})


def met(progress: Progress, reading: Reading, found: Iterable[CampaignDay]) -> Progress:
    """These campaign-days have figures: no longer awaited, and remembered where the next run will read them again."""
    run = _running(progress)
    awaited, memory = dict(progress.awaited), dict(progress.met)
    for campaign, day in found:
        if day in awaited.get(campaign, ()):
            awaited[campaign] -= {day}
        if reading.is_settling(day, today=run.until):
            memory[campaign] = memory.get(campaign, frozenset()) | {day}
    return replace(progress, awaited={c: days for c, days in awaited.items() if days}, met=memory)


def turned(progress: Progress, token: str) -> Progress:
    """The same stretch, one page on."""
    return replace(progress, run=replace(_running(progress), token=token))


def vanished(progress: Progress) -> list[CampaignDay]:
    """Campaign-days of the stretch just read to its end that had figures before and have none now, in order."""
    first, last = _running(progress).stretch
    return sorted((c, day) for c, days in progress.awaited.items() for day in days if first <= day <= last)


def ended(progress: Progress) -> Progress:
    """The stretch is done: the next one begins, or the run is over (`run` is None)."""
    run = _running(progress)
    following = run.stretch[1] + _DAY
    if following > run.until:
        return Progress(read_until=run.until, met=progress.met)
    awaited = {c: frozenset(day for day in days if day >= following) for c, days in progress.awaited.items()}
    awaited = {c: days for c, days in awaited.items() if days}
    return replace(progress, run=replace(run, at=following, token=""), awaited=awaited)


def again(progress: Progress, *, step: int | None = None) -> Progress:
    """The same stretch from its beginning, perhaps a shorter one: a page token went stale, or it held too much."""
    run = _running(progress)
    return replace(progress, run=replace(run, token="", step=step or run.step))


def dump(progress: Progress) -> Json:
    """The progress as a cursor."""
    cursor: Json = {"met": _packed(progress.met)}
    if progress.read_until is not None:
        cursor["read_until"] = progress.read_until.isoformat()
    if run := progress.run:
        cursor["run"] = {
            "since": run.since.isoformat(), "until": run.until.isoformat(), "at": run.at.isoformat(),
            "step": run.step, "token": run.token,
        }  # fmt: skip
        cursor["awaited"] = _packed(progress.awaited)
    return cursor


def load(cursor: Json | None) -> Progress:
    """The progress a cursor holds. What cannot be understood is a beginning: reading again is safe, guessing is not."""
    if not cursor:
        return Progress()
    try:
        until, run = cursor.get("read_until"), cursor.get("run")
        return Progress(
            None if until is None else date.fromisoformat(until),
            None if run is None else _run(run),
            _unpacked(cursor.get("awaited", {})),
            _unpacked(cursor.get("met", {})),
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return Progress()


def _running(progress: Progress) -> Run:
    if progress.run is None:
        raise ValueError("no run has begun")
    return progress.run


def _run(held: Json) -> Run:
    since, until, at = (date.fromisoformat(held[name]) for name in ("since", "until", "at"))
    step, token = held["step"], held["token"]
    if not (since <= at <= until and isinstance(step, int) and step > 0 and isinstance(token, str)):
        raise ValueError("not a run")
    return Run(since, until, at, step, token)


def _packed(days: Days) -> dict[str, str]:
    """`2026-10-24:1f` is the first day, and a bit for it and each that follows: a month in 20 characters."""
    packed = {}
    for campaign, held in sorted(days.items()):
        first = min(held)
        packed[campaign] = f"{first.isoformat()}:{sum(1 << (day - first).days for day in held):x}"
    return packed


def _unpacked(packed: Mapping[str, str]) -> Days:
    days = {}
    for campaign, text in packed.items():
        start, _, bits = text.partition(":")
        first, mask = date.fromisoformat(start), int(bits, 16)
        if mask <= 0 or mask.bit_length() > 4000:
            raise ValueError("not a set of days")
        days[campaign] = frozenset(first + timedelta(days=i) for i in range(mask.bit_length()) if mask >> i & 1)
    return days
