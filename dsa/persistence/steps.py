"""Writing one step of an agreement: event, ledger, tasks, outbox and head, in module-level Core statements.

One rule: the head moves last, and only from the version that was read; otherwise nothing of the step stays.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dsa.domain.errors import Conflict
from dsa.persistence.models import (
    Agreement,
    Approval,
    Event,
    HoldRow,
    Note,
    OutboxRow,
    SpellRow,
    StageEntry,
    Task,
    table,
)

_A, _E, _S, _T, _G = table(Agreement), table(Event), table(SpellRow), table(Task), table(StageEntry)
_AP, _H = table(Approval), table(HoldRow)
_ADD_EVENT = insert(_E)
_CLOSE_SPELL = (
    update(_S)
    .where(_S.c.agreement_id == bindparam("agreement"), _S.c.ended_at.is_(None))
    .values(ended_at=bindparam("ended"), ended_seq=bindparam("seq"))
)
_OPEN_SPELL = insert(_S)
_CLOSE_STAGE = (
    update(_G)
    .where(_G.c.agreement_id == bindparam("agreement"), _G.c.left_at.is_(None))
    .values(left_at=bindparam("left"), working_minutes=bindparam("minutes"))
)
_OPEN_STAGE = insert(_G)
_CLOSE_TASK = (
    update(_T)
    .where(_T.c.id == bindparam("task"), _T.c.done_at.is_(None))
    .values(
        status=bindparam("new_status"),
        outcome=bindparam("new_outcome"),
        done_at=bindparam("at"),
        done_seq=bindparam("seq"),
        done_by_id=bindparam("person"),
        working_minutes=bindparam("minutes"),
    )
)
_REOPEN_TASK = (
    update(_T)
    .where(_T.c.id == bindparam("task"))
    .values(
        status="open",
        outcome=None,
        done_at=None,
        done_seq=None,
        done_by_id=None,
        working_minutes=None,
        opened_at=bindparam("at"),
        opened_seq=bindparam("seq"),
        due_at=bindparam("due"),
        calendar_version=bindparam("calendar"),
        target_days=bindparam("target"),
    )
)
_WITHDRAW_APPROVALS = (
    update(_AP)
    .where(
        _AP.c.agreement_id == bindparam("agreement"),
        _AP.c.rule == bindparam("of_rule"),
        _AP.c.party_key.is_not_distinct_from(bindparam("of_party")),
        _AP.c.withdrawn_at.is_(None),
        _AP.c.lapsed_at.is_(None),
    )
    .values(withdrawn_at=bindparam("moment"))
)
_END_HOLD = (
    update(_H)
    .where(_H.c.agreement_id == bindparam("agreement"), _H.c.ended_at.is_(None))
    .values(ended_at=bindparam("at"), ended_seq=bindparam("seq"))
)
_OPEN_TASK = insert(_T)
_OUTBOX = insert(table(OutboxRow))
_NOTES = insert(table(Note))
_HEAD_COLUMNS = (
    "stage",
    "round",
    "version",
    "head_seq",
    "head_hash",
    "on_hold",
    "holder_owner",
    "holder_role",
    "holder_reason",
    "holder_since",
    "stage_entered_at",
    "stage_due_at",
    "updated_at",
    "finished_at",
)
_MOVE_HEAD = (
    update(_A)
    .where(_A.c.id == bindparam("agreement"), _A.c.version == bindparam("was"), _A.c.head_seq == bindparam("was_seq"))
    .values({name: bindparam(f"new_{name}") for name in _HEAD_COLUMNS})
)


def add_event(session: Session, row: dict[str, Any]) -> None:
    """Append an event. Raises Conflict when another step took the same place in the chain."""
    try:
        session.connection().execute(_ADD_EVENT, row)
    except IntegrityError as error:
        raise Conflict(_SOMEBODY_FIRST) from error


def hand_over(session: Session, *, agreement: int, opened: dict[str, Any] | None, ended: Any, seq: int) -> None:
    """Close the open spell of the ledger and open the next; ``opened`` None ends the ledger."""
    connection = session.connection()
    connection.execute(_CLOSE_SPELL, {"agreement": agreement, "ended": ended, "seq": seq})
    if opened is not None:
        connection.execute(_OPEN_SPELL, opened)


def change_stage(session: Session, *, agreement: int, left: Any, minutes: int, opened: dict[str, Any] | None) -> None:
    """Close the stay in a stage (with its working minutes) and open the next."""
    connection = session.connection()
    connection.execute(_CLOSE_STAGE, {"agreement": agreement, "left": left, "minutes": minutes})
    if opened is not None:
        connection.execute(_OPEN_STAGE, opened)


def close_tasks(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Close tasks as done or lapsed. Raises Conflict where one was closed by somebody else meanwhile."""
    for row in rows:
        if session.connection().execute(_CLOSE_TASK, row).rowcount != 1:
            raise Conflict(_SOMEBODY_FIRST)


def reopen_tasks(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Open tasks again whose decision was taken back."""
    if rows:
        session.connection().execute(_REOPEN_TASK, list(rows))


def open_tasks(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add tasks."""
    if rows:
        session.connection().execute(_OPEN_TASK, list(rows))


def withdraw_approvals(session: Session, rows: Sequence[dict[str, Any]], *, at: Any) -> None:
    """Mark the live approvals of each (agreement, rule, party) as taken back."""
    for row in rows:
        values = {"agreement": row["agreement"], "of_rule": row["rule"], "of_party": row["party"], "moment": at}
        session.connection().execute(_WITHDRAW_APPROVALS, values)


def end_hold(session: Session, *, agreement: int, at: Any, seq: int) -> None:
    """End the hold in force."""
    session.connection().execute(_END_HOLD, {"agreement": agreement, "at": at, "seq": seq})


def add_outbox(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add side effects to carry out after the commit."""
    if rows:
        session.connection().execute(_OUTBOX, list(rows))


def add_notes(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add private texts of one side."""
    if rows:
        session.connection().execute(_NOTES, list(rows))


def move_head(session: Session, *, agreement: int, was: int, was_seq: int, new: dict[str, Any]) -> None:
    """Move the head from the version that was read. Raises Conflict when somebody else moved it first."""
    values = {f"new_{name}": new[name] for name in _HEAD_COLUMNS}
    done = session.connection().execute(_MOVE_HEAD, {"agreement": agreement, "was": was, "was_seq": was_seq, **values})
    if done.rowcount != 1:
        raise Conflict(_SOMEBODY_FIRST)


_SOMEBODY_FIRST = (
    "Somebody else acted on this agreement at the same moment. Nothing of yours was changed. "
    "Look at the agreement again, then decide."
)
