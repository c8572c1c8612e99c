"""How long an agreement took and who worked on it, as conditions on the list. One rule: each is the very condition by
which “How long it takes”, the throughput of a team and a forecast count it.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, select
from sqlalchemy.orm import Session

from dsa.persistence.models import Agreement, Organisation, StageEntry, Task, table
from dsa.persistence.queries_history import AT_SIGNATURE, EVERY_STAY_SEEN, LENGTH_KNOWN

_A, _G, _T, _O = table(Agreement), table(StageEntry), table(Task), table(Organisation)
_SIGNED = exists(
    select(_G.c.agreement_id).where(_G.c.agreement_id == _A.c.id, _G.c.stage.in_(AT_SIGNATURE)).correlate(_A)
)
ENDINGS = {
    "signed": and_(_SIGNED, LENGTH_KNOWN),
    "withdrawn": and_(not_(_SIGNED), _A.c.finished_at.is_not(None)),
    "open": and_(not_(_SIGNED), _A.c.finished_at.is_(None)),
    "known": LENGTH_KNOWN,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What is asked of lengths and of work; what is empty is not asked.

    ``ended``: one of ``ENDINGS``, ``known`` being all whose length is. ``begun_from``, ``begun_before``: a day with
    the instant at which it begins; the first contact as evidenced counts, else the first save. ``version_from``,
    ``version_before``: versions of the workflow. ``one_in``: of so many the one that was measured. ``ids``: those that
    lasted long enough. ``done_by``: (organisation, role, instant) of tasks finished since. ``open_with``:
    (organisation, role) of open tasks, for counting them. ``signed_by``: signed by that instant with every stay known,
    as a forecast rests on them, on a ``signed_route`` where there is one. ``nothing``: what was asked for cannot be.
    """

    ended: str = ""
    begun_from: tuple[date, datetime] | None = None
    begun_before: tuple[date, datetime] | None = None
    version_from: int | None = None
    version_before: int | None = None
    one_in: int = 1
    ids: tuple[int, ...] | None = None
    done_by: tuple[str, str, datetime] | None = None
    open_with: tuple[str, str] | None = None
    signed_by: datetime | None = None
    signed_route: str = ""
    nothing: bool = False


def conditions(measured: Measured) -> list[ColumnElement[bool]]:
    """The conditions on agreements."""
    found: list[ColumnElement[bool]] = [false()] if measured.nothing else []
    if measured.ended:
        found.append(ENDINGS[measured.ended])
    if measured.begun_from:
        found.append(_begun_from(*measured.begun_from))
    if measured.begun_before:
        found.append(not_(_begun_from(*measured.begun_before)))
    if measured.version_from is not None:
        found.append(_A.c.workflow_version >= measured.version_from)
    if measured.version_before is not None:
        found.append(_A.c.workflow_version < measured.version_before)
    if measured.one_in > 1:
        found.append(_A.c.id % measured.one_in == 0)
    if measured.ids is not None:
        found.append(_A.c.id.in_(measured.ids))
    if measured.signed_by:
        found += _history(measured.signed_by, measured.signed_route)
    if measured.done_by:
        row = select(_T.c.id).select_from(_T.join(_O, _O.c.id == _T.c.organisation_id))
        found.append(exists(row.where(_T.c.agreement_id == _A.c.id, *_of_team(measured))))
    return found


def as_many_signed(session: Session, *, by: datetime, route: str, one_in: int, least: int) -> bool:
    """Whether at least so many of those from which forecasts are made were signed by an instant on a route."""
    sampled = [_A.c.id % one_in == 0] if one_in > 1 else []
    some = select(_A.c.id).where(*_history(by, route), *sampled).limit(least).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) >= least


def count_tasks(session: Session, narrowed: ColumnElement[bool], measured: Measured, *, most: int) -> int:
    """How many tasks of the team the agreements that are ``narrowed`` have, at most so many of the agreements."""
    of_one = select(func.count(_T.c.id)).select_from(_T.join(_O, _O.c.id == _T.c.organisation_id))
    of_one = of_one.where(_T.c.agreement_id == _A.c.id, *_of_team(measured)).correlate(_A)
    each = select(of_one.scalar_subquery().label("tasks")).select_from(_A).where(narrowed).limit(most).subquery()
    return int(session.scalar(select(func.sum(each.c.tasks))) or 0)


def _history(by: datetime, route: str) -> list[ColumnElement[bool]]:
    stay = (_G.c.agreement_id == _A.c.id, _G.c.stage.in_(AT_SIGNATURE), _G.c.entered_at <= by)
    found = [EVERY_STAY_SEEN, exists(select(_G.c.agreement_id).where(*stay))]
    return [*found, _A.c.route == route] if route else found


def _of_team(measured: Measured) -> list[ColumnElement[bool]]:
    if measured.done_by:
        code, role, since = measured.done_by
        return [_T.c.status == "done", _T.c.done_at >= since, _O.c.code == code, _T.c.role == role]
    code, role = measured.open_with or ("", "")
    return [_T.c.status == "open", _T.c.done_at.is_(None), _O.c.code == code, _T.c.role == role]


def _begun_from(day: date, instant: datetime) -> ColumnElement[bool]:
    evidenced = and_(_A.c.first_contact_on.is_not(None), _A.c.first_contact_on >= day)
    return or_(evidenced, and_(_A.c.first_contact_on.is_(None), _A.c.created_at >= instant))
