"""The first start on an empty database."""
