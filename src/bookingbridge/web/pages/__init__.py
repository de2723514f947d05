"""The screens, one folder each. They do not know each other."""
