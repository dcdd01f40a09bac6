"""How gunicorn serves the app; address and number of processes come from the app's settings."""

import gc
from pathlib import Path

from govapp.config import Settings

_settings = Settings()

bind = [
    f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
]
workers = _settings.workers
worker_class = "gthread"
threads = 4
# One import, not one per process: a faster start and shared memory. create_app leaves no connection open.
preload_app = True
timeout = 60
graceful_timeout = 5
keepalive = 5
limit_request_line = 8190
loglevel = "warning"
control_socket_disable = True
# Forwarded headers count only as the app's own setting GOVAPP_TRUSTED_PROXIES says (R23).
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
_memory = Path("/dev/shm")  # nosec B108  # gunicorn makes an unlinked file of its own there: no disk, no waiting
worker_tmp_dir = str(_memory) if _memory.is_dir() else None


def when_ready(server: object) -> None:
    """What is loaded by now stays: collections pass it over, and the processes go on sharing it after the fork."""
    gc.collect()
    gc.freeze()


def post_fork(server: object, worker: object) -> None:
    """A request makes some thousand short-lived objects; looking for cycles every 700 cost a tenth of its time."""
    gc.set_threshold(20_000, 20, 20)
