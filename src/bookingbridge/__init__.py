"""BookingBridge: which marketing brought which booked, paid visit."""

__version__ = "0.1.0"
