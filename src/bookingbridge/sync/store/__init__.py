"""The engine's SQL. Nobody outside `sync` reads it."""

TABLES = (
    "connections",
    "cursors",
    "due_work",
    "external_links",
    "findings",
    "inbound_events",
    "oauth_states",
    "raw_records",
    "sync_runs",
)
"""The tables that this package owns."""
