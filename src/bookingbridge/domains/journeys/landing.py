"""What the address somebody landed on says about where they came from. Pure; never raises, whatever the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, urlsplit

UTM = ("source", "medium", "campaign", "term", "content", "id")

CLICK_IDS = (
    "gclid", "gbraid", "wbraid", "gad_source", "dclid", "msclkid", "fbclid", "fbc", "fbp", "ttclid", "yclid",
    "twclid", "li_fat_id", "rdt_cid", "sccid", "srsltid", "igshid", "igsh",
)  # fmt: skip
"""Parameters that platforms add to a click, and Meta's two cookies. Values are case sensitive and never altered."""

WITHHELD = "-"
"""A click id that was there, but whose value the visitor has not consented to share."""

# gad_campaignid: Google Ads Help, answer 16193746; campaignid is what Google's tracking templates are usually given,
# hsa_cam a reporting tool's. Meta and Microsoft templates put the campaign's id into utm_id. Seen November 2026.
_CAMPAIGN_REFS = ("gad_campaignid", "campaignid", "campaign_id", "hsa_cam")

LONGEST_TAG = 300
LONGEST_CLICK_ID = 1_000
LONGEST_CAMPAIGN_REF = 40
LONGEST_URL = 8_000

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]+")
# A template nobody filled in, or what a program writes when it has nothing to say.
_EMPTY_TAG = re.compile(
    r"\{.*\}|\[.*\]|\(not set\)|\(none\)|\(direct\)|\(not provided\)|null|none|undefined|nan", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Landing:
    """A landing address, read. `utm` has the keys of UTM that were filled, `click_ids` those of CLICK_IDS.

    `campaign_ref` is the ad platform's own id of the campaign. `token` is the text of the `bb` parameter, unchecked.
    """

    host: str = ""
    path: str = ""
    utm: Mapping[str, str] = field(default_factory=dict)
    click_ids: Mapping[str, str] = field(default_factory=dict)
    campaign_ref: str | None = None
    token: str | None = None


def parse_url(url: str) -> Landing:
    """What the address says. Parameter names count in any case; of a repeated one the last, as it is the newest."""
    split = split_url(url)
    if split is None:
        return Landing()
    params = dict(_params(split))
    return Landing(
        host=host_of(split),
        path=split.path,
        utm=clean_utm({name: value for name, value in params.items() if name.startswith("utm_")}),
        click_ids=clean_click_ids(params),
        campaign_ref=_campaign_ref(params),
        token=params.get("bb"),
    )


def _campaign_ref(params: Mapping[str, str]) -> str | None:
    """The first id of a campaign: they are numbers, so a template that was not filled in is none."""
    for name in _CAMPAIGN_REFS:
        if name in params and params[name].isdecimal() and len(params[name]) <= LONGEST_CAMPAIGN_REF:
            return params[name]
    return None


def clean_utm(utm: Mapping[str, str]) -> dict[str, str]:
    """The tags that say something, by the keys of UTM (`source` or `utm_source`, any case)."""
    found: dict[str, str] = {}
    for name, value in utm.items():
        key = name.lower().removeprefix("utm_")
        if key in UTM and (text := clean(value, LONGEST_TAG)) and not _EMPTY_TAG.fullmatch(text):
            found[key] = text
    return found


def clean_click_ids(ids: Mapping[str, str]) -> dict[str, str]:
    """The known click ids with a usable value, unaltered; one too long to be true is left out rather than cut."""
    found: dict[str, str] = {}
    for name, value in ids.items():
        # `gad` was gad_source's name until 2024 (Google Ads Help, answer 13327296).
        key = "gad_source" if name.lower() == "gad" else name.lower()
        if key in CLICK_IDS and value and len(value) <= LONGEST_CLICK_ID and not _UNPRINTABLE.search(value):
            found[key] = value
    return found


def clean(text: str, longest: int) -> str:
    """`text` without what cannot be stored or seen, trimmed, and cut at `longest`."""
    if not text.isprintable():
        text = _UNPRINTABLE.sub(" ", text[: 2 * longest])
    return text.strip()[:longest].rstrip()


def split_url(url: str) -> SplitResult | None:
    """The parts of an address, also of one written without its scheme; None when there is no host in it."""
    text = clean(url, LONGEST_URL)
    if not text:
        return None
    if "://" not in text.partition("?")[0]:
        if text.startswith("/") and not text.startswith("//"):
            return None
        text = f"//{text.lstrip('/')}"
    try:
        split = urlsplit(text)
        return split if split.hostname else None
    except ValueError:
        return None


def host_of(split: SplitResult) -> str:
    """The host in lower case, without `www.` and a final dot."""
    return (split.hostname or "").lower().rstrip(".").removeprefix("www.")


def _params(split: SplitResult) -> Iterator[tuple[str, str]]:
    """The query's parameters, after those of a fragment (`#/book?utm_source=…`), so that the query's count."""
    fragment = split.fragment.rpartition("?")[2]
    for query in (fragment if "=" in fragment else "", split.query):
        if query:
            for name, value in parse_qsl(query, keep_blank_values=False, errors="replace"):
                yield name.strip().lower(), value
