"""`python -m bookingbridge` is the program `bookingbridge`."""

from bookingbridge.main.cli import main

main()
