"""What can be said of touches without asking anybody: tokens, Meta's click ids, robots. Pure.

`parse_url`, `classify` and `heard_from` live in `landing`, `channels` and `asked`.
"""

from __future__ import annotations

import re
from datetime import datetime

from bookingbridge.domains.journeys.asked import Heard, heard_from
from bookingbridge.domains.journeys.landing import Landing, parse_url

__all__ = [
    "TOKEN_BYTES", "Heard", "Landing", "fbc", "find_token", "heard_from", "is_bot", "is_token", "new_token",
    "parse_url",
]  # fmt: skip

TOKEN_BYTES = 10
"""How much chance a token holds: 80 bits."""

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_BODY, _CHECK = 16, 4

# The greatest prime under 2**20. Every changed letter and every swap of two neighbours changes the remainder, because
# the base and all differences of letters are smaller than it; a text of chance fits once in a million.
_PRIME, _BASE, _SEED = 1_048_573, 33, 7

_TOKEN = re.compile(r"(?<![a-z0-9_])bb_([a-z2-7]{20})(?![a-z0-9])", re.IGNORECASE | re.ASCII)


def new_token(random_bytes: bytes) -> str:
    """A visitor's token of 10 random bytes: `bb_`, 16 letters of base32 and 4 that check them.

    The script in the browser makes tokens in the same way, so that either side knows the other's.
    """
    if len(random_bytes) != TOKEN_BYTES:
        raise ValueError(f"a token is made of {TOKEN_BYTES} random bytes")
    body = _base32(int.from_bytes(random_bytes), _BODY)
    return f"bb_{body}{_check(body)}"


def find_token(text: str | None) -> str | None:
    """The first true token in the text, in lower case, or None. A form, a note or a URL may hold it."""
    for found in _TOKEN.finditer(text or ""):
        letters = found[1].lower()
        if letters[_BODY:] == _check(letters[:_BODY]):
            return f"bb_{letters}"
    return None


def is_token(text: str) -> bool:
    """Whether the whole text is a token, as it is stored."""
    return len(text) == 3 + _BODY + _CHECK and find_token(text) == text


def _check(body: str) -> str:
    remainder = _SEED
    for letter in body:
        remainder = (remainder * _BASE + _ALPHABET.index(letter)) % _PRIME
    return _base32(remainder, _CHECK)


def _base32(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def fbc(fbclid: str, clicked_at: datetime, subdomain_index: int = 1) -> str:
    """Meta's cookie form of a click id: `fb.<subdomain index>.<milliseconds>.<fbclid>`.

    The index is 1 for example.com, 2 for www.example.com. Facebook's letters are kept as they are, capitals too
    (developers.facebook.com, "ClickID and the fbp and fbc parameters", updated 2026-01-09).
    """
    return f"fb.{subdomain_index}.{int(clicked_at.timestamp() * 1000)}.{fbclid}"


# Programs that fetch pages on their own or for a preview. A cubot is a telephone. What says nothing may be a person.
_BOT = re.compile(
    r"(?<!cu)bot(?:\b|_)|crawl|spider|slurp|scrap|archiver|fetch|preview|validator|monitor|uptime|pingdom"
    r"|statuscake|lighthouse|pagespeed|gtmetrix|headless|phantomjs|selenium|puppeteer|facebookexternalhit|facebookcatalog"
    r"|meta-external|whatsapp/|telegrambot|skypeuripreview|vkshare|w3c_|bingpreview|google-read-aloud"
    r"|google-inspectiontool"
    r"|googleother|google-extended|google favicon|feedfetcher|mediapartners|adsbot|apis-google|chatgpt-user|claude-user"
    r"|perplexity-user|mistralai-user|gptbot|ccbot|bytespider|ia_archiver|wordpress/|curl/|wget|libwww|python-|python/"
    r"|aiohttp|httpx|go-http-client|java/|okhttp|apache-httpclient|node-fetch|axios/|undici|ruby|perl|php/|guzzle"
    r"|postmanruntime|insomnia|nmap|nikto|sqlmap|zgrab|masscan|censys|nessus|qualys|netcraft|ahrefs|semrush|dataprovider",
    re.IGNORECASE,
)


def is_bot(user_agent: str | None) -> bool:
    """Whether the browser says of itself that it is a program. An empty text says nothing."""
    return bool(user_agent and _BOT.search(user_agent[:1_000]))
