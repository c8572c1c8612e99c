"""Published definitions, the outbox, mail and small settings. One rule: a published definition never changes."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dsa.persistence.models.base import Base
from dsa.persistence.types import Instant, Json


class Definition(Base):
    """A published workflow or form. ``content`` is the JSON it was read into, in its order; ``hash`` its SHA-256."""

    __tablename__ = "definitions"
    kind: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str]
    content: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime] = mapped_column(Instant)


class OutboxRow(Base):
    """A side effect to carry out. ``key`` makes it happen once in effect."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "available_at",
            "id",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreements.id"))
    payload: Mapped[dict[str, object]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
    available_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    last_problem: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None] = mapped_column(Instant)


class Mail(Base):
    """A mail as it was (or will be) sent: verb, reference, due date and a link; no content of the agreement."""

    __tablename__ = "mails"
    __table_args__ = (UniqueConstraint("outbox_id", "person_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    address: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    link: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(Instant)
    handing_at: Mapped[datetime | None] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)


class NoticeChoice(Base):
    """How a person wants to be told of a kind of thing: now, digest or never. Without a row it is now."""

    __tablename__ = "notice_choices"
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    choice: Mapped[str]
    chosen_at: Mapped[datetime] = mapped_column(Instant)


class DigestLine(Base):
    """Something that waits to be told to a person in the daily digest; ``told_at`` when a digest took it up."""

    __tablename__ = "digest_lines"
    __table_args__ = (
        Index(
            "ix_digest_lines_waiting",
            "person_id",
            "outbox_id",
            sqlite_where=text("told_at IS NULL"),
            postgresql_where=text("told_at IS NULL"),
        ),
    )
    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    told_at: Mapped[datetime | None] = mapped_column(Instant)


class Counter(Base):
    """The last number given out for a series, such as the references of a year."""

    __tablename__ = "counters"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]


class SettingRow(Base):
    """A setting that changes at run time: the demo clock's offset, the calendar version in force."""

    __tablename__ = "settings"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, object]] = mapped_column(Json)
