"""How a touch's campaign and an ad platform's campaign are told to be the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

_NOISE = re.compile(r"[\W_]+", re.UNICODE)


def name_key(name: str) -> str:
    """A campaign's name for comparing: case, spaces and punctuation do not count."""
    return _NOISE.sub(" ", name.replace("\x00", "")).strip().casefold()


@dataclass(frozen=True, slots=True)
class Known:
    """A campaign that an ad platform told of."""

    id: UUID
    remote_id: str
    name: str
    name_key: str
    channel: str


def index(campaigns: Iterable[Known]) -> Mapping[tuple[str, str], Known]:
    """Campaigns by (channel, remote id) and by (channel, name), a name only where it is one campaign's alone."""
    found: dict[tuple[str, str], Known] = {}
    doubled: set[tuple[str, str]] = set()
    for campaign in campaigns:
        named = (campaign.channel, "name:" + campaign.name_key)
        if named in found:
            doubled.add(named)
        found[named] = campaign
        found[campaign.channel, "id:" + campaign.remote_id] = campaign
    return {key: campaign for key, campaign in found.items() if key not in doubled}


def match(
    known: Mapping[tuple[str, str], Known], channel: str, campaign_ref: str | None, campaign: str | None
) -> Known | None:
    """The platform's campaign that a touch names: by its id, else by its name within the channel."""
    if campaign_ref and (found := known.get((channel, "id:" + campaign_ref))):
        return found
    for text in (campaign, campaign_ref):
        if text and (found := known.get((channel, "id:" + text)) or known.get((channel, "name:" + name_key(text)))):
            return found
    return None
