"""The script is small, and old enough in its words for the browsers people have."""

from __future__ import annotations

import gzip
import re

from bookingbridge.api import tracker


def test_the_script_is_under_three_kilobytes_as_it_is_served() -> None:
    assert len(tracker.SCRIPT_GZIPPED) < 3072
    assert gzip.decompress(tracker.SCRIPT_GZIPPED) == tracker.SCRIPT


def test_the_script_speaks_es2017() -> None:
    source = tracker.SCRIPT.decode("ascii")
    code = re.sub(r"/\*.*?\*/|(?<![:'\"\\])//[^\n]*", "", source)
    for newer in (
        r"\?\.[a-z(\[]",
        r"\?\?",
        r"\{\s*\.\.\.",
        r"catch\s*\{",
        r"\*\*",
        r"\bclass\b",
        r"#\w+\s*[=(]",
        r"\d_\d",
        r"\.at\(",
    ):
        assert re.search(newer, code) is None, newer


def test_the_script_asks_the_browser_for_nothing_that_tells_people_apart() -> None:
    source = tracker.SCRIPT.decode("ascii")
    for asked in (
        "canvas", "screen", "plugins", "userAgent", "hardwareConcurrency", "deviceMemory", "AudioContext", "fonts",
        "getTimezoneOffset", "languages", "sessionStorage", "indexedDB", "eval", "innerHTML",
    ):  # fmt: skip
        assert asked not in source, asked
