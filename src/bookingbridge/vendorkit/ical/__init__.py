"""Calendars (RFC 5545) as files and feeds hold them: lines, times, repetitions, and the single events they come to."""
