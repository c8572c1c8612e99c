"""Organisations, posts, people and what they may sign. One rule: everything about people is dated."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dsa.persistence.models.base import Base
from dsa.persistence.types import Instant, Json


class Organisation(Base):
    """A body that takes part in agreements. ``nation`` (ENG, WLS, SCT, NIR) chooses its working calendar."""

    __tablename__ = "organisations"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    body_type: Mapped[str]
    nation: Mapped[str]
    rides_on_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    contact_email: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Instant)


class Closure(Base):
    """A day on which one organisation does not work, or on which it closes early (``closes_at``, local minutes).

    ``yearly``: on the same date of every year. Withdrawn ones count no more and stay to be seen.
    """

    __tablename__ = "closures"
    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    day: Mapped[date]
    closes_at: Mapped[int | None]
    yearly: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str]
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    added_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)


class OfficeHoursRow(Base):
    """The office hours of one organisation from a day on, in local minutes after midnight."""

    __tablename__ = "office_hours"
    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    day: Mapped[date]
    opens_at: Mapped[int]
    closes_at: Mapped[int]
    reason: Mapped[str]
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    added_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)


class CalendarDay(Base):
    """A one-off bank holiday that an administrator added for a nation; ``title`` says what for, or by which order."""

    __tablename__ = "calendar_days"
    id: Mapped[int] = mapped_column(primary_key=True)
    nation: Mapped[str]
    day: Mapped[date]
    title: Mapped[str]
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    added_at: Mapped[datetime] = mapped_column(Instant)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)


class Person(Base):
    """Somebody who can sign in. In demo mode ``name`` is a post. ``vouched_by_id`` is who made the account."""

    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    is_demo: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    vouched_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)


class Post(Base):
    """A post in an organisation: what the signed text names. ``role`` is what its holder may do here.

    ``sees_all`` is for an outside auditor: reads every agreement, changes none; its appointments must end.
    """

    __tablename__ = "posts"
    __table_args__ = (UniqueConstraint("organisation_id", "role", "title"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    title: Mapped[str]
    role: Mapped[str]
    sees_all: Mapped[bool] = mapped_column(default=False)


class Appointment(Base):
    """Who holds a post, from when until when; ``cover_for_id`` marks a named deputy standing in for another person."""

    __tablename__ = "appointments"
    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    cover_for_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class Delegation(Base):
    """Authority to sign, as data: for which routes and document types, up to what, until when, by which reference."""

    __tablename__ = "delegations"
    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    reference: Mapped[str]
    routes: Mapped[list[str]] = mapped_column(Json)
    document_types: Mapped[list[str]] = mapped_column(Json)
    limit_subjects: Mapped[int | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
