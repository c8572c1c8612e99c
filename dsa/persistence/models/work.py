"""What people are asked to do and what they decided. One rule: an approval is bound to what it covers, by hash."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dsa.persistence.models.base import Base
from dsa.persistence.types import Instant, Json

_OPEN = text("done_at IS NULL")
_UNANSWERED = text("answered_at IS NULL")


class Task(Base):
    """One thing asked of one role in one organisation. ``rule`` is the task's id in the workflow file.

    ``status``: open, done, lapsed (the stage was left), standing (an earlier approval still covers the text).
    ``due_seq`` is the event that moved the due moment last, None where it stands as it was when the task opened.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("agreement_id", "round", "stage", "key"),
        Index("ix_tasks_queue", "assignee_id", "due_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_tasks_role", "organisation_id", "role", "due_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_tasks_overdue", "due_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_tasks_agreement", "agreement_id", "status"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    stage: Mapped[str]
    round: Mapped[int]
    key: Mapped[str]
    rule: Mapped[str]
    kind: Mapped[str]
    party_key: Mapped[str | None]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    role: Mapped[str]
    required: Mapped[bool] = mapped_column(default=True)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    opened_seq: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(Instant)
    target_days: Mapped[int | None]
    due_at: Mapped[datetime] = mapped_column(Instant)
    calendar_version: Mapped[str]
    due_seq: Mapped[int | None]
    status: Mapped[str] = mapped_column(default="open")
    outcome: Mapped[str | None]
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    done_seq: Mapped[int | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    working_minutes: Mapped[int | None]
    first_opened_at: Mapped[datetime | None] = mapped_column(Instant)


class Approval(Base):
    """A decision on a text: what it covered (hashes), in which round, by whom, on what authority."""

    __tablename__ = "approvals"
    __table_args__ = (Index("ix_approvals_agreement", "agreement_id", "rule", "party_key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"))
    event_seq: Mapped[int]
    rule: Mapped[str]
    party_key: Mapped[str | None]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    role: Mapped[str]
    post: Mapped[str]
    delegation_reference: Mapped[str | None]
    outcome: Mapped[str]
    version_hash: Mapped[str]
    section_hashes: Mapped[dict[str, str]] = mapped_column(Json)
    round: Mapped[int]
    calendar_version: Mapped[str]
    relies_on_id: Mapped[int | None] = mapped_column(ForeignKey("approvals.id"))
    summary: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    lapsed_at: Mapped[datetime | None] = mapped_column(Instant)


class ConditionRow(Base):
    """What an approval was subject to. It gates going live, never signing; it is printed on the document."""

    __tablename__ = "conditions"
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), index=True)
    approval_id: Mapped[int] = mapped_column(ForeignKey("approvals.id"))
    party_key: Mapped[str | None]
    text: Mapped[str] = mapped_column(Text)
    due_on: Mapped[str | None]
    met_at: Mapped[datetime | None] = mapped_column(Instant)
    met_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    evidence: Mapped[str | None]


class ChangeRequest(Base):
    """A change a reviewer asked for, in a named section; visible to every party of the agreement."""

    __tablename__ = "change_requests"
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), index=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"))
    event_seq: Mapped[int]
    round: Mapped[int]
    section: Mapped[str]
    question: Mapped[str | None]
    reason_code: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    blocker: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(default="open")
    response: Mapped[str | None] = mapped_column(Text)
    responded_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    responded_at: Mapped[datetime | None] = mapped_column(Instant)


class Query(Base):
    """A question a reviewer asked the drafter: the ball is with the drafter until it is answered.

    ``asked_organisation_id`` is whose drafter that is: the lead's.
    """

    __tablename__ = "queries"
    __table_args__ = (
        Index("ix_queries_open", "agreement_id", "task_id", sqlite_where=_UNANSWERED, postgresql_where=_UNANSWERED),
        Index("ix_queries_asked", "asked_organisation_id", "id", sqlite_where=_UNANSWERED,
              postgresql_where=_UNANSWERED),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), index=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"))
    asked_seq: Mapped[int]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    asked_organisation_id: Mapped[int | None]
    asked_at: Mapped[datetime] = mapped_column(Instant)
    text: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    answer: Mapped[str | None] = mapped_column(Text)


class Comment(Base):
    """A remark on one place of one version. Its words are the private note of the event ``event_seq``."""

    __tablename__ = "comments"
    __table_args__ = (UniqueConstraint("agreement_id", "event_seq"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    event_seq: Mapped[int]
    section: Mapped[str]
    question: Mapped[str | None]
    version_number: Mapped[int]
    quote: Mapped[str] = mapped_column(Text, default="")
    reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    post: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)
    resolved_at: Mapped[datetime | None] = mapped_column(Instant)
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class HoldRow(Base):
    """A hold: why (a delay code), who is awaited, until when. It never stops the total clock."""

    __tablename__ = "holds"
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), index=True)
    code: Mapped[str]
    awaited: Mapped[str]
    outside: Mapped[bool]
    until: Mapped[datetime] = mapped_column(Instant)
    note: Mapped[str] = mapped_column(Text, default="")
    started_at: Mapped[datetime] = mapped_column(Instant)
    started_seq: Mapped[int]
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_seq: Mapped[int | None]
