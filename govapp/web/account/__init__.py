"""One's own account: display, password, sessions."""
