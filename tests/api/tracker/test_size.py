"""The script is small, and old enough in its words for the browsers people have."""

from __future__ import annotations

import gzip
import re

from bookingbridge.api.collector_script import Script

SERVED = Script().answer(accepts="gzip", known="")
SOURCE = gzip.decompress(SERVED.body).decode("ascii")


def test_the_script_is_under_three_kilobytes_as_it_is_served() -> None:
    assert (b"content-encoding", b"gzip") in SERVED.headers
    assert len(SERVED.body) < 3072


def test_the_script_speaks_es2017() -> None:
    code = re.sub(r"/\*.*?\*/|(?<![:'\"\\])//[^\n]*", "", SOURCE)
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
    for asked in (
        "canvas", "screen", "plugins", "userAgent", "hardwareConcurrency", "deviceMemory", "AudioContext", "fonts",
        "getTimezoneOffset", "languages", "sessionStorage", "indexedDB", "eval", "innerHTML",
    ):  # fmt: skip
        assert asked not in SOURCE, asked
