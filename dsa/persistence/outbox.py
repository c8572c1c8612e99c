"""The outbox and mail. One rule: a row is done once; its key keeps the same thing from being asked for twice.

Whatever is to be carried out after a commit is asked for here, in the transaction that it follows from.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, or_, select, update
from sqlalchemy.orm import Session

from dsa.persistence import rows
from dsa.persistence.models import Agreement, Mail, Organisation, OutboxRow, Person, Task, table
from dsa.persistence.prepared import Prepared

Asked = tuple[str, str, Mapping[str, Any]]  # kind, key and payload
_COLUMNS = ("kind", "key", "payload", "agreement_id", "attempts", "created_at", "available_at", "done_at")
_ASK = Prepared(insert(table(OutboxRow)), columns=_COLUMNS)


def ask(
    session: Session, kind: str, key: str, payload: Mapping[str, Any], *, at: datetime,
    agreement_id: int | None = None, done_at: datetime | None = None,
) -> int:  # fmt: skip
    """Ask a job to carry something out from ``at`` (UTC) on, about an agreement where one is named; returns the row's
    id. ``kind`` is one of ``services.notifying``; with ``done_at`` it is only noted that it needs no doing any more."""
    return rows.add(session, "outbox", _row(kind, key, payload, at, agreement_id, done_at))


def ask_all(session: Session, asked: Iterable[Asked], *, agreement_id: int, at: datetime) -> None:
    """Ask for several things about one agreement at once."""
    _ASK.many(session, [_row(*each, at, agreement_id, None) for each in asked])


def _row(
    kind: str, key: str, payload: Mapping[str, Any], at: datetime, agreement_id: int | None, done_at: datetime | None
) -> dict[str, Any]:
    row = {"kind": kind, "key": key, "payload": dict(payload), "agreement_id": agreement_id, "attempts": 0}
    return row | {"created_at": at, "available_at": at, "done_at": done_at}


def waiting(session: Session, *, now: datetime, limit: int = 100) -> list[Any]:
    """Rows whose time has come (with the reference of their agreement), oldest first."""
    return list(
        session.execute(
            select(
                OutboxRow.id, OutboxRow.kind, OutboxRow.payload, OutboxRow.attempts, OutboxRow.available_at,
                Agreement.reference,
            )
            .outerjoin(Agreement, Agreement.id == OutboxRow.agreement_id)
            .where(OutboxRow.done_at.is_(None), OutboxRow.available_at <= now)
            .order_by(OutboxRow.available_at, OutboxRow.id)
            .limit(limit)
        )
    )  # fmt: skip


def claim(session: Session, row_id: int, *, was: datetime, until: datetime) -> bool:
    """Take a row for oneself until a moment (UTC); False where another worker has taken or done it meanwhile.

    A worker that dies gives it back when that moment has come.
    """
    taken = session.execute(
        update(OutboxRow)
        .where(OutboxRow.id == row_id, OutboxRow.done_at.is_(None), OutboxRow.available_at == was)
        .values(available_at=until)
    )
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]


def done(session: Session, row_id: int, *, at: datetime) -> bool:
    """Mark a row as carried out; False when it was already."""
    changed = session.execute(
        update(OutboxRow).where(OutboxRow.id == row_id, OutboxRow.done_at.is_(None)).values(done_at=at)
    )
    return bool(changed.rowcount == 1)  # type: ignore[attr-defined]


def failed(session: Session, row_id: int, *, attempts: int, again_at: datetime, problem: str) -> None:
    """Keep why a row could not be carried out, and when to try again."""
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.id == row_id)
        .values(attempts=attempts, available_at=again_at, last_problem=problem[:500])
    )


def known(session: Session, key: str) -> bool:
    """Whether a row of that key was ever asked for."""
    return session.scalar(select(OutboxRow.id).where(OutboxRow.key == key)) is not None


def add_mail(session: Session, values: Mapping[str, Any]) -> None:
    """Add a mail."""
    session.execute(insert(Mail).values(**values))


def mail_of(session: Session, outbox_id: int) -> bool:
    """Whether the mail of an outbox row is made already."""
    return session.scalar(select(Mail.id).where(Mail.outbox_id == outbox_id).limit(1)) is not None


def unsent(session: Session, *, stale: datetime, limit: int = 100) -> list[Mail]:
    """Mails that were not handed over yet and that nobody has been handing over since ``stale``, oldest first."""
    return list(session.scalars(select(Mail).where(_waits(stale)).order_by(Mail.id).limit(limit)))


def claim_mail(session: Session, mail_id: int, *, stale: datetime, at: datetime | None) -> bool:
    """Take a mail to hand it over; False where another worker has taken it. ``at`` None gives it back."""
    which = Mail.id == mail_id if at is None else and_(Mail.id == mail_id, _waits(stale))
    taken = session.execute(update(Mail).where(which, Mail.sent_at.is_(None)).values(handing_at=at))
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]


def _waits(stale: datetime) -> ColumnElement[bool]:
    return and_(Mail.sent_at.is_(None), or_(Mail.handing_at.is_(None), Mail.handing_at < stale))


def mark_sent(session: Session, mail_id: int, *, at: datetime) -> None:
    """Record that a mail was handed over."""
    session.execute(update(Mail).where(Mail.id == mail_id).values(sent_at=at))


def mails(session: Session, *, person_id: int | None = None, before: int | None = None, limit: int = 50) -> list[Any]:
    """Mails, newest first: everybody's, or one person's; ``before`` is the id to go on from."""
    statement = select(Mail.id, Mail.subject, Mail.body, Mail.link, Mail.made_at, Mail.sent_at, Person.name).join(
        Person, Person.id == Mail.person_id
    )
    if person_id is not None:
        statement = statement.where(Mail.person_id == person_id)
    if before is not None:
        statement = statement.where(Mail.id < before)
    return list(session.execute(statement.order_by(Mail.id.desc()).limit(limit)))


def open_tasks(session: Session) -> list[Any]:
    """Every open task of an agreement that is not on hold, with what a reminder needs, the one due first first."""
    return list(
        session.execute(
            select(
                Task.id, Task.key, Task.opened_seq, Task.due_seq, Task.due_at, Task.agreement_id, Task.organisation_id,
                Agreement.reference, Agreement.workflow_id, Agreement.workflow_version, Organisation.nation,
            )
            .join(Agreement, Agreement.id == Task.agreement_id)
            .join(Organisation, Organisation.id == Task.organisation_id)
            .where(Task.done_at.is_(None), Task.status == "open", Agreement.on_hold.is_(False))
            .order_by(Task.due_at, Task.id)
        )
    )  # fmt: skip
