"""Notices, and asking people for what is missing."""
