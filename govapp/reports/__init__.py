"""PDF. Plain data in, bytes out."""
