"""Which marketing brought which booked, paid visit: identity, credits, and how we know."""
