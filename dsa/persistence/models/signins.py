"""Sign-ins and who looked. One rule: the cookie's secret is never stored, only its hash."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from dsa.persistence.models.base import Base
from dsa.persistence.types import Instant, Json


class SignIn(Base):
    """A server-side session. ``id`` is the SHA-256 of the cookie's value."""

    __tablename__ = "sign_ins"
    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    method: Mapped[str] = mapped_column(default="")
    data: Mapped[dict[str, object]] = mapped_column(Json, default=dict)


class Attempt(Base):
    """An attempt to sign in or to confirm, kept so that limits survive a restart."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_what_at", "what", "subject", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str]
    subject: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class AccessRecord(Base):
    """An auditor's look at an agreement: recorded, because it is read without taking part."""

    __tablename__ = "access_records"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreements.id"))
    what: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class Look(Base):
    """When a person last looked at an agreement, and at which version: for "what changed since you last looked"."""

    __tablename__ = "looks"
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), primary_key=True)
    version_number: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)
