"""The daily digest: one mail for each person and working day, whose links are verbs.

One rule: (person, day) is the key, so that it is sent once, whatever the clock does. It goes out when the person's
office has opened; what has been done meanwhile is left out, and where nothing is left no mail is written.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.persistence import notices, outbox, people
from dsa.services import letters
from dsa.services.context import Context
from dsa.services.letters import Letter
from dsa.timekeeping.calendar import WorkingCalendar
from dsa.timekeeping.instants import local_day


def digest(ctx: Context) -> int:
    """Write the digests that are due now; returns how many. Each is one transaction, so it may stop anywhere."""
    now = ctx.clock.now()
    with ctx.database.reading() as session:
        waiting = notices.waiting_people(session, before=now)
    return sum(_digest_one(ctx, person, now) for person in waiting)


def _digest_one(ctx: Context, person: Any, now: datetime) -> int:
    with ctx.database.writing() as session:
        calendar = _calendar(ctx, session, person.id, now)
        day = calendar.local_date(now)
        if calendar.next_opening(now) != now or outbox.known(session, _key(person.id, day)):
            return 0
        lines = notices.lines_of(session, person.id, before=now)
        if not lines:
            return 0
        found = _still_needed(ctx, session, person.id, lines)
        notices.mark_told(session, person.id, [row.id for row in lines], at=now)
        if not found:
            return 0
        payload = {"person": person.id}
        outbox_id = outbox.ask(session, "digest", _key(person.id, day), payload, at=now, done_at=now)
        count = f"{len(found)} things" if len(found) > 1 else "1 thing"
        text = "\n\n".join(f"- {letter.subject}\n  {ctx.base_url}{letter.path}" for letter in found)
        letters.write_mail(ctx, session, person, f"Your day: {count} to do", text, "/tasks", outbox_id=outbox_id)
        return 1


def _key(person_id: int, day: date) -> str:
    return f"digest:{person_id}:{day.isoformat()}"


def _still_needed(ctx: Context, session: Session, person_id: int, lines: Sequence[Any]) -> list[Letter]:
    """What is still to be told to this person, each thing to do once: the newest word about it."""
    found: dict[str, Letter] = {}
    for row in lines:
        for letter in letters.letters_of(ctx, session, row.reference, row.payload):
            if letter.person.id == person_id:
                found.pop(letter.path, None)
                found[letter.path] = letter
    return list(found.values())


def _calendar(ctx: Context, session: Session, person_id: int, now: datetime) -> WorkingCalendar:
    """The calendar of the person's first post; England's usual office for somebody without one."""
    held = people.posts_of(session, person_id, on=local_day(now))
    if not held:
        return ctx.calendars.together(session, "ENG")
    organisation = held[0].organisation_id
    return ctx.calendars.of(session, organisation, people.nation_of(session, organisation))
