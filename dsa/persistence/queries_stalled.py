"""Open agreements by when their work last moved. One rule: an index gives the order, so that a page costs a page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.persistence import visibility
from dsa.persistence.models import Agreement, Event, Organisation, Task, table
from dsa.persistence.prepared import Prepared
from dsa.persistence.queries_tasks_list import RESTING

_A, _O, _T, _E = table(Agreement), table(Organisation), table(Task), table(Event)
_H = _O.alias("holder")


@dataclass(frozen=True, slots=True)
class Still:
    """What is asked for: in a stage, with an organisation (its code), on a route, not moved since a moment (UTC)."""

    stage: str = ""
    owner: str = ""
    route: str = ""
    before: datetime | None = None


def still(
    session: Session, actor: Actor, wanted: Still, *, after: tuple[datetime, int] | None = None, limit: int = 25
) -> list[Any]:
    """What the actor may see and is still to come into use, the one that moved longest ago first.

    ``after`` is the (moved, id) of the last row of the page before. At most ``limit`` + 1 rows.
    """
    statement = _rows().where(_narrowed(actor, wanted))
    if after is not None:
        moved, identifier = after
        statement = statement.where(or_(_A.c.moved_at > moved, and_(_A.c.moved_at == moved, _A.c.id > identifier)))
    return list(session.execute(statement.order_by(_A.c.moved_at, _A.c.id).limit(limit + 1)))


def everything(session: Session, actor: Actor, wanted: Still, *, most: int) -> Iterator[Any]:
    """Every row, page by page, up to ``most``."""
    after, given, size = None, 0, 500
    while given < most:
        rows = still(session, actor, wanted, after=after, limit=size)
        yield from rows[: min(size, most - given)]
        given += len(rows[:size])
        if len(rows) <= size:
            return
        after = (rows[size - 1].moved_at, rows[size - 1].id)


def chased(session: Session, agreements: Iterable[int]) -> dict[int, datetime]:
    """When each of these agreements was chased last."""
    rows = session.execute(
        select(_E.c.agreement_id, func.max(_E.c.recorded_at, type_=_E.c.recorded_at.type))
        .where(_E.c.agreement_id.in_(sorted(agreements)), _E.c.kind == "HolderChased")
        .group_by(_E.c.agreement_id)
    )
    return {agreement: at for agreement, at in rows}  # noqa: C416


def first_tasks(session: Session, agreements: Iterable[int]) -> list[Any]:
    """The open tasks of these agreements with whose they are, the one due first first."""
    ids = {f"id_{number}": identifier for number, identifier in enumerate(sorted(agreements))}
    return _first_tasks(len(ids)).rows(session, ids)


@cache
def _first_tasks(number: int) -> Prepared:
    """Those of so many agreements: there is one statement for each length that a page has."""
    return Prepared(
        select(
            _T.c.agreement_id, _T.c.opened_at, _T.c.due_at, _T.c.target_days, _T.c.role, _T.c.organisation_id,
            _O.c.code, _O.c.nation,
        )
        .select_from(_T.join(_O, _O.c.id == _T.c.organisation_id))
        .where(
            _T.c.agreement_id.in_([bindparam(f"id_{each}") for each in range(number)]),
            _T.c.status == "open",
            _T.c.required.is_(True),
        )
        .order_by(_T.c.due_at, _T.c.id)
    )  # fmt: skip


def _rows() -> Any:
    columns = (
        _A.c.id, _A.c.reference, _A.c.title, _A.c.stage, _A.c.route, _A.c.workflow_id, _A.c.workflow_version,
        _A.c.on_hold, _A.c.holder_owner, _A.c.holder_role, _A.c.holder_reason, _A.c.holder_since, _A.c.moved_at,
        _A.c.stage_entered_at, _A.c.stage_due_at, _A.c.finished_at, _A.c.lead_organisation_id,
    )  # fmt: skip
    return select(*columns, _O.c.nation.label("lead_nation"), _H.c.name.label("holder_name")).select_from(
        _A.join(_O, _O.c.id == _A.c.lead_organisation_id).outerjoin(_H, _H.c.code == _A.c.holder_owner)
    )


def _narrowed(actor: Actor, wanted: Still) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [
        visibility.visible(actor),
        _A.c.finished_at.is_(None),
        _A.c.stage.not_in(RESTING),
        _A.c.moved_at.is_not(None),
    ]
    if wanted.stage:
        conditions.append(_A.c.stage == wanted.stage)
    if wanted.owner:
        conditions.append(_A.c.holder_owner == wanted.owner)
    if wanted.route:
        conditions.append(_A.c.route == wanted.route)
    if wanted.before is not None:
        conditions.append(_A.c.moved_at < wanted.before)
    return and_(*conditions)
