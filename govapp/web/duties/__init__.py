"""The duty matrix and what collides."""
