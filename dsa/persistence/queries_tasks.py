"""What a task's page reads: decisions with their events, private notes of one side, looks. One rule: notes of another
side are not read at all, so that no page can show them by mistake.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dsa.persistence.models import Event, Look, Note, Organisation, Task


def tasks_with_decisions(session: Session, agreement_id: int) -> list[Row[Any]]:
    """Every task of the agreement, oldest first, with its organisation and the event that decided it (or None)."""
    return list(
        session.execute(
            select(
                Task.__table__,
                Organisation.code.label("code"),
                Organisation.name.label("organisation"),
                Event.body.label("body"),
                Event.happened_at.label("happened_at"),
            )
            .join(Organisation, Organisation.id == Task.organisation_id)
            .outerjoin(Event, and_(Event.agreement_id == Task.agreement_id, Event.seq == Task.done_seq))
            .where(Task.agreement_id == agreement_id)
            .order_by(Task.id)
        )
    )


@dataclass(frozen=True, slots=True)
class PrivateNote:
    """A note that the reader's side wrote (or that was shared). ``privileged``: legal advice."""

    event_seq: int
    text: str
    privileged: bool


def private_notes(session: Session, agreement_id: int, sides: Collection[int]) -> list[PrivateNote]:
    """The reviewers' notes that somebody of these organisations may read; legal advice only on its own side."""
    found = session.execute(
        select(Note.event_seq, Note.text, Note.privileged)
        .where(
            Note.agreement_id == agreement_id,
            Note.field == "note",
            or_(
                Note.side_id.in_(sorted(sides)),
                and_(Note.shared_at.is_not(None), Note.privileged.is_(False)),
            ),
        )
        .order_by(Note.event_seq, Note.id)
    )
    return [PrivateNote(row.event_seq, row.text, row.privileged) for row in found]


def events_since(session: Session, agreement_id: int, seq: int, sides: Collection[int]) -> list[Row[Any]]:
    """What happened after an event that these organisations may see, newest first; at most ten."""
    return list(
        session.execute(
            select(Event.seq, Event.kind, Event.body, Event.recorded_at)
            .where(
                Event.agreement_id == agreement_id,
                Event.seq > seq,
                or_(Event.side.is_(None), Event.side.in_(sorted(sides))),
            )
            .order_by(Event.seq.desc())
            .limit(10)
        )
    )


@dataclass(frozen=True, slots=True)
class Looked:
    """Which version a person last looked at, and when."""

    version_number: int
    at: datetime


def look(session: Session, agreement_id: int, person_id: int) -> Looked | None:
    """The person's last look at the agreement, or None."""
    row = session.execute(
        select(Look.version_number, Look.at).where(Look.agreement_id == agreement_id, Look.person_id == person_id)
    ).one_or_none()
    return None if row is None else Looked(row.version_number, row.at)


def keep_look(session: Session, agreement_id: int, person_id: int, *, version_number: int, at: datetime) -> None:
    """Remember which version the person looked at; of two pages opened at once, the later one counts."""
    write = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = {"version_number": version_number, "at": at}
    statement = write(Look).values(agreement_id=agreement_id, person_id=person_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[Look.person_id, Look.agreement_id], set_=values))
