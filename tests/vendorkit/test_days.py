"""Which days are read, and which must be met again."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.vendorkit import days
from bookingbridge.vendorkit.days import Progress, Reading

READING = Reading(settling=28, step=30, history=396)
TODAY = date(2026, 11, 20)


def finished(today: date, met: dict[str, frozenset[date]] | None = None) -> Progress:
    return Progress(read_until=today, met=met or {})


def ran(progress: Progress, reading: Reading, *, today: date, is_full: bool = False) -> tuple[list[date], Progress]:
    """All days of a whole run, in the order they are read."""
    read: list[date] = []
    progress = days.begin(progress, reading, today=today, is_full=is_full)
    while progress.run:
        first, last = progress.run.stretch
        read += [first + timedelta(days=i) for i in range((last - first).days + 1)]
        progress = days.ended(progress)
    return read, progress


def test_the_first_run_reads_the_whole_history_each_day_once() -> None:
    read, after = ran(Progress(), READING, today=TODAY)
    assert read == [TODAY - timedelta(days=395 - i) for i in range(396)]
    assert after == Progress(read_until=TODAY)


def test_a_daily_run_reads_every_day_that_was_settling_and_the_one_that_just_settled() -> None:
    read, _ = ran(finished(TODAY - timedelta(days=1)), READING, today=TODAY)
    assert read[0] == TODAY - timedelta(days=28)
    assert read[-1] == TODAY
    assert not READING.is_settling(read[0], today=TODAY)
    assert READING.is_settling(read[1], today=TODAY)


def test_a_run_on_the_same_day_reads_the_settling_days() -> None:
    read, _ = ran(finished(TODAY), READING, today=TODAY)
    assert read == [TODAY - timedelta(days=27 - i) for i in range(28)]


def test_a_full_run_reads_all_again_whatever_was_read() -> None:
    read, _ = ran(finished(TODAY), READING, today=TODAY, is_full=True)
    assert len(read) == 396


def test_a_short_history_still_holds_the_settling_days() -> None:
    read, _ = ran(Progress(), Reading(settling=28, step=30, history=3), today=TODAY)
    assert len(read) == 28


@given(gaps=st.lists(st.integers(min_value=0, max_value=90), min_size=1, max_size=6), step=st.integers(1, 40))
def test_no_day_stays_settling_that_is_settled_whenever_runs_happen(gaps: list[int], step: int) -> None:
    reading = Reading(settling=28, step=step, history=60)
    last_said: dict[date, bool] = {}
    progress, today = Progress(), TODAY
    for gap in gaps:
        today += timedelta(days=gap)
        read, progress = ran(progress, reading, today=today)
        assert read == sorted(set(read))
        last_said |= {day: reading.is_settling(day, today=today) for day in read}
    first = min(last_said)
    for i in range((today - first).days + 1):
        day = first + timedelta(days=i)
        if today - day < timedelta(days=reading.history):
            assert last_said[day] == reading.is_settling(day, today=today)


def test_a_day_that_had_figures_and_has_none_is_named_once() -> None:
    gone, kept = TODAY - timedelta(days=3), TODAY - timedelta(days=2)
    progress = days.begin(finished(TODAY, {"7": frozenset({gone, kept})}), READING, today=TODAY, is_full=False)
    progress = days.met(progress, READING, [("7", kept)])
    assert days.vanished(progress) == [("7", gone)]
    after = days.ended(progress)
    assert after == Progress(read_until=TODAY, met={"7": frozenset({kept})})
    assert days.vanished(days.begin(after, READING, today=TODAY, is_full=False)) == [("7", kept)]


def test_a_day_is_called_gone_only_when_its_own_stretch_was_read_to_the_end() -> None:
    reading = Reading(settling=28, step=10, history=28)
    early, late = TODAY - timedelta(days=27), TODAY
    progress = days.begin(finished(TODAY, {"7": frozenset({early, late})}), reading, today=TODAY, is_full=False)
    assert days.vanished(progress) == [("7", early)]
    progress = days.ended(progress)
    assert days.vanished(progress) == []
    progress = days.ended(progress)
    assert days.vanished(progress) == [("7", late)]


def test_settled_days_are_not_remembered() -> None:
    progress = days.begin(Progress(), READING, today=TODAY, is_full=True)
    progress = days.met(progress, READING, [("7", TODAY - timedelta(days=28)), ("7", TODAY - timedelta(days=27))])
    assert progress.met == {"7": frozenset({TODAY - timedelta(days=27)})}


def test_progress_survives_being_stored_in_the_middle_of_a_stretch() -> None:
    progress = days.begin(finished(TODAY, {"7": frozenset({TODAY})}), READING, today=TODAY, is_full=True)
    progress = days.turned(days.met(progress, READING, [("8", TODAY), ("8", TODAY - timedelta(days=9))]), "MAZDZD")
    assert days.load(json.loads(json.dumps(days.dump(progress)))) == progress
    shorter = days.again(progress, step=15)
    assert shorter.run
    assert (shorter.run.token, shorter.run.step, shorter.run.at) == ("", 15, progress.run and progress.run.at)


_some_days = st.frozensets(st.integers(0, 3999), min_size=1, max_size=30)


@given(st.dictionaries(st.text(max_size=8), st.tuples(st.dates(max_value=date(2100, 1, 1)), _some_days), max_size=4))
def test_any_memory_is_packed_without_loss(drawn: dict[str, tuple[date, frozenset[int]]]) -> None:
    met = {c: frozenset(first + timedelta(days=i) for i in offsets) for c, (first, offsets) in drawn.items()}
    progress = Progress(read_until=TODAY, met=met)
    assert days.load(json.loads(json.dumps(days.dump(progress)))) == progress


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["run", "met", "since", "read_until"]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["read_until", "run", "awaited", "met"]), _json))
def test_any_cursor_leads_on_or_to_a_beginning(cursor: dict[str, Any]) -> None:
    progress = days.load(cursor)
    if progress.run is None:
        progress = days.begin(progress, READING, today=TODAY, is_full=False)
    assert days.load(days.dump(progress)) == progress


@pytest.mark.parametrize(
    "run",
    [
        {"since": "2026-11-02", "until": "2026-11-01", "at": "2026-11-01", "step": 1, "token": ""},
        {"since": "2026-11-01", "until": "2026-11-02", "at": "2026-11-03", "step": 1, "token": ""},
        {"since": "2026-11-01", "until": "2026-11-02", "at": "2026-11-01", "step": 0, "token": ""},
        {"since": "2026-11-01", "until": "2026-11-02", "at": "2026-11-01", "step": 1, "token": None},
    ],
)
def test_a_run_that_cannot_be_is_a_beginning(run: dict[str, Any]) -> None:
    assert days.load({"run": run, "met": {}}) == Progress()
