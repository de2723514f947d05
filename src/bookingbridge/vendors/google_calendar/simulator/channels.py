"""Channels of the simulated Google: opened with a first word, told of each change without a body, stopped or ended."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

from bookingbridge.canonical.ports import Json
from bookingbridge.vendorkit.simulated_deliveries import Deliveries, Outgoing
from bookingbridge.vendors.google_calendar.simulator.answers import Refusal, invalid
from bookingbridge.vendors.google_calendar.simulator.events import Calendar
from bookingbridge.vendors.google_calendar.simulator.world import Channel, World, channel_end

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Telling:
    """Who is told of what."""

    def __init__(self, world: Callable[[], World], deliveries: Deliveries, now: Callable[[], datetime]) -> None:
        self._world, self._deliveries, self._now = world, deliveries, now

    def open(self, calendar: Calendar, wanted: Json, uri: str) -> Json:
        """A channel; its first word is "sync". Refused where its id was used before or its address is not https."""
        world = self._world()
        channel_id, address = str(wanted.get("id") or ""), str(wanted.get("address") or "")
        if not channel_id or len(channel_id) > 64 or wanted.get("type") not in ("web_hook", "webhook"):
            raise invalid("entity.id or entity.type is missing or wrong", "required")
        if channel_id in world.channels_ever:
            raise Refusal(400, "channelIdNotUnique", f"Channel id {channel_id} not unique")
        where = urlsplit(address)
        # The real Google takes https only; a simulator has to reach this machine.
        if where.scheme != "https" and where.hostname not in _LOOPBACK:
            raise Refusal(400, "push.webhookUrlNotHttps", f"WebHook callback must be HTTPS: {address}")
        resource = hashlib.sha256(calendar.id.encode()).hexdigest()[:27]
        ends_at = channel_end(wanted.get("expiration"), self._now(), world.rules)
        channel = Channel(channel_id, calendar.id, resource, address, str(wanted.get("token") or ""), ends_at)
        world.channels[channel_id] = channel
        world.channels_ever.add(channel_id)
        self._tell(channel, "sync")
        return {
            "kind": "api#channel", "id": channel_id, "resourceId": resource,
            "resourceUri": uri.removesuffix("/watch") + "?alt=json", "token": channel.token,
            "expiration": str(int(ends_at.timestamp() * 1000)),
        }  # fmt: skip

    def stop(self, wanted: Json) -> None:
        world = self._world()
        channel = world.channels.get(str(wanted.get("id") or ""))
        if channel is None or channel.resource != wanted.get("resourceId"):
            raise Refusal(404, "notFound", f"Channel '{str(wanted.get('id'))[:64]}' not found")
        del world.channels[channel.id]

    def changed(self, calendar: Calendar) -> None:
        """All who watch this calendar are told that something is different."""
        for channel in list(self._world().channels.values()):
            if channel.expires_at <= self._now():
                del self._world().channels[channel.id]
            elif channel.calendar == calendar.id:
                self._tell(channel, "exists")

    def _tell(self, channel: Channel, state: str) -> None:
        channel.told += 1
        headers = {
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Channel-Token": channel.token,
            "X-Goog-Channel-Expiration": format_datetime(channel.expires_at, usegmt=True),
            "X-Goog-Resource-ID": channel.resource,
            "X-Goog-Resource-State": state,
            "X-Goog-Message-Number": str(channel.told),
        }
        self._deliveries.send(Outgoing(f"{channel.id}:{channel.told}", channel.address, b"", headers))
