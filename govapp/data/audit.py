"""The history in two chains, its heads and anchors, and the one-time action keys."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified
from govapp.data.types import BigId, CanonicalJson


class AuditLog(Base):
    """One row of the history. Append-only by triggers; mac = HMAC(previous mac + row with payload digest).

    `rows_digest` covers the rows it made and the states it began and ended (`audit_rows`); None before that was kept.
    """

    __tablename__ = "audit_log"
    chain: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    actor: Mapped[str]
    on_behalf_of: Mapped[int | None]
    right_used: Mapped[str] = mapped_column(default="")
    source: Mapped[str]
    request_id: Mapped[str] = mapped_column(default="")
    action_key: Mapped[str] = mapped_column(default="")
    event: Mapped[str]
    object_type: Mapped[str] = mapped_column(default="")
    object_id: Mapped[str] = mapped_column(default="")
    measure_id: Mapped[int | None]
    branch_id: Mapped[int | None]
    payload: Mapped[str | None]
    payload_digest: Mapped[str]
    key_id: Mapped[str]
    previous_mac: Mapped[str]
    mac: Mapped[str]
    rows_digest: Mapped[str | None]
    __table_args__ = (
        Index("ix_audit_log_measure", "measure_id", "sequence"),
        Index("ix_audit_log_event", "chain", "event", "sequence"),
        Index("ix_audit_log_actor", "chain", "actor_id", "sequence"),
        Index("ix_audit_log_at", "chain", "at"),
    )


class AuditHead(Base):
    """The last row of each chain; locked last in every transaction, so sequences are gapless and in commit order."""

    __tablename__ = "audit_head"
    chain: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigId)
    mac: Mapped[str]
    at: Mapped[datetime]


class Anchor(Identified, Base):
    """A head that was exported outside the database."""

    __tablename__ = "anchor"
    chain: Mapped[str]
    sequence: Mapped[int] = mapped_column(BigId)
    mac: Mapped[str]
    at: Mapped[datetime]


class RefusalCount(Base):
    """Refused requests of a person or address within a minute; from the eleventh on they are only counted."""

    __tablename__ = "refusal_count"
    subject: Mapped[str] = mapped_column(primary_key=True)
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class ActionKey(Base):
    """A consumed one-time key of a form, with the digest of what was asked and the first outcome (R13)."""

    __tablename__ = "action_key"
    key: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    body_digest: Mapped[str]
    outcome: Mapped[dict[str, object]] = mapped_column(CanonicalJson)
    at: Mapped[datetime] = mapped_column(index=True)
