"""The audit log over every agreement's events. One rule: a leaf, a node and a checkpoint are only ever added."""

from datetime import datetime

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dsa.persistence.models.base import Base
from dsa.persistence.types import Instant


class AuditLeaf(Base):
    """A place in the log, without gaps, and the event that stands there. ``hash`` is the leaf's, in hexadecimal."""

    __tablename__ = "audit_leaves"
    __table_args__ = (UniqueConstraint("agreement_id", "seq"),)
    idx: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    seq: Mapped[int]
    hash: Mapped[str]


class AuditNode(Base):
    """A full node above the leaves (``domain.merkle``): ``level`` is at least 1."""

    __tablename__ = "audit_nodes"
    __table_args__ = {"sqlite_with_rowid": False}
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str]


class CheckpointRow(Base):
    """A signed checkpoint. ``note`` is the text that is published and sent; the other columns repeat what it says."""

    __tablename__ = "checkpoints"
    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int]
    root: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)
    note: Mapped[str] = mapped_column(Text)
