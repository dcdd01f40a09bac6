"""Organizations and the tree of branches: organization > portfolio > program > project > measure package."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified, Kept
from govapp.data.types import CanonicalJson


class Organization(Identified, Kept, Base):
    """One organization with its currency, fiscal year (first month, 1-12) and time zone."""

    __tablename__ = "organization"
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    currency: Mapped[str]
    fiscal_month: Mapped[int] = mapped_column(default=1)
    timezone: Mapped[str]
    language: Mapped[str] = mapped_column(default="en")
    key_prefix: Mapped[str] = mapped_column(default="M")


class Branch(Identified, Kept, Base):
    """A node of the tree. `path` is '/1/4/9/', its own id last; the organization itself is the root branch."""

    __tablename__ = "branch"
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    name: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
    path: Mapped[str] = mapped_column(default="", index=True)
    workflow_id: Mapped[int | None] = mapped_column(ForeignKey("workflow.id"))
    archived: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (Index("ix_branch_parent", "parent_id"),)


class Choice(Identified, Kept, Base):
    """One entry of an organization's lists: units, legal entities, functions, services, request categories, vendors."""

    __tablename__ = "choice"
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    list: Mapped[str]
    key: Mapped[str]
    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    details: Mapped[dict[str, object]] = mapped_column(CanonicalJson, default=dict)
    __table_args__ = (UniqueConstraint("organization_id", "list", "key"),)


class Currency(Base):
    """A currency and its number of decimals (0, 2 or 3)."""

    __tablename__ = "currency"
    code: Mapped[str] = mapped_column(primary_key=True)
    decimals: Mapped[int]


class Setting(Base):
    """Facts about this database itself, such as that it holds demonstration data."""

    __tablename__ = "setting"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
