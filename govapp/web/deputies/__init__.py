"""Absences and deputies."""
