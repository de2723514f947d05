"""When a page cannot be shown."""
