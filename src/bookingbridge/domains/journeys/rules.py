"""What can be said of touches without asking anybody: tokens, Meta's click ids, robots. Pure.

`parse_url`, `classify` and `heard_from` live in `landing`, `channels` and `asked`.
"""

from __future__ import annotations

import re
from datetime import datetime

from bookingbridge.canonical.tokens import TOKEN_BYTES, find_token, is_token, new_token
from bookingbridge.domains.journeys.asked import Heard, heard_from
from bookingbridge.domains.journeys.landing import Landing, parse_url

__all__ = [
    "TOKEN_BYTES", "Heard", "Landing", "fbc", "find_token", "heard_from", "is_bot", "is_token", "new_token",
    "parse_url",
]  # fmt: skip


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
