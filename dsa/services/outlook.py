"""What a page says about when an agreement will be signed, with its own record. One rule: it only reads what was kept.

A date never stands without the record: of the last so many forecasts, how many were met. Below a floor of forecasts
that can be judged no very likely day is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.insight.track_record import FEWEST
from dsa.persistence import forecasts as stored
from dsa.services.context import Context
from dsa.services.forecasting import RECORD
from dsa.timekeeping.calendar import WorkingCalendar

FEWEST_JUDGED = FEWEST


@dataclass(frozen=True, slots=True)
class Met:
    """How forecasts did whose day has come. ``again``: they were made again for past days, with what was known then.

    ``gone``: not judged, because the agreement was withdrawn or rejected before the day.
    """

    said: int
    met: int
    gone: int
    again: bool

    @property
    def share(self) -> float | None:
        """The share that was met, of 1; None while none could be judged."""
        return self.met / self.said if self.said else None


@dataclass(frozen=True, slots=True)
class Record:
    """The record of the very likely days and of the likely days, and since when it is known."""

    very_likely: Met
    likely: Met
    factor: float
    made_at: datetime | None

    @property
    def tested(self) -> bool:
        """Whether enough very likely days can be judged for one to be given at all."""
        return self.very_likely.said >= FEWEST_JUDGED


@dataclass(frozen=True, slots=True)
class Outlook:
    """When an agreement will be signed, or why no date is given (``refusal``: too_little_history, older_than_anything,
    too_far, since_not_known). ``needed_on`` is when it is needed; distances are in working days from now, negative
    once past. ``all_seen``: whether the reader may see all that it rests on: every agreement here.
    """

    likely_on: date | None
    very_likely_on: date | None
    likely_in: int
    very_likely_in: int
    refusal: str
    rests_on: int
    unsigned: int
    made_at: datetime
    needed_on: date | None
    record: Record
    all_seen: bool

    @property
    def late(self) -> bool:
        """Whether it is very likely only later than it is needed."""
        return self.very_likely_on is not None and self.needed_on is not None and self.very_likely_on > self.needed_on


def outlook_of(
    ctx: Context,
    session: Session,
    actor: Actor,
    agreement_id: int,
    calendar: WorkingCalendar,
    *,
    needed_on: date | None,
) -> Outlook | None:
    """The newest forecast of an open agreement; None where there is none for the stay it is in."""
    row = stored.newest(session, agreement_id)
    if row is None:
        return None
    today = calendar.local_date(ctx.clock.now())
    record = record_of(session)
    very_likely = row.very_likely_on if record.tested else None
    return Outlook(
        row.likely_on,
        very_likely,
        distance(calendar, today, row.likely_on),
        distance(calendar, today, very_likely),
        row.refusal or "",
        row.rests_on,
        row.still_open,
        row.made_at,
        needed_on,
        record,
        actor.sees_all,
    )


def distance(calendar: WorkingCalendar, today: date, on: date | None) -> int:
    """Working days from today to a day; negative where it is past, 0 where there is none."""
    if on is None:
        return 0
    return calendar.working_days(today, on) if on >= today else -calendar.working_days(on, today)


def record_of(session: Session) -> Record:
    """The record as the last run of the job left it: the forecasts that were made where enough can be judged, else
    those made again for past days."""
    row = stored.figure(session, RECORD)
    body: Mapping[str, Any] = row.body if row is not None else {}
    made, again = body.get("made") or {}, body.get("again") or {}
    use_again = int(made.get("said", 0)) < FEWEST
    chosen = again if use_again else made
    return Record(
        _met(chosen, "", again=use_again),
        _met(chosen, "likely_", again=use_again),
        float(body.get("factor", 1.0)),
        row.made_at if row is not None else None,
    )


def _met(counts: Mapping[str, Any], which: str, *, again: bool) -> Met:
    said, met, gone = (int(counts.get(f"{which}{name}", 0)) for name in ("said", "met", "gone"))
    return Met(said, met, gone, again)
