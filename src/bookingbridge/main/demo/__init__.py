"""The demo: an invented barbershop whose clicks, bookings and payments come in over real HTTP from simulators."""
