"""My work: the page one starts from."""
