"""Writing one step of an agreement: event, ledger, tasks, outbox and head, in module-level Core statements.

One rule: the head moves last, and only from the version that was read; otherwise nothing of the step stays.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dsa.domain.errors import Conflict
from dsa.domain.events import MovedDue
from dsa.persistence.models import (
    Agreement,
    Approval,
    Event,
    HoldRow,
    Note,
    SpellRow,
    StageEntry,
    Task,
    table,
)
from dsa.persistence.prepared import Prepared, together

_A, _E, _S, _T, _G = table(Agreement), table(Event), table(SpellRow), table(Task), table(StageEntry)
_AP, _H = table(Approval), table(HoldRow)
_ADD_EVENT = Prepared(insert(_E))
_CLOSE_SPELL = Prepared(
    update(_S)
    .where(_S.c.agreement_id == bindparam("agreement"), _S.c.ended_at.is_(None))
    .values(ended_at=bindparam("ended"), ended_seq=bindparam("seq"))
)
_OPEN_SPELL = Prepared(insert(_S))
_CLOSE_STAGE = Prepared(
    update(_G)
    .where(_G.c.agreement_id == bindparam("agreement"), _G.c.left_at.is_(None))
    .values(left_at=bindparam("left"), working_minutes=bindparam("minutes"))
)
_OPEN_STAGE = Prepared(insert(_G))
_CLOSE_TASK = Prepared(
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
_REOPEN_TASK = Prepared(
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
        due_seq=None,
    )
)
_MOVE_TASK_DUE = Prepared(
    update(_T)
    .where(
        _T.c.agreement_id == bindparam("agreement"),
        _T.c.key == bindparam("of_key"),
        _T.c.stage == bindparam("of_stage"),
        _T.c.round == bindparam("of_round"),
        _T.c.status == "open",
    )
    .values(due_at=bindparam("due"), calendar_version=bindparam("calendar"), due_seq=bindparam("seq"))
)
_MOVE_STAGE_DUE = Prepared(
    update(_G)
    .where(_G.c.agreement_id == bindparam("agreement"), _G.c.left_at.is_(None))
    .values(due_at=bindparam("due"), calendar_version=bindparam("calendar"))
)
_WITHDRAW_APPROVALS = Prepared(
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
_END_HOLD = Prepared(
    update(_H)
    .where(_H.c.agreement_id == bindparam("agreement"), _H.c.ended_at.is_(None))
    .values(ended_at=bindparam("at"), ended_seq=bindparam("seq"))
)
_OPEN_TASK = Prepared(
    insert(_T), columns=[column.key for column in _T.c if column.key not in ("id", "first_opened_at", "due_seq")]
)
_NOTES = Prepared(insert(table(Note)), columns=[column.key for column in table(Note).c if column.key != "id"])
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
    "moved_at",
    "finished_at",
)
_MOVE_HEAD = Prepared(
    update(_A)
    .where(_A.c.id == bindparam("agreement"), _A.c.version == bindparam("was"), _A.c.head_seq == bindparam("was_seq"))
    .values({name: bindparam(f"new_{name}") for name in _HEAD_COLUMNS})
)


@contextmanager
def one_step(session: Session) -> Iterator[None]:
    """The writes of one step. Raises Conflict when another step took the same place in the chain."""
    try:
        with together(session):
            yield
    except IntegrityError as error:
        raise Conflict(_SOMEBODY_FIRST) from error


def add_event(session: Session, row: dict[str, Any]) -> None:
    """Append an event. Within ``one_step``, where its place in the chain is guarded."""
    _ADD_EVENT.run(session, row)


def hand_over(session: Session, *, agreement: int, opened: dict[str, Any] | None, ended: Any, seq: int) -> None:
    """Close the open spell of the ledger and open the next; ``opened`` None ends the ledger."""
    _CLOSE_SPELL.run(session, {"agreement": agreement, "ended": ended, "seq": seq})
    if opened is not None:
        _OPEN_SPELL.run(session, opened)


def change_stage(session: Session, *, agreement: int, left: Any, minutes: int, opened: dict[str, Any] | None) -> None:
    """Close the stay in a stage (with its working minutes) and open the next."""
    _CLOSE_STAGE.run(session, {"agreement": agreement, "left": left, "minutes": minutes})
    if opened is not None:
        _OPEN_STAGE.run(session, opened)


def close_tasks(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Close tasks as done or lapsed. Raises Conflict where one was closed by somebody else meanwhile."""
    for row in rows:
        _CLOSE_TASK.demand(session, row, Conflict(_SOMEBODY_FIRST))


def reopen_tasks(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Open tasks again whose decision was taken back."""
    _REOPEN_TASK.many(session, rows)


def move_dues(session: Session, *, agreement: int, moved: Sequence[MovedDue], seq: int) -> None:
    """Move the due moments of open tasks, and of the stay in the stage where no task is named."""
    for each in moved:
        values = {"agreement": agreement, "due": each.due_at, "calendar": each.calendar_version}
        if not each.key:
            _MOVE_STAGE_DUE.run(session, values)
            continue
        values |= {"of_key": each.key, "of_stage": each.stage, "of_round": each.round, "seq": seq}
        _MOVE_TASK_DUE.demand(session, values, Conflict(_SOMEBODY_FIRST))


def open_tasks(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add tasks."""
    _OPEN_TASK.many(session, rows)


def withdraw_approvals(session: Session, rows: Sequence[dict[str, Any]], *, at: Any) -> None:
    """Mark the live approvals of each (agreement, rule, party) as taken back."""
    for row in rows:
        values = {"agreement": row["agreement"], "of_rule": row["rule"], "of_party": row["party"], "moment": at}
        _WITHDRAW_APPROVALS.run(session, values)


def end_hold(session: Session, *, agreement: int, at: Any, seq: int) -> None:
    """End the hold in force."""
    _END_HOLD.run(session, {"agreement": agreement, "at": at, "seq": seq})


def add_notes(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add private texts of one side."""
    _NOTES.many(session, rows)


def move_head(session: Session, *, agreement: int, was: int, was_seq: int, new: dict[str, Any]) -> None:
    """Move the head from the version that was read. Raises Conflict when somebody else moved it first."""
    values = {f"new_{name}": new[name] for name in _HEAD_COLUMNS}
    row = {"agreement": agreement, "was": was, "was_seq": was_seq, **values}
    _MOVE_HEAD.demand(session, row, Conflict(_SOMEBODY_FIRST))


_SOMEBODY_FIRST = (
    "Somebody else acted on this agreement at the same moment. Nothing of yours was changed. "
    "Look at the agreement again, then decide."
)
