"""Addresses of static files with a digest in them, so that browsers may keep them for a year."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import url_for

from govapp.config import ROOT


@lru_cache(maxsize=256)
def _digest(path: Path, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a file under static/; without a digest while the file is not there."""
    path = ROOT / "static" / name
    try:
        return url_for("static", filename=name, v=_digest(path, path.stat().st_mtime_ns))
    except FileNotFoundError:
        return url_for("static", filename=name)
