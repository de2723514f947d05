"""Webhooks that we register in the account by ourselves: one endpoint for our address, at our API version."""

from __future__ import annotations

from collections.abc import Mapping

from bookingbridge.canonical.errors import NotFound, Refused, Rejected, Unreadable
from bookingbridge.canonical.ports import Given, Json, Subscription
from bookingbridge.vendors.stripe.answers import NotPermitted
from bookingbridge.vendors.stripe.api import Api, id_of, in_path, word
from bookingbridge.vendors.stripe.webhooks import EVENTS
from bookingbridge.vendors.stripe.wire import API_VERSION

ENDPOINTS = "/v1/webhook_endpoints"


class StripeSubscribing:
    """See canonical.ports.Subscribing. An endpoint's secret is shown once, when it is made."""

    async def ensure(self, given: Given, app: Mapping[str, str], url: str, known: Subscription | None) -> Subscription:
        api = Api(given)
        try:
            if known is not None and known.secret and (kept := await _kept(api, url, known)):
                return kept
            for stale in await _at(api, url):
                await _drop(api, stale)  # its secret is lost, and nothing it sends could be believed
            fields = {
                "url": url,
                "enabled_events": list(EVENTS),
                "api_version": API_VERSION,
                "description": "BookingBridge",
            }
            return _subscription(await api.post(ENDPOINTS, "webhook endpoints", fields))
        except NotPermitted as refused:
            raise Refused(
                "this Stripe key may not register webhooks: allow 'Webhook Endpoints: Write', or add the address by "
                "hand",
                code="not_permitted",
            ) from refused
        except Rejected as refused:
            # Such as an address that Stripe cannot reach, or one endpoint too many (16 are allowed).
            raise Refused(f"Stripe takes no webhooks for this address: {refused.why}", code=refused.code) from refused

    async def remove(self, given: Given, app: Mapping[str, str], known: Subscription) -> None:
        await _drop(Api(given), known.remote_id)

    async def send_test(self, given: Given, app: Mapping[str, str], known: Subscription) -> None:
        raise Refused(
            "Stripe sends no test on request: change a customer's name in Stripe and watch it arrive", code="no_test"
        )


async def _kept(api: Api, url: str, known: Subscription) -> Subscription | None:
    """The known endpoint, put right where it differs; None where it is gone or drawn at another version."""
    try:
        found = await api.get(f"{ENDPOINTS}/{in_path(known.remote_id)}", "webhook endpoints")
    except NotFound:
        return None
    if found.get("api_version") != API_VERSION:
        return None  # that can be set only when an endpoint is made
    wanted = {"url": url, "enabled_events": list(EVENTS)}
    events = found.get("enabled_events")
    is_right = found.get("url") == url and isinstance(events, list) and set(EVENTS) == set(map(str, events))
    if found.get("status") != "enabled" or not is_right:
        path = f"{ENDPOINTS}/{in_path(known.remote_id)}"
        await api.post(path, "webhook endpoints", {**wanted, "disabled": False})
    return Subscription(known.remote_id, known.secret, None, EVENTS)


async def _at(api: Api, url: str) -> list[str]:
    """Endpoints that send to this address, which is ours alone."""
    found = await api.everything(ENDPOINTS, "webhook endpoints")
    return [id_of(endpoint) for endpoint in found if endpoint.get("url") == url]


async def _drop(api: Api, remote_id: str) -> None:
    try:
        await api.delete(f"{ENDPOINTS}/{in_path(remote_id)}", "webhook endpoints")
    except NotFound:
        return


def _subscription(made: Json) -> Subscription:
    secret = word(made.get("secret"))
    if secret is None:
        raise Unreadable("Stripe's answer holds no signing secret", where="secret")
    return Subscription(id_of(made), secret, None, EVENTS)
