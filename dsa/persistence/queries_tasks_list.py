"""What waits for a person, as rows. One rule: each query walks an index in the order of the page and stops there.

The statements are compiled once for each number of organisations and posts: this is the page that is asked for most.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    exists,
    literal,
    literal_column,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.persistence.models import Agreement, Organisation, Party, Query, Task, TimetableAsked, table
from dsa.persistence.prepared import Prepared
from dsa.persistence.queries_history import HOLDER_UNSEEN
from dsa.persistence.waiting import WAITED_FOR

_T, _A, _O, _Q, _P = table(Task), table(Agreement), table(Organisation), table(Query), table(Party)
_HOLDER, _DOER = _O.alias("holder"), _O.alias("doer")
# Stages in which nothing is asked of anybody until its target has passed.
RESTING = ("in_use",)
MOST_WITH_OTHERS = 100
_FIRST = (datetime(1970, 1, 1, tzinfo=UTC), 0)

# With the agreement, by which the index of open questions begins: else each row would look through all of them.
_ASKED = exists(
    select(_Q.c.id).where(_Q.c.agreement_id == _T.c.agreement_id, _Q.c.task_id == _T.c.id, _Q.c.answered_at.is_(None))
)
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
_OPEN_TASKS = Prepared(
    select(
        _T.c.id, _T.c.key, _T.c.rule, _T.c.due_at, _T.c.required, _T.c.organisation_id, _T.c.opened_at,
        _T.c.target_days, _DOER.c.nation, *_AGREEMENT,
    )
    .select_from(
        _T.join(_A, _A.c.id == _T.c.agreement_id)
        .join(_O, _O.c.id == _A.c.lead_organisation_id)
        .join(_DOER, _DOER.c.id == _T.c.organisation_id)
    )
    .where(
        _T.c.done_at.is_(None),
        _T.c.organisation_id == bindparam("organisation"),
        _T.c.role == bindparam("role"),
        or_(_T.c.assignee_id.is_(None), _T.c.assignee_id == bindparam("person")),
        _A.c.on_hold.is_(False),
        not_(_ASKED),
        _T.c.due_at >= bindparam("after_due"),
        or_(_T.c.due_at > bindparam("after_due"), _T.c.id > bindparam("after_id")),
    )
    .order_by(_T.c.due_at, _T.c.id)
    .limit(bindparam("most", type_=Integer))
)  # fmt: skip
# Asked of each question by itself: joined, a server that takes few tasks for open reads all of them and then sorts.
_DUE = select(_T.c.due_at).where(_T.c.id == _Q.c.task_id, _T.c.done_at.is_(None)).scalar_subquery()
_QUESTIONS = Prepared(
    select(_Q.c.id, _DUE.label("due_at"), *_AGREEMENT)
    .select_from(_Q.join(_A, _A.c.id == _Q.c.agreement_id).join(_O, _O.c.id == _A.c.lead_organisation_id))
    .where(
        _Q.c.answered_at.is_(None),
        _DUE.is_not(None),
        _Q.c.asked_organisation_id == bindparam("organisation"),
        _A.c.on_hold.is_(False),
    )
    .order_by(_Q.c.id)
    .limit(bindparam("most", type_=Integer))
)
_W = table(TimetableAsked)
# In the first look the dates are answered with it.
_LOOKS = exists(
    select(_T.c.id).where(
        _T.c.agreement_id == _W.c.agreement_id,
        _T.c.status == "open",
        _T.c.kind == "in_principle",
        _T.c.organisation_id == _W.c.organisation_id,
    )
)
_TIMETABLES = Prepared(
    select(literal(None).label("due_at"), *_AGREEMENT)
    .select_from(_W.join(_A, _A.c.id == _W.c.agreement_id).join(_O, _O.c.id == _A.c.lead_organisation_id))
    .where(_W.c.organisation_id == bindparam("organisation"), WAITED_FOR, _A.c.on_hold.is_(False), not_(_LOOKS))
    .order_by(_W.c.asked_at, _W.c.agreement_id)
    .limit(bindparam("most", type_=Integer))
)


def open_timetables(session: Session, organisation_ids: Collection[int], *, limit: int = 25) -> list[Any]:
    """Agreements whose proposed timetable one of these organisations is to answer, the longest asked first."""
    found: dict[str, Any] = {}
    for organisation_id in sorted(organisation_ids):
        rows = _TIMETABLES.rows(session, {"organisation": organisation_id, "most": limit})
        found |= {row.reference: row for row in rows}
    return list(found.values())[:limit]


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
    due, identifier = after or _FIRST
    found: list[Any] = []
    for organisation_id, role in sorted(set(posts)):
        values = {"organisation": organisation_id, "role": role, "person": person_id, "most": limit + 1}
        found += _OPEN_TASKS.rows(session, values | {"after_due": due, "after_id": identifier})
    return sorted(found, key=lambda row: (row.due_at, row.id))[: limit + 1]


def open_questions(session: Session, organisation_ids: Collection[int], *, limit: int = 25) -> list[Any]:
    """Questions of reviewers that drafters of these organisations are to answer: those asked longest ago, the earliest
    due first."""
    found: list[Any] = []
    for organisation_id in sorted(organisation_ids):
        found += _QUESTIONS.rows(session, {"organisation": organisation_id, "most": limit})
    return sorted(found, key=lambda row: (row.due_at, row.id))[:limit]


def with_me(
    session: Session,
    posts: Iterable[tuple[int, str, str]],
    person_id: int,
    *,
    reasons: frozenset[str],
    mine_only: frozenset[str],
    left: Mapping[int, Collection[int]] = MappingProxyType({}),
    limit: int = 25,
) -> list[Any]:
    """Agreements that wait for a step of one of these (organisation, its code, role) posts, the earliest due first.

    ``reasons`` are those of stages that end by somebody's move; in those of ``mine_only`` only the agreement's own
    drafter is asked; where that person is one of ``left`` (by organisation), or nobody, every drafter is.
    """
    held = set(posts)
    found: list[Any] = []
    for organisation_id in sorted({post[0] for post in held}):
        of_it = {"organisation": organisation_id, "most": limit}
        drafts = []
        for person in (person_id, *left.get(organisation_id, ())):
            drafts += _own_drafts(mine_only).rows(session, of_it | {"person": person})
        if organisation_id in left:
            drafts += _orphans(mine_only).rows(session, of_it)
        found += [row for row in drafts if (organisation_id, row.holder_owner, row.holder_role) in held]
    for organisation_id, code, role in sorted(held):
        values = {"organisation": organisation_id, "code": code, "role": role, "most": limit}
        found += _with_post(reasons - mine_only).rows(session, values)
    return sorted(found, key=lambda row: (row.due_at is None, row.due_at, row.id))[:limit]


_ORGANISATION: ColumnElement[int] = bindparam("organisation", type_=Integer)


@cache
def _own_drafts(reasons: frozenset[str]) -> Prepared:
    """What a person drafts for an organisation. Who has it is looked at afterwards: SQLite would take that index."""
    return _walks(reasons, _A.c.drafter_id == bindparam("person"), _A.c.lead_organisation_id == _ORGANISATION)


@cache
def _orphans(reasons: frozenset[str]) -> Prepared:
    """Drafts that nobody began here: followed agreements that joined."""
    return _walks(reasons, _A.c.drafter_id.is_(None), _A.c.lead_organisation_id == _ORGANISATION)


@cache
def _with_post(reasons: frozenset[str]) -> Prepared:
    """What an organisation leads and one of its posts has."""
    holds = (_A.c.holder_owner == bindparam("code"), _A.c.holder_role == bindparam("role"))
    return _walks(reasons, *holds, _A.c.lead_organisation_id == _ORGANISATION)


def _walks(reasons: frozenset[str], *conditions: ColumnElement[bool]) -> Prepared:
    """A walk for each reason, in the order of its index: one for all of them would look at most rows in vain."""
    most = bindparam("most", type_=Integer)
    each = [
        select(_A.c.id)
        .where(*conditions, _A.c.holder_reason == literal(reason), _A.c.on_hold.is_(False))
        .order_by(_A.c.stage_due_at, _A.c.id)
        .limit(most)
        .subquery()
        for reason in sorted(reasons)
    ]
    found = union_all(*(select(one.c.id) for one in each)).subquery()
    holder = (_A.c.holder_reason, _A.c.holder_owner, _A.c.holder_role)
    return Prepared(
        select(_A.c.id, _A.c.stage_due_at.label("due_at"), *holder, *_AGREEMENT)
        .select_from(found.join(_A, _A.c.id == found.c.id).join(_O, _O.c.id == _A.c.lead_organisation_id))
        .order_by(_A.c.stage_due_at, _A.c.id)
        .limit(most)
    )


def with_others(
    session: Session, actor: Actor, posts: Collection[tuple[str, str]], *, limit: int = 10
) -> tuple[list[Any], int]:
    """Agreements of the actor's organisations that somebody else has, the longest waiting first; and how many. Those
    of which nobody knows since when come last.

    ``posts`` are the actor's own (organisation code, role); the count stops at ``MOST_WITH_OTHERS`` + 1.
    """
    values: dict[str, Any] = {"most": MOST_WITH_OTHERS + 1}
    own = sorted(set(posts))
    for number, (code, role) in enumerate(own):
        values |= {f"code_{number}": code, f"role_{number}": role}
    since: dict[int, tuple[bool, datetime]] = {}
    for organisation in sorted(actor.organisations):
        for unseen in (False, True):
            found = _waiting_walk(len(own), unseen=unseen).rows(session, values | {"organisation": organisation})
            since |= {row.agreement_id: (unseen, row.waiting_since) for row in found}
            if len(found) > MOST_WITH_OTHERS:
                break  # there are more than are counted already
    first = sorted(since, key=lambda each: (since[each], each))[:limit]
    if not first:
        return [], 0
    rows = _waited_for(len(first)).rows(session, {f"id_{n}": each for n, each in enumerate(first)})
    by_id = {row.id: row for row in rows}
    return [by_id[each] for each in first], min(len(since), MOST_WITH_OTHERS + 1)


@cache
def _waiting_walk(posts: int, *, unseen: bool) -> Prepared:
    """What one organisation waits for, led or asked into, the longest waiting first, but for what the posts have:
    where it is known since when, or only where it is not (``unseen``)."""
    known = or_(_A.c.tracking == literal_column("''"), not_(HOLDER_UNSEEN))
    mine = [
        and_(_A.c.holder_owner == bindparam(f"code_{n}"), _A.c.holder_role == bindparam(f"role_{n}"))
        for n in range(posts)
    ]
    return Prepared(
        select(_P.c.agreement_id, _P.c.waiting_since)
        .select_from(_P.join(_A, _A.c.id == _P.c.agreement_id))
        .where(
            _P.c.organisation_id == bindparam("organisation"),
            _P.c.waiting_since.is_not(None),
            not_(known) if unseen else known,
            *(not_(each) for each in mine),
        )
        .order_by(_P.c.waiting_since, _P.c.agreement_id)
        .limit(bindparam("most", type_=Integer))
    )


@cache
def _waited_for(number: int) -> Prepared:
    """So many agreements by their ids, with who has them."""
    holder = (_A.c.holder_owner, _A.c.holder_role, _A.c.holder_since, _A.c.on_hold)
    stage = (_A.c.route, _A.c.stage_entered_at, _A.c.stage_due_at, _A.c.finished_at)
    columns = (_A.c.id, *holder, *stage, HOLDER_UNSEEN.label("since_not_known"), *_AGREEMENT)
    return Prepared(
        select(*columns, _HOLDER.c.name.label("holder_name"))
        .select_from(
            _A.join(_O, _O.c.id == _A.c.lead_organisation_id).outerjoin(_HOLDER, _HOLDER.c.code == _A.c.holder_owner)
        )
        .where(_A.c.id.in_([bindparam(f"id_{n}") for n in range(number)]))
    )
