"""Origins, remembered: of the visits an ad brings, each address is new only by the id of its click.

`classify` takes some 50 microseconds, more than all the rest that is done for a visit. What it says follows from the
address without those ids, so it is asked once for many visits and the ids are put in afterwards.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import replace
from functools import lru_cache
from typing import Any

from bookingbridge.domains.journeys.channels import Origin, Signals, classify
from bookingbridge.domains.journeys.landing import CLICK_IDS, LONGEST_CLICK_ID, clean_click_ids
from bookingbridge.domains.journeys.places import Place, in_app_browser

_MOST = 8_192
_LONGEST = 2_000
_LIFTED = "lifted"
"""Stands in the remembered address where an id was."""

# gad_source is not among them: it has a handful of values and may mean something. `bb` is our own visitor token.
_UNIQUE = tuple(name for name in CLICK_IDS if name != "gad_source")
# What is percent-encoded, empty or strange is left in the address, which then is remembered as it is.
_CLICK = re.compile(rf"(?<=[?&])({'|'.join(_UNIQUE)}|bb)=([\w.~-]{{1,{LONGEST_CLICK_ID}}})(?=&|$)", re.ASCII)
_in_app_browser = lru_cache(4_096)(in_app_browser)


class Origins:
    """`classify` with a memory of its last answers. One per process; not for several threads."""

    def __init__(self, most: int = _MOST) -> None:
        self._memory: OrderedDict[Any, Origin] = OrderedDict()
        self._most = most

    def __len__(self) -> int:
        return len(self._memory)

    def of(self, signals: Signals) -> Origin:
        """What `classify` says of the signals."""
        if len(signals.url) > _LONGEST or len(signals.referrer) > _LONGEST:
            return classify(signals)
        url, lifted = signals.url, dict[str, str]()
        if "?" in url and "#" not in url:
            url = _CLICK.sub(lambda m: _lift(m, lifted), url)
        handed = clean_click_ids(signals.click_ids) if signals.click_ids else {}
        key = _key(signals, url, handed)
        known = self._memory.get(key)
        if known is None:
            known = classify(replace(signals, url=url, click_ids=dict.fromkeys(handed, _LIFTED)))
            self._memory[key] = known
            if len(self._memory) > self._most:
                self._memory.popitem(last=False)
        else:
            self._memory.move_to_end(key)
        if not known.click_ids:
            return known
        own = {
            name: handed.get(name) or lifted.get(name, value) if value == _LIFTED else value
            for name, value in known.click_ids.items()
        }
        return replace(known, click_ids=own)


def _lift(click: re.Match[str], lifted: dict[str, str]) -> str:
    lifted[click[1]] = click[2]
    return f"{click[1]}={_LIFTED}"


def _key(signals: Signals, url: str, handed: dict[str, str]) -> tuple[Any, ...]:
    browser: Place | None = _in_app_browser(signals.user_agent) if signals.user_agent else None
    return (
        url, signals.referrer, signals.kind, tuple(signals.utm.items()), tuple(handed), browser, signals.declared,
        signals.answer, signals.own_hosts,
    )  # fmt: skip
