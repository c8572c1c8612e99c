"""The figures of where the time goes, read. One rule: every question here walks a key or an index and stops; none of
them adds up stays, spells or tasks.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select, union_all
from sqlalchemy.orm import Session

from dsa.persistence.figures import NOBODY_KNOWS
from dsa.persistence.models import (
    Agreement,
    MonthFigure,
    OpenWork,
    Organisation,
    StageFigure,
    Tally,
    TeamFigure,
    WeekFigure,
    table,
)
from dsa.timekeeping.months import EVERY_MONTH, Months

_F, _T, _W, _TF = table(StageFigure), table(Tally), table(WeekFigure), table(TeamFigure)
_M = table(MonthFigure)
_OW, _A, _O = table(OpenWork), table(Agreement), table(Organisation)
_H = _O.alias("holder")
MOST_COUNTED = 1_000


def stages(session: Session, scope: int, *, workflow: str, route: str) -> list[Any]:
    """The figures of every stage, narrowed to a workflow and a route where they are given."""
    here = (_F.c.scope == scope, _F.c.workflow == workflow, _F.c.route == route)
    return list(session.execute(select(_F).where(*here).order_by(_F.c.stage)))


def stages_started(session: Session, scope: int, months: Months, *, workflow: str, route: str) -> list[Any]:
    """(stage, counts) of the agreements that were started in these months: a row for each stage of each block."""
    here = [_M.c.scope == scope, _M.c.block.in_(months.blocks())]
    here += [_M.c[name] == wanted for name, wanted in (("workflow", workflow), ("route", route)) if wanted]
    return list(session.execute(select(_M.c.stage, _M.c.counts).where(*here)))


def weeks(session: Session, scope: int, stage: str, *, since: int) -> list[Any]:
    """(week, n, half) of a stage, oldest first."""
    here = (_W.c.scope == scope, _W.c.stage == stage, _W.c.week >= since)
    return list(session.execute(select(_W.c.week, _W.c.n, _W.c.half).where(*here).order_by(_W.c.week)))


def named(session: Session, scope: int, topic: str, *, route: str) -> list[Any]:
    """(name, n, amount) of a topic's tallies, the largest amount first."""
    amount = func.sum(_T.c.amount)
    statement = select(_T.c.name, func.sum(_T.c.n).label("n"), amount.label("amount")).where(
        *_here(scope, topic, route), _T.c.week == 0
    )
    return list(session.execute(statement.group_by(_T.c.name).order_by(amount.desc(), _T.c.name)))


def detailed(session: Session, scope: int, topic: str, *, route: str) -> list[Any]:
    """(name, detail, n, amount) of a topic's tallies, in the order of their names."""
    columns = (_T.c.name, _T.c.detail)
    statement = select(*columns, func.sum(_T.c.n).label("n"), func.sum(_T.c.amount).label("amount")).where(
        *_here(scope, topic, route), _T.c.week == 0
    )
    return list(session.execute(statement.group_by(*columns).order_by(*columns)))


def by_week(session: Session, scope: int, topic: str, *, route: str, since: int) -> list[Any]:
    """(week, name, n, amount) of a topic's tallies; what lies before ``since`` is added up under week 0."""
    week = case((_T.c.week < since, 0), else_=_T.c.week).label("at_week")
    statement = select(week, _T.c.name, func.sum(_T.c.n).label("n"), func.sum(_T.c.amount).label("amount")).where(
        *_here(scope, topic, route)
    )
    return list(session.execute(statement.group_by(week, _T.c.name).order_by(week, _T.c.name)))


def _here(scope: int, topic: str, route: str) -> list[ColumnElement[bool]]:
    found = [_T.c.scope == scope, _T.c.topic == topic]
    return [*found, _T.c.route == route] if route else found


def teams(session: Session, scope: int, *, after: tuple[str, str], limit: int) -> list[Any]:
    """Teams with their organisation's name, in the order of code and role."""
    code, role = after
    later = (_TF.c.organisation > code) | ((_TF.c.organisation == code) & (_TF.c.role > role))
    statement = (
        select(_TF.c.organisation, _TF.c.role, _TF.c.open, _TF.c.done, _O.c.name)
        .select_from(_TF.outerjoin(_O, _O.c.code == _TF.c.organisation))
        .where(_TF.c.scope == scope, later)
        .order_by(_TF.c.organisation, _TF.c.role)
    )
    return list(session.execute(statement.limit(limit)))


def organisation_names(session: Session, codes: Sequence[str]) -> list[tuple[str, str]]:
    """(code, name) of the organisations of these codes."""
    rows = session.execute(select(_O.c.code, _O.c.name).where(_O.c.code.in_(codes)))
    return [(str(row.code), str(row.name)) for row in rows]


def fullest_team(session: Session, scope: int) -> Any:
    """The team with most open tasks; None where nobody has any."""
    statement = select(_TF.c.organisation, _TF.c.role, _TF.c.open, _TF.c.done, _O.c.name).select_from(
        _TF.outerjoin(_O, _O.c.code == _TF.c.organisation)
    )
    order = (_TF.c.open.desc(), _TF.c.organisation, _TF.c.role)
    return session.execute(
        statement.where(_TF.c.scope == scope, _TF.c.open > 0).order_by(*order).limit(1)
    ).one_or_none()


# What is under way


def _work() -> Select[Any]:
    columns = (
        _A.c.id, _A.c.reference, _A.c.title, _A.c.lead_organisation_id, _A.c.holder_owner, _A.c.holder_role,
        _A.c.holder_reason, _A.c.on_hold, _A.c.workflow_id, _A.c.workflow_version,
        _OW.c.stage, _OW.c.route, _OW.c.nation, _OW.c.entered_at, _OW.c.entered_on, _OW.c.due_at, _OW.c.monthly_value,
        _OW.c.remaining, _OW.c.pressure, _OW.c.forecast, _H.c.name.label("holder_name"),
    )  # fmt: skip
    joined = _OW.join(_A, _A.c.id == _OW.c.agreement_id).outerjoin(_H, _H.c.code == _A.c.holder_owner)
    return select(*columns).select_from(joined)


def _narrowed(scope: int, workflow: str, route: str, months: Months = EVERY_MONTH) -> list[ColumnElement[bool]]:
    found = [_OW.c.scope == scope]
    if months:
        found.append(_OW.c.started.between(*months.numbers))
    if workflow:
        found.append(_OW.c.workflow == workflow)
    if route:
        found.append(_OW.c.route == route)
    return found


def most_overdue(
    session: Session, scope: int, *, now: datetime, limit: int, workflow: str = "", route: str = "",
    months: Months = EVERY_MONTH, before_use: Sequence[str] = (),
) -> list[Any]:  # fmt: skip
    """What is under way past its stage's due moment, the longest past it first; only in stages that are given."""
    here = [*_narrowed(scope, workflow, route, months), _OW.c.due_at < now]
    if before_use:
        here.append(_OW.c.stage.in_(before_use))
    keys = (_OW.c.agreement_id, _OW.c.due_at)
    first = select(*keys).where(*here).order_by(_OW.c.due_at, _OW.c.agreement_id).limit(limit).subquery()
    chosen = _work().join(first, first.c.agreement_id == _OW.c.agreement_id).where(_OW.c.scope == scope)
    return list(session.execute(chosen.order_by(first.c.due_at, first.c.agreement_id)))


def overdue_count(
    session: Session, scope: int, *, now: datetime, workflow: str = "", route: str = "", months: Months = EVERY_MONTH
) -> int:
    """How many are overdue; the count stops at ``MOST_COUNTED``."""
    return _count(session, *_narrowed(scope, workflow, route, months), _OW.c.due_at < now)


def oldest(
    session: Session, scope: int, stages: Sequence[str], *, each: int, workflow: str = "", route: str = ""
) -> list[Any]:
    """The oldest of each stage, so many of each, the oldest first: one statement that walks each stage's index. Those
    of which nobody knows since when are not among them."""
    if not stages:
        return []
    parts = []
    for stage in stages:
        here = (*_narrowed(scope, workflow, route), _OW.c.stage == stage, _OW.c.entered_at < NOBODY_KNOWS)
        keys = select(_OW.c.agreement_id).where(*here)
        parts.append(select(keys.order_by(_OW.c.entered_at, _OW.c.agreement_id).limit(each).subquery().c.agreement_id))
    chosen = union_all(*parts).subquery()
    statement = _work().where(_OW.c.scope == scope, _OW.c.agreement_id.in_(select(chosen.c.agreement_id)))
    return list(session.execute(statement.order_by(_OW.c.entered_at, _OW.c.agreement_id)))


def since_not_known(
    session: Session, scope: int, stages: Sequence[str], *, limit: int, workflow: str = "", route: str = ""
) -> list[Any]:
    """What is in one of these stages since nobody knows when."""
    here = (*_narrowed(scope, workflow, route), _OW.c.stage.in_(stages), _OW.c.entered_at == NOBODY_KNOWS)
    return list(session.execute(_work().where(*here).order_by(_OW.c.agreement_id).limit(limit)))


def counts_before(
    session: Session, scope: int, before: Mapping[str, datetime], *, workflow: str = "", route: str = ""
) -> dict[str, int]:
    """How many of each stage came to it before its instant; each count stops at ``MOST_COUNTED``."""
    if not before:
        return {}
    parts = []
    for stage, at in before.items():
        here = (*_narrowed(scope, workflow, route), _OW.c.stage == stage, _OW.c.entered_at < at)
        inner = select(_OW.c.agreement_id).where(*here).limit(MOST_COUNTED).subquery()
        parts.append(select(literal(stage).label("stage"), func.count().label("n")).select_from(inner))
    return {str(row.stage): int(row.n) for row in session.execute(union_all(*parts))}


def by_pressure(session: Session, scope: int, *, limit: int) -> list[Any]:
    """What is under way with a known benefit, the most for each remaining day first."""
    here = (_OW.c.scope == scope, _OW.c.pressure.is_not(None))
    return list(session.execute(_work().where(*here).order_by(_OW.c.pressure.desc(), _OW.c.agreement_id).limit(limit)))


def without_value(session: Session, scope: int, *, not_in: Sequence[str], limit: int) -> list[Any]:
    """What is under way whose benefit nobody has said, the longest in its stage first; stages from use on left out."""
    unknown = (_OW.c.pressure.is_(None), _OW.c.monthly_value.is_(None))  # one that is signed has no pressure either
    here = (_OW.c.scope == scope, *unknown, _OW.c.stage.not_in(not_in))
    return list(session.execute(_work().where(*here).order_by(_OW.c.agreement_id).limit(limit)))


def _count(session: Session, *where: ColumnElement[bool]) -> int:
    inner = select(_OW.c.agreement_id).where(*where).limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(inner)) or 0
