"""How people want to be told, and what waits for their daily digest. One rule: what nobody chose is told at once."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from dsa.persistence.models import Agreement, DigestLine, Mail, NoticeChoice, OutboxRow, Person


def choices_of(session: Session, people: Iterable[int]) -> dict[int, dict[str, str]]:
    """What these people chose: person to kind to now, digest or never."""
    found: dict[int, dict[str, str]] = {}
    rows = session.execute(
        select(NoticeChoice.person_id, NoticeChoice.kind, NoticeChoice.choice)
        .where(NoticeChoice.person_id.in_(sorted(people)))
        .order_by(NoticeChoice.person_id, NoticeChoice.kind)
    )
    for person, kind, choice in rows:
        found.setdefault(person, {})[kind] = choice
    return found


def choose(session: Session, person_id: int, choices: Mapping[str, str], *, at: datetime) -> None:
    """Keep what a person chose, in place of what they chose before."""
    session.execute(delete(NoticeChoice).where(NoticeChoice.person_id == person_id))
    for kind, choice in choices.items():
        values = {"person_id": person_id, "kind": kind, "choice": choice, "chosen_at": at}
        session.execute(insert(NoticeChoice).values(**values))


def told_already(session: Session, outbox_id: int) -> frozenset[int]:
    """Who has a mail, or a line for the digest, of this outbox row."""
    mailed = session.scalars(select(Mail.person_id).where(Mail.outbox_id == outbox_id).order_by(Mail.person_id))
    kept = session.scalars(
        select(DigestLine.person_id).where(DigestLine.outbox_id == outbox_id).order_by(DigestLine.person_id)
    )
    return frozenset(mailed) | frozenset(kept)


def add_line(session: Session, *, outbox_id: int, person_id: int, at: datetime) -> None:
    """Keep something for the person's next digest."""
    session.execute(insert(DigestLine).values(outbox_id=outbox_id, person_id=person_id, made_at=at))


def waiting_people(session: Session, *, before: datetime) -> list[Any]:
    """The people (id, name, email) for whose digest something was kept before that moment, in order of their id."""
    lines = select(DigestLine.person_id).where(DigestLine.told_at.is_(None), DigestLine.made_at <= before)
    return list(
        session.execute(
            select(Person.id, Person.name, Person.email)
            .where(Person.id.in_(lines), Person.active.is_(True))
            .order_by(Person.id)
        )
    )


def lines_of(session: Session, person_id: int, *, before: datetime) -> list[Any]:
    """What waits for a person's digest, as outbox rows with the reference of their agreement, oldest first."""
    return list(
        session.execute(
            select(OutboxRow.id, OutboxRow.payload, Agreement.reference)
            .join(DigestLine, DigestLine.outbox_id == OutboxRow.id)
            .outerjoin(Agreement, Agreement.id == OutboxRow.agreement_id)
            .where(DigestLine.person_id == person_id, DigestLine.told_at.is_(None), DigestLine.made_at <= before)
            .order_by(OutboxRow.id)
        )
    )


def mark_told(session: Session, person_id: int, outbox_ids: Iterable[int], *, at: datetime) -> None:
    """Mark lines as taken up by a digest."""
    session.execute(
        update(DigestLine)
        .where(DigestLine.person_id == person_id, DigestLine.outbox_id.in_(sorted(outbox_ids)))
        .values(told_at=at)
    )
