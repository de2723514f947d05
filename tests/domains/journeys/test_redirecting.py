"""Where short links lead."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domains.journeys.shops import NOON

from bookingbridge.domains.journeys.api import ShortLink, onward

TOKEN = "bb_aaaqeayeaudaocajq22b"


def link(target: str, **fields: Any) -> ShortLink:
    empty = dict.fromkeys(("channel", "source", "medium", "campaign", "campaign_ref", "code_key"))
    known: dict[str, Any] = {"id": UUID(int=1), "slug": "s", "name": "n", "target_url": target, "kind": "link"}
    return ShortLink(**(known | empty | {"created_at": NOON} | fields))


@pytest.mark.parametrize(
    ("made", "query", "expected"),
    [
        (link("https://a.example/"), "", f"https://a.example/?bb={TOKEN}"),
        (link("https://a.example/b?c=%C3%A9&d#e"), "", f"https://a.example/b?c=%C3%A9&d&bb={TOKEN}#e"),
        (
            link("https://a.example/", source="sms", campaign="a b"),
            "gclid=X",
            f"https://a.example/?utm_source=sms&utm_campaign=a+b&gclid=X&bb={TOKEN}",
        ),
        (
            link("https://a.example/?utm_source=own", source="sms"),
            "utm_source=evil&utm_medium=y",
            f"https://a.example/?utm_source=own&utm_medium=y&bb={TOKEN}",
        ),
    ],
)
def test_the_target_keeps_what_it_has_and_gets_what_it_lacks(made: ShortLink, query: str, expected: str) -> None:
    assert onward(made, TOKEN, query) == expected


def test_without_a_token_only_tags_are_added() -> None:
    assert onward(link("https://a.example/"), None) == "https://a.example/"


@given(st.text(max_size=300))
def test_no_query_leads_elsewhere_or_breaks_a_header(query: str) -> None:
    found = onward(link("https://a.example/b?c=d"), TOKEN, query)
    split = urlsplit(found)
    assert (split.scheme, split.netloc, split.path, split.fragment) == ("https", "a.example", "/b", "")
    assert dict(parse_qsl(split.query))["c"] == "d"
    assert dict(parse_qsl(split.query))["bb"] == TOKEN
    assert found.isascii()
    assert found.isprintable()
