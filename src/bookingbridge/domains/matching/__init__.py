"""Which money belongs to which visit."""
