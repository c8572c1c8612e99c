"""Approvals, requests for changes, questions, holds, conditions, documents. One rule: every list has a total order."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.orm import Session

from dsa.domain.approvals import Covered
from dsa.persistence import rows
from dsa.persistence.heads import person_name
from dsa.persistence.models import (
    Approval,
    ChangeRequest,
    ConditionRow,
    Document,
    HoldRow,
    Query,
    Signature,
    StoredFile,
    Task,
    table,
)
from dsa.persistence.prepared import Prepared, PreparedUpdate

__all__ = ["person_name"]

_AP = table(Approval)


def add_approval(session: Session, values: Mapping[str, Any]) -> int:
    """Add an approval; returns its id."""
    return rows.add(session, "approvals", values)


def live_approvals(session: Session, agreement_id: int) -> list[Any]:
    """Approvals that were neither taken back nor have lapsed, oldest first."""
    return _LIVE.rows(session, {"agreement": agreement_id})


_LIVE = Prepared(
    select(_AP)
    .where(_AP.c.agreement_id == bindparam("agreement"), _AP.c.withdrawn_at.is_(None), _AP.c.lapsed_at.is_(None))
    .order_by(_AP.c.id)
)


def covered(approvals: Iterable[Any]) -> list[Covered]:
    """Approvals as far as standing goes."""
    return [Covered(a.id, a.rule, a.party_key, a.outcome, a.section_hashes) for a in approvals]


def lapse(session: Session, approval_ids: Iterable[int], *, at: datetime) -> None:
    """Mark approvals as lapsed: what they covered has changed."""
    ids = sorted(approval_ids)
    if ids:
        session.execute(update(Approval).where(Approval.id.in_(ids)).values(lapsed_at=at))


def withdraw_requests(session: Session, *, task_id: int) -> None:
    """Mark the open requests for changes of a task as taken back: nobody has to respond to them any more."""
    session.execute(
        update(ChangeRequest)
        .where(ChangeRequest.task_id == task_id, ChangeRequest.status == "open")
        .values(status="withdrawn")
    )


def approval(session: Session, agreement_id: int, approval_id: int) -> Approval | None:
    """One approval of the agreement, or None."""
    return session.scalars(
        select(Approval).where(Approval.agreement_id == agreement_id, Approval.id == approval_id)
    ).one_or_none()


def add_conditions(session: Session, conditions: list[dict[str, Any]]) -> None:
    """Add conditions of an approval."""
    for each in conditions:
        rows.add(session, "conditions", each)


def conditions(session: Session, agreement_id: int) -> list[Any]:
    """The conditions of approvals that stand, oldest first."""
    return _CONDITIONS.rows(session, {"agreement": agreement_id})


_CN = table(ConditionRow)
_CONDITIONS = Prepared(
    select(_CN)
    .select_from(_CN.join(_AP, _AP.c.id == _CN.c.approval_id))
    .where(_CN.c.agreement_id == bindparam("agreement"), _AP.c.withdrawn_at.is_(None), _AP.c.lapsed_at.is_(None))
    .order_by(_CN.c.id)
)


def meet_condition(session: Session, condition_id: int, *, person_id: int, evidence: str, at: datetime) -> None:
    """Record a condition as met."""
    session.execute(
        update(ConditionRow)
        .where(ConditionRow.id == condition_id)
        .values(met_at=at, met_by_id=person_id, evidence=evidence)
    )


def add_change_requests(session: Session, requests: list[dict[str, Any]]) -> None:
    """Add requests for changes."""
    for each in requests:
        rows.add(session, "change_requests", each)


def change_requests(session: Session, agreement_id: int) -> list[Any]:
    """Every request for changes, oldest first."""
    return _REQUESTS.rows(session, {"agreement": agreement_id})


_CR = table(ChangeRequest)
_OF_CR = _CR.c.agreement_id == bindparam("agreement")
_REQUESTS = Prepared(select(_CR).where(_OF_CR).order_by(_CR.c.id))
_REQUEST = Prepared(select(_CR).where(_OF_CR, _CR.c.id == bindparam("request")))


def change_request(session: Session, agreement_id: int, request_id: int) -> Any:
    """One request for changes of the agreement, or None."""
    return _REQUEST.one(session, {"agreement": agreement_id, "request": request_id})


def respond(session: Session, request_id: int, *, text: str, person_id: int, at: datetime) -> None:
    """Record the drafter's response to a request for changes."""
    answer = {"response": text, "status": "answered", "responded_by_id": person_id, "responded_at": at}
    _CHANGE_REQUEST.run(session, {"of_id": request_id}, answer)


_CHANGE_REQUEST = PreparedUpdate(_CR, _CR.c.id == bindparam("of_id"))


def add_query(session: Session, values: Mapping[str, Any]) -> None:
    """Add a question to the drafter."""
    rows.add(session, "queries", values)


def queries(session: Session, agreement_id: int) -> list[Any]:
    """Every question to the drafter, oldest first."""
    return _QUERIES.rows(session, {"agreement": agreement_id})


_Q = table(Query)
_QUERIES = Prepared(select(_Q).where(_Q.c.agreement_id == bindparam("agreement")).order_by(_Q.c.id))


def query(session: Session, agreement_id: int, query_id: int) -> Query | None:
    """One question of the agreement, or None."""
    return session.scalars(select(Query).where(Query.agreement_id == agreement_id, Query.id == query_id)).one_or_none()


def answer_query(session: Session, query_id: int, *, answer: str, person_id: int, at: datetime) -> None:
    """Record the answer to a question."""
    session.execute(
        update(Query).where(Query.id == query_id).values(answer=answer, answered_by_id=person_id, answered_at=at)
    )


def add_hold(session: Session, values: Mapping[str, Any]) -> None:
    """Begin a hold."""
    rows.add(session, "holds", values)


def holds(session: Session, agreement_id: int) -> list[Any]:
    """Every hold, oldest first."""
    return _HOLDS.rows(session, {"agreement": agreement_id})


_H = table(HoldRow)
_HOLDS = Prepared(select(_H).where(_H.c.agreement_id == bindparam("agreement")).order_by(_H.c.id))


def assign(session: Session, task_id: int, person_id: int | None) -> None:
    """Give an open task to a person, or back to its role."""
    session.execute(update(Task).where(Task.id == task_id, Task.status == "open").values(assignee_id=person_id))


def document(session: Session, agreement_id: int, version_id: int | None) -> Any:
    """The document of a version, or None."""
    if version_id is None:
        return None
    return _DOCUMENT.one(session, {"agreement": agreement_id, "version": version_id})


_D = table(Document)
_DOCUMENT = Prepared(
    select(_D).where(_D.c.agreement_id == bindparam("agreement"), _D.c.version_id == bindparam("version"))
)


def add_document(session: Session, values: Mapping[str, Any]) -> None:
    """Add the document of a locked version, waiting to be made."""
    rows.add(session, "documents", values)


def file_known(session: Session, sha256: str) -> bool:
    """Whether the store's list has a file of that hash."""
    return _FILE.number(session, {"sha256": sha256}) is not None


_FILE = Prepared(select(StoredFile.size).where(StoredFile.sha256 == bindparam("sha256")))


def update_document(session: Session, document_id: int, *, revision: int, new_revision: int, **values: Any) -> bool:
    """Change a document from the revision that was read; False when somebody else changed it first."""
    of = {"of_id": document_id, "of_revision": revision}
    return _CHANGE_DOCUMENT.run(session, of, {"revision": new_revision, **values}) == 1


_CHANGE_DOCUMENT = PreparedUpdate(_D, _D.c.id == bindparam("of_id"), _D.c.revision == bindparam("of_revision"))


def signatures(session: Session, version_id: int | None) -> list[Any]:
    """The signatures under a version, in the order in which they were made."""
    return [] if version_id is None else _SIGNATURES.rows(session, {"version": version_id})


_S = table(Signature)
_SIGNATURES = Prepared(select(_S).where(_S.c.version_id == bindparam("version")).order_by(_S.c.id))


def add_signature(session: Session, values: Mapping[str, Any]) -> None:
    """Add a signature."""
    rows.add(session, "signatures", values)


def tasks(session: Session, agreement_id: int) -> list[Row[Any]]:
    """Every task of the agreement that ever opened, oldest first."""
    return list(session.execute(select(Task.__table__).where(Task.agreement_id == agreement_id).order_by(Task.id)))
