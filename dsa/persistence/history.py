"""Reading the history: events, private notes, the ledger, stays in stages. One rule: in order of the chain."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from dsa.persistence.models import Event, Note, SpellRow, StageEntry, table
from dsa.persistence.prepared import Prepared

FACTS = "facts"  # the field of the private note that holds what a private event is about


def private_facts(session: Session, agreement_id: int, sides: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What the private events of these organisations are about, by the event's place in the chain."""
    rows = session.execute(
        select(Note.event_seq, Note.text)
        .where(Note.agreement_id == agreement_id, Note.field == FACTS, Note.side_id.in_(sorted(sides)))
        .order_by(Note.event_seq)
    )
    return {seq: json.loads(text) for seq, text in rows}


def events(session: Session, agreement_id: int, *, until_seq: int | None = None) -> list[Any]:
    """The events of an agreement from the first, up to and with ``until_seq``."""
    return _EVENTS.rows(session, {"agreement": agreement_id, "until": _LAST if until_seq is None else until_seq})


_E, _LAST = table(Event), 2**31 - 1
_EVENTS = Prepared(
    select(_E).where(_E.c.agreement_id == bindparam("agreement"), _E.c.seq <= bindparam("until")).order_by(_E.c.seq)
)


def events_for(session: Session, agreement_id: int, sides: Iterable[int]) -> list[Any]:
    """The events that somebody of these organisations may see."""
    statement = (
        select(table(Event))
        .where(Event.agreement_id == agreement_id, or_(Event.side.is_(None), Event.side.in_(sorted(sides))))
        .order_by(Event.seq)
    )
    return list(session.execute(statement))


def latest(session: Session, agreement_id: int, kind: str) -> Any:
    """The newest event of a kind, or None."""
    return _LATEST.one(session, {"agreement": agreement_id, "kind": kind})


_LATEST = Prepared(
    select(_E)
    .where(_E.c.agreement_id == bindparam("agreement"), _E.c.kind == bindparam("kind"))
    .order_by(_E.c.seq.desc())
    .limit(1)
)


def of_kind(session: Session, agreement_id: int, kind: str) -> list[Any]:
    """Every event of a kind, oldest first."""
    return list(_OF_KIND.rows(session, {"agreement": agreement_id, "kind": kind}))


_OF_KIND = Prepared(
    select(_E).where(_E.c.agreement_id == bindparam("agreement"), _E.c.kind == bindparam("kind")).order_by(_E.c.seq)
)


def event(session: Session, agreement_id: int, seq: int) -> Any:
    """One event by its place in the chain."""
    statement = select(table(Event)).where(Event.agreement_id == agreement_id, Event.seq == seq)
    return session.execute(statement).one()


def newest(session: Session, agreement_id: int) -> Any:
    """The newest event of an agreement."""
    statement = select(table(Event)).where(Event.agreement_id == agreement_id).order_by(Event.seq.desc()).limit(1)
    return session.execute(statement).one()


def version_at(session: Session, task: Any) -> int:
    """The agreement's version after the event that opened a task."""
    body = session.scalar(
        select(Event.body).where(Event.agreement_id == task.agreement_id, Event.seq == task.opened_seq)
    )
    return int(json.loads(body or "{}").get("version", 0))


def notes_for(session: Session, agreement_id: int, sides: Iterable[int]) -> list[Note]:
    """The private notes that somebody of these organisations may read."""
    return list(
        session.scalars(
            select(Note)
            .where(
                Note.agreement_id == agreement_id,
                Note.field != FACTS,
                or_(Note.side_id.in_(sorted(sides)), Note.shared_at.is_not(None)),
            )
            .order_by(Note.event_seq, Note.id)
        )
    )


def spells(session: Session, agreement_id: int) -> list[Any]:
    """The ledger of an agreement, oldest first; spells of no length are left out."""
    rows = every_spell(session, agreement_id)
    return [row for row in rows if row.ended_at is None or row.ended_at > row.started_at]


def every_spell(session: Session, agreement_id: int) -> list[Any]:
    """The ledger of an agreement, oldest first, spells of no length included."""
    return _SPELLS.rows(session, {"agreement": agreement_id})


_SP, _SE = table(SpellRow), table(StageEntry)
_SPELLS = Prepared(select(_SP).where(_SP.c.agreement_id == bindparam("agreement")).order_by(_SP.c.started_seq))
_STAYS = Prepared(select(_SE).where(_SE.c.agreement_id == bindparam("agreement")).order_by(_SE.c.entered_seq))


def stage_entries(session: Session, agreement_id: int) -> list[Any]:
    """The stays in stages, oldest first."""
    return _STAYS.rows(session, {"agreement": agreement_id})
