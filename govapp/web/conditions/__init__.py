"""Conditions and look-backs."""
