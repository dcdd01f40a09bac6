"""What storage needs to know of the running program: engine, keys, folder of files. create_app sets it."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine


@dataclass(frozen=True, slots=True)
class Runtime:
    """Engine of the database, keys of the history by key id, the one in use, and where files lie."""

    engine: Engine
    audit_keys: dict[str, bytes]
    audit_key_id: str
    files: Path
    timezone: str
    upload_quota: int = 2 * 1024**3


_current: list[Runtime] = []


def configure(runtime: Runtime) -> None:
    """Make this the runtime of the process; the last call counts."""
    _current[:] = [runtime]


def current() -> Runtime:
    """The runtime of the process. Raises RuntimeError before create_app has run."""
    if not _current:
        raise RuntimeError("create_app has not run")
    return _current[0]
