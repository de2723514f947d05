"""The tables that this domain owns."""

TABLES = ("blocks", "bookings")
