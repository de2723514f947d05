"""The names of things: one type each, so that a booking's id cannot be passed where a client's is meant."""

from typing import NewType
from uuid import UUID

AccountId = NewType("AccountId", UUID)
BusinessId = NewType("BusinessId", UUID)
LocationId = NewType("LocationId", UUID)
UserId = NewType("UserId", UUID)
ClientId = NewType("ClientId", UUID)
StaffId = NewType("StaffId", UUID)
ServiceId = NewType("ServiceId", UUID)
BookingId = NewType("BookingId", UUID)
PaymentId = NewType("PaymentId", UUID)
RefundId = NewType("RefundId", UUID)
CampaignId = NewType("CampaignId", UUID)
TouchId = NewType("TouchId", UUID)
ConnectionId = NewType("ConnectionId", UUID)
RunId = NewType("RunId", UUID)
EventId = NewType("EventId", int)

RemoteId = NewType("RemoteId", str)
"""An id that a vendor gave: opaque, case sensitive, unique within one connection and kind."""
