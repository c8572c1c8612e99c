"""The list of agreements, filtered. One rule: one page at a time in the order of an index, never by counting rows off.

Newest change first; what is overdue by how long it is overdue, so that a page of it need not look at what is not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, union
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.persistence import queries_agreements_measured, queries_agreements_past, visibility
from dsa.persistence.models import Agreement, ForecastRow, NewestForecast, Organisation, Party, table
from dsa.persistence.prepared import Prepared
from dsa.persistence.queries_agreements_measured import Measured
from dsa.persistence.queries_agreements_past import Past
from dsa.persistence.waiting import WAITED_FOR

_A, _O, _P = table(Agreement), table(Organisation), table(Party)
_H = _O.alias("holder")
_N, _F = table(NewestForecast), table(ForecastRow)
MOST_COUNTED = 1_000
_ANY_PAST, _ANY_MEASURE = Past(), Measured()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed to. ``organisation`` and ``owner`` are codes; ``mine`` needs ``posts``, ``person``."""

    search: str = ""
    stage: str = ""
    organisation: str = ""
    owner: str = ""
    route: str = ""
    workflow: str = ""
    overdue: bool = False
    mine: bool = False
    unfinished: bool = False
    posts: tuple[tuple[str, str], ...] = ()
    person: int | None = None
    now: datetime | None = None
    past: Past = _ANY_PAST
    measured: Measured = _ANY_MEASURE

    @property
    def by_due(self) -> bool:
        """Whether the list is in the order of what was due first, not of the newest change."""
        return self.overdue and self.now is not None

    @property
    def waited_for(self) -> bool:
        """Whether it is what is overdue and somebody is waited for: kept beside each party."""
        return self.by_due and self.unfinished


def page(
    session: Session, actor: Actor, wanted: Wanted, *, after: tuple[datetime, int] | None = None, limit: int = 25
) -> list[Any]:
    """At most ``limit`` + 1 rows after a place (``place``): one more than fits says that there is a next page."""
    if wanted.waited_for and not actor.sees_all:
        walks = [session.execute(walk) for walk in _late(actor, wanted, after, limit + 1)]
        late = sorted({(row.waiting_due, row.agreement_id) for rows in walks for row in rows})
        return _in_order(session, [identifier for _, identifier in late[: limit + 1]])
    statement = _rows().where(_narrowed(actor, wanted))
    if wanted.by_due:
        statement = statement.order_by(_A.c.stage_due_at, _A.c.id)
    else:
        statement = statement.order_by(_A.c.updated_at.desc(), _A.c.id.desc())
    if after is not None:
        at, identifier = after
        if wanted.by_due:
            later = (_A.c.stage_due_at >= at, or_(_A.c.stage_due_at > at, _A.c.id > identifier))
        else:
            later = (_A.c.updated_at <= at, or_(_A.c.updated_at < at, _A.c.id < identifier))
        statement = statement.where(*later)
    return list(session.execute(statement.limit(limit + 1)))


def place(wanted: Wanted, row: Any) -> tuple[datetime, int]:
    """Where a row stands in the order of the list: (when it was due or changed, id); the next page begins after it."""
    return (row.stage_due_at if wanted.by_due else row.updated_at), row.id


def count(session: Session, actor: Actor, wanted: Wanted, *, most: int = MOST_COUNTED) -> int:
    """How many there are; the count stops at ``most`` + 1."""
    if wanted.waited_for and not actor.sees_all:
        each = [select(walk.subquery().c.agreement_id) for walk in _late(actor, wanted, None, most + 1)]
        late = select(func.count()).select_from(union(*each).subquery())
        return min(session.scalar(late) or 0, most + 1) if each else 0
    inner = select(_A.c.id).where(_narrowed(actor, wanted)).limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(inner)) or 0


def count_tasks(session: Session, actor: Actor, wanted: Wanted, *, most: int = MOST_COUNTED) -> int:
    """How many tasks of the team that is asked for these agreements have, at most so many of the agreements."""
    narrowed = _narrowed(actor, wanted)
    return queries_agreements_measured.count_tasks(session, narrowed, wanted.measured, most=most)


def everything(session: Session, actor: Actor, wanted: Wanted, *, most: int) -> Iterator[Any]:
    """Every row, page by page, up to ``most``: for the file."""
    after, given = None, 0
    while given < most:
        rows = page(session, actor, wanted, after=after, limit=min(500, most - given))
        size = min(500, most - given)
        yield from rows[:size]
        given += len(rows[:size])
        if len(rows) <= size:
            return
        after = place(wanted, rows[size - 1])


def heads(session: Session, ids: Sequence[int]) -> list[Any]:
    """The heads of these agreements."""
    return list(session.execute(select(_A).where(_A.c.id.in_(ids)).order_by(_A.c.id)))


_KNOWN = Prepared(select(_O.c.code, _O.c.name).order_by(_O.c.name, _O.c.id))


def known(session: Session) -> list[Any]:
    """The organisations (code, name) of the directory, in order of name.

    Not only those with which one shares an agreement: that would be read from all agreements.
    """
    return _KNOWN.rows(session, {})


def _rows() -> Select[Any]:
    columns = (
        _A.c.id,
        _A.c.reference,
        _A.c.title,
        _A.c.stage,
        _A.c.route,
        _A.c.workflow_id,
        _A.c.workflow_version,
        _A.c.on_hold,
        _A.c.holder_owner,
        _A.c.holder_role,
        _A.c.holder_reason,
        _A.c.holder_since,
        _A.c.stage_due_at,
        _A.c.stage_entered_at,
        _A.c.first_contact_on,
        _A.c.created_at,
        _A.c.updated_at,
        _A.c.finished_at,
        _A.c.is_synthetic,
        _A.c.tracking,
        _A.c.lead_organisation_id,
        _O.c.name.label("lead_name"),
        _O.c.nation.label("lead_nation"),
        _H.c.name.label("holder_name"),
        _F.c.likely_on,
        _F.c.very_likely_on,
    )
    newest = and_(_N.c.agreement_id == _A.c.id, _N.c.stage_entered_at == _A.c.stage_entered_at)
    return select(*columns).select_from(
        _A.join(_O, _O.c.id == _A.c.lead_organisation_id)
        .outerjoin(_H, _H.c.code == _A.c.holder_owner)
        .outerjoin(_N, newest)
        .outerjoin(_F, _F.c.id == _N.c.forecast_id)
    )


def _late(actor: Actor, wanted: Wanted, after: tuple[datetime, int] | None, most: int) -> list[Select[Any]]:
    """A walk for each of the actor's organisations: what it waits for beyond its due moment, longest overdue first."""
    conditions = _conditions(wanted)
    walk = select(_P.c.agreement_id, _P.c.waiting_due).where(_P.c.waiting_due < wanted.now, *conditions)
    if conditions:
        walk = walk.where(_A.c.id == _P.c.agreement_id)
    if after is not None:
        at, identifier = after
        walk = walk.where(_P.c.waiting_due >= at, or_(_P.c.waiting_due > at, _P.c.agreement_id > identifier))
    walk = walk.order_by(_P.c.waiting_due, _P.c.agreement_id).limit(most)
    return [walk.where(_P.c.organisation_id == organisation) for organisation in sorted(actor.organisations)]


def _in_order(session: Session, ids: Sequence[int]) -> list[Any]:
    rows = {row.id: row for row in session.execute(_rows().where(_A.c.id.in_(ids)))} if ids else {}
    return [rows[each] for each in ids]


def _narrowed(actor: Actor, wanted: Wanted) -> ColumnElement[bool]:
    conditions = [visibility.visible(actor), *_conditions(wanted)]
    if wanted.overdue and wanted.now is not None:
        conditions += [_A.c.finished_at.is_(None), _A.c.stage_due_at < wanted.now]
    if wanted.unfinished:
        conditions += [WAITED_FOR]
    return and_(*conditions)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    """What narrows the list beside who looks and what is overdue."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.search:
        conditions.append(
            or_(
                _A.c.title.icontains(wanted.search, autoescape=True),
                _A.c.reference.icontains(wanted.search, autoescape=True),
            )
        )
    if wanted.stage:
        conditions.append(_A.c.stage == wanted.stage)
    if wanted.owner:
        conditions.append(_A.c.holder_owner == wanted.owner)
    if wanted.route:
        conditions.append(_A.c.route == wanted.route)
    if wanted.workflow:
        conditions.append(_A.c.workflow_id == wanted.workflow)
    if wanted.organisation:
        conditions.append(_takes_part(wanted.organisation))
    if wanted.mine:
        held = [and_(_A.c.holder_owner == code, _A.c.holder_role == role) for code, role in wanted.posts]
        conditions.append(or_(false(), _A.c.drafter_id == wanted.person, *held))
    conditions += queries_agreements_measured.conditions(wanted.measured)
    return conditions + queries_agreements_past.conditions(wanted.past)


def _takes_part(code: str) -> ColumnElement[bool]:
    part = _O.alias("part")
    return exists(
        select(_P.c.id)
        .select_from(_P.join(part, _P.c.organisation_id == part.c.id))
        .where(_P.c.agreement_id == _A.c.id, _P.c.left_at.is_(None), part.c.code == code)
    )
