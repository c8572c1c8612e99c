"""Comments. One rule: a comment's words are shown to its own side, and to everybody once it is shared."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from dsa.persistence.models import Comment, Note, Organisation


@dataclass(frozen=True, slots=True)
class CommentRow:
    """A comment as somebody may read it."""

    id: int
    event_seq: int
    section: str
    question: str | None
    version_number: int
    quote: str
    text: str
    post: str
    organisation_id: int
    organisation: str
    at: datetime
    reply_to_id: int | None
    shared: bool
    resolved_at: datetime | None


_TOGETHER = and_(
    Note.agreement_id == Comment.agreement_id, Note.event_seq == Comment.event_seq, Note.field == "comment"
)


def _may_read(sides: tuple[int, ...]) -> ColumnElement[bool]:
    return or_(Note.side_id.in_(sides), Note.shared_at.is_not(None))


def readable(session: Session, agreement_id: int, sides: tuple[int, ...]) -> list[CommentRow]:
    """The comments that somebody of these organisations may read, oldest first."""
    rows = session.execute(
        select(Comment, Note.text, Note.shared_at, Organisation.name)
        .join(Note, _TOGETHER)
        .join(Organisation, Organisation.id == Comment.organisation_id)
        .where(Comment.agreement_id == agreement_id, _may_read(sides))
        .order_by(Comment.id)
    )
    return [
        CommentRow(
            c.id, c.event_seq, c.section, c.question, c.version_number, c.quote, text, c.post, c.organisation_id, name,
            c.at, c.reply_to_id, shared is not None, c.resolved_at,
        )
        for c, text, shared, name in rows
    ]  # fmt: skip


def open_by_section(session: Session, agreement_id: int, sides: tuple[int, ...]) -> dict[str, int]:
    """How many comments that these organisations may read are not dealt with, by section; replies are not counted."""
    rows = session.execute(
        select(Comment.section, func.count())
        .join(Note, _TOGETHER)
        .where(
            Comment.agreement_id == agreement_id,
            Comment.reply_to_id.is_(None),
            Comment.resolved_at.is_(None),
            _may_read(sides),
        )
        .group_by(Comment.section)
        .order_by(Comment.section)
    )
    return {section: int(count) for section, count in rows}


def share(session: Session, agreement_id: int, event_seq: int, *, at: datetime) -> None:
    """Let every party read a comment."""
    session.execute(
        update(Note)
        .where(Note.agreement_id == agreement_id, Note.event_seq == event_seq, Note.field == "comment")
        .values(shared_at=at)
    )


def resolve(session: Session, comment_id: int, *, person_id: int, at: datetime) -> None:
    """Mark a comment as dealt with."""
    session.execute(update(Comment).where(Comment.id == comment_id).values(resolved_at=at, resolved_by_id=person_id))
