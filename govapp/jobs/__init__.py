"""RQ. Ids in, verb calls out."""
