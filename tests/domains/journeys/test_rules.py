"""Tokens are known by their letters alone, Meta's ids keep theirs, and robots say that they are robots."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookingbridge.domains.journeys.rules import TOKEN_BYTES, fbc, find_token, is_bot, is_token, new_token

tokens = st.binary(min_size=TOKEN_BYTES, max_size=TOKEN_BYTES).map(new_token)
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


@given(tokens)
def test_a_token_is_found_wherever_it_was_written(token: str) -> None:
    assert re.fullmatch(r"bb_[a-z2-7]{20}", token)
    assert is_token(token)
    for text in (
        token, f"Note: {token}.", f"https://book.example.com/?x=1&bb={token}&y=2", token.upper(), f"({token})\nThanks",
        f"bb_aaaaaaaaaaaaaaaaaaaa {token}",
    ):  # fmt: skip
        assert find_token(text) == token


@given(tokens, st.integers(3, 22), st.sampled_from(ALPHABET))
def test_a_changed_letter_is_always_noticed(token: str, at: int, letter: str) -> None:
    changed = token[:at] + letter + token[at + 1 :]
    assert find_token(changed) == (token if changed == token else None)


@given(tokens, st.integers(3, 17))
def test_two_swapped_letters_are_always_noticed(token: str, at: int) -> None:
    swapped = token[:at] + token[at + 1] + token[at] + token[at + 2 :]
    assert find_token(swapped) == (token if swapped == token else None)


@given(tokens, st.sampled_from(ALPHABET))
def test_a_token_inside_a_longer_word_is_none(token: str, letter: str) -> None:
    assert find_token(f"{letter}{token}") is None
    assert find_token(f"{token}{letter}") is None
    assert not is_token(f"{token} ")


@given(st.text(max_size=60))
def test_text_of_chance_is_no_token(text: str) -> None:
    assert find_token(text) is None
    assert not is_token(text)


def test_letters_of_chance_in_the_right_shape_are_no_token() -> None:
    chance = Random(7)
    tried = ("bb_" + "".join(chance.choices(ALPHABET, k=20)) for _ in range(20_000))
    assert [t for t in tried if find_token(t)] == []


@pytest.mark.parametrize("text", [None, "", "bb_", "bb_aaaaaaaaaaaaaaaaaaaa", "bb_01890189018901890189"])
def test_what_only_looks_like_a_token_is_none(text: str | None) -> None:
    assert find_token(text) is None


def test_a_token_is_what_its_bytes_make_it() -> None:
    assert new_token(bytes(range(10))) == "bb_aaaqeayeaudaocajq22b"
    with pytest.raises(ValueError, match="10 random bytes"):
        new_token(b"short")


def test_fbc_keeps_metas_letters_and_counts_milliseconds() -> None:
    clicked = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
    assert fbc("IwAR2F4-dbP0", clicked) == "fb.1.1772366400123.IwAR2F4-dbP0"


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/150.0 Safari/537.36",
        "curl/8.5.0", "python-requests/2.32", "Twitterbot/1.0", "WhatsApp/2.23.20", "Slackbot-LinkExpanding 1.0",
        "TelegramBot (like TwitterBot)", "Mozilla/5.0 (compatible; AhrefsBot/7.0)", "AdsBot-Google (+http://x)",
        "Mozilla/5.0 (compatible; YandexBot/3.0)", "Baiduspider/2.0", "Go-http-client/2.0",
    ],
)  # fmt: skip
def test_programs_say_that_they_are_programs(agent: str) -> None:
    assert is_bot(agent)


@pytest.mark.parametrize(
    "agent",
    [
        None, "",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Mobile Safari/604.1",
        "Mozilla/5.0 (Linux; Android 15; CUBOT KINGKONG) AppleWebKit/537.36 Chrome/150.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 15; CUBOT_NOTE) AppleWebKit/537.36 Chrome/150.0 Mobile Safari/537.36",
        "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile/15E148 Instagram 300.0.0.29.110 (iPhone14,5; iOS 19_1)",
        "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile/15E148 [FBAN/FBIOS;FBAV/520.0.0.38.101]",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    ],
)  # fmt: skip
def test_people_are_not_taken_for_programs(agent: str | None) -> None:
    assert not is_bot(agent)
