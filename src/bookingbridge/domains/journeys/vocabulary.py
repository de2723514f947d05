"""The channels there are, what people call them, and what is true of each. Pure."""

from __future__ import annotations

from enum import StrEnum

from bookingbridge.domains.journeys.channels_data import Kind


class Channel(StrEnum):
    """A way to a client, as it is stored. `unknown` is also what visits without any touch are shown under."""

    GOOGLE_ADS = "google_ads"
    META_ADS = "meta_ads"
    MICROSOFT_ADS = "microsoft_ads"
    TIKTOK_ADS = "tiktok_ads"
    PAID_OTHER = "paid_other"
    GOOGLE_ORGANIC = "google_organic"
    ORGANIC_SEARCH = "organic_search"
    GOOGLE_BUSINESS_PROFILE = "google_business_profile"
    META_ORGANIC = "meta_organic"
    ORGANIC_SOCIAL = "organic_social"
    AI_ASSISTANT = "ai_assistant"
    EMAIL = "email"
    SMS = "sms"
    REFERRAL = "referral"
    AFFILIATE = "affiliate"
    OFFLINE = "offline"
    DIRECT = "direct"
    UNKNOWN = "unknown"


TITLES: dict[str, str] = {
    Channel.GOOGLE_ADS: "Google Ads",
    Channel.META_ADS: "Facebook & Instagram ads",
    Channel.MICROSOFT_ADS: "Microsoft Ads",
    Channel.TIKTOK_ADS: "TikTok ads",
    Channel.PAID_OTHER: "Other ads",
    Channel.GOOGLE_ORGANIC: "Google search",
    Channel.ORGANIC_SEARCH: "Other search & maps",
    Channel.GOOGLE_BUSINESS_PROFILE: "Google Business Profile",
    Channel.META_ORGANIC: "Facebook & Instagram",
    Channel.ORGANIC_SOCIAL: "Other social networks",
    Channel.AI_ASSISTANT: "AI assistants",
    Channel.EMAIL: "E-mail",
    Channel.SMS: "Text messages",
    Channel.REFERRAL: "Referrals",
    Channel.AFFILIATE: "Affiliates",
    Channel.OFFLINE: "Offline",
    Channel.DIRECT: "Direct",
    Channel.UNKNOWN: "Unknown",
}

_PAID = frozenset(
    (
        Channel.GOOGLE_ADS, Channel.META_ADS, Channel.MICROSOFT_ADS, Channel.TIKTOK_ADS, Channel.PAID_OTHER,
        Channel.AFFILIATE,
    )
)  # fmt: skip


def title(channel: str) -> str:
    """The channel's name for people; an unknown one's is the word itself."""
    return TITLES.get(channel, channel.replace("_", " ").capitalize())


def is_paid(channel: str) -> bool:
    """Whether clicks of this channel are paid for."""
    return channel in _PAID


def is_direct(channel: str) -> bool:
    """Whether it says nothing about marketing: typed, bookmarked, or from our own pages."""
    return channel == Channel.DIRECT


MARKETING_KINDS = frozenset({"click", "visit", "call", "coupon", "asked", "qr"})
"""Kinds of touches that may get credit. `identify` only says who somebody is."""


_ORGANIC: dict[Kind, Channel] = {
    Kind.GOOGLE: Channel.GOOGLE_ORGANIC,
    Kind.GOOGLE_PROFILE: Channel.GOOGLE_BUSINESS_PROFILE,
    Kind.GOOGLE_AD: Channel.GOOGLE_ADS,
    Kind.MICROSOFT: Channel.ORGANIC_SEARCH,
    Kind.MICROSOFT_AD: Channel.MICROSOFT_ADS,
    Kind.SEARCH: Channel.ORGANIC_SEARCH,
    Kind.META: Channel.META_ORGANIC,
    Kind.TIKTOK: Channel.ORGANIC_SOCIAL,
    Kind.YOUTUBE: Channel.ORGANIC_SOCIAL,
    Kind.SOCIAL: Channel.ORGANIC_SOCIAL,
    Kind.ASSISTANT: Channel.AI_ASSISTANT,
    Kind.MAIL: Channel.EMAIL,
    Kind.DIRECTORY: Channel.REFERRAL,
    Kind.DOOR: Channel.DIRECT,
}

_AS_AD: dict[Kind, Channel] = {
    Kind.GOOGLE: Channel.GOOGLE_ADS,
    Kind.GOOGLE_PROFILE: Channel.GOOGLE_ADS,
    Kind.GOOGLE_AD: Channel.GOOGLE_ADS,
    Kind.MICROSOFT: Channel.MICROSOFT_ADS,
    Kind.MICROSOFT_AD: Channel.MICROSOFT_ADS,
    Kind.META: Channel.META_ADS,
    Kind.TIKTOK: Channel.TIKTOK_ADS,
    Kind.YOUTUBE: Channel.GOOGLE_ADS,
}


def organic(kind: Kind) -> Channel:
    """The channel of such a place where nothing says that the click was paid for."""
    return _ORGANIC[kind]


def as_ad(kind: Kind | None) -> Channel:
    """The channel of a paid click from such a place."""
    return _AS_AD.get(kind, Channel.PAID_OTHER) if kind else Channel.PAID_OTHER
