"""The tree with its roll-ups, and what administrators do to it."""
