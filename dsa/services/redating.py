"""Working due dates out again: when a calendar changes, and when a hold ends.

One rule: a due date only moves by an event that says why; where nothing moves, nothing is recorded. A pass over the
open agreements may stop anywhere and be taken up again: each agreement is done in one transaction of its own.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor, Held
from dsa.domain.errors import Problem
from dsa.domain.events import MovedDue, moment
from dsa.persistence import calendars as stored
from dsa.persistence import heads, history, queries_dues, work
from dsa.persistence import settings as kept
from dsa.persistence.heads import Loaded
from dsa.services.calendars import in_year
from dsa.services.context import Context
from dsa.services.moving import Happening, take
from dsa.timekeeping import targets
from dsa.timekeeping.calendar import Pause
from dsa.timekeeping.instants import local_day, read_instant
from dsa.timekeeping.nations import NATION_NAMES, PACKAGE_VERSION
from dsa.timekeeping.office import OfficeHours

ON_HOLD = "time on hold does not count"
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass over the open agreements did: how many have new due dates, how many could not be worked out."""

    moved: int
    failed: int


def redate(ctx: Context) -> Pass:
    """Work the due dates of every open agreement out again, where a calendar changed since the last whole pass."""
    with ctx.database.reading() as session:
        ctx.calendars.refresh(session, at_once=True)
        now, applied = _edition(session), kept.calendar_applied(session)
    if applied.get("edition") == now:
        return Pass(0, 0)
    since = applied.get("at")
    moved = failed = 0
    for reference in _stale(ctx):
        try:
            moved += _redate_one(ctx, reference, since=since)
        except Problem:
            failed += 1
    if failed:  # somebody else was first, or the calendar ends before: the next pass tries again
        return Pass(moved, failed)
    with ctx.database.writing() as session:
        # what changed while the pass ran is the next pass's: the edition is the one that it began with
        kept.set_calendar_applied(session, edition=now, at=ctx.clock.now())
    return Pass(moved, failed)


def _edition(session: Session) -> str:
    return f"{stored.edition(session)} holidays-{PACKAGE_VERSION}"


def _stale(ctx: Context) -> Iterable[str]:
    """References of open agreements with a due date that rests on a calendar of another version, in order."""
    after = 0
    while True:
        with ctx.database.reading() as session:
            rows = queries_dues.open_dues(session, after=after, limit=_BATCH)
            found = dict.fromkeys(
                row.reference
                for row in rows
                if row.calendar_version != ctx.calendars.of(session, row.organisation_id, row.nation).version
            )
        yield from found
        if not rows:
            return
        after = rows[-1].agreement_id


def _redate_one(ctx: Context, reference: str, *, since: datetime | None) -> bool:
    with ctx.database.writing() as session:
        loaded = heads.load(session, reference, lock=True)
        if loaded is None or loaded.head.finished_at is not None:
            return False
        moved = moved_dues(ctx, session, loaded)
        if not moved:
            return False
        changes = _changes(session, loaded, moved, since)
        facts = {"reason": _because(changes, pauses_of(session, loaded)), "moved": moved_facts(moved)}
        actor, held = _responsible(session, loaded, changes)
        take(ctx, session, loaded, actor, held, Happening("DueDatesRecomputed", facts), moved=moved, bump=False)
        return True


def moved_facts(moved: Sequence[MovedDue]) -> list[dict[str, str]]:
    """What an event says of due dates that move: the task (empty for the stage), from when, to when."""
    return [
        {"task": each.key, "from": moment(each.was) if each.was else "", "to": moment(each.due_at)} for each in moved
    ]


def moved_dues(
    ctx: Context, session: Session, loaded: Loaded, *, until: datetime | None = None
) -> tuple[MovedDue, ...]:
    """The due moments of the open tasks and of the stage that come out otherwise now.

    ``until``: the hold in force ends at that moment. A task keeps the target that it opened with.
    """
    pauses = pauses_of(session, loaded, until=until)
    found = []
    for task in loaded.tasks:
        if task.status == "open":
            nation = loaded.nation_of(task.organisation_id)
            entered, target = task.opened_at, task.target_days
            found.append(_dated(ctx, session, task, (task.organisation_id, nation), entered, target, pauses, task.key))
    stay = history.stage_entries(session, loaded.head.id)[-1]
    if stay.left_at is None:
        whose = (loaded.lead.organisation_id, loaded.lead.nation)
        found.append(_dated(ctx, session, stay, whose, stay.entered_at, stay.target_days, pauses, ""))
    return tuple(each for each in found if each is not None)


def _dated(
    ctx: Context, session: Session, row: Any, whose: tuple[int, str], entered: datetime, target: int | None,
    pauses: Sequence[Pause], key: str,
) -> MovedDue | None:  # fmt: skip
    calendar = ctx.calendars.of(session, *whose)
    mine = [pause for pause in pauses if pause[1] > entered]
    due = targets.due_at(calendar, entered=entered, target_days=target, pauses=mine)
    if due is None or due == row.due_at:
        return None
    return MovedDue(key, row.stage, row.round, row.due_at, due, calendar.version)


def pauses_of(session: Session, loaded: Loaded, *, until: datetime | None = None) -> tuple[Pause, ...]:
    """The holds that are over; ``until`` is the end of one that is ending now."""
    ends = ((hold.started_at, hold.ended_at or until) for hold in work.holds(session, loaded.head.id))
    return tuple((began, ended) for began, ended in ends if ended is not None)


def why_moved(session: Session, task: Any) -> tuple[datetime, str] | None:
    """When the task was due before that moved last (UTC), and why; None where it never moved."""
    if task.due_seq is None:
        return None
    event = history.event(session, task.agreement_id, task.due_seq)
    facts = json.loads(event.body)["facts"]
    was = next((each["from"] for each in facts.get("moved", ()) if each["task"] == task.key), "")
    return (read_instant(was), str(facts.get("reason") or ON_HOLD)) if was else None


# Who is responsible, and why


def _changes(session: Session, loaded: Loaded, moved: Sequence[MovedDue], since: datetime | None) -> list[Any]:
    """The changes since the last whole pass that these due dates follow from: those of whoever has the task, of a day
    between its opening and its due day."""
    tasks = {(task.key, task.stage, task.round): task for task in loaded.tasks}
    spans: dict[int, tuple[date, date]] = {}
    for each in moved:
        task = tasks.get((each.key, each.stage, each.round)) if each.key else None
        whose = loaded.lead.organisation_id if task is None else task.organisation_id
        began = loaded.head.stage_entered_at if task is None else task.opened_at
        first, last = spans.get(whose, (local_day(began), local_day(each.due_at)))
        ends = max(local_day(each.due_at), local_day(each.was or each.due_at), last)
        spans[whose] = (min(first, local_day(began)), ends)
    nations = {loaded.nation_of(whose): span for whose, span in spans.items()}
    rows = stored.changes(session, organisations=sorted(spans), nations=sorted(nations), since=since)
    return [row for row in rows if _within(row, nations if row.what == "holiday" else spans)]


def _within(row: Any, spans: Mapping[Any, tuple[date, date]]) -> bool:
    first, last = spans[row.whose if row.what == "holiday" else row.organisation_id]
    if row.what == "hours":
        return bool(row.day <= last)
    if row.yearly:
        return any(first <= in_year(row.day, year) <= last for year in range(first.year, last.year + 1))
    return bool(first <= row.day <= last)


def _because(changes: Sequence[Any], pauses: Sequence[Pause]) -> str:
    """Why due dates move, as the history tells it."""
    said = [change_said(row) for row in changes]
    if not said and pauses:
        said = [ON_HOLD]
    return "; ".join(said) or f"the bank holidays known to the service were renewed (holidays {PACKAGE_VERSION})"


def change_said(row: Any) -> str:
    """A change of a calendar in words: the day, what it is now, for whom and why."""
    day, whose = _day(row), NATION_NAMES.get(row.whose, row.organisation)
    if row.withdrawn_at is not None:
        return f"{day} ({whose}: {row.reason}) was taken out of the working calendar again"
    if row.what == "holiday":
        return f"{day} is a bank holiday in {whose} ({row.reason})"
    if row.what == "hours":
        return f"{whose} is open {OfficeHours(row.opens_at, row.closes_at).said} from {day} ({row.reason})"
    when = f"every year on {day}" if row.yearly else f"on {day}"
    if row.closes_at is None:
        return f"{whose} is closed {when} ({row.reason})"
    return f"{whose} closes at {row.closes_at // 60:02}:{row.closes_at % 60:02} {when} ({row.reason})"


def _day(row: Any) -> str:
    return f"{row.day.day} {row.day:%B}" if row.yearly else f"{row.day.day} {row.day:%B %Y}"


def _responsible(session: Session, loaded: Loaded, changes: Sequence[Any]) -> tuple[Actor, Held]:
    """The service acts for whoever changed the calendar last; else for whoever acted last on the agreement."""
    newest = max(changes, key=lambda row: row.withdrawn_at or row.added_at, default=None)
    person = None if newest is None else newest.withdrawn_by_id or newest.added_by_id
    if person is None:
        person = history.newest(session, loaded.head.id).person_id
    lead = loaded.lead
    held = Held(0, lead.organisation_id, lead.code, lead.name, "the service", "administrator")
    return Actor(person, "", (), "service"), held
