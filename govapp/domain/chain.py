"""The keyed hash chain: what a mac covers (R19). The payload enters by its digest, so that it can be redacted."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
_COVERED = (
    "chain", "sequence", "at", "actor_id", "actor", "on_behalf_of", "right_used", "source", "request_id", "action_key",
    "event", "object_type", "object_id", "measure_id", "branch_id", "payload_digest", "key_id", "previous_mac",
)  # fmt: skip


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)


def mac_of(row: Mapping[str, Any], key: bytes) -> str:
    """HMAC-SHA-256 over every column but payload and mac, each preceded by its length so that none can flow into another."""
    parts = [_text(row[name]) for name in _COVERED]
    message = "".join(f"{len(part)}:{part}" for part in parts)
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()
