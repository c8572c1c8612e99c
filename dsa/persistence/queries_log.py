"""Our own history for an event log: public events with their tasks, agreement by agreement, in batches.

One rule: an event of one side alone is never among them, nor any private text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.persistence import visibility
from dsa.persistence.models import Agreement, Event, Organisation, Party, Task, table

_A, _E, _T, _O, _P = table(Agreement), table(Event), table(Task), table(Organisation), table(Party)
BATCH = 100


@dataclass(frozen=True, slots=True)
class History:
    """One agreement: its head (reference, route, workflow), party codes, events in order, tasks by the event that ended
    them."""

    head: Any
    parties: tuple[str, ...]
    events: tuple[Any, ...]
    tasks: dict[int, list[Any]]


def whose(actor: Actor | None, reference: str | None) -> ColumnElement[bool]:
    """What is asked for: one agreement or all, as far as ``actor`` may see it (None: whoever runs the service)."""
    seen = true() if actor is None else visibility.visible(actor)
    return seen if reference is None else seen & (_A.c.reference == reference)


def count(session: Session, wanted: ColumnElement[bool]) -> int:
    """How many agreements that is."""
    return session.scalar(select(func.count()).select_from(_A).where(wanted)) or 0


def histories(session: Session, wanted: ColumnElement[bool]) -> Iterator[History]:
    """The agreements in order of their number."""
    after = 0
    columns = (_A.c.id, _A.c.reference, _A.c.route, _A.c.workflow_id, _A.c.workflow_version)
    while True:
        page = select(*columns).where(wanted, _A.c.id > after).order_by(_A.c.id).limit(BATCH)
        heads = list(session.execute(page))
        if not heads:
            return
        after = heads[-1].id
        yield from _filled(session, heads)


def _filled(session: Session, heads: list[Any]) -> Iterator[History]:
    ids = [head.id for head in heads]
    events: dict[int, list[Any]] = {key: [] for key in ids}
    statement = (
        select(_E.c.agreement_id, _E.c.seq, _E.c.kind, _E.c.happened_at, _E.c.recorded_at, _E.c.body, _O.c.nation)
        .select_from(_E.join(_O, _O.c.id == _E.c.organisation_id))
        .where(_E.c.agreement_id.in_(ids), _E.c.side.is_(None))
        .order_by(_E.c.agreement_id, _E.c.seq)
    )
    for row in session.execute(statement):
        events[row.agreement_id].append(row)
    tasks: dict[int, dict[int, list[Any]]] = {key: {} for key in ids}
    done = (
        select(_T.c.agreement_id, _T.c.done_seq, _T.c.key, _T.c.kind, _T.c.opened_at, _T.c.target_days,
               _T.c.working_minutes)
        .where(_T.c.agreement_id.in_(ids), _T.c.status == "done")
        .order_by(_T.c.agreement_id, _T.c.id)
    )  # fmt: skip
    for task in session.execute(done):
        tasks[task.agreement_id].setdefault(task.done_seq, []).append(task)
    parties: dict[int, list[str]] = {key: [] for key in ids}
    named = select(_P.c.agreement_id, _O.c.code).select_from(_P.join(_O, _O.c.id == _P.c.organisation_id))
    for party in session.execute(named.where(_P.c.agreement_id.in_(ids)).order_by(_P.c.agreement_id, _P.c.id)):
        parties[party.agreement_id].append(party.code)
    for head in heads:
        yield History(head, tuple(parties[head.id]), tuple(events[head.id]), tasks[head.id])
