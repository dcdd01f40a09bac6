"""One decision for many measures."""
