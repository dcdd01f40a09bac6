"""THE VERBS. Authorise, load, ask the domain, change, settle, record, commit."""
