"""Rows that only the demonstration needs. One rule: nothing of an agreement is changed here."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from dsa.persistence.models import OutboxRow, SettingRow, table
from dsa.persistence.prepared import Prepared

_FILLED = "demo_world"


def settle(
    session: Session, agreement_id: int, *, waiting: Collection[str], made: bool, at: datetime, now: datetime
) -> int:
    """Close the outbox rows of an agreement but mail about tasks in ``waiting`` and documents not yet ``made``.

    What is kept is to be carried out from ``now`` on.
    """
    found = _WAITING.rows(session, {"agreement": agreement_id})
    kept = {row.id for row in found if row.kind == "mail" and row.payload.get("task") in waiting}
    kept |= {row.id for row in found if row.kind != "mail" and not made}
    done = sorted({row.id for row in found} - kept)
    _DONE.many(session, [{"of_id": identifier, "done": at} for identifier in done])
    _LATER.many(session, [{"of_id": identifier, "later": now} for identifier in sorted(kept)])
    return len(done)


_O = table(OutboxRow)
_WAITING = Prepared(
    select(_O.c.id, _O.c.kind, _O.c.payload).where(_O.c.agreement_id == bindparam("agreement"), _O.c.done_at.is_(None))
)
_DONE = Prepared(update(_O).where(_O.c.id == bindparam("of_id")).values(done_at=bindparam("done")))
_LATER = Prepared(update(_O).where(_O.c.id == bindparam("of_id")).values(available_at=bindparam("later")))


def filled(session: Session) -> bool:
    """Whether the demonstration world has been made."""
    return session.get(SettingRow, _FILLED) is not None


def mark_filled(session: Session, made: Mapping[str, object]) -> None:
    """Remember that it was, and how: its seed, its size, what else it was made from."""
    if session.get(SettingRow, _FILLED) is None:
        session.add(SettingRow(name=_FILLED, value=dict(made)))
