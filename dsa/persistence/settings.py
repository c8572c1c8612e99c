"""Settings that change at run time. One rule: a setting that was never set has its natural value."""

from sqlalchemy.orm import Session

from dsa.persistence.models import SettingRow

CLOCK = "clock_offset"


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
