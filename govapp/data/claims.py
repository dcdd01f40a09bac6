"""Cost objects that measures save on, and agreed splits of what several measures claim on one."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified, Kept
from govapp.data.types import CanonicalJson, Money


class CostObject(Identified, Kept, Base):
    """A contract, licence pool, cost centre, service or cloud account with what it costs a year (minor units).

    Lines name it by key. Its row is locked while an amount on it is confirmed.
    """

    __tablename__ = "cost_object"
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    key: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    currency: Mapped[str] = mapped_column(default="")
    yearly_cost: Mapped[int | None] = mapped_column(Money)
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (UniqueConstraint("organization_id", "key"),)


class ClaimSplit(Identified, Kept, Base):
    """An agreed split of the claims on a cost object for one effect kind: yearly minor units by measure key."""

    __tablename__ = "claim_split"
    cost_object_id: Mapped[int] = mapped_column(ForeignKey("cost_object.id"), index=True)
    kind: Mapped[str]
    shares: Mapped[dict[str, int]] = mapped_column(CanonicalJson, default=dict)
    reason: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    on_behalf_of: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
