"""Signatures made outside this service. One rule: one person says that it was made, another confirms it."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from dsa.persistence.models.base import Base
from dsa.persistence.types import Instant


class OutsideSignature(Base):
    """A signature on paper or in another product, with the copy that was uploaded.

    ``how``: paper or other. ``status``: waiting, confirmed, refused (``reason`` says why).
    """

    __tablename__ = "outside_signatures"
    __table_args__ = (Index("ix_outside_signatures_agreement", "agreement_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"))
    task_key: Mapped[str]
    party_key: Mapped[str]
    post: Mapped[str]
    how: Mapped[str]
    signed_on: Mapped[date]
    sha256: Mapped[str]
    media_type: Mapped[str]
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime] = mapped_column(Instant)
    uploaded_seq: Mapped[int]
    status: Mapped[str] = mapped_column(default="waiting")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_seq: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(Text)
