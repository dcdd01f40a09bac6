"""The approval path of a measure, before anyone asks."""
