"""The joint timetable of an agreement. One rule: what binds is written only when every party has accepted it."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dsa.persistence.models.base import Base
from dsa.persistence.types import Instant, Json

_OPEN = text("status = 'open'")


class TimetableProposal(Base):
    """Days that a party proposed: stage -> ISO date. ``accepted`` are the keys of the parties that said yes so far."""

    __tablename__ = "timetable_proposals"
    __table_args__ = (
        Index("ix_timetable_proposals_open", "agreement_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        {"sqlite_with_rowid": False},
    )
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), primary_key=True)
    event_seq: Mapped[int] = mapped_column(primary_key=True)
    party_key: Mapped[str]
    dates: Mapped[dict[str, str]] = mapped_column(Json)
    change: Mapped[bool]
    code: Mapped[str] = mapped_column(default="")
    owner: Mapped[str] = mapped_column(default="")
    accepted: Mapped[list[str]] = mapped_column(Json)
    status: Mapped[str] = mapped_column(default="open")
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    settled_seq: Mapped[int | None]


class TimetableDay(Base):
    """The day that binds a stage, and the one that was agreed first."""

    __tablename__ = "timetable_days"
    __table_args__ = ({"sqlite_with_rowid": False},)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    first_on: Mapped[date]
    agreed_on: Mapped[date]
    agreed_seq: Mapped[int]


class TimetableAsked(Base):
    """A party that is to answer the proposal that is open. Rows come and go with the answers: it is a list of work."""

    __tablename__ = "timetable_asked"
    __table_args__ = (
        Index("ix_timetable_asked_organisation", "organisation_id", "asked_at"),
        {"sqlite_with_rowid": False},
    )
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(Instant)
