"""Reviews: the inbox, one review with its dossier, votes."""
