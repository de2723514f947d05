"""Which marketing brought which paid visit, and how we know."""
