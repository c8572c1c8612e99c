"""An agreement as a step needs it: its head, parties and tasks, in a handful of Core statements.

One rule: a writer locks the head first (``BEGIN IMMEDIATE`` on SQLite, ``FOR UPDATE`` on PostgreSQL).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, exists, literal, or_, select, union_all
from sqlalchemy.orm import Session

from dsa.domain.machine import Hold, PartyFact, Snapshot, TaskFact
from dsa.persistence.models import Agreement, Edited, HoldRow, Organisation, Party, Person, Query, Task, table
from dsa.persistence.prepared import Prepared

_A, _P, _O, _T, _Q = table(Agreement), table(Party), table(Organisation), table(Task), table(Query)
_H, _E = table(HoldRow), table(Edited)
_BY_REFERENCE = select(_A).where(_A.c.reference == bindparam("reference"))
_HEAD, _HEAD_LOCKED = Prepared(_BY_REFERENCE), Prepared(_BY_REFERENCE.with_for_update())
_PARTIES = Prepared(
    select(_P.c.key, _P.c.role, _P.c.signs, _P.c.is_lead, _P.c.organisation_id, _O.c.code, _O.c.name, _O.c.nation)
    .select_from(_P.join(_O, _P.c.organisation_id == _O.c.id))
    .where(_P.c.agreement_id == bindparam("agreement"), _P.c.left_at.is_(None))
    .order_by(_P.c.id)
)
_TASKS = Prepared(
    select(
        _T,
        exists(
            # a question asked before the task was opened again is not waited for
            select(_Q.c.id).where(_Q.c.task_id == _T.c.id, _Q.c.answered_at.is_(None), _Q.c.asked_seq > _T.c.opened_seq)
        ).label("question_open"),
    )
    .where(
        _T.c.agreement_id == bindparam("agreement"),
        or_(_T.c.status == "open", and_(_T.c.round == bindparam("round"))),
    )
    .order_by(_T.c.id)
)
_HOLD = Prepared(
    select(_H.c.code, _H.c.awaited, _H.c.outside)
    .where(_H.c.agreement_id == bindparam("agreement"), _H.c.ended_at.is_(None))
    .order_by(_H.c.id.desc())
    .limit(1)
)
_EDITORS = Prepared(select(_E.c.person_id).where(_E.c.agreement_id == bindparam("agreement")))
_WROTE_OR_ACTED = Prepared(
    union_all(
        select(_E.c.person_id.label("person"), literal("").label("role")).where(
            _E.c.agreement_id == bindparam("agreement")
        ),
        select(_T.c.done_by_id, _T.c.role).where(
            _T.c.agreement_id == bindparam("agreement"), _T.c.done_by_id.is_not(None)
        ),
    )
)
_DONE_BY = Prepared(
    select(_T.c.done_by_id, _T.c.role).where(_T.c.agreement_id == bindparam("agreement"), _T.c.done_by_id.is_not(None))
)


@dataclass(frozen=True, slots=True)
class PartyRow:
    """A party with its organisation."""

    key: str
    role: str
    signs: bool
    lead: bool
    organisation_id: int
    code: str
    name: str
    nation: str

    @property
    def discloses(self) -> bool:
        """Whether this party hands over data."""
        return self.role in ("discloser", "both")

    @property
    def fact(self) -> PartyFact:
        """The party as the machine needs it."""
        return PartyFact(self.key, self.code, self.signs, self.discloses, self.lead)


@dataclass(frozen=True, slots=True)
class Loaded:
    """An agreement loaded for a step. ``head`` is the row of the agreement; ``tasks`` those open or of this round."""

    head: Row[Any]
    parties: tuple[PartyRow, ...]
    tasks: tuple[Row[Any], ...]
    hold: Hold | None

    @property
    def lead(self) -> PartyRow:
        """The party that leads."""
        return next(party for party in self.parties if party.lead)

    @property
    def party_codes(self) -> dict[str, str]:
        """Party key to organisation code."""
        return {party.key: party.code for party in self.parties}

    def organisation_id(self, code: str) -> int:
        """The id of the party organisation with that code."""
        return next(party.organisation_id for party in self.parties if party.code == code)

    def nation(self, code: str) -> str:
        """The nation whose calendar the organisation works by."""
        return next(party.nation for party in self.parties if party.code == code)

    def nation_of(self, organisation_id: int) -> str:
        """The nation of a party organisation by its id; England's calendar for one that is a party no more."""
        return next((party.nation for party in self.parties if party.organisation_id == organisation_id), "ENG")

    def task(self, key: str) -> Row[Any] | None:
        """The newest task of that key, open before done."""
        found = [task for task in self.tasks if task.key == key]
        return next((task for task in found if task.status == "open"), found[-1] if found else None)

    def snapshot(self, **more: Any) -> Snapshot:
        """What a decision rests on; ``more`` adds facts, standing approvals, signatories, the outside body."""
        return Snapshot(
            stage=self.head.stage,
            round=self.head.round,
            route=self.head.route,
            parties=tuple(party.fact for party in self.parties),
            tasks=tuple(task_fact(task, self._code(task.organisation_id)) for task in self.tasks),
            hold=self.hold,
            outside_body=more.pop("outside_body", self.head.reported_outside or ""),
            **more,
        )

    def _code(self, organisation_id: int) -> str:
        return next((p.code for p in self.parties if p.organisation_id == organisation_id), "")


def task_fact(row: Row[Any], organisation: str) -> TaskFact:
    """A task row as the machine needs it."""
    slot = int(row.key.rsplit(":", 1)[1]) if row.key.count(":") == 2 else 1
    return TaskFact(
        row.key,
        row.rule,
        row.stage,
        row.round,
        row.party_key,
        organisation,
        row.role,
        row.kind,
        row.required,
        row.status,
        row.outcome,
        row.due_at,
        bool(row.question_open) and row.status == "open",
        slot,
    )


def load(session: Session, reference: str, *, lock: bool = False) -> Loaded | None:
    """The agreement of that reference, or None. ``lock`` for a writer."""
    head = (_HEAD_LOCKED if lock else _HEAD).one(session, {"reference": reference})
    if head is None:
        return None
    parties = tuple(
        PartyRow(p.key, p.role, p.signs, p.is_lead, p.organisation_id, p.code, p.name, p.nation)
        for p in _PARTIES.rows(session, {"agreement": head.id})
    )
    tasks = tuple(_TASKS.rows(session, {"agreement": head.id, "round": head.round}))
    hold = _hold(session, head.id) if head.on_hold else None
    return Loaded(head, parties, tasks, hold)


def _hold(session: Session, agreement_id: int) -> Hold | None:
    row = _HOLD.one(session, {"agreement": agreement_id})
    return None if row is None else Hold(row.code, row.awaited, row.outside)


def editors(session: Session, agreement_id: int) -> frozenset[int]:
    """The people who wrote part of the text."""
    return frozenset(row.person_id for row in _EDITORS.rows(session, {"agreement": agreement_id}))


def separate_roles(session: Session, agreement_id: int, roles: frozenset[str]) -> Mapping[int, frozenset[str]]:
    """Which of the roles each person has already acted in on this agreement."""
    found: dict[int, frozenset[str]] = {}
    for row in _DONE_BY.rows(session, {"agreement": agreement_id}):
        if row.role in roles:
            found[row.done_by_id] = found.get(row.done_by_id, frozenset()) | {row.role}
    return found


def editors_and_roles(
    session: Session, agreement_id: int, roles: frozenset[str]
) -> tuple[frozenset[int], Mapping[int, frozenset[str]]]:
    """``editors`` and ``separate_roles`` in one question."""
    wrote: set[int] = set()
    acted: dict[int, frozenset[str]] = {}
    for row in _WROTE_OR_ACTED.rows(session, {"agreement": agreement_id}):
        if not row.role:
            wrote.add(row.person)
        elif row.role in roles:
            acted[row.person] = acted.get(row.person, frozenset()) | {row.role}
    return frozenset(wrote), acted


def person_name(session: Session, person_id: int) -> str:
    """The display name of a person."""
    return session.scalars(select(Person.name).where(Person.id == person_id)).one()


def due_first(rows: tuple[Row[Any], ...]) -> datetime | None:
    """The earliest due moment of the open tasks, or None."""
    return min((row.due_at for row in rows if row.status == "open"), default=None)
