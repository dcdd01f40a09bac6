"""What the log says, for tests."""

import json
from typing import Any

from sqlalchemy import select

from govapp.data.audit import AuditLog
from govapp.data.engine import reading
from govapp.domain.events import Event


def payloads(event: Event) -> list[dict[str, Any]]:
    """The payloads of an event, oldest first."""
    with reading() as session:
        rows = session.scalars(
            select(AuditLog.payload).where(AuditLog.event == str(event)).order_by(AuditLog.sequence)
        )
        return [json.loads(row) if isinstance(row, str) else row for row in rows]
