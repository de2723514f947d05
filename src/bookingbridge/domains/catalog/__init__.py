"""What the business offers."""
