"""The command line. Every command takes --json; exit codes: 0 done, 1 refused or failed, 2 called wrongly."""

from bookingbridge.main.cli.app import main

__all__ = ["main"]
