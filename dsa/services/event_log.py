"""Our history as an event log that other tools open: CSV, XES, OCEL 2.0. One rule: the three say the same events; posts
stand in it, no person, no private word, nothing that one side keeps to itself.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import NotFound
from dsa.domain.machine import Flow
from dsa.domain.reasons import BEFORE, is_reason
from dsa.insight.write_log import EventRow, write_csv, write_ocel, write_xes
from dsa.persistence import bookkeeping
from dsa.persistence import queries_log as queries
from dsa.persistence.queries_log import History
from dsa.services.context import Context

Writer = Callable[[Iterable[EventRow]], Iterator[str]]
# format -> (writer, media type, how its file name ends)
FORMATS: Mapping[str, tuple[Writer, str, str]] = {
    "csv": (write_csv, "text/csv; charset=utf-8", "csv"),
    "xes": (write_xes, "application/xml; charset=utf-8", "xes"),
    "ocel": (write_ocel, "application/json", "ocel.json"),
}
_SIGNED = frozenset({"signed", "preparing", "in_use", "review_due", "suspended", "ended", "data_destroyed", "closed"})
_ELSEWHERE = "TrackingBegan"  # from here to the next event it was followed elsewhere
_REVIEWS = frozenset({"advice", "decision", "check", "record"})


def log_lines(ctx: Context, actor: Actor | None, fmt: str, *, reference: str | None = None) -> Iterator[str]:
    """The log as text in pieces: of one agreement, or of all that ``actor`` may see (None: all there are).

    Raises NotFound, before the first piece, for an agreement that is not there for the actor or an unknown format.
    """
    if fmt not in FORMATS:
        raise NotFound("A history can be saved as csv, xes or ocel.")
    with ctx.database.reading() as session:
        if reference is not None and not queries.count(session, queries.whose(actor, reference)):
            raise NotFound("There is no agreement %(reference)s that you may see.", reference=reference)
    return FORMATS[fmt][0](_events(ctx, actor, reference))


def record_look_at_all(ctx: Context, actor: Actor) -> None:
    """Record that an auditor saves the history of everything."""
    if actor.sees_all:
        with ctx.database.writing() as session:
            at = ctx.clock.now()
            bookkeeping.note_access(session, person_id=actor.person_id, agreement_id=None, what="history", at=at)


def how_many(ctx: Context, actor: Actor) -> int:
    """How many agreements the log of all would hold."""
    with ctx.database.reading() as session:
        return queries.count(session, queries.whose(actor, None))


def _events(ctx: Context, actor: Actor | None, reference: str | None) -> Iterator[EventRow]:
    with ctx.database.reading() as session:
        for found in queries.histories(session, queries.whose(actor, reference)):
            yield from _of_one(ctx, session, found)


def _of_one(ctx: Context, session: Session, found: History) -> Iterator[EventRow]:
    """The events of one agreement in the order in which they happened; of equal moments, in that of the chain."""
    flow = ctx.definitions.flow(session, found.head.workflow_id, found.head.workflow_version)
    stage, status, told = "", "open", []
    for event in found.events:
        body: Mapping[str, Any] = json.loads(event.body)
        effects: Mapping[str, Any] = body["effects"] or {}
        stage = effects.get("stage", stage)
        status = _status(flow, stage, status)
        told.append((event.happened_at, event.seq, _row(found, event, body, stage, status)))
    for _, _, row in sorted(told, key=lambda each: each[:2]):
        yield row


def _status(flow: Flow, stage: str, before: str) -> str:
    """How the agreement stands: open until it is signed, or ends another way."""
    if before != "open":
        return before
    if stage in _SIGNED:
        return "signed"
    known = flow.stages.get(stage)
    return stage if known is not None and known.final else "open"


def _row(found: History, event: Any, body: Mapping[str, Any], stage: str, status: str) -> EventRow:
    done = found.tasks.get(event.seq, [])
    task = done[0] if done else None
    facts: Mapping[str, Any] = body["facts"]
    who: Mapping[str, Any] = body["actor"]
    code = facts.get("code")
    reference = found.head.reference
    return EventRow(
        agreement=reference,
        activity=activity(event.kind),
        at=event.happened_at,
        started=None if task is None else min(task.opened_at, event.happened_at),
        post=str(who.get("post", "")),
        organisation=str(who.get("organisation", "")),
        role=str(who.get("role", "")),
        stage=stage,
        reason=BEFORE if event.kind == _ELSEWHERE else code if isinstance(code, str) and is_reason(code) else "",
        nation=event.nation,
        target_working_days=None if task is None else task.target_days,
        owned_working_minutes=None if task is None else task.working_minutes,
        parties=found.parties,
        status=status,
        route=found.head.route,
        review=f"{reference} {task.key}" if task is not None and task.kind in _REVIEWS else "",
        document=f"{reference} version {facts['version']}" if isinstance(facts.get("version"), int) else "",
    )


def activity(kind: str) -> str:
    """An event's kind in words: "Text locked". What lies between the first two events of a followed one is marked."""
    if kind == _ELSEWHERE:
        return "Not known: before it was followed here"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).capitalize()
