"""Evidence pages: list, form, one piece, files."""
