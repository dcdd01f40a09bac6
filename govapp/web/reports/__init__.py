"""Reports: the archive, asking for one, its progress, its file."""
