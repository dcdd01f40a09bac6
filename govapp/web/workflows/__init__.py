"""Pages of workflow versions."""
