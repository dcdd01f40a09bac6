"""Jobs about rules in versions: measures brought to another version. An id in, verb calls out; run twice, done once."""

from govapp.services.migration_runs import run_migration


def migrate(batch_id: int) -> None:
    """Bring over what is left of a migration."""
    run_migration(batch_id)
