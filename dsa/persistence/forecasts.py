"""Forecasts and figures kept. One rule: a forecast is added, and only the pointer to the newest one moves."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, delete, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.persistence import settings, visibility
from dsa.persistence.models import Agreement, Figure, ForecastRow, NewestForecast, Organisation, StageEntry, table
from dsa.persistence.queries_history import AT_SIGNATURE

_A, _F, _N, _O, _G = (table(model) for model in (Agreement, ForecastRow, NewestForecast, Organisation, StageEntry))
_K = table(Figure)
_KEPT = ("agreement_id", "forecast_id", "made_on", "stage_entered_at", "very_likely_on")
_BLOCK = 400
_TURN = "forecasts"


def add(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Add forecasts of different agreements, and let each be its agreement's newest; returns how many were added.

    One that another worker has made meanwhile, of the same stay and day, is not added again: it would count twice.
    """
    settings.take_turn(session, _TURN)
    added = 0
    for at in range(0, len(rows), _BLOCK):
        block = _not_made(session, rows[at : at + _BLOCK])
        if not block:
            continue
        added += len(block)
        before = session.scalar(select(func.coalesce(func.max(_F.c.id), 0))) or 0
        session.execute(insert(_F), block)
        ids = [row["agreement_id"] for row in block]
        session.execute(delete(_N).where(_N.c.agreement_id.in_(ids)))
        newest = select(
            _F.c.agreement_id, _F.c.id, _F.c.made_on, _F.c.stage_entered_at, _F.c.very_likely_on
        ).where(_F.c.id > before, _F.c.agreement_id.in_(ids))  # fmt: skip
        session.execute(insert(_N).from_select(_KEPT, newest))
    return added


def _not_made(session: Session, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = [row["agreement_id"] for row in rows]
    columns = (_N.c.agreement_id, _N.c.made_on, _N.c.stage_entered_at)
    made = {tuple(row) for row in session.execute(select(*columns).where(_N.c.agreement_id.in_(ids)))}
    return [row for row in rows if tuple(row[column.name] for column in columns) not in made]


def forget_finished(session: Session, *, stages: Sequence[str]) -> None:
    """Drop the pointers of agreements that are in none of these stages any more; their forecasts stay."""
    open_ones = select(_A.c.id).where(_A.c.finished_at.is_(None), _A.c.stage.in_(stages))
    session.execute(delete(_N).where(_N.c.agreement_id.not_in(open_ones)))


def newest(session: Session, agreement_id: int) -> Any | None:
    """The newest forecast of an open agreement; None where there is none for the stay it is in."""
    return session.execute(
        select(_F)
        .select_from(_F.join(_N, _N.c.forecast_id == _F.c.id).join(_A, _A.c.id == _F.c.agreement_id))
        .where(_N.c.agreement_id == agreement_id, _A.c.stage_entered_at == _F.c.stage_entered_at)
    ).one_or_none()


def said_of(session: Session, agreements: Sequence[int]) -> dict[int, Any]:
    """The newest forecast of each of these agreements that has one for the stay it is in, by its id."""
    if not agreements:
        return {}
    rows = session.execute(
        select(_F.c.agreement_id, _F.c.likely_on, _F.c.very_likely_on, _F.c.refusal)
        .select_from(_F.join(_N, _N.c.forecast_id == _F.c.id).join(_A, _A.c.id == _F.c.agreement_id))
        .where(_N.c.agreement_id.in_(agreements), _A.c.stage_entered_at == _F.c.stage_entered_at)
    )
    return {row.agreement_id: row for row in rows}


def _listed(actor: Actor, *, late: bool, route: str, tested: bool = True) -> Select[Any]:
    statement = (
        select(
            _A.c.id, _A.c.reference, _A.c.title, _A.c.stage, _A.c.route, _A.c.workflow_id, _A.c.workflow_version,
            _A.c.date_needed, _A.c.lead_organisation_id, _O.c.name.label("lead_name"), _O.c.nation,
            _F.c.likely_on, _F.c.very_likely_on, _F.c.refusal, _F.c.rests_on, _F.c.still_open, _F.c.made_at,
        )
        .select_from(
            _N.join(_F, _F.c.id == _N.c.forecast_id)
            .join(_A, _A.c.id == _N.c.agreement_id)
            .join(_O, _O.c.id == _A.c.lead_organisation_id)
        )
        .where(visibility.visible(actor), _A.c.finished_at.is_(None), _A.c.stage_entered_at == _F.c.stage_entered_at)
    )  # fmt: skip
    if late:
        statement = statement.where((_F.c.very_likely_on if tested else _F.c.likely_on) > _A.c.date_needed)
    if route:
        statement = statement.where(_A.c.route == route)
    return statement


def listed(
    session: Session, actor: Actor, *, late: bool, route: str, tested: bool, after: tuple[date, int] | None, limit: int
) -> list[Any]:
    """Open agreements with a date, by their very likely day, after a place (day, agreement): at most ``limit``.

    ``tested`` False: very likely days are not given, and ``late`` goes by the likely day.
    """
    statement = _listed(actor, late=late, route=route, tested=tested).where(_N.c.very_likely_on.is_not(None))
    if after is not None:
        day, place = after
        statement = statement.where(
            or_(_N.c.very_likely_on > day, (_N.c.very_likely_on == day) & (_N.c.agreement_id > place))
        )
    return list(session.execute(statement.order_by(_N.c.very_likely_on, _N.c.agreement_id).limit(limit)))


def without_date(session: Session, actor: Actor, *, route: str, limit: int) -> list[Any]:
    """Open agreements that were given no date, oldest first."""
    statement = _listed(actor, late=False, route=route).where(_N.c.very_likely_on.is_(None))
    return list(session.execute(statement.order_by(_N.c.agreement_id).limit(limit)))


def counts(session: Session, actor: Actor, *, route: str) -> tuple[int, int, int, int]:
    """How many open agreements have a forecast, how many of them a date, how many are likely to be signed only after
    they are needed, and how many beside those have a very likely day after it."""
    inner = _listed(actor, late=False, route=route).subquery()
    dated = func.count(inner.c.very_likely_on)
    late = func.count().filter(inner.c.likely_on > inner.c.date_needed)
    either = func.count().filter(inner.c.very_likely_on > inner.c.date_needed)
    row = session.execute(select(func.count(), dated, late, either).select_from(inner)).one()
    return int(row[0]), int(row[1]), int(row[2]), int(row[3]) - int(row[2])


def whose_day_came(session: Session, *, today: date, last: int) -> list[Any]:
    """The last forecasts (the first of each stay) whose very likely day lies before today, and what came of them:
    (likely_on, very_likely_on, signed, finished); moments None where it has not come to that."""
    signed = (
        select(func.min(_G.c.entered_at))
        .where(_G.c.agreement_id == _F.c.agreement_id, _G.c.stage.in_(AT_SIGNATURE))
        .scalar_subquery()
    )
    return list(
        session.execute(
            select(_F.c.likely_on, _F.c.very_likely_on, signed.label("signed"), _A.c.finished_at.label("finished"))
            .select_from(_F.join(_A, _A.c.id == _F.c.agreement_id))
            .where(_F.c.first_in_stay, _F.c.very_likely_on < today)
            .order_by(_F.c.very_likely_on.desc(), _F.c.id.desc())
            .limit(last)
        )
    )


# Figures worked out beforehand


def figure(session: Session, kind: str, scope: str = "") -> Any | None:
    """A figure (made_at, asked_at, body), or None where it was never asked for."""
    return session.execute(select(_K).where(_K.c.kind == kind, _K.c.scope == scope)).one_or_none()


def keep_figure(session: Session, kind: str, scope: str, body: dict[str, Any], *, at: datetime) -> None:
    """Keep a figure as worked out at a moment; nobody waits for it any more."""
    values = {"made_at": at, "asked_at": None, "body": body}
    _put(session, {"kind": kind, "scope": scope, **values}, values)


def ask_figure(session: Session, kind: str, scope: str, *, at: datetime) -> None:
    """Note that somebody wants the figure worked out anew."""
    fresh: dict[str, Any] = {"kind": kind, "scope": scope, "made_at": None, "asked_at": at, "body": {}}
    _put(session, fresh, {"asked_at": at})


def asked_figures(session: Session, kind: str, *, older_than: datetime) -> list[str]:
    """The scopes of a kind that somebody asked for or that are older than a moment, asked ones first."""
    wanted = or_(_K.c.asked_at.is_not(None), _K.c.made_at < older_than)
    statement = select(_K.c.scope).where(_K.c.kind == kind, wanted)
    return list(session.scalars(statement.order_by(_K.c.asked_at.is_(None), _K.c.made_at, _K.c.scope)))


def _put(session: Session, fresh: dict[str, Any], again: dict[str, Any]) -> None:
    """Add a figure, or change the one that is there: of two who are the first at once, one adds and one changes."""
    write = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = write(_K).values(**fresh)
    session.execute(statement.on_conflict_do_update(index_elements=[_K.c.kind, _K.c.scope], set_=again))
