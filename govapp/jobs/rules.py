"""Jobs about rules in versions: measures brought over, versions tried. Ids in, verb calls out; run twice, done once."""

import logging

from rq.timeouts import JobTimeoutException

from govapp.services.migration_runs import run_migration
from govapp.services.replay_runs import fail_replay, run_replay

_log = logging.getLogger("govapp.jobs")


def migrate(batch_id: int) -> None:
    """Bring over what is left of a migration."""
    run_migration(batch_id)


def replay(replay_id: int) -> None:
    """Go on with a trial; what goes wrong ends in its row in words."""
    try:
        run_replay(replay_id)
    except JobTimeoutException:
        fail_replay(replay_id, "too_slow")
    except MemoryError:
        fail_replay(replay_id, "too_large")
    except Exception:
        _log.exception("trial %s", replay_id)
        fail_replay(replay_id, "not_made")
        raise
