"""The tables that this domain owns."""

TABLES = ("blocks", "booking_days", "booking_days_stale", "bookings")
