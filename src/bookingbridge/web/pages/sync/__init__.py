"""What the engine did: runs, deliveries, what it could not read."""
