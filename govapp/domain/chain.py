"""The keyed hash chain: what a mac covers (R19). The payload enters by its digest, so that it can be redacted."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
COVERED = (
    "chain", "sequence", "at", "actor_id", "actor", "on_behalf_of", "right_used", "source", "request_id", "action_key",
    "event", "object_type", "object_id", "measure_id", "branch_id", "payload_digest", "key_id", "previous_mac",
)  # fmt: skip
# covered too, but absent from rows written before it was known
ROWS_DIGEST = "rows_digest"


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)


def mac_of(row: Mapping[str, Any], key: bytes) -> str:
    """The mac of a row: HMAC-SHA-256 over every column but payload and mac."""
    texts = [_text(row[name]) for name in COVERED]
    if row.get(ROWS_DIGEST) is not None:
        texts.append(row[ROWS_DIGEST])
    return mac_over(texts, key)


def mac_over(texts: Iterable[str], key: bytes) -> str:
    """HMAC-SHA-256 over texts, each preceded by its length so that none can flow into another."""
    return hmac.digest(key, "".join([f"{len(text)}:{text}" for text in texts]).encode(), "sha256").hex()


def digest_over(digests: Iterable[str]) -> str:
    """One digest for the digests of rows, whatever their order; empty for none."""
    found = "".join(sorted(digests))
    return hashlib.sha256(found.encode()).hexdigest() if found else ""
