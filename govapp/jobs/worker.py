"""The RQ worker: JSON only, jobs with time and memory limits, the PDF library imported once before forking."""

import gc
import logging
import resource
import sys

from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from govapp.jobs.queue import connect, queue_on
from govapp.reports._engine import pango_problem

MEMORY_BYTES = 1536 * 1024 * 1024
MAINTENANCE_SECONDS = 20
_log = logging.getLogger("govapp.worker")


class LimitedWorker(Worker):
    """Its work-horse may use so much memory and no more (R39)."""

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """Runs in the forked child."""
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        gc.disable()
        super().main_work_horse(job, queue)


def run_worker(url: str) -> None:
    """Work until told to stop. Without Pango the worker still runs and report jobs fail in words."""
    problem = pango_problem()
    if problem:
        _log.warning("reports cannot be rendered: %s", problem)
    gc.collect()
    gc.freeze()
    connection = connect(url, timeout=None)
    worker = LimitedWorker(
        [queue_on(connection)],
        connection=connection,
        serializer=JSONSerializer,
        maintenance_interval=MAINTENANCE_SECONDS,
        log_job_description=False,
        job_monitoring_interval=5,
    )
    worker.work(logging_level="WARNING", with_scheduler=False)
    sys.exit(0)
