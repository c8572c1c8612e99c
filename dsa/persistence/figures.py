"""Writing the figures: what changed is added to what stands there. One rule: one writer at a time, and no step waits
for it longer than a batch takes.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, insert, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dsa.persistence import queries_time, settings
from dsa.persistence.models import (
    Agreement,
    ChangeRequest,
    Counted,
    ForecastRow,
    MonthFigure,
    NewestForecast,
    OpenWork,
    Organisation,
    OwnedBy,
    Party,
    SectionAnswers,
    SettingRow,
    StageEntry,
    StageFigure,
    Tally,
    TeamFigure,
    WeekFigure,
    table,
)
from dsa.persistence.prepared import Prepared

_A, _C, _T, _W = table(Agreement), table(Counted), table(Tally), table(WeekFigure)
_OB = table(OwnedBy)
_F, _TF, _OW, _O = table(StageFigure), table(TeamFigure), table(OpenWork), table(Organisation)
_SETTING = "figures"
NOBODY_KNOWS = datetime(9999, 1, 1, tzinfo=UTC)  # in its stage since nobody knows when: after every other
_DUE: ColumnElement[bool] = literal_column("counted_seq <> head_seq")
_AT = and_(_W.c.scope == bindparam("at_scope"), _W.c.stage == bindparam("at_stage"), _W.c.week == bindparam("at_week"))
_WEEK, _DROP_WEEK = Prepared(select(_W.c.days).where(_AT)), Prepared(delete(_W).where(_AT))
_ADD_WEEK = Prepared(insert(_W))
KEY = ("scope", "topic", "week", "name", "detail", "span", "workflow", "route")


def begin(session: Session) -> dict[str, Any]:
    """Take the turn to write the figures (others wait) and read how they stand."""
    return settings.take_turn(session, _SETTING)


def keep_state(session: Session, state: Mapping[str, Any]) -> None:
    """Keep how the figures stand."""
    session.execute(update(SettingRow).where(SettingRow.name == _SETTING).values(value=dict(state)))


def state(session: Session) -> dict[str, Any]:
    """How the figures stand; empty where they were never worked out."""
    row = session.get(SettingRow, _SETTING)
    return {} if row is None else dict(row.value)


def due(session: Session, *, limit: int) -> list[int]:
    """Agreements that changed since they were counted, those never counted first."""
    return list(session.scalars(_due(limit)))


def due_of(session: Session, ids: Sequence[int]) -> set[int]:
    """Which of these agreements changed since they were counted."""
    return set(session.scalars(select(_A.c.id).where(_A.c.id.in_(ids), _DUE)))


def due_count(session: Session, *, most: int) -> int:
    """How many agreements changed since they were counted; the count stops at ``most``."""
    return session.scalar(select(func.count()).select_from(_due(most).subquery())) or 0


def _due(limit: int) -> Select[tuple[int]]:
    """In the order of the index that holds just these: neither database is then tempted to look at all agreements."""
    statement = select(_A.c.id).where(_DUE).order_by(_A.c.counted_seq, _A.c.id).limit(limit)
    return statement.with_hint(_A, "INDEXED BY ix_agreements_uncounted", "sqlite")


def agreements_after(session: Session, after: int, *, limit: int) -> list[int]:
    """The next agreements in the order of their ids."""
    return list(session.scalars(select(_A.c.id).where(_A.c.id > after).order_by(_A.c.id).limit(limit)))


@dataclass(frozen=True, slots=True)
class Facts:
    """The rows of one agreement that figures are made of."""

    head: Any
    parties: Sequence[Any]
    stays: Sequence[Any]
    spells: Sequence[Any]
    tasks: Sequence[Any]
    questions: Sequence[Any]
    holds: Sequence[Any]
    requests: Sequence[Any]
    answers: Mapping[str, Any]
    part: str | None


def facts(session: Session, ids: Sequence[int], *, section: str) -> list[Facts]:
    """The facts of these agreements, with the answers of ``section`` of those that are not over."""
    if not ids:
        return []
    heads = session.execute(
        select(
            _A.c.id, _A.c.head_seq, _A.c.stage, _A.c.route, _A.c.workflow_id, _A.c.workflow_version, _A.c.created_at,
            _A.c.lead_organisation_id, _A.c.finished_at, _A.c.stage_entered_at, _A.c.stage_due_at, _O.c.nation,
        ).select_from(_A.join(_O, _O.c.id == _A.c.lead_organisation_id)).where(_A.c.id.in_(ids)).order_by(_A.c.id)
    ).all()  # fmt: skip
    g, p, r, a = (table(each) for each in (StageEntry, Party, ChangeRequest, SectionAnswers))
    stays = _by_agreement(session, g, ids, "entered_seq", "stage", "round", "entered_at", "left_at", "due_at",
                          "since_known", order="entered_seq")  # fmt: skip
    spells, tasks = queries_time.spells(session, ids), queries_time.every_task(session, ids)
    questions, holds = queries_time.questions(session, ids), queries_time.holds(session, ids)
    parties = _by_agreement(session, p, ids, "organisation_id", "left_at", order="id")
    requests = _by_agreement(session, r, ids, "section", "question", "reason_code", order="id")
    answers = session.execute(
        select(a.c.agreement_id, a.c.answers)
        .select_from(a.join(_A, _A.c.id == a.c.agreement_id))
        .where(a.c.agreement_id.in_(ids), a.c.section == section, _A.c.finished_at.is_(None))
    )
    said = {row.agreement_id: row.answers for row in answers}
    parts = {row.agreement_id: row.part for row in session.execute(select(_C).where(_C.c.agreement_id.in_(ids)))}
    none: list[Any] = []
    return [
        Facts(head, parties.get(head.id, none), stays.get(head.id, none), spells.get(head.id, none),
              tasks.get(head.id, none), questions.get(head.id, none), holds.get(head.id, none),
              requests.get(head.id, none), said.get(head.id, {}), parts.get(head.id))
        for head in heads
    ]  # fmt: skip


def _by_agreement(session: Session, rows: Any, ids: Sequence[int], *names: str, order: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    columns = [rows.c[name] for name in names]
    statement = select(rows.c.agreement_id, *columns).where(rows.c.agreement_id.in_(ids))
    for row in session.execute(statement.order_by(rows.c.agreement_id, rows.c[order])):
        found.setdefault(row.agreement_id, []).append(row)
    return found


def organisations(session: Session) -> dict[int, tuple[str, str]]:
    """(code, nation) of every organisation by its id."""
    return {row.id: (row.code, row.nation) for row in session.execute(select(_O.c.id, _O.c.code, _O.c.nation))}


# What is written


def add_tallies(session: Session, deltas: Mapping[tuple[Any, ...], Sequence[int]]) -> None:
    """Add (n, amount) to the tally of each key (in the order of ``KEY``)."""
    rows = [
        dict(zip((*KEY, "n", "amount"), (*key, *value), strict=True)) for key, value in deltas.items() if any(value)
    ]
    if not rows:
        return
    write = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    fresh = write(_T)
    again = {"n": _T.c.n + fresh.excluded.n, "amount": _T.c.amount + fresh.excluded.amount}
    session.execute(fresh.on_conflict_do_update(index_elements=[_T.c[name] for name in KEY], set_=again), rows)


def change_weeks(session: Session, changes: Mapping[tuple[int, str, int], tuple[list[int], list[int]]]) -> None:
    """Take stays (working days each) out of weeks and put others in; ``changes``: (scope, stage, week) -> (out, in)."""
    for (scope, stage, week), (out, into) in changes.items():
        here = {"at_scope": scope, "at_stage": stage, "at_week": week}
        kept = _WEEK.one(session, here)
        days: list[int] = [] if kept is None else json.loads(kept.days)
        for one in out:
            if one in days:
                days.remove(one)
        days = sorted(days + into)
        if kept is not None:
            _DROP_WEEK.run(session, here)
        if days:
            add_weeks(session, {(scope, stage, week): days})


def add_weeks(session: Session, weeks: Mapping[tuple[int, str, int], list[int]]) -> None:
    """Add weeks that are not there, with their stays (working days) in order; keys: (scope, stage, week)."""
    rows = [
        {"scope": at[0], "stage": at[1], "week": at[2], "n": len(days), "half": _middle(days),
         "days": json.dumps(days, separators=(",", ":"))}
        for at, days in weeks.items()
    ]  # fmt: skip
    _ADD_WEEK.many(session, rows)


def _middle(days: Sequence[int]) -> float:
    """The median of sorted values."""
    at = len(days) // 2
    return float(days[at]) if len(days) % 2 else (days[at - 1] + days[at]) / 2


def keep_parts(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what each agreement added (``agreement_id``, ``seq`` up to which it is counted, ``part``, ``day``)."""
    session.execute(delete(_C).where(_C.c.agreement_id.in_([row["agreement_id"] for row in rows])))
    session.execute(insert(_C), [{name: row[name] for name in ("agreement_id", "part", "day")} for row in rows])
    counted = update(_A).where(_A.c.id == bindparam("agreement")).values(counted_seq=bindparam("upto"))
    session.connection().execute(counted, [{"agreement": row["agreement_id"], "upto": row["seq"]} for row in rows])


def replace_owned(session: Session, ids: Iterable[int], rows: list[dict[str, Any]]) -> None:
    """Put who had these agreements, and why (``agreement_id``, ``topic``, ``name``), in the place of what stood."""
    session.execute(delete(_OB).where(_OB.c.agreement_id.in_(list(ids))))
    if rows:
        session.execute(insert(_OB), rows)


def count_again(session: Session, *, before: int) -> None:
    """Whatever changes by itself and was counted on a day (ordinal) before this one is due again."""
    old = select(_C.c.agreement_id).where(_C.c.day < before)
    session.execute(update(_A).where(_A.c.id.in_(old)).values(counted_seq=0))


def replace_open(session: Session, ids: Iterable[int], rows: list[dict[str, Any]]) -> None:
    """Put the open work of these agreements in the place of what stood there."""
    session.execute(delete(_OW).where(_OW.c.agreement_id.in_(list(ids))))
    if rows:
        session.execute(insert(_OW), rows)


def clear(session: Session) -> None:
    """Forget every figure; every agreement is then due."""
    for each in (_C, _T, _W, _F, _TF, _OW, _OB, table(MonthFigure)):
        session.execute(delete(each))
    session.execute(update(_A).values(counted_seq=0))


def forecasts_of_value(session: Session, ids: Sequence[int] | None = None) -> list[Any]:
    """(agreement, nation, monthly value, likely day) of what is under way with a known benefit and a forecast of its
    present stay; of these agreements only, where they are given."""
    newest, made = table(NewestForecast), table(ForecastRow)
    statement = (
        select(_OW.c.agreement_id, _OW.c.nation, _OW.c.monthly_value, made.c.likely_on)
        .select_from(
            _OW.join(newest, newest.c.agreement_id == _OW.c.agreement_id).join(made, made.c.id == newest.c.forecast_id)
        )
        .where(_OW.c.scope == 0, _OW.c.pressure.is_not(None), made.c.likely_on.is_not(None))
        .where(newest.c.stage_entered_at == _OW.c.entered_at)
        .order_by(_OW.c.agreement_id)
    )
    return list(session.execute(statement if ids is None else statement.where(_OW.c.agreement_id.in_(ids))))


def keep_remaining(session: Session, rows: list[dict[str, Any]]) -> None:
    """Put what remains by the forecast in the place of the targets; rows: agreement, left, presses."""
    if rows:
        statement = update(_OW).where(_OW.c.agreement_id == bindparam("agreement"))
        values = {"remaining": bindparam("left"), "pressure": bindparam("presses"), "forecast": True}
        session.connection().execute(statement.values(values), rows)


# What is worked out from tallies


def replace_stages(session: Session, scope: int, stages: Sequence[str], rows: list[dict[str, Any]]) -> None:
    """Put the figures of these stages in the place of what stood there."""
    session.execute(delete(_F).where(_F.c.scope == scope, _F.c.stage.in_(stages)))
    if rows:
        session.execute(insert(_F), rows)


def team_sums(session: Session, scope: int, *, since: int, done: str, waiting: str) -> list[Any]:
    """(organisation, role, open, done since that week) of the teams of a scope."""
    columns = (_T.c.name, _T.c.detail)
    here = (_T.c.scope == scope, _T.c.topic.in_((done, waiting)), (_T.c.week == 0) | (_T.c.week >= since))
    statement = select(*columns, _T.c.topic, func.sum(_T.c.n).label("n")).where(*here).group_by(*columns, _T.c.topic)
    return list(session.execute(statement))


def replace_teams(session: Session, scope: int, rows: list[dict[str, Any]]) -> None:
    """Put the team figures of a scope in the place of what stood there."""
    session.execute(delete(_TF).where(_TF.c.scope == scope))
    if rows:
        session.execute(insert(_TF), rows)


def scopes_and_stages(session: Session, *, topic: str) -> list[tuple[int, str]]:
    """Every (scope, stage) with a closed or an open stay."""
    closed = select(_T.c.scope, _T.c.name).where(_T.c.topic == topic)
    still = select(_OW.c.scope, _OW.c.stage)
    return sorted((int(row[0]), str(row[1])) for row in session.execute(closed.union(still)))


def sums(session: Session, *, since: int) -> dict[tuple[int, str], tuple[int, int]]:
    """(n, amount) over all tallies of each scope and topic, tasks done since that week: what a check compares with."""
    statement = select(_T.c.scope, _T.c.topic, func.sum(_T.c.n), func.sum(_T.c.amount)).where(
        (_T.c.topic != "done") | (_T.c.week >= since)
    )
    rows = session.execute(statement.group_by(_T.c.scope, _T.c.topic))
    return {(int(row[0]), str(row[1])): (int(row[2]), int(row[3])) for row in rows}


def drop_empty(session: Session, *, since: int) -> None:
    """Take out tallies that came back to nothing, and tasks done before that week, which no page reads."""
    old = and_(_T.c.topic == "done", _T.c.week < since)
    session.execute(delete(_T).where(and_(_T.c.n == 0, _T.c.amount == 0) | old))
