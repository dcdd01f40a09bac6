"""People, their sessions, roles, grants on branches, and groups."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from govapp.data.base import Base, Identified, Kept


class Person(Identified, Kept, Base):
    """Somebody who may sign in. `email` is kept in lower case and unique."""

    __tablename__ = "person"
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    timezone: Mapped[str] = mapped_column(default="")
    theme: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class Password(Base):
    """The Argon2id hash of a person's password; apart from person so that no history keeps old hashes."""

    __tablename__ = "password"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    hash: Mapped[str]
    changed_at: Mapped[datetime]


class LoginSession(Base):
    """A server-side session. The id is the SHA-256 of the token in the cookie."""

    __tablename__ = "session"
    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    password_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    agent: Mapped[str] = mapped_column(default="")


class SignInFailure(Identified, Base):
    """A failed attempt, counted per account and per address in the database (R23)."""

    __tablename__ = "sign_in_failure"
    subject: Mapped[str]
    at: Mapped[datetime]
    __table_args__ = (Index("ix_sign_in_failure_subject_at", "subject", "at"),)


class SetupToken(Identified, Base):
    """A one-time token for the first administrator (R22); only its SHA-256 is stored."""

    __tablename__ = "setup_token"
    digest: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Role(Identified, Base):
    """A named set of permissions; `version` grows when the set changes."""

    __tablename__ = "role"
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    position: Mapped[int] = mapped_column(default=0)


class RolePermission(Base):
    """What a role permits in a version of it."""

    __tablename__ = "role_permission"
    role_id: Mapped[int] = mapped_column(ForeignKey("role.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    permission: Mapped[str] = mapped_column(primary_key=True)


class Grant(Identified, Kept, Base):
    """A role held by a person on a branch, inherited downward, from a day until a day (both included)."""

    __tablename__ = "grant"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("role.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), index=True)
    from_day: Mapped[date | None]
    until_day: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[datetime]


class Group(Identified, Base):
    """A named body of an organization, such as the steering committee."""

    __tablename__ = "group"
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    key: Mapped[str]
    name: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")
    quorum: Mapped[int | None]
    __table_args__ = (UniqueConstraint("organization_id", "key"),)


class GroupMember(Identified, Kept, Base):
    """Membership of a person in a group."""

    __tablename__ = "group_member"
    group_id: Mapped[int] = mapped_column(ForeignKey("group.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    chair: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None]
