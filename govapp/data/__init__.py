"""STORAGE. Tables and read queries. Never commits, knows no request."""
