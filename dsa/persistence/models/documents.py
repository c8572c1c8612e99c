"""Documents and signatures. One rule: a signature is unique by version, party and post; bytes lie in the file store."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dsa.persistence.models.base import Base
from dsa.persistence.types import Instant, Json


class Document(Base):
    """The newest revision of a locked version's PDF. ``status``: deferred, waiting, issued, signing, sealed, failed.

    ``issued_sha256`` is the issue-sealed revision that every signatory is shown and signs. ``renew_by`` is when a
    sealed document is to be stamped again; ``renewals`` counts how often it was.
    """

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("agreement_id", "version_id"), Index("ix_documents_renew_by", "renew_by"))
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"))
    status: Mapped[str]
    issued_sha256: Mapped[str | None]
    current_sha256: Mapped[str | None]
    revision: Mapped[int] = mapped_column(default=0)
    level: Mapped[str | None]
    verify_code: Mapped[str] = mapped_column(unique=True)
    problem: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(Instant)
    time_stamp_authority: Mapped[str | None]
    renew_by: Mapped[datetime | None] = mapped_column(Instant)
    renewals: Mapped[int] = mapped_column(default=0, server_default="0")


class Signature(Base):
    """One party's signature by one post, and everything needed to explain it later."""

    __tablename__ = "signatures"
    __table_args__ = (
        UniqueConstraint("version_id", "party_key", "slot"),
        Index("ix_signatures_agreement", "agreement_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"))
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"))
    event_seq: Mapped[int]
    party_key: Mapped[str]
    slot: Mapped[int]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    post: Mapped[str]
    authority: Mapped[str]
    delegation_reference: Mapped[str | None]
    method: Mapped[str]
    vouched_by: Mapped[str]
    statement: Mapped[str] = mapped_column(Text)
    seen_sha256: Mapped[str]
    field: Mapped[str]
    certificate_serial: Mapped[str]
    certificate_sha256: Mapped[str]
    level: Mapped[str]
    signed_at: Mapped[datetime] = mapped_column(Instant)
    time_stamp_authority: Mapped[str | None]


class StoredFile(Base):
    """A file in the content-addressed store."""

    __tablename__ = "stored_files"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    media_type: Mapped[str]
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreements.id"), index=True)
    facts: Mapped[dict[str, object]] = mapped_column(Json, default=dict)
    stored_at: Mapped[datetime] = mapped_column(Instant)
