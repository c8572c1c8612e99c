"""What an agreement has been through, as conditions on the list. One rule: each is the very condition by which the
figures of where the time goes count it, so that a number and the list behind it are the same agreements.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, false, not_, or_, select

from dsa.persistence.models import (
    Agreement,
    ChangeRequest,
    ForecastRow,
    NewestForecast,
    OpenWork,
    Organisation,
    OwnedBy,
    Party,
    StageEntry,
    Task,
    table,
)
from dsa.persistence.queries_history import AT_SIGNATURE, STAGE_UNSEEN

_A, _G, _T, _O = table(Agreement), table(StageEntry), table(Task), table(Organisation)
_F, _N, _P = table(ForecastRow), table(NewestForecast), table(Party)
_R, _W, _OB = table(ChangeRequest), table(OpenWork), table(OwnedBy)
Between = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Past:
    """What is asked of the past; what is empty is not asked.

    ``been``, ``late_in``: a stage that it finished (``been_in``: between two instants) or finished late. ``held_by``,
    ``because``: who had it before it was in use, and why. ``started``, ``started_in``, ``signed``: between two
    instants. ``asked``, ``asked_because``: a change was asked for. ``review``: through, first_time or returned.
    ``team``: (organisation, role) with an open task. ``entered_before``: came to its present stage before;
    ``unseen``: nobody knows since when it is there. ``worth``: known or unknown. ``forecast``: dated, undated, late
    (likely) or maybe_late. ``simulated``: signed by that instant, of an organisation (empty: of all), and its work
    known here. ``nothing``: what was asked for cannot be. The tuples name stages: from the last signature on,
    after review, and from the first use on.
    """

    been: str = ""
    late_in: str = ""
    been_in: Between | None = None
    held_by: str = ""
    because: str = ""
    started: Between | None = None
    started_in: Between | None = None
    signed: Between | None = None
    asked: str = ""
    asked_because: str = ""
    review: str = ""
    team: tuple[str, str] | None = None
    entered_before: datetime | None = None
    unseen: bool = False
    worth: str = ""
    forecast: str = ""
    simulated: tuple[str, datetime] | None = None
    nothing: bool = False
    sealing: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    in_use: tuple[str, ...] = ()


def conditions(past: Past) -> list[ColumnElement[bool]]:
    """The conditions on agreements."""
    found: list[ColumnElement[bool]] = [false()] if past.nothing else []
    if past.been:
        within: list[ColumnElement[bool]] = [_G.c.left_at.is_not(None)]
        if past.been_in:
            within = [_G.c.left_at >= past.been_in[0], _G.c.left_at < past.been_in[1]]
        found.append(_stayed(_G.c.stage == past.been, _G.c.since_known.is_(True), *within))
    if past.late_in:
        found.append(_stayed(_G.c.stage == past.late_in, _G.c.since_known.is_(True), _G.c.left_at > _G.c.due_at))
    if past.signed:
        begins, ends = past.signed
        at = _G.c.stage.in_(past.sealing)
        found.append(_stayed(at, _G.c.entered_at >= begins, _G.c.entered_at < ends))
        found.append(not_(_stayed(at, or_(_G.c.entered_at < begins, _G.c.since_known.is_(False)))))
    for begins, ends in filter(None, (past.started, past.started_in)):
        found += [_A.c.created_at >= begins, _A.c.created_at < ends]
    if past.entered_before:
        found += [_A.c.stage_entered_at < past.entered_before, _A.c.finished_at.is_(None), not_(STAGE_UNSEEN)]
    if past.unseen:
        found += [STAGE_UNSEEN, _A.c.finished_at.is_(None)]
    return found + _held(past) + _review(past) + _now(past) + _ahead(past)


def _stayed(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(_G.c.agreement_id).where(_G.c.agreement_id == _A.c.id, *where))


def _held(past: Past) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for topic, wanted in (("owner", past.held_by), ("reason", past.because)):
        if wanted:
            owned = (_OB.c.agreement_id == _A.c.id, _OB.c.topic == topic, _OB.c.name == wanted)
            found.append(exists(select(_OB.c.agreement_id).where(*owned)))
    return found


def _review(past: Past) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if past.asked or past.asked_because:
        where = [_R.c.agreement_id == _A.c.id]
        if past.asked_because:
            where.append(_R.c.reason_code == past.asked_because)
        if past.asked:
            of_section = and_(_R.c.question.is_(None), _R.c.section == past.asked)
            where.append((_R.c.question == past.asked) | of_section)
        found.append(exists(select(_R.c.id).where(*where)))
    if past.review:
        at_once = _stayed(_G.c.stage.in_(past.through), _G.c.round == 1)
        found.append(_stayed(_G.c.stage.in_(past.through)))
        found += {"first_time": [at_once], "returned": [not_(at_once)]}.get(past.review, [])
    return found


def _ahead(past: Past) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if past.forecast:
        late, either = _F.c.likely_on > _A.c.date_needed, _F.c.very_likely_on > _A.c.date_needed
        said = {
            "dated": _F.c.very_likely_on.is_not(None), "undated": _F.c.very_likely_on.is_(None), "late": late,
            "maybe_late": and_(either, not_(late)),
        }[past.forecast] if not past.nothing else false()  # fmt: skip
        row = select(_N.c.agreement_id).select_from(_N.join(_F, _F.c.id == _N.c.forecast_id))
        same = (_N.c.agreement_id == _A.c.id, _F.c.stage_entered_at == _A.c.stage_entered_at)
        found += [_A.c.finished_at.is_(None), exists(row.where(*same, said))]
    if past.simulated:
        code, by = past.simulated
        found += [_A.c.tracking == "", _stayed(_G.c.stage.in_(AT_SIGNATURE), _G.c.entered_at <= by)]
        if code:
            party = select(_P.c.agreement_id).select_from(_P.join(_O, _O.c.id == _P.c.organisation_id))
            found.append(exists(party.where(_P.c.agreement_id == _A.c.id, _P.c.left_at.is_(None), _O.c.code == code)))
    return found


def _now(past: Past) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if past.team:
        code, role = past.team
        task = select(_T.c.id).select_from(_T.join(_O, _O.c.id == _T.c.organisation_id))
        open_task = (_T.c.agreement_id == _A.c.id, _T.c.status == "open", _T.c.done_at.is_(None))
        found.append(exists(task.where(*open_task, _O.c.code == code, _T.c.role == role)))
    if past.worth:
        known = _W.c.monthly_value.is_not(None) if past.worth == "known" else _W.c.monthly_value.is_(None)
        row = select(_W.c.agreement_id).where(_W.c.agreement_id == _A.c.id, _W.c.scope == 0, known)
        found.append(exists(row.where(_W.c.stage.not_in(past.in_use))))
    return found
