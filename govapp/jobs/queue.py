"""Hands jobs to the queue by dotted name, with JSON and short timeouts; a breaker saves requests waiting (R40, R42)."""

import logging
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from govapp.data.notices import FILING
from govapp.jobs.breaker import Breaker
from govapp.services._work import Busy, Origin, after_commit
from govapp.services.outbox import FarSideAway, Parcel, deliver_due

QUEUE, FILINGS = "govapp", "govapp-filings"
JOB_SECONDS = 110
TIMEOUT = 0.1
BREAKER_SECONDS = 10.0
PUSHED_AT_ONCE = 5
ALLOWED = frozenset(
    {
        "govapp.jobs.reports.render",
        "govapp.jobs.bulk.run",
        "govapp.jobs.rules.migrate",
        "govapp.jobs.rules.replay",
    }
)
_log = logging.getLogger("govapp.queue")


class QueueAway(FarSideAway):
    """Redis or Valkey does not answer in time."""


def connect(url: str, *, timeout: float | None = TIMEOUT) -> redis.Redis:
    """A client without retries; `timeout` None for a worker, which blocks while it waits for work."""
    scheme = urlsplit(url).scheme
    if scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("GOVAPP_REDIS_URL must begin with redis://, rediss:// or unix://")
    options: dict[str, object] = {"retry": Retry(NoBackoff(), 0)}
    if timeout is not None:
        options |= {"socket_timeout": timeout}
        if scheme != "unix":
            options["socket_connect_timeout"] = timeout
    return redis.Redis.from_url(url, **options)


def queue_on(connection: redis.Redis, name: str = QUEUE) -> Queue:
    """A queue with the JSON serializer: that of what people wait for, or that of filings, which comes behind it."""
    return Queue(name, connection=connection, serializer=JSONSerializer, default_timeout=JOB_SECONDS)


class Enqueuer:
    """Puts jobs on the queue; after a failure it does not try again for ten seconds."""

    def __init__(self, url: str) -> None:
        connection = connect(url)
        self._queues = {FILING: queue_on(connection, FILINGS)}
        self._queue = queue_on(connection)
        self._breaker = Breaker(BREAKER_SECONDS)

    def put(self, parcel: Parcel) -> None:
        """Enqueue a job under an id of its own, so that a second delivery replaces the first.

        Raises QueueAway, and ValueError for what is not one of our jobs.
        """
        name, arguments = str(parcel.payload["name"]), list(parcel.payload.get("args", ()))
        if name not in ALLOWED or not all(type(each) is int for each in arguments):
            raise ValueError(f"{name} with {arguments} is not a job: ids are handed over, nothing else")
        if not self.open:
            raise QueueAway("the queue did not answer a moment ago")
        try:
            self._queues.get(parcel.kind, self._queue).enqueue_call(
                name, args=arguments, job_id=f"outbox-{parcel.id}", result_ttl=60, failure_ttl=3600
            )
        except (redis.RedisError, OSError) as error:
            self._breaker.rest()
            raise QueueAway(str(error) or type(error).__name__) from error

    @property
    def open(self) -> bool:
        """False within ten seconds after the queue did not answer."""
        return self._breaker.open


def push_after_commit(enqueuer: Enqueuer) -> None:
    """Try at once to hand over what a request has just put into the outbox; the clock does what is left.

    Never raises: what the request wrote is committed already.
    """
    if not enqueuer.open:
        return
    try:
        deliver_due(Origin(None, "web"), {"job": enqueuer.put}, PUSHED_AT_ONCE)
    except (Busy, SQLAlchemyError):  # a pool without a free connection is no DBAPIError
        _log.warning("the outbox could not be looked at just now; the clock will", exc_info=True)


def install(url: str) -> None:
    """Let every verb that puts something into the outbox try to hand it over at once after its commit."""
    enqueuer = Enqueuer(url)
    after_commit(lambda: push_after_commit(enqueuer))
