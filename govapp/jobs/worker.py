"""The RQ worker: JSON only, jobs with time and memory limits, the PDF library imported once before forking."""

import gc
import logging
import resource
import time
from collections.abc import Callable
from typing import Any

import redis
from rq import Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from govapp.data.runtime import current
from govapp.jobs.queue import FILINGS, connect, queue_on
from govapp.jobs.reports import use_address
from govapp.reports._engine import pango_problem, warm
from govapp.reports._long import forget_left_behind
from govapp.services.replay_runs import replay_worker_died
from govapp.services.report_runs import worker_died

MEMORY_BYTES = 1536 * 1024 * 1024
MAINTENANCE_SECONDS = 20
MONITORING_SECONDS = 5
_log = logging.getLogger("govapp.worker")


class LimitedWorker(Worker):
    """Its work-horse may use so much memory and no more (R39), and shares no database connection with its parent."""

    def main_work_horse(self, job: Job, queue: Any) -> None:
        """Runs in the forked child."""
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        gc.disable()  # it ends with its one job; layout is a sixth faster
        current().engine.dispose(close=False)
        super().main_work_horse(job, queue)


# what a killed job's row needs, by the job; a migration is handed out again by the clock
_DIED: dict[str, Callable[[int], object]] = {
    "govapp.jobs.reports.render": worker_died,
    "govapp.jobs.rules.migrate": lambda batch_id: None,
    "govapp.jobs.rules.replay": replay_worker_died,
}


def _killed(job: Job, *_about: object) -> None:
    """The work-horse ended without a word (killed, out of memory): its row is taken up again or fails at once."""
    try:
        _DIED[str(job.func_name)](int(job.args[0]))
    except Exception:  # noqa: BLE001 - the clock finds the row a little later; the worker must live on
        _log.exception("after the end of job %s", job.id)


def make_worker(url: str) -> LimitedWorker:
    """A worker on the queues, not yet working; what people wait for comes before what is filed."""
    connection = connect(url, timeout=None)
    return LimitedWorker(
        [queue_on(connection), queue_on(connection, FILINGS)],
        connection=connection,
        serializer=JSONSerializer,
        maintenance_interval=MAINTENANCE_SECONDS,
        log_job_description=False,
        job_monitoring_interval=MONITORING_SECONDS,
        work_horse_killed_handler=_killed,
    )


def run_worker(url: str, base_url: str, *, burst: bool = False) -> None:
    """Work until told to stop; links in reports lead to `base_url`.

    Without Pango the worker still runs and report jobs fail in words.
    """
    use_address(base_url)
    forget_left_behind()
    problem = pango_problem()
    if problem:
        _log.warning("%s", problem)
    else:
        warm()
    wait_for_queue(url)
    _log.warning("the worker is ready")
    make_worker(url).work(burst=burst, logging_level="WARNING", with_scheduler=False)


def wait_for_queue(url: str) -> None:
    """Wait until Redis or Valkey answers, and say so once."""
    client, said = connect(url), False
    while True:
        try:
            client.ping()
            return
        except (redis.RedisError, OSError) as error:
            if not said:
                _log.warning("waiting for Valkey: %s", error)
                said = True
            time.sleep(0.5)
