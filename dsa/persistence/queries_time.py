"""What it takes to say where the time of agreements went. One rule: a fixed number of statements for any page of them.

Every function takes the ids of one page and gives rows by agreement, each list in the order of its chain.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from dsa.persistence.models import (
    HoldRow,
    Organisation,
    Party,
    Query,
    SectionAnswers,
    SpellRow,
    StageEntry,
    Task,
    table,
)

_S, _G, _T, _H, _Q = table(SpellRow), table(StageEntry), table(Task), table(HoldRow), table(Query)
_P, _O, _A = table(Party), table(Organisation), table(SectionAnswers)
Rows = dict[int, list[Any]]


def spells(session: Session, ids: Sequence[int]) -> Rows:
    """The ledgers; spells of no length are left out."""
    wanted = (_S.c.agreement_id, _S.c.started_seq, _S.c.owner, _S.c.outside, _S.c.stage, _S.c.role, _S.c.reason,
              _S.c.started_at, _S.c.ended_at)  # fmt: skip
    found = select(*wanted).where(_S.c.agreement_id.in_(ids)).order_by(_S.c.agreement_id, _S.c.started_seq)
    return {
        agreement: [row for row in rows if row.ended_at is None or row.ended_at > row.started_at]
        for agreement, rows in _by_agreement(session, found).items()
    }


def stays(session: Session, ids: Sequence[int]) -> Rows:
    """The stays in stages."""
    wanted = (_G.c.agreement_id, _G.c.entered_seq, _G.c.stage, _G.c.round, _G.c.entered_at, _G.c.left_at,
              _G.c.target_days, _G.c.since_known)  # fmt: skip
    return _by_agreement(
        session, select(*wanted).where(_G.c.agreement_id.in_(ids)).order_by(_G.c.agreement_id, _G.c.entered_seq)
    )


def tasks(session: Session, ids: Sequence[int]) -> Rows:
    """The tasks that their stage waits for (or waited for), with the code of their organisation."""
    return {agreement: waited_for(rows) for agreement, rows in every_task(session, ids).items()}


def waited_for(rows: Sequence[Any]) -> list[Any]:
    """Of tasks those that their stage waits for, or waited for."""
    return [row for row in rows if row.required and row.status != "standing"]


def every_task(session: Session, ids: Sequence[int]) -> Rows:
    """All tasks, with the code of their organisation."""
    wanted = (_T.c.agreement_id, _T.c.id, _T.c.rule, _T.c.stage, _T.c.party_key, _T.c.role, _T.c.status, _T.c.required,
              _T.c.opened_seq, _T.c.opened_at, _T.c.done_at, _T.c.due_at, _T.c.organisation_id,
              _O.c.code)  # fmt: skip
    return _by_agreement(
        session,
        select(*wanted)
        .select_from(_T.join(_O, _O.c.id == _T.c.organisation_id))
        .where(_T.c.agreement_id.in_(ids))
        .order_by(_T.c.agreement_id, _T.c.id),
    )


def questions(session: Session, ids: Sequence[int]) -> Rows:
    """The questions to the drafter."""
    wanted = (_Q.c.agreement_id, _Q.c.task_id, _Q.c.asked_seq, _Q.c.asked_at, _Q.c.answered_at)
    return _by_agreement(session, select(*wanted).where(_Q.c.agreement_id.in_(ids)).order_by(_Q.c.id))


def holds(session: Session, ids: Sequence[int]) -> Rows:
    """The holds."""
    wanted = (_H.c.agreement_id, _H.c.code, _H.c.awaited, _H.c.outside, _H.c.until, _H.c.started_at, _H.c.ended_at)
    return _by_agreement(session, select(*wanted).where(_H.c.agreement_id.in_(ids)).order_by(_H.c.id))


def parties(session: Session, ids: Sequence[int]) -> Rows:
    """The organisations that are parties or were."""
    wanted = (_P.c.agreement_id, _P.c.is_lead, _P.c.organisation_id, _O.c.code, _O.c.name, _O.c.nation)
    return _by_agreement(
        session,
        select(*wanted)
        .select_from(_P.join(_O, _O.c.id == _P.c.organisation_id))
        .where(_P.c.agreement_id.in_(ids))
        .order_by(_P.c.id),
    )


def answers(session: Session, ids: Sequence[int], section: str) -> dict[int, dict[str, Any]]:
    """The working answers of one section, by agreement."""
    found = select(_A.c.agreement_id, _A.c.answers).where(_A.c.agreement_id.in_(ids), _A.c.section == section)
    return {row.agreement_id: row.answers for row in session.execute(found.order_by(_A.c.agreement_id))}


def _by_agreement(session: Session, statement: Select[Any]) -> Rows:
    found: Rows = defaultdict(list)
    for row in session.execute(statement):
        found[row.agreement_id].append(row)
    return found
