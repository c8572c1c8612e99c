"""Verifying what is stored against its own history. One rule: it reads everything and changes nothing.

Three questions: is the chain of events whole; does a replay of the events give the rows that are stored; does each
frozen version have the hash under which it was frozen and decided on.
"""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.chain import ChainProblem, verify_chain
from dsa.domain.errors import NotFound
from dsa.domain.events import FREEZES
from dsa.domain.integrity import digest
from dsa.domain.replay import Replayed, ReplayedSpell, ReplayedStay, ReplayedTask, replay
from dsa.persistence import drafts, heads, history, people, timetables, waiting, work
from dsa.persistence.heads import Loaded
from dsa.services.context import Context


def verify_history(ctx: Context, reference: str) -> tuple[ChainProblem, ...]:
    """Everything in the stored agreement that its events do not bear out; empty where all is as it was recorded."""
    with ctx.database.reading() as session:
        loaded = heads.load(session, reference)
        if loaded is None:
            raise NotFound("There is no agreement %(reference)s.", reference=reference)
        head = loaded.head
        rows = history.events(session, head.id)
        codes = {organisation.id: organisation.code for organisation in people.organisations(session)}
        found = verify_chain(rows, head_seq=head.head_seq, head_hash=head.head_hash, organisations=codes)
        if found:
            return found
        bodies = [json.loads(row.body) for row in rows]
        told = replay(bodies)
        return (
            *_differences(session, head, told, codes),
            *_asked_problems(session, loaded, told),
            *_version_problems(session, head.id, bodies),
        )


def _differences(session: Session, head: Any, told: Replayed, codes: dict[int, str]) -> Iterator[ChainProblem]:
    """Where the stored rows differ from the replayed ones."""
    holder = None if head.holder_owner is None else (head.holder_owner, head.holder_role, head.holder_reason)
    stored = (head.version, head.stage, head.round, head.on_hold, holder, head.updated_at, head.moved_at)
    replayed = (told.version, told.stage, told.round, told.on_hold, told.holder, told.updated_at, told.moved_at)
    if (stored, head.finished_at) != (replayed, told.finished_at):
        yield ChainProblem(0, "The agreement does not stand where its events lead.")
    for what, kept, again in (
        ("tasks are", stored_tasks(session, head.id, codes), told.tasks),
        ("ledger is", stored_spells(session, head.id), told.spells),
        ("stays in stages are", stored_stays(session, head.id), told.stays),
        ("timetable is", timetables.load(session, head.id), told.timetable),
    ):
        if kept != again:
            yield ChainProblem(0, f"The {what} not what the events say.")
    if waiting.off(session, head.id):
        yield ChainProblem(0, "Since when its parties wait, and until when, is not what the agreement says.")


def _asked_problems(session: Session, loaded: Loaded, told: Replayed) -> Iterator[ChainProblem]:
    pending = told.timetable.pending
    accepted = [party.key for party in loaded.parties] if pending is None else pending.accepted
    wanted = {party.organisation_id for party in loaded.parties if party.signs and party.key not in accepted}
    if timetables.asked(session, loaded.head.id) != wanted:
        yield ChainProblem(0, "Who is to answer the timetable is not what the events say.")


def stored_tasks(session: Session, agreement_id: int, codes: dict[int, str]) -> list[ReplayedTask]:
    """The stored tasks in the shape of a replay."""
    return [
        ReplayedTask(
            key=row.key,
            rule=row.rule,
            kind=row.kind,
            required=row.required,
            stage=row.stage,
            round=row.round,
            party=row.party_key,
            organisation=codes[row.organisation_id],
            role=row.role,
            status=row.status,
            outcome=row.outcome,
            opened_seq=row.opened_seq,
            opened_at=row.opened_at,
            target_days=row.target_days,
            due_at=row.due_at,
            calendar_version=row.calendar_version,
            done_seq=row.done_seq,
            done_at=row.done_at,
            working_minutes=row.working_minutes,
        )
        for row in work.tasks(session, agreement_id)
    ]


def stored_spells(session: Session, agreement_id: int) -> list[ReplayedSpell]:
    """The stored ledger in the shape of a replay, spells of no length included."""
    return [
        ReplayedSpell(
            owner=row.owner,
            outside=row.outside,
            stage=row.stage,
            role=row.role,
            reason=row.reason,
            started_seq=row.started_seq,
            started_at=row.started_at,
            ended_seq=row.ended_seq,
            ended_at=row.ended_at,
        )
        for row in history.every_spell(session, agreement_id)
    ]


def stored_stays(session: Session, agreement_id: int) -> list[ReplayedStay]:
    """The stored stays in stages in the shape of a replay."""
    return [
        ReplayedStay(
            stage=row.stage,
            round=row.round,
            entered_seq=row.entered_seq,
            entered_at=row.entered_at,
            target_days=row.target_days,
            due_at=row.due_at,
            calendar_version=row.calendar_version,
            left_at=row.left_at,
            working_minutes=row.working_minutes,
            since_known=row.since_known,
        )
        for row in history.stage_entries(session, agreement_id)
    ]


def _version_problems(session: Session, agreement_id: int, bodies: list[dict[str, Any]]) -> Iterator[ChainProblem]:
    """Frozen versions whose content, hash and event do not agree, and events whose version is not there."""
    frozen = {
        body["facts"]["version"]: (body["seq"], body["facts"]["content_hash"])
        for body in bodies
        if body["kind"] in FREEZES and "version" in body["facts"]
    }
    stored = {row.number: row for row in drafts.versions(session, agreement_id)}
    for number in sorted({*frozen, *stored}):
        seq, named = frozen.get(number, (0, ""))
        row = drafts.version(session, agreement_id, number) if number in stored else None
        if row is None or row.hash != named or digest(row.content.encode()) != named:
            yield ChainProblem(seq, f"Version {number} is not the text that was frozen.")
