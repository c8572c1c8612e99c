"""All agreements that somebody may see: searched, filtered, by the page. One rule: who has it stands in every row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.reasons import REASONS
from dsa.domain.workflow import ROLES
from dsa.persistence import queries_agreements as queries
from dsa.persistence.queries_agreements import MOST_COUNTED, Wanted
from dsa.services.agreements_measured import measured_of
from dsa.services.agreements_past import past_of
from dsa.services.context import Context
from dsa.services.day_of import days_of
from dsa.services.finish_lines import FinishLine
from dsa.services.outlook import Record, record_of
from dsa.services.whose_time import Figures, HoldNow, Times, times_of
from dsa.timekeeping import targets
from dsa.timekeeping.targets import Message

PAGE = 25
MOST_IN_A_FILE = 10_000
AT_A_TIME = 200  # rows of a file whose times are asked for together
ROUTES = {"fast": "Fast route", "standard": "Standard route", "high": "High-risk route", "emergency": "Emergency route"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a person asked for, as it stands in the address.

    Those from ``workflow`` on come with the numbers of "Where the time goes" (``agreements_past`` says what they mean;
    of those from ``ended`` on ``agreements_measured``).
    """

    q: str = ""
    stage: str = ""
    organisation: str = ""
    owner: str = ""
    route: str = ""
    overdue: bool = False
    mine: bool = False
    open: bool = False
    workflow: str = ""
    been: str = ""
    late_in: str = ""
    in_week: str = ""
    held_by: str = ""
    because: str = ""
    started: str = ""
    started_from: str = ""
    started_to: str = ""
    signed: str = ""
    asked: str = ""
    asked_because: str = ""
    review: str = ""
    team: str = ""
    entered_before: str = ""
    worth: str = ""
    forecast: str = ""
    simulated: str = ""
    ended: str = ""
    lasted: str = ""
    begun_from: str = ""
    begun_before: str = ""
    version_from: str = ""
    version_before: str = ""
    one_in: str = ""
    done_by: str = ""
    forecast_of: str = ""

    def active(self) -> list[str]:
        """The names of those that narrow the list."""
        return [name for name in self.__dataclass_fields__ if getattr(self, name)]

    def without(self, name: str) -> "Filters":
        """The same but for one."""
        empty: dict[str, Any] = {name: "" if isinstance(getattr(self, name), str) else False}
        return replace(self, **empty)


@dataclass(frozen=True, slots=True)
class Row:
    """One agreement in the list. ``who`` is empty once it is over; ``signature``, ``first_data``: its finish lines.

    ``reported``: its first dates are as reported. ``progress``: whoever has it is on “day 6 of 10”.
    """

    reference: str
    title: str
    stage: str
    route: str
    who: str
    reason: str
    since: datetime | None
    due_at: datetime | None
    distance: Message | None
    late: bool
    figures: Figures
    signature: FinishLine
    first_data: FinishLine
    hold: HoldNow | None
    synthetic: bool
    likely_on: date | None
    very_likely_on: date | None
    reported: bool
    progress: Message | None


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of the list. ``count`` is exact up to 1,000; ``after`` begins the next page; ``easing`` names filters
    without which something would be found, with how many. ``tasks``: those of the team that was asked for in the
    agreements that are counted, None where no team was. ``one_in``: of so many one was measured."""

    rows: tuple[Row, ...]
    count: int
    counted_all: bool
    after: str | None
    organisations: tuple[tuple[str, str], ...]
    stages: Mapping[str, str]
    easing: tuple[tuple[str, int], ...]
    any_at_all: bool
    record: Record
    tasks: int | None
    one_in: int


def agreements_page(
    ctx: Context, actor: Actor, filters: Filters, *, after: tuple[datetime, int] | None = None
) -> ListPage:
    """A page of what the actor may see, newest change first, or the longest overdue first."""
    now = ctx.clock.now()
    with ctx.database.reading() as session:
        wanted = _wanted(ctx, session, actor, filters, now)
        found = queries.page(session, actor, wanted, after=after, limit=PAGE)
        count = queries.count(session, actor, wanted)
        easing: list[tuple[str, int]] = []
        if not found:
            for name in filters.active():
                others = queries.count(session, actor, _wanted(ctx, session, actor, filters.without(name), now))
                if others:
                    easing.append((name, others))
        last = found[PAGE - 1] if len(found) > PAGE else None
        record = record_of(session)
        times, days = times_of(ctx, session, found[:PAGE], now=now), days_of(ctx, session, found[:PAGE], now)
        return ListPage(
            tuple(_row(ctx, session, row, times[row.id], now, record, days.get(row.id)) for row in found[:PAGE]),
            min(count, MOST_COUNTED),
            count <= MOST_COUNTED,
            None if last is None else _after(*queries.place(wanted, last)),
            tuple((o.code, o.name) for o in queries.known(session)),
            stages(ctx, session),
            tuple(easing),
            bool(found) or bool(queries.count(session, actor, Wanted(), most=1)),
            record,
            queries.count_tasks(session, actor, wanted) if filters.team or filters.done_by else None,
            wanted.measured.one_in,
        )


def agreements_file(ctx: Context, actor: Actor, filters: Filters) -> Iterator[Row]:
    """Every row of the list, for the file; at most ``MOST_IN_A_FILE``."""
    now = ctx.clock.now()
    with ctx.database.reading() as session:
        wanted = _wanted(ctx, session, actor, filters, now)
        rows = queries.everything(session, actor, wanted, most=MOST_IN_A_FILE)
        record = record_of(session)
        while some := list(islice(rows, AT_A_TIME)):
            times = times_of(ctx, session, some, now=now)
            for row in some:
                yield _row(ctx, session, row, times[row.id], now, record)


def stages(ctx: Context, session: Session) -> dict[str, str]:
    """Every stage of the workflows in use, in order, by id."""
    found: dict[str, str] = {}
    for route in ("standard", "fast"):
        workflow = ctx.definitions.for_route(session, route).workflow
        found |= {stage.id: stage.title for stage in workflow.stages if stage.id not in found}
    return found


def _after(at: datetime, identifier: int) -> str:
    return f"{int(at.timestamp())}-{identifier}"


def _wanted(ctx: Context, session: Session, actor: Actor, filters: Filters, now: datetime) -> Wanted:
    return Wanted(
        search=filters.q,
        stage=filters.stage,
        organisation=filters.organisation,
        owner=filters.owner,
        route=filters.route,
        workflow=filters.workflow,
        overdue=filters.overdue,
        mine=filters.mine,
        unfinished=filters.open,
        posts=tuple((held.organisation, held.role) for held in actor.posts),
        person=actor.person_id,
        now=now,
        past=past_of(ctx, session, filters),
        measured=measured_of(ctx, session, actor, filters),
    )


def _row(
    ctx: Context, session: Session, row: Any, times: Times, now: datetime, record: Record,
    progress: Message | None = None,
) -> Row:  # fmt: skip
    calendar = ctx.calendars.of(session, row.lead_organisation_id, row.lead_nation)
    stage = ctx.definitions.flow(session, row.workflow_id, row.workflow_version).stages[row.stage]
    due = None if stage.final else row.stage_due_at
    role = ROLES.get(row.holder_role or "", "")
    reason = REASONS.get(row.holder_reason or "")
    return Row(
        row.reference,
        row.title,
        stage.title,
        ROUTES.get(row.route, row.route),
        ", ".join(part for part in (role, row.holder_name or row.holder_owner or "") if part),
        reason.label if reason is not None else "",
        row.holder_since if times.since_known else None,
        due,
        None if due is None else targets.distance(calendar, now=now, due=due),
        due is not None and due < now,
        times.figures,
        *times.finish,
        times.hold,
        row.is_synthetic,
        row.likely_on if row.finished_at is None else None,
        row.very_likely_on if row.finished_at is None and record.tested else None,
        bool(row.tracking),
        progress if times.since_known else None,
    )
