"""The tables this domain owns."""

TABLES = (
    "accounts",
    "users",
    "businesses",
    "memberships",
    "sessions",
    "one_time_links",
    "api_tokens",
    "locations",
    "audit_entries",
)
