"""Nothing has happened: open agreements by how long ago their work last moved.

One rule: only what moves the work counts. Reminders, chases, looks, digests, comments, taking a task up and due dates
that are worked out again do not (``domain.events.NO_MOVEMENT``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.reasons import REASONS
from dsa.domain.workflow import ROLES
from dsa.persistence import queries_agreements
from dsa.persistence import queries_stalled as queries
from dsa.persistence.queries_stalled import Still
from dsa.services.agreements_list import stages
from dsa.services.agreements_past import day_began
from dsa.services.context import Context
from dsa.services.day_of import days_of
from dsa.timekeeping.nations import BeyondCalendar
from dsa.timekeeping.targets import Message

PAGE = 25
MOST_IN_A_FILE = 10_000
MOST_DAYS = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked for, as it stands in the address: at least ``days`` working days without movement."""

    days: int = 0
    stage: str = ""
    owner: str = ""
    route: str = ""


@dataclass(frozen=True, slots=True)
class StillRow:
    """One agreement: who has it, why, how far they are, when it moved last (UTC), for how many working days not."""

    reference: str
    title: str
    stage: str
    who: str
    reason: str
    progress: Message | None
    on_hold: bool
    moved_at: datetime
    days: int
    chased_at: datetime | None


@dataclass(frozen=True, slots=True)
class StalledPage:
    """A page of the list. ``after`` begins the next page, or None."""

    rows: tuple[StillRow, ...]
    after: str | None
    stages: Mapping[str, str]
    organisations: tuple[tuple[str, str], ...]


def stalled(ctx: Context, actor: Actor, asked: Asked, *, after: tuple[datetime, int] | None = None) -> StalledPage:
    """Open agreements that the actor may see, the one that moved longest ago first."""
    with ctx.database.reading() as session:
        rows = queries.still(session, actor, _wanted(ctx, session, asked), after=after, limit=PAGE)
        last = rows[PAGE - 1] if len(rows) > PAGE else None
        return StalledPage(
            _shown(ctx, session, rows[:PAGE]),
            None if last is None else f"{int(last.moved_at.timestamp())}-{last.id}",
            stages(ctx, session),
            tuple((o.code, o.name) for o in queries_agreements.known(session)),
        )


def stalled_file(ctx: Context, actor: Actor, asked: Asked) -> Iterator[StillRow]:
    """Every row of the list, for the file; at most ``MOST_IN_A_FILE``."""
    with ctx.database.reading() as session:
        wanted = _wanted(ctx, session, asked)
        rows = list(queries.everything(session, actor, wanted, most=MOST_IN_A_FILE))
        for at in range(0, len(rows), 500):
            yield from _shown(ctx, session, rows[at : at + 500])


def _wanted(ctx: Context, session: Session, asked: Asked) -> Still:
    return Still(asked.stage, asked.owner, asked.route, _before(ctx, session, asked.days))


def _before(ctx: Context, session: Session, days: int) -> datetime | None:
    """The moment before which the work must have moved last; by England's days, so that one index can be walked."""
    if days <= 0:
        return None
    calendar, now = ctx.calendars.together(session, "ENG"), ctx.clock.now()
    try:
        today = calendar.local_date(now)
        # the first day since which too few have passed: the fewest, none, have since the newest day of work
        day = calendar.add_working_days(today, calendar.is_working_day(today) - min(days, MOST_DAYS))
    except BeyondCalendar:
        return now - timedelta(days=days)
    return day_began(day)


def _shown(ctx: Context, session: Session, rows: list[Any]) -> tuple[StillRow, ...]:
    now = ctx.clock.now()
    chased = queries.chased(session, [row.id for row in rows]) if rows else {}
    progress = days_of(ctx, session, rows, now)
    return tuple(_row(ctx, session, row, now, progress.get(row.id), chased.get(row.id)) for row in rows)


def _row(
    ctx: Context, session: Session, row: Any, now: datetime, progress: Message | None, chased_at: datetime | None
) -> StillRow:
    calendar = ctx.calendars.of(session, row.lead_organisation_id, row.lead_nation)
    stage = ctx.definitions.flow(session, row.workflow_id, row.workflow_version).stages[row.stage]
    role, reason = ROLES.get(row.holder_role or "", ""), REASONS.get(row.holder_reason or "")
    return StillRow(
        row.reference,
        row.title,
        stage.title,
        ", ".join(part for part in (role, row.holder_name or row.holder_owner or "") if part),
        reason.label if reason is not None else "",
        progress,
        row.on_hold,
        row.moved_at,
        calendar.elapsed_days(row.moved_at, now),
        chased_at,
    )
