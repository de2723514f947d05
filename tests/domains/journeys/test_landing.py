"""An address says what it says, in any case and shape, and nothing more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.domains.journeys.landing import CLICK_IDS, UTM, clean, parse_url


def test_an_address_is_read_into_tags_ids_and_token() -> None:
    found = parse_url(
        "https://WWW.Salon.Example.com/Book?utm_source=fb&utm_medium=paid&utm_campaign=Spring+Cuts&utm_term=t"
        "&utm_content=c&utm_id=77&fbclid=IwAR_Xy&gclid=&bb=bb_token#top"
    )
    assert (found.host, found.path, found.token) == ("salon.example.com", "/Book", "bb_token")
    assert found.utm == {
        "source": "fb", "medium": "paid", "campaign": "Spring Cuts", "term": "t", "content": "c", "id": "77",
    }  # fmt: skip
    assert found.click_ids == {"fbclid": "IwAR_Xy"}


def test_click_ids_keep_their_capitals() -> None:
    assert parse_url("https://a.example.com/?FBCLID=IwAR2F4-dbP0").click_ids == {"fbclid": "IwAR2F4-dbP0"}


def test_of_a_repeated_parameter_the_newest_counts() -> None:
    found = parse_url("https://a.example.com/?fbclid=old&utm_source=old&fbclid=new&utm_source=new")
    assert (found.click_ids["fbclid"], found.utm["source"]) == ("new", "new")


def test_tags_behind_a_route_in_the_fragment_are_read_and_the_querys_count_first() -> None:
    found = parse_url("https://a.example.com/?utm_source=query#/book?utm_source=fragment&utm_medium=email")
    assert found.utm == {"source": "query", "medium": "email"}
    assert parse_url("https://a.example.com/#utm_source=bare").utm == {"source": "bare"}


def test_a_click_id_too_long_to_be_true_is_left_out_whole() -> None:
    assert parse_url(f"https://a.example.com/?gclid={'x' * 1_001}&gbraid=y").click_ids == {"gbraid": "y"}


@pytest.mark.parametrize("url", ["", " ", "https://", "/book", "?utm_source=x", "https://[::1", "\x00"])
def test_what_is_no_address_says_nothing(url: str) -> None:
    found = parse_url(url)
    assert (found.host, found.utm, found.click_ids) == ("", {}, {})


def test_what_cannot_be_stored_is_cleaned_away() -> None:
    assert clean("  a\x00b\ud800c\u2028 ", 10) == "a b c"
    assert clean("abc def", 4) == "abc"


@given(st.text(max_size=80))
def test_any_text_is_read_without_error(text: str) -> None:
    for url in (text, f"https://a.example.com/?{text}", f"https://a.example.com/#{text}", f"https://{text}/"):
        found = parse_url(url)
        assert set(found.utm) <= set(UTM)
        assert set(found.click_ids) <= set(CLICK_IDS)
        assert found.host == found.host.lower()
