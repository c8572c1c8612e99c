"""Events, private notes and the ledger. One rule: an event is only ever added."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, text, true
from sqlalchemy.orm import Mapped, mapped_column

from dsa.persistence.models.base import Base
from dsa.persistence.types import Instant


class Event(Base):
    """Something that happened. ``body`` is canonical JSON; ``hash`` chains it to ``prev`` (domain.integrity).

    ``happened_at`` may lie before ``recorded_at``: something decided elsewhere and typed in later.
    """

    __tablename__ = "events"
    __table_args__ = {"sqlite_with_rowid": False}  # kept by agreement, in the order of its chain
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    happened_at: Mapped[datetime] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    side: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    body: Mapped[str] = mapped_column(Text)
    prev: Mapped[str]
    hash: Mapped[str]


class Note(Base):
    """Private text of one side. The event holds only a salted commitment to it, so it can be shared or erased apart."""

    __tablename__ = "notes"
    __table_args__ = (Index("ix_notes_event", "agreement_id", "event_seq"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    event_seq: Mapped[int]
    field: Mapped[str]
    side_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    privileged: Mapped[bool] = mapped_column(default=False)
    salt: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    shared_at: Mapped[datetime | None] = mapped_column(Instant)


class SpellRow(Base):
    """A stretch of an agreement's life with one owner and one reason. The open one has no end."""

    __tablename__ = "spells"
    __table_args__ = {"sqlite_with_rowid": False}  # an agreement's spells lie together: the open one is found at once
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), primary_key=True)
    started_seq: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str]
    outside: Mapped[bool] = mapped_column(default=False)
    stage: Mapped[str]
    role: Mapped[str]
    reason: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_seq: Mapped[int | None]


class StageEntry(Base):
    """One stay in one stage, with its target and due moment; closed when the stage is left."""

    __tablename__ = "stage_entries"
    __table_args__ = (
        Index(
            "ix_stage_entries_open",
            "due_at",
            "agreement_id",
            sqlite_where=text("left_at IS NULL"),
            postgresql_where=text("left_at IS NULL"),
        ),
        Index("ix_stage_entries_done", "stage", "working_minutes"),
        {"sqlite_with_rowid": False},
    )
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), primary_key=True)
    entered_seq: Mapped[int] = mapped_column(primary_key=True)
    stage: Mapped[str]
    round: Mapped[int]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    route: Mapped[str]
    entered_at: Mapped[datetime] = mapped_column(Instant)
    left_at: Mapped[datetime | None] = mapped_column(Instant)
    target_days: Mapped[int | None]
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    working_minutes: Mapped[int | None]
    calendar_version: Mapped[str]
    since_known: Mapped[bool] = mapped_column(default=True, server_default=true())
