"""Settings that change at run time. One rule: a setting that was never set has its natural value."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dsa.persistence.models import SettingRow
from dsa.persistence.types import instant_of, seconds_of

CLOCK = "clock_offset"
LOG_CHECKED = "audit_log_checked"
CALENDAR = "calendar_applied"
JOBS = "jobs_seen"


def take_turn(session: Session, name: str) -> dict[str, Any]:
    """Take the turn that goes by this name, until the transaction ends (others wait); what is kept beside it."""
    write = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    fresh = write(SettingRow).values(name=name, value={})
    session.execute(fresh.on_conflict_do_nothing(index_elements=[SettingRow.name]))
    row = session.scalars(select(SettingRow).where(SettingRow.name == name).with_for_update()).one()
    return dict(row.value)


def clock_offset(session: Session) -> float:
    """By how many seconds the demo clock was moved forward."""
    row = session.get(SettingRow, CLOCK)
    value = row.value.get("seconds") if row is not None else 0
    return float(value) if isinstance(value, int | float) else 0.0


def set_clock_offset(session: Session, seconds: int) -> None:
    """Move the demo clock; it can only go forward."""
    row = session.get(SettingRow, CLOCK)
    if row is None:
        session.add(SettingRow(name=CLOCK, value={"seconds": seconds}))
    else:
        row.value = {"seconds": max(seconds, int(clock_offset(session)))}


def log_checked(session: Session) -> dict[str, Any] | None:
    """The last check of the audit log: ``at``, ``leaves`` and ``problems``; None before the first."""
    row = session.get(SettingRow, LOG_CHECKED)
    return dict(row.value) if row is not None else None


def set_log_checked(session: Session, found: Mapping[str, Any]) -> None:
    """Keep what a check of the audit log found."""
    row = session.get(SettingRow, LOG_CHECKED)
    if row is None:
        session.add(SettingRow(name=LOG_CHECKED, value=dict(found)))
    else:
        row.value = dict(found)


def calendar_applied(session: Session) -> dict[str, Any]:
    """The edition of the calendars that every open due date was last worked out on, and when that was (``at``, UTC)."""
    row = session.get(SettingRow, CALENDAR)
    if row is None:
        return {}
    seconds = row.value.get("at")
    return {"edition": row.value.get("edition"), "at": instant_of(seconds if isinstance(seconds, int) else None)}


def set_calendar_applied(session: Session, *, edition: str, at: datetime) -> None:
    """Record that every open due date rests on this edition of the calendars."""
    value: dict[str, object] = {"edition": edition, "at": seconds_of(at)}
    row = session.get(SettingRow, CALENDAR)
    if row is None:
        session.add(SettingRow(name=CALENDAR, value=value))
    else:
        row.value = value


def jobs_seen(session: Session) -> datetime | None:
    """When a worker took its last turn, by true time (UTC); None where none ever did."""
    row = session.get(SettingRow, JOBS)
    seconds = row.value.get("at") if row is not None else None
    return instant_of(seconds if isinstance(seconds, int) else None)


def set_jobs_seen(session: Session, *, at: datetime) -> None:
    """Record when a worker took a turn; it never goes back, so that several may say so."""
    row = session.get(SettingRow, JOBS)
    if row is None:
        session.add(SettingRow(name=JOBS, value={"at": seconds_of(at)}))
        return
    before = row.value.get("at")
    row.value = {"at": max(seconds_of(at) or 0, before if isinstance(before, int) else 0)}
