"""The list of agreements, filtered. One rule: one page at a time in the order of an index, never by counting rows off.

Newest change first; what is overdue by how long it is overdue, so that a page of it need not look at what is not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.persistence import queries_agreements_past, visibility
from dsa.persistence.models import Agreement, ForecastRow, NewestForecast, Organisation, Party, table
from dsa.persistence.queries_agreements_past import Past
from dsa.persistence.queries_tasks_list import WAITED_FOR

_A, _O, _P = table(Agreement), table(Organisation), table(Party)
_H = _O.alias("holder")
_N, _F = table(NewestForecast), table(ForecastRow)
MOST_COUNTED = 1_000
_ANY_PAST = Past()


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

    @property
    def by_due(self) -> bool:
        """Whether the list is in the order of what was due first, not of the newest change."""
        return self.overdue and self.now is not None


def page(
    session: Session, actor: Actor, wanted: Wanted, *, after: tuple[datetime, int] | None = None, limit: int = 25
) -> list[Any]:
    """At most ``limit`` + 1 rows after a place (``place``): one more than fits says that there is a next page."""
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
    inner = select(_A.c.id).where(_narrowed(actor, wanted)).limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(inner)) or 0


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


def known(session: Session, actor: Actor) -> list[Any]:
    """The organisations (code, name) that take part in what the actor may see, in order of name."""
    if actor.sees_all:
        statement = select(_O.c.code, _O.c.name)
    else:
        theirs = select(_P.c.agreement_id).where(_P.c.organisation_id.in_(sorted(actor.organisations)))
        parties = select(_P.c.organisation_id).where(_P.c.agreement_id.in_(theirs))
        statement = select(_O.c.code, _O.c.name).where(_O.c.id.in_(parties))
    return list(session.execute(statement.order_by(_O.c.name, _O.c.id)))


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


def _narrowed(actor: Actor, wanted: Wanted) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [visibility.visible(actor)]
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
    if wanted.overdue and wanted.now is not None:
        conditions += [_A.c.finished_at.is_(None), _A.c.stage_due_at < wanted.now]
    if wanted.unfinished:
        conditions += [WAITED_FOR]
    if wanted.mine:
        held = [and_(_A.c.holder_owner == code, _A.c.holder_role == role) for code, role in wanted.posts]
        conditions.append(or_(false(), _A.c.drafter_id == wanted.person, *held))
    return and_(*conditions, *queries_agreements_past.conditions(wanted.past))


def _takes_part(code: str) -> ColumnElement[bool]:
    part = _O.alias("part")
    return exists(
        select(_P.c.id)
        .select_from(_P.join(part, _P.c.organisation_id == part.c.id))
        .where(_P.c.agreement_id == _A.c.id, _P.c.left_at.is_(None), part.c.code == code)
    )
