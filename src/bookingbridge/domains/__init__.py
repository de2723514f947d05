"""The business, one folder per subject. Each is entered through its `api`; ranks are in ARCHITECTURE.md."""
