"""Notices in the app, and the outbox of mail and jobs that the clock delivers."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified
from govapp.data.types import BigId, CanonicalJson

FILING = "filing"


class Outbox(Identified, Base):
    """Something to deliver after commit: a job for the queue, the filing of a dossier, or a mail.

    States: waiting, done, failed.
    """

    __tablename__ = "outbox"
    kind: Mapped[str]
    key: Mapped[str | None] = mapped_column(unique=True)
    payload: Mapped[dict[str, object]] = mapped_column(CanonicalJson)
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    made_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(default="")
    __table_args__ = (Index("ix_outbox_due", "state", "due_at"),)


MAIL_DUE, MAIL_DIGEST = "due", "digest"


class Notice(Identified, Base):
    """A notice for one person, shown in the app with a counter.

    `mail`: MAIL_DUE until the clock has looked how the person wants it, MAIL_DIGEST while it waits for the digest of
    the day `digest_on`, then empty. `on_behalf_of`: whom the person stands in for.
    """

    __tablename__ = "notice"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    measure_id: Mapped[int | None] = mapped_column(ForeignKey("measure.id"))
    review_id: Mapped[int | None] = mapped_column(ForeignKey("review.id"))
    from_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    payload: Mapped[dict[str, object]] = mapped_column(CanonicalJson, default=dict)
    on_behalf_of: Mapped[int | None] = mapped_column(BigId)
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    mail: Mapped[str] = mapped_column(default="")
    digest_on: Mapped[date | None]
    __table_args__ = (
        Index("ix_notice_person", "person_id", "read_at"),
        Index("ix_notice_mail", "mail", "id"),
        Index("ix_notice_review", "review_id"),
        Index("ix_notice_at", "at"),
    )


class NoticeChoice(Base):
    """How a person wants notices of a kind by mail: `at_once`, `digest` or `never`; without a row as the kind is."""

    __tablename__ = "notice_choice"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    mail: Mapped[str]
