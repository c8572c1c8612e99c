"""Exports of many agreements. One rule: an export belongs to the person who asked for it."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from dsa.persistence.models.base import Base
from dsa.persistence.types import Instant, Json


class Export(Base):
    """An export that a job makes. ``status``: waiting, running, done, failed. ``references`` are fixed when asked for.

    ``done`` of ``total`` agreements are in the file; ``sha256`` and ``size`` are those of the finished file, which is
    removed at ``expires_at``.
    """

    __tablename__ = "exports"
    __table_args__ = (Index("ix_exports_person", "person_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    method: Mapped[str]
    filters: Mapped[dict[str, str]] = mapped_column(Json)
    references: Mapped[list[str]] = mapped_column(Json)
    status: Mapped[str] = mapped_column(default="waiting")
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    problem: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
