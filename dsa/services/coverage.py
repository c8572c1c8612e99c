"""Open tasks that nobody can do. One rule: a task whose last holder leaves surfaces at once, with the reason."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.workflow import SEPARATE_ROLES
from dsa.persistence import heads, people, queries_coverage
from dsa.services.context import Context
from dsa.timekeeping.instants import local_day


@dataclass(frozen=True, slots=True)
class Uncovered:
    """An open task without anybody who can do it, and why.

    ``why``: ``nobody`` holds the role; ``left``: whoever took it cannot do it any more, but a colleague could take it
    over; ``author`` or ``two_roles``: everybody who holds the role is kept from it by the separation of duties.
    """

    reference: str
    task: str
    role: str
    organisation: str
    due_at: datetime
    why: str


def uncovered_tasks(ctx: Context) -> tuple[Uncovered, ...]:
    """Every open task, of agreements that are not finished, that nobody can do today; the first due comes first."""
    on = local_day(ctx.clock.now())
    with ctx.database.reading() as session:
        holders: dict[tuple[int, str], frozenset[int]] = {}
        found = []
        for row in queries_coverage.open_tasks(session):
            key = (row.organisation_id, row.role)
            if key not in holders:
                holders[key] = _holders(session, row.organisation_id, row.role, on)
            why = _why(session, row, holders[key])
            if why:
                found.append(Uncovered(row.reference, row.key, row.role, row.organisation, row.due_at, why))
        return tuple(found)


def _holders(session: Session, organisation_id: int, role: str, on: date) -> frozenset[int]:
    return frozenset(person.id for person in people.holders(session, organisation_id, role, on=on))


def _why(session: Session, row: Any, able: frozenset[int]) -> str:
    if not able:
        return "nobody"
    if row.assignee_id is not None and row.assignee_id not in able:
        return "left"
    if row.kind in ("decision", "advice", "signature"):
        able -= heads.editors(session, row.agreement_id)
        if not able:
            return "author"
    if row.role in SEPARATE_ROLES:
        acted = heads.separate_roles(session, row.agreement_id, SEPARATE_ROLES)
        if all(acted.get(person, frozenset()) - {row.role} for person in able):
            return "two_roles"
    return ""
