"""Handing jobs over after the commit: whatever is away then, what the request wrote stands."""

from sqlalchemy import create_engine

from govapp.data import engine as storage
from govapp.jobs.queue import Enqueuer, push_after_commit
from tests import databases


def test_r42_no_free_connection_after_the_commit_fails_no_request(sqlite, tmp_path):
    narrow = create_engine(sqlite.url, pool_size=1, max_overflow=0, pool_timeout=0.1)
    storage.prepare(narrow)
    databases.use(narrow, tmp_path)
    with narrow.connect():
        push_after_commit(Enqueuer("unix:///nowhere/valkey.sock"))
    narrow.dispose()
