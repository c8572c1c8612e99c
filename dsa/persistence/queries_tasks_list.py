"""What waits for a person, as rows. One rule: each query walks an index in the order of the page and stops there."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, literal, not_, or_, select
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.persistence import visibility
from dsa.persistence.models import Agreement, Organisation, Query, Task, table

_T, _A, _O, _Q = table(Task), table(Agreement), table(Organisation), table(Query)
_ASKED = exists(select(_Q.c.id).where(_Q.c.task_id == _T.c.id, _Q.c.answered_at.is_(None)))
_AGREEMENT = (
    _A.c.reference,
    _A.c.title,
    _A.c.workflow_id,
    _A.c.workflow_version,
    _A.c.stage,
    _A.c.lead_organisation_id,
    _O.c.name.label("lead_name"),
    _O.c.nation.label("lead_nation"),
)
# Stages in which nothing is asked of anybody until its target has passed.
RESTING = ("in_use",)


def open_tasks(
    session: Session,
    posts: Iterable[tuple[int, str]],
    person_id: int,
    *,
    after: tuple[datetime, int] | None = None,
    limit: int = 25,
) -> list[Any]:
    """Open tasks of these (organisation, role) pairs that nobody else has taken, the earliest due first.

    ``after`` is the (due, id) of the last row of the page before. At most ``limit`` + 1 rows: one more than fits says
    that there is a next page. Tasks that wait for an answer, or whose agreement is on hold, wait for somebody else.
    """
    found: list[Any] = []
    for organisation_id, role in sorted(set(posts)):
        statement = (
            select(_T.c.id, _T.c.key, _T.c.rule, _T.c.due_at, _T.c.required, _T.c.organisation_id, *_AGREEMENT)
            .select_from(_T.join(_A, _A.c.id == _T.c.agreement_id).join(_O, _O.c.id == _A.c.lead_organisation_id))
            .where(
                _T.c.done_at.is_(None),
                _T.c.status == "open",
                _T.c.organisation_id == organisation_id,
                _T.c.role == role,
                or_(_T.c.assignee_id.is_(None), _T.c.assignee_id == person_id),
                _A.c.on_hold.is_(False),
                not_(_ASKED),
            )
        )
        if after is not None:
            due, identifier = after
            statement = statement.where(or_(_T.c.due_at > due, and_(_T.c.due_at == due, _T.c.id > identifier)))
        found += session.execute(statement.order_by(_T.c.due_at, _T.c.id).limit(limit + 1))
    return sorted(found, key=lambda row: (row.due_at, row.id))[: limit + 1]


def open_questions(session: Session, organisation_ids: Collection[int], *, limit: int = 25) -> list[Any]:
    """Questions of reviewers that drafters of these organisations are to answer, the earliest due first."""
    statement = (
        select(_Q.c.id, _T.c.due_at, _T.c.organisation_id, *_AGREEMENT)
        .select_from(
            _Q.join(_T, _T.c.id == _Q.c.task_id)
            .join(_A, _A.c.id == _Q.c.agreement_id)
            .join(_O, _O.c.id == _A.c.lead_organisation_id)
        )
        .where(
            _Q.c.answered_at.is_(None),
            _T.c.status == "open",
            _A.c.lead_organisation_id.in_(sorted(organisation_ids)),
            _A.c.on_hold.is_(False),
        )
    )
    return list(session.execute(statement.order_by(_T.c.due_at, _Q.c.id).limit(limit)))


def with_me(
    session: Session,
    posts: Iterable[tuple[int, str, str]],
    person_id: int,
    *,
    reasons: Collection[str],
    mine_only: Collection[str],
    limit: int = 25,
) -> list[Any]:
    """Agreements that wait for a step of one of these (organisation, its code, role) posts, the earliest due first.

    ``reasons`` are those of stages that end by somebody's move; in those of ``mine_only`` only the agreement's own
    drafter is asked.
    """
    found: list[Any] = []
    for organisation_id, code, role in sorted(set(posts)):
        statement = (
            select(_A.c.id, _A.c.stage_due_at.label("due_at"), _A.c.holder_reason, _A.c.drafter_id, *_AGREEMENT)
            .select_from(_A.join(_O, _O.c.id == _A.c.lead_organisation_id))
            .where(
                _A.c.lead_organisation_id == organisation_id,
                _A.c.holder_owner == code,
                _A.c.holder_role == role,
                _A.c.holder_reason.in_(sorted(reasons)),
                _A.c.on_hold.is_(False),
                or_(_A.c.drafter_id == person_id, _A.c.holder_reason.not_in(sorted(mine_only))),
            )
        )
        found += session.execute(statement.order_by(_A.c.stage_due_at, _A.c.id).limit(limit))
    return sorted(found, key=lambda row: (row.due_at is None, row.due_at, row.id))[:limit]


def with_others(
    session: Session, actor: Actor, posts: Iterable[tuple[str, str]], *, limit: int = 10
) -> tuple[list[Any], int]:
    """Agreements of the actor's organisations that somebody else has, the longest waiting first; and how many.

    ``posts`` are the actor's own (organisation code, role); the count stops at 1,000.
    """
    mine = or_(
        literal(False),
        *(and_(_A.c.holder_owner == code, _A.c.holder_role == role) for code, role in sorted(set(posts))),
    )
    here = and_(visibility.visible(actor), _A.c.finished_at.is_(None), _A.c.stage.not_in(RESTING), not_(mine))
    columns = (_A.c.id, _A.c.holder_owner, _A.c.holder_role, _A.c.holder_since)
    holder = _O.alias("holder")
    rows = session.execute(
        select(*columns, *_AGREEMENT, holder.c.name.label("holder_name"))
        .select_from(
            _A.join(_O, _O.c.id == _A.c.lead_organisation_id).outerjoin(holder, holder.c.code == _A.c.holder_owner)
        )
        .where(here)
        .order_by(_A.c.holder_since, _A.c.id)
        .limit(limit)
    )
    counted = select(func.count()).select_from(select(_A.c.id).where(here).limit(1_000).subquery())
    return list(rows), session.scalar(counted) or 0
