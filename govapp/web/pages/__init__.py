"""Pages without a subject: health, metrics."""
