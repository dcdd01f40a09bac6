"""Imports in batches: staged rows, how far they came, and mappings."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified
from govapp.data.types import CanonicalJson


class MappingRow(Identified, Base):
    """A mapping as it was used, by its digest."""

    __tablename__ = "mapping"
    name: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    definition: Mapped[dict[str, object]] = mapped_column(CanonicalJson)


class Batch(Identified, Base):
    """One import: which file, under which branch, how far it came. States: staging, running, done.

    A batch of kind `migration` brings measures to another version of their rules; `about` says what was asked.
    """

    __tablename__ = "batch"
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    file_name: Mapped[str]
    file_digest: Mapped[str]
    mapping_id: Mapped[int | None] = mapped_column(ForeignKey("mapping.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str]
    rows: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    about: Mapped[dict[str, Any]] = mapped_column(CanonicalJson, default=dict)


class BatchRow(Base):
    """A staged row and what became of it: staged, added, changed, unchanged, refused."""

    __tablename__ = "batch_row"
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    content: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    outcome: Mapped[dict[str, Any]] = mapped_column(CanonicalJson, default=dict)
    measure_id: Mapped[int | None] = mapped_column(ForeignKey("measure.id"))
    __table_args__ = (
        Index("ix_batch_row_state", "batch_id", "state", "number"),
        Index("ix_batch_row_measure", "measure_id", "batch_id"),
    )
