"""Agreements, their parties, working answers and frozen versions. One rule: a version never changes once written."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dsa.persistence.models.base import Base
from dsa.persistence.types import Instant, Json

_UNFINISHED = text("finished_at IS NULL")
_WAITED_FOR = text("finished_at IS NULL AND stage <> 'in_use'")  # in use: nothing is asked of anybody until its target
_UNCOUNTED = text("counted_seq <> head_seq")


class Agreement(Base):
    """The head of an agreement: where it stands, who has it, and the optimistic version of its moves.

    ``holder_*`` repeat the open spell of the ledger, so that every list can say who has it without a join. ``moved_at``
    is when something last happened that moved the work (``domain.events.NO_MOVEMENT`` did not).
    ``counted_seq`` is the event up to which the figures count it: where it is not the head's, it is counted again.
    ``tracking``: empty for one that was started here; tracked while it lives on paper elsewhere and is followed here,
    with dates as reported; joined once it goes on in the workflow. ``reported_outside``: the outside body that has it.
    """

    __tablename__ = "agreements"
    __table_args__ = (
        Index("ix_agreements_list", "updated_at", "id"),
        Index("ix_agreements_stage", "stage", "id"),
        Index("ix_agreements_moved", "moved_at", "id"),
        Index("ix_agreements_holder", "holder_owner", "holder_role", "holder_reason", "stage_due_at", "id"),
        Index("ix_agreements_drafter", "drafter_id", "holder_reason", "stage_due_at", "id"),
        Index("ix_agreements_due", "stage_due_at", "id", sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),
        Index("ix_agreements_late", "stage_due_at", "id", sqlite_where=_WAITED_FOR, postgresql_where=_WAITED_FOR),
        Index("ix_agreements_uncounted", "counted_seq", "id", sqlite_where=_UNCOUNTED, postgresql_where=_UNCOUNTED),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    classification: Mapped[str]
    document_type: Mapped[str] = mapped_column(default="")
    route: Mapped[str]
    route_reasons: Mapped[list[str]] = mapped_column(Json, default=list)
    workflow_id: Mapped[str]
    workflow_version: Mapped[int]
    form_id: Mapped[str]
    form_version: Mapped[int]
    stage: Mapped[str]
    round: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)
    head_seq: Mapped[int] = mapped_column(default=0)
    head_hash: Mapped[str]
    lead_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    parent_reference: Mapped[str | None]
    replaces_reference: Mapped[str | None]
    first_contact_on: Mapped[date | None]
    first_contact_evidence: Mapped[str | None]
    date_needed: Mapped[date | None]
    takes_effect: Mapped[str] = mapped_column(default="all_signed")
    shared_at: Mapped[datetime | None] = mapped_column(Instant)
    locked_version_id: Mapped[int | None]
    on_hold: Mapped[bool] = mapped_column(default=False)
    holder_owner: Mapped[str | None]
    holder_role: Mapped[str | None]
    holder_reason: Mapped[str | None]
    holder_since: Mapped[datetime | None] = mapped_column(Instant)
    stage_entered_at: Mapped[datetime] = mapped_column(Instant)
    stage_due_at: Mapped[datetime | None] = mapped_column(Instant)
    is_example: Mapped[bool] = mapped_column(default=False)
    is_synthetic: Mapped[bool] = mapped_column(default=False)
    tracking: Mapped[str] = mapped_column(default="", server_default="")
    reported_outside: Mapped[str | None]
    drafter_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    moved_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    counted_seq: Mapped[int] = mapped_column(default=0, server_default="0")


class Party(Base):
    """An organisation's part in an agreement. ``key`` is the party's id in the answers and in the document.

    ``waiting_since``, ``waiting_due``: since when somebody is waited for and when that stage is due, as far as this
    party may see it (``persistence.waiting``).
    """

    __tablename__ = "parties"
    __table_args__ = (
        UniqueConstraint("agreement_id", "key"),
        Index("ix_parties_organisation", "organisation_id", "agreement_id"),
        *(
            Index(
                f"ix_parties_{name}", "organisation_id", name, "agreement_id",
                sqlite_where=text(f"{name} IS NOT NULL"), postgresql_where=text(f"{name} IS NOT NULL"),
            )
            for name in ("waiting_since", "waiting_due")
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    key: Mapped[str]
    role: Mapped[str]
    controller_status: Mapped[str] = mapped_column(default="")
    group_name: Mapped[str | None]
    signs: Mapped[bool] = mapped_column(default=True)
    is_lead: Mapped[bool] = mapped_column(default=False)
    joined_at: Mapped[datetime] = mapped_column(Instant)
    left_at: Mapped[datetime | None] = mapped_column(Instant)
    waiting_since: Mapped[datetime | None] = mapped_column(Instant)
    waiting_due: Mapped[datetime | None] = mapped_column(Instant)


class Contact(Base):
    """A person or address beside the text: replacing one after the text is locked changes no hash."""

    __tablename__ = "contacts"
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), index=True)
    party_key: Mapped[str]
    duty: Mapped[str]
    post: Mapped[str]
    name: Mapped[str]
    details: Mapped[str]
    from_at: Mapped[datetime] = mapped_column(Instant)
    until_at: Mapped[datetime | None] = mapped_column(Instant)


class SectionAnswers(Base):
    """The working answers of one section. ``revision`` is what a person saw: saving is per section."""

    __tablename__ = "section_answers"
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), primary_key=True)
    section: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(default=1)
    answers: Mapped[dict[str, object]] = mapped_column(Json)
    problems: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    hash: Mapped[str]
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    saved_at: Mapped[datetime] = mapped_column(Instant)


class Version(Base):
    """The frozen content at one moment. ``content`` is canonical JSON text; ``hash`` its SHA-256."""

    __tablename__ = "versions"
    __table_args__ = (UniqueConstraint("agreement_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    number: Mapped[int]
    schema: Mapped[str]
    content: Mapped[str] = mapped_column(Text)
    hash: Mapped[str]
    section_hashes: Mapped[dict[str, str]] = mapped_column(Json)
    reason: Mapped[str]
    frozen_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    frozen_at: Mapped[datetime] = mapped_column(Instant)


class Edited(Base):
    """Who wrote what is in a version or in the working text: an author may not approve it."""

    __tablename__ = "edited"
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    first_at: Mapped[datetime] = mapped_column(Instant)
