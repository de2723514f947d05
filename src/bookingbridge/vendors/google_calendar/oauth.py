"""Signing in with Google for calendars: see vendorkit.google_oauth."""

from __future__ import annotations

from bookingbridge.canonical.ports import Scope
from bookingbridge.vendorkit.google_oauth import GoogleSignIn

API_HOST = "www.googleapis.com"
APP_ID, APP_SECRET = "GOOGLE_CALENDAR_CLIENT_ID", "GOOGLE_CALENDAR_CLIENT_SECRET"

# The narrowest that serve: `events.owned` would leave out calendars that were shared with the person, and
# `calendar.readonly` shows more than the list of calendars (discovery document of calendar v3, November 2026).
EVENTS = "https://www.googleapis.com/auth/calendar.events"
CALENDARS = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"

SCOPES = (
    Scope(EVENTS, "To read appointments, and to add, move and cancel them when you ask us to."),
    Scope(CALENDARS, "To show you the list of your calendars, so that you can choose one."),
)

OAUTH = GoogleSignIn(API_HOST, (EVENTS, CALENDARS), APP_ID, APP_SECRET)
