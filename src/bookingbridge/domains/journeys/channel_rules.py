"""The rules that say through which channel a touch came, one function each, in the order of RULES. Pure.

A rule answers with the channel and a sentence that says why, or None where it has nothing to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bookingbridge.domains.journeys.asked import heard_from
from bookingbridge.domains.journeys.channels_data import Kind
from bookingbridge.domains.journeys.landing import clean
from bookingbridge.domains.journeys.places import in_app_browser
from bookingbridge.domains.journeys.sighting import Seen
from bookingbridge.domains.journeys.vocabulary import Channel, as_ad, organic

Answer = tuple[str, str] | None
"""(channel, the sentence that says why)."""

# Ids that the platforms add to clicks on ads and to nothing else: auto-tagging of Google Ads (gclid, gbraid, wbraid,
# gad_source, dclid), Microsoft Ads, TikTok, Yandex Direct, X, LinkedIn, Reddit and Snapchat. Seen November 2026.
_AD_CLICK_IDS: tuple[tuple[str, Channel, str], ...] = (
    ("gclid", Channel.GOOGLE_ADS, "Google"),
    ("gbraid", Channel.GOOGLE_ADS, "Google"),
    ("wbraid", Channel.GOOGLE_ADS, "Google"),
    ("gad_source", Channel.GOOGLE_ADS, "Google"),
    ("dclid", Channel.GOOGLE_ADS, "Google"),
    ("msclkid", Channel.MICROSOFT_ADS, "Microsoft"),
    ("ttclid", Channel.TIKTOK_ADS, "TikTok"),
    ("yclid", Channel.PAID_OTHER, "Yandex"),
    ("twclid", Channel.PAID_OTHER, "X"),
    ("li_fat_id", Channel.PAID_OTHER, "LinkedIn"),
    ("rdt_cid", Channel.PAID_OTHER, "Reddit"),
    ("sccid", Channel.PAID_OTHER, "Snapchat"),
)

# Added to links whether or not somebody paid: fbclid by Facebook and Instagram to every outbound link, igsh(id) by
# Instagram to shared ones, srsltid by Google to unpaid listings and results. fbc and fbp are not here: these cookies
# outlive the visit they came with. Seen November 2026.
_SHARE_MARKS: tuple[tuple[str, Channel, str], ...] = (
    ("fbclid", Channel.META_ORGANIC, "Meta"),
    ("igshid", Channel.META_ORGANIC, "Instagram"),
    ("igsh", Channel.META_ORGANIC, "Instagram"),
    ("srsltid", Channel.GOOGLE_ORGANIC, "Google"),
)

_MEDIA: tuple[tuple[re.Pattern[str], Channel], ...] = (
    (re.compile(r"e[-_ ]?mail|mail|newsletter|edm|drip"), Channel.EMAIL),
    (re.compile(r"sms|text|text[-_ ]message|mms|rcs"), Channel.SMS),
    (re.compile(r"affiliates?|partner[-_ ]program"), Channel.AFFILIATE),
    (
        re.compile(
            r"offline|qr|qr[-_ ]?code|print|flyer|flyers|poster|postcard|direct[-_ ]?mail|brochure|business[-_ ]?card"
            r"|tv|radio|audio|billboard|signage|window|receipt|event|in[-_ ]?store|phone|call"
        ),
        Channel.OFFLINE,
    ),
    (
        re.compile(r"gbp|gmb|google[-_ ]?business([-_ ]?profile)?|business[-_ ]?profile"),
        Channel.GOOGLE_BUSINESS_PROFILE,
    ),
    (re.compile(r"ai|llm|chatbot|assistant"), Channel.AI_ASSISTANT),
    (re.compile(r"whatsapp|messenger"), Channel.META_ORGANIC),
)
_PROFILE_IN_TAGS = re.compile(r"(^|[^a-z])(gbp|gmb|google[-_ ]?(my[-_ ]?)?business|google[-_ ]?maps)([^a-z]|$)")
_MEDIA_OF_UNKNOWN_SOURCES: tuple[tuple[re.Pattern[str], Channel], ...] = (
    (
        re.compile(r"social.*|.*[-_ ]social|sm|story|stories|reels?|bio|link[-_ ]?in[-_ ]?bio|post|dm|video"),
        Channel.ORGANIC_SOCIAL,
    ),
    (re.compile(r"organic|organic[-_ ]?search|search|seo|maps?"), Channel.ORGANIC_SEARCH),
    (
        re.compile(r"referral|referrer|partners?|link|blog|directory|listing|review|word[-_ ]?of[-_ ]?mouth"),
        Channel.REFERRAL,
    ),
)


def declared(seen: Seen) -> Answer:
    channel = seen.signals.declared
    if channel not in _CHANNELS:
        return None
    return channel, "This link, code or number was made for this channel."


_CHANNELS = frozenset(map(str, Channel))


def asked(seen: Seen) -> Answer:
    if seen.signals.kind != "asked":
        return None
    if (heard := heard_from(seen.signals.answer)) is not None:
        return heard.channel, heard.why
    return Channel.UNKNOWN, f"Asked how they heard of you, they answered {_quoted(seen.signals.answer)}."


def click_id(seen: Seen) -> Answer:
    for name, channel, platform in _AD_CLICK_IDS:
        if name in seen.click_ids:
            return channel, f"The address carries {name}, which {platform} adds to clicks on ads."
    return None


def paid_tags(seen: Seen) -> Answer:
    if not seen.says_paid:
        return None
    return as_ad(seen.source_place.kind), f"The link is tagged as paid ({_tags(seen)})."


def tags(seen: Seen) -> Answer:
    if not seen.source and not seen.medium:
        return None
    why = f"The link is tagged {_tags(seen)}."
    kind = seen.source_place.kind
    if kind in (None, Kind.GOOGLE, Kind.GOOGLE_PROFILE) and _names_profile(seen):
        return Channel.GOOGLE_BUSINESS_PROFILE, why
    for pattern, channel in _MEDIA:
        if pattern.fullmatch(seen.medium):
            return channel, why
    if kind is not None:
        return (organic(kind), why) if kind is not Kind.DOOR else None
    for pattern, channel in _MEDIA_OF_UNKNOWN_SOURCES:
        if pattern.fullmatch(seen.medium):
            return channel, why
    return None


def _names_profile(seen: Seen) -> bool:
    campaign, content = seen.utm.get("campaign", "").lower(), seen.utm.get("content", "").lower()
    return any(_PROFILE_IN_TAGS.search(tag) for tag in (seen.source, seen.medium, campaign, content))


def share_mark(seen: Seen) -> Answer:
    for name, channel, platform in _SHARE_MARKS:
        if name in seen.click_ids:
            return channel, f"The address carries {name}, which {platform} adds to links whether or not they are ads."
    return None


def off_the_web(seen: Seen) -> Answer:
    why = _OFF_THE_WEB.get(seen.signals.kind)
    return (Channel.OFFLINE, why) if why else None


_OFF_THE_WEB = {
    "call": "They called a number that no channel was given to.",
    "coupon": "They gave a code that no channel was given to.",
    "qr": "They scanned a QR code that no channel was given to.",
}


def other_tags(seen: Seen) -> Answer:
    if not seen.source and not seen.medium:
        return None
    return (
        Channel.REFERRAL,
        f"The link is tagged {_tags(seen)}, which names no channel we know: somebody linked to you.",
    )


def referrer(seen: Seen) -> Answer:
    place = seen.referrer
    if place is None:
        return None
    if place.kind is None:
        return Channel.REFERRAL, f"They came from a link on {_short(place.name)}."
    if place.kind is Kind.DOOR:
        return Channel.DIRECT, f"They came from {place.name}, where people pass through: no origin, and no tags."
    if place.kind in (Kind.GOOGLE_AD, Kind.MICROSOFT_AD):
        return organic(place.kind), f"They came from a server of {place.name}, which only shows ads."
    return organic(place.kind), f"They came from {place.name}, and nothing says that the click was paid for."


def in_app(seen: Seen) -> Answer:
    place = in_app_browser(seen.signals.user_agent)
    if place is None or place.kind is None:
        return None
    return organic(place.kind), f"The page was opened inside the {place.name} app, which names no page it came from."


def campaign_only(seen: Seen) -> Answer:
    if not seen.utm and not seen.landing.campaign_ref:
        return None
    return Channel.UNKNOWN, "The link is tagged with a campaign, but not with where it was placed."


def direct(seen: Seen) -> Answer:
    return Channel.DIRECT, "No tags and no referrer: typed, bookmarked, or from an app that says nothing."


RULES: tuple[tuple[str, Callable[[Seen], Answer]], ...] = (
    ("declared", declared),
    ("asked", asked),
    ("click_id", click_id),
    ("paid_tags", paid_tags),
    ("tags", tags),
    ("share_mark", share_mark),
    ("off_the_web", off_the_web),
    ("other_tags", other_tags),
    ("referrer", referrer),
    ("in_app", in_app),
    ("campaign_only", campaign_only),
    ("direct", direct),
)


def _tags(seen: Seen) -> str:
    named = [f"utm_{key}={_short(value)}" for key, value in (("source", seen.source), ("medium", seen.medium)) if value]
    return ", ".join(named)


def _quoted(text: str) -> str:
    return f"“{short}”" if (short := _short(text)) else "nothing"


def _short(text: str) -> str:
    return clean(text, 60)
