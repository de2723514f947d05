"""Origins, remembered: of the visits an ad brings, each address is new only by the id of its click.

`classify` takes some 50 microseconds, more than all the rest that is done for a visit. What it says follows from the
address without those ids, so it is asked once for many visits and the ids are put in afterwards.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from bookingbridge.domains.journeys.channels import Origin, Signals, classify
from bookingbridge.domains.journeys.landing import CLICK_IDS, LONGEST_CLICK_ID, clean_click_ids
from bookingbridge.domains.journeys.places import in_app_browser

_MOST = 8_192
_LONGEST = 2_000
_LIFTED = "lifted"
"""Stands in the remembered address where an id was."""

# gad_source is not among them: it has a handful of values and may mean something. `bb` is our own visitor token.
_UNIQUE = tuple(name for name in CLICK_IDS if name != "gad_source")
# What is percent-encoded, empty or strange is left in the address, which then is remembered as it is.
# It begins with a letter class, not with a look behind, so that it is tried at a handful of places only.
_CLICK = re.compile(rf"[?&]({'|'.join(_UNIQUE)}|bb)=([\w.~-]{{1,{LONGEST_CLICK_ID}}})(?=&|$)", re.ASCII)
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
        origin, ids = self.find(
            signals.kind, signals.url, signals.referrer, signals.utm, signals.click_ids, signals.declared,
            signals.answer, signals.own_hosts, signals.user_agent,
        )  # fmt: skip
        return replace(origin, click_ids=ids)

    def find(
        self,
        kind: str,
        url: str,
        referrer: str,
        utm: Mapping[str, str],
        click_ids: Mapping[str, str],
        declared: str | None,
        answer: str,
        own_hosts: frozenset[str],
        agent: str,
    ) -> tuple[Origin, Mapping[str, str]]:
        """The origin of these signals (their fields in order), whose click ids are the second value's.

        Taken apart, for making two dataclasses costs more than finding what is remembered.
        """
        if len(url) > _LONGEST or len(referrer) > _LONGEST:
            origin = classify(Signals(kind, url, referrer, utm, click_ids, declared, answer, own_hosts, agent))
            return origin, origin.click_ids
        lifted: dict[str, str] = {}
        if "?" in url and "#" not in url:
            url = _CLICK.sub(lambda click: _lift(click, lifted), url)
        handed = _usable(click_ids) if click_ids else click_ids
        browser = _in_app_browser(agent) if agent else None
        key = (url, referrer, kind, tuple(utm.items()), tuple(handed), browser, declared, answer, own_hosts)
        known = self._memory.get(key)
        if known is None:
            ids = dict.fromkeys(handed, _LIFTED)
            known = classify(Signals(kind, url, referrer, utm, ids, declared, answer, own_hosts, agent))
            self._memory[key] = known
            if len(self._memory) > self._most:
                self._memory.popitem(last=False)
        if not known.click_ids:
            return known, known.click_ids
        return known, {
            name: handed.get(name) or lifted.get(name, value) if value == _LIFTED else value
            for name, value in known.click_ids.items()
        }


def _usable(ids: Mapping[str, str]) -> Mapping[str, str]:
    """As `clean_click_ids`, which finds nothing to do for what our script sends."""
    for name, value in ids.items():
        if name not in _KNOWN or not value or len(value) > LONGEST_CLICK_ID or not value.isprintable():
            return clean_click_ids(ids)
    return ids


_KNOWN = frozenset(CLICK_IDS)


def _lift(click: re.Match[str], lifted: dict[str, str]) -> str:
    lifted[click[1]] = click[2]
    return click[0][: -len(click[2])] + _LIFTED
