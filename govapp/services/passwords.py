"""Argon2id hashing with a cap on how much of it runs at once, and the rules a new password must meet (R21, R22)."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from govapp.domain.errors import Invalid
from govapp.domain.passwords import LONGEST, normal, weakness
from govapp.services._work import Busy

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
_AT_ONCE = 4
_WAIT_SECONDS = 5.0
_slots = threading.BoundedSemaphore(_AT_ONCE)
_SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(timeout=_WAIT_SECONDS):
        raise Busy("busy", retry_after=5)
    try:
        yield
    finally:
        _slots.release()


@lru_cache(maxsize=1)
def _decoy() -> str:
    return _HASHER.hash(secrets.token_hex(16))


def hash_of(password: str) -> str:
    """The Argon2id hash (19 MiB, 2 passes, 1 lane: OWASP). Raises Busy when too many are being made."""
    with _slot():
        return _HASHER.hash(normal(password))


def fits(password: str, stored: str | None) -> bool:
    """Whether a password gives the stored hash. Without one a decoy is checked, to take the same time (R23)."""
    with _slot():
        try:
            good = _HASHER.verify(stored or _decoy(), normal(password) if len(password) <= LONGEST else "")
        except (VerificationError, InvalidHashError):
            return False
    return bool(good) and stored is not None


def is_outdated(stored: str) -> bool:
    """True when the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def require_good(password: str, *about: str, field: str = "new_password") -> None:
    """Raise Invalid on the field when a new password is short, common, a pattern, or the person's own words."""
    code = weakness(password, about)
    if code:
        raise Invalid("not_saved", {field: [code]})


def generated() -> str:
    """A random password of 4 groups that can be read out: about 80 bits."""
    return "-".join("".join(secrets.choice(_SIGNS) for _ in range(4)) for _ in range(4))
