"""What came in, what it cost, and what wants you now."""
