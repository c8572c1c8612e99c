"""Rows that only the demonstration needs. One rule: nothing of an agreement is changed here."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dsa.persistence.models import OutboxRow, SettingRow

_FILLED = "demo_world"


def settle(
    session: Session, agreement_id: int, *, waiting: Collection[str], made: bool, at: datetime, now: datetime
) -> int:
    """Close the outbox rows of an agreement but mail about tasks in ``waiting`` and documents not yet ``made``.

    What is kept is to be carried out from ``now`` on.
    """
    found = session.execute(
        select(OutboxRow.id, OutboxRow.kind, OutboxRow.payload).where(
            OutboxRow.agreement_id == agreement_id, OutboxRow.done_at.is_(None)
        )
    ).all()
    kept = {row.id for row in found if row.kind == "mail" and row.payload.get("task") in waiting}
    kept |= {row.id for row in found if row.kind != "mail" and not made}
    done = sorted({row.id for row in found} - kept)
    if done:
        session.execute(update(OutboxRow).where(OutboxRow.id.in_(done)).values(done_at=at))
    if kept:
        session.execute(update(OutboxRow).where(OutboxRow.id.in_(sorted(kept))).values(available_at=now))
    return len(done)


def filled(session: Session) -> bool:
    """Whether the demonstration world has been made."""
    return session.get(SettingRow, _FILLED) is not None


def mark_filled(session: Session, *, seed: int, agreements: int) -> None:
    """Remember that it was."""
    if session.get(SettingRow, _FILLED) is None:
        session.add(SettingRow(name=_FILLED, value={"seed": seed, "agreements": agreements}))
