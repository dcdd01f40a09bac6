"""THE RULES. Standard library only: frozen values and pure functions."""
