"""Calendars of working time: list, one calendar with what it means, the form."""
