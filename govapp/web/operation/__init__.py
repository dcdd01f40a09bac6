"""Operation: what waits to leave."""
