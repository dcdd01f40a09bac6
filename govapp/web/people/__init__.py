"""Administration of people and their roles."""
