"""Move the demonstration's clock on, and let what falls due happen. One rule: never outside a demonstration."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dsa.domain.errors import NotFound, Refused
from dsa.persistence import settings as stored
from dsa.services import digesting, notifying, redating, reminding
from dsa.services.context import Context
from dsa.timekeeping.calendar import calendar_for
from dsa.timekeeping.clock import SimulatedClock
from dsa.timekeeping.nations import BeyondCalendar

STEPS = (1, 5, 20)


@dataclass(frozen=True, slots=True)
class Moved:
    """Where the clock stands now (UTC), how many reminders fell due, how many things were carried out."""

    now: datetime
    reminders: int
    carried_out: int


def move_on(ctx: Context, days: int) -> Moved:
    """Move the demo clock on by working days (one of ``STEPS``), then remind and carry out what waits.

    Raises NotFound where this is no demonstration, Refused for another number of days or past the known calendar.
    """
    if not ctx.demo:
        raise NotFound("There is no clock to move here: this is not a demonstration.")
    if days not in STEPS:
        raise Refused("The clock moves on by 1, 5 or 20 working days. Choose one of them.")
    with ctx.database.writing() as session:
        before = ctx.clock.now()
        clock = SimulatedClock(before)
        try:
            now = clock.advance_working(calendar_for("ENG"), days=days)
        except BeyondCalendar as problem:
            raise Refused("The clock cannot be moved further: bank holidays are not known beyond.") from problem
        seconds = stored.clock_offset(session) + (now - before).total_seconds()
        stored.set_clock_offset(session, int(seconds))
    later = replace(ctx, clock=clock)
    redating.redate(later)
    asked, done = reminding.remind(later), notifying.carry_out(later)
    digesting.digest(later)
    return Moved(now.astimezone(UTC), asked, done)
