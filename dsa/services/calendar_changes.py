"""Changing the working calendars: one-off bank holidays, closures, half days, office hours.

One rule: a change says why, is seen with who made it and when, and only ever concerns days that are still to come.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor, Held
from dsa.domain.errors import BadInput, NotAllowed, NotFound, Refused
from dsa.persistence import calendars as stored
from dsa.persistence import outbox, people, rows
from dsa.services.context import Context
from dsa.timekeeping.instants import local_day
from dsa.timekeeping.nations import FIRST_YEAR, LAST_DAY, LAST_YEAR, NATION_NAMES
from dsa.timekeeping.office import OfficeHours

MOST_REASON = 200


@dataclass(frozen=True, slots=True)
class Closing:
    """A day on which an organisation (its code) is closed, or closes at ``closes_at`` (local minutes)."""

    organisation: str
    day: date
    reason: str
    closes_at: int | None = None
    yearly: bool = False


def add_holiday(ctx: Context, actor: Actor, *, nations: Sequence[str], day: date, reason: str) -> None:
    """Add a one-off bank holiday of one or several nations. ``reason``: what for, or by which proclamation.

    Raises NotAllowed for anybody but an administrator, BadInput for a day that is past, unknown or no working day.
    """
    _administrator(actor)
    if not nations or not set(nations) <= set(NATION_NAMES):
        raise BadInput("Choose at least one nation.")
    said = _reason(reason)
    with ctx.database.writing() as session:
        _demand_to_come(ctx, day)
        for nation in nations:
            calendar = ctx.calendars.together(session, nation)
            if not calendar.is_working_day(day):
                raise BadInput("%(nation)s does not work on that day already.", nation=NATION_NAMES[nation])
        for nation in nations:
            row = {"nation": nation, "day": day, "title": said}
            rows.add(session, "calendar_days", row | _by(ctx, actor))
        _changed(ctx, session)


def add_closure(ctx: Context, actor: Actor, new: Closing) -> None:
    """Add a day on which an organisation is closed or closes early. Its own administrator does it.

    Raises NotAllowed, or BadInput for a day that is past, unknown or no working day, or for a time outside its hours.
    """
    held = _administrator(actor, new.organisation)
    said = _reason(new.reason)
    with ctx.database.writing() as session:
        _demand_to_come(ctx, new.day)
        calendar = ctx.calendars.of(session, held.organisation_id, people.nation_of(session, held.organisation_id))
        if not calendar.is_working_day(new.day) and not new.yearly:
            raise BadInput("The office is closed on that day already.")
        if new.closes_at is not None and calendar.is_working_day(new.day):
            open_from, until = calendar.hours_on(new.day)
            if not open_from < new.closes_at < until:
                raise BadInput(
                    "On that day the office is open from %(hours)s. Enter a time between.",
                    hours=OfficeHours(open_from, until).said,
                )
        row = {"organisation_id": held.organisation_id, "day": new.day, "closes_at": new.closes_at}
        rows.add(session, "closures", row | {"yearly": new.yearly, "reason": said} | _by(ctx, actor))
        _changed(ctx, session)


def set_hours(ctx: Context, actor: Actor, *, organisation: str, since: date, hours: OfficeHours, reason: str) -> None:
    """Set the office hours of an organisation from a day on. Raises as ``add_closure``."""
    held = _administrator(actor, organisation)
    said = _reason(reason)
    with ctx.database.writing() as session:
        _demand_to_come(ctx, since)
        days = stored.days_of(session, held.organisation_id)
        if any(day == since for day, _, _ in days.hours):
            raise BadInput("Office hours from that day on are set already. Withdraw them first.")
        row = {"organisation_id": held.organisation_id, "day": since}
        row |= {"opens_at": hours.opens, "closes_at": hours.closes, "reason": said}
        rows.add(session, "office_hours", row | _by(ctx, actor))
        _changed(ctx, session)


def withdraw(ctx: Context, actor: Actor, what: str, identifier: int) -> None:
    """Withdraw a change (closure, holiday or hours) whose day is still to come; it stays to be seen.

    Raises NotFound, NotAllowed, or Refused for a day that has come and for one that was withdrawn already.
    """
    with ctx.database.writing() as session:
        found = demand_change(session, what, identifier)
        demand_may_withdraw(ctx, actor, found)
        if not stored.withdraw(session, what, identifier, person_id=actor.person_id, at=ctx.clock.now()):
            raise Refused("It was withdrawn already.")
        _changed(ctx, session)


def demand_change(session: Session, what: str, identifier: int) -> Any:
    """The stored change with who made it; raises NotFound."""
    found = [row for row in stored.changes(session) if (row.what, row.id) == (what, identifier)]
    if not found:
        raise NotFound("There is no such day in the working calendar.")
    return found[0]


def demand_may_withdraw(ctx: Context, actor: Actor, row: Any) -> None:
    """Raise NotAllowed or Refused where the actor may not withdraw this change now."""
    _administrator(actor, "" if row.what == "holiday" else row.whose)
    if row.withdrawn_at is not None:
        raise Refused("It was withdrawn already.")
    if row.day <= local_day(ctx.clock.now()) and not row.yearly:
        raise Refused("That day has come: time was counted by it. Only days that are still to come are withdrawn.")


def may_change(actor: Actor, organisation: str = "") -> bool:
    """Whether the actor is an administrator: of that organisation (its code), or of any."""
    return _held(actor, organisation) is not None


def _held(actor: Actor, organisation: str) -> Held | None:
    return actor.holding(["administrator"], [organisation] if organisation else None)


def _administrator(actor: Actor, organisation: str = "") -> Held:
    held = _held(actor, organisation)
    if held is None:
        raise NotAllowed(
            "Only an administrator changes the working calendar, and an organisation's days only its own administrator."
        )
    return held


def _demand_to_come(ctx: Context, day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadInput(
            "Bank holidays are known until %(last)s. Enter a day before.", last=f"{LAST_DAY.day} December {LAST_YEAR}"
        )
    if day < local_day(ctx.clock.now()):
        raise BadInput("Enter a day that is not past: time that has passed was counted already.")


def _reason(text: str) -> str:
    said = " ".join(text.split())
    if not said or not said.isprintable():
        raise BadInput("Say why: everybody whose dates move is told.")
    if len(said) > MOST_REASON:
        raise BadInput("The reason must be %(limit)s characters or fewer.", limit=MOST_REASON)
    return said


def _changed(ctx: Context, session: Session) -> None:
    """Look at the calendars anew, and ask for the due dates to be worked out again."""
    ctx.calendars.refresh(session, at_once=True)
    outbox.ask(session, "redate", f"redate:{stored.edition(session)}", {}, at=ctx.clock.now())


def _by(ctx: Context, actor: Actor) -> dict[str, Any]:
    return {"added_by_id": actor.person_id, "added_at": ctx.clock.now()}
