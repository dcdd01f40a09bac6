"""The job of a decision asked for many measures: an id in, verb calls out."""

from govapp.services.bulk_runs import run_bulk


def run(batch_id: int) -> None:
    """Work off a batch; what was done before is not done again."""
    run_bulk(batch_id)
