"""The rows of the joint timetable. One rule: they say what ``domain.timetable`` makes of the events, no more.

Who is to answer the open proposal stands in rows of its own, so that a list of work finds it by an index.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from dsa.domain.timetable import OPEN, AgreedDay, Proposal, Timetable
from dsa.persistence import rows
from dsa.persistence.models import Party, TimetableAsked, TimetableDay, TimetableProposal, table
from dsa.persistence.prepared import Prepared, PreparedUpdate

_P, _D, _W, _Y = table(TimetableProposal), table(TimetableDay), table(TimetableAsked), table(Party)
_OF_P, _OF_D, _OF_W, _OF_Y = (each.c.agreement_id == bindparam("of_agreement") for each in (_P, _D, _W, _Y))
_ALL = Prepared(select(_P).where(_OF_P).order_by(_P.c.event_seq))
_BOUND = Prepared(select(_D).where(_OF_D).order_by(_D.c.stage))
_CHANGE_PROPOSAL = PreparedUpdate(_P, _OF_P, _P.c.event_seq == bindparam("of_seq"))
_CHANGE_DAY = PreparedUpdate(_D, _OF_D, _D.c.stage == bindparam("of_stage"))
_OPEN = Prepared(select(_P.c.accepted, _P.c.proposed_at).where(_OF_P, _P.c.status == OPEN))
_ASKED = Prepared(select(_W.c.organisation_id).where(_OF_W))
_ASK_NOBODY = Prepared(delete(_W).where(_OF_W))
_SIGNING = Prepared(select(_Y.c.organisation_id, _Y.c.key).where(_OF_Y, _Y.c.signs, _Y.c.left_at.is_(None)))


def load(session: Session, agreement_id: int) -> Timetable:
    """The timetable of an agreement as it is stored."""
    of = {"of_agreement": agreement_id}
    return Timetable(
        [_proposal(row) for row in _ALL.rows(session, of)],
        {
            row.stage: AgreedDay(row.stage, row.first_on, row.agreed_on, row.agreed_seq)
            for row in _BOUND.rows(session, of)
        },
    )


def pending(session: Session, agreement_id: int) -> Proposal | None:
    """The proposal that waits for an answer, or None."""
    asked = select(_P).where(_P.c.agreement_id == agreement_id, _P.c.status == OPEN)
    row = session.execute(asked.order_by(_P.c.event_seq.desc()).limit(1)).one_or_none()
    return None if row is None else _proposal(row)


def proposed_at(session: Session, agreement_id: int) -> dict[int, datetime]:
    """When each proposal was made, by the event that made it."""
    wanted = select(_P.c.event_seq, _P.c.proposed_at).where(_P.c.agreement_id == agreement_id)
    return {row.event_seq: row.proposed_at for row in session.execute(wanted.order_by(_P.c.event_seq))}


def days_of(session: Session, ids: Sequence[int]) -> dict[int, dict[str, date]]:
    """The days that bind, by agreement and stage: for a page of a list."""
    wanted = select(_D.c.agreement_id, _D.c.stage, _D.c.agreed_on).where(_D.c.agreement_id.in_(ids))
    found: dict[int, dict[str, date]] = {}
    for row in session.execute(wanted.order_by(_D.c.agreement_id, _D.c.stage)):
        found.setdefault(row.agreement_id, {})[row.stage] = row.agreed_on
    return found


def save(session: Session, agreement_id: int, before: Timetable, after: Timetable, *, at: datetime) -> None:
    """Write what an event changed: proposals that are new or stand otherwise, and days that bind from now on."""
    known = {each.seq: each for each in before.proposals}
    for each in after.proposals:
        if each.seq not in known:
            rows.add(session, "timetable_proposals", _values(agreement_id, each, at))
        elif each != known[each.seq]:
            settled = {} if each.status == OPEN else {"settled_at": at, "settled_seq": each.settled_seq}
            of = {"of_agreement": agreement_id, "of_seq": each.seq}
            _CHANGE_PROPOSAL.run(session, of, {"accepted": list(each.accepted), "status": each.status, **settled})
    for stage, day in after.days.items():
        if stage not in before.days:
            row: dict[str, Any] = {"agreement_id": agreement_id, "stage": stage, "first_on": day.first_on}
            rows.add(session, "timetable_days", row | {"agreed_on": day.agreed_on, "agreed_seq": day.seq})
        elif day != before.days[stage]:
            where = {"of_agreement": agreement_id, "of_stage": stage}
            _CHANGE_DAY.run(session, where, {"agreed_on": day.agreed_on, "agreed_seq": day.seq})
    ask_again(session, agreement_id)


def asked(session: Session, agreement_id: int) -> set[int]:
    """The organisations that are to answer the open proposal."""
    return {row.organisation_id for row in _ASKED.rows(session, {"of_agreement": agreement_id})}


def ask_again(session: Session, agreement_id: int) -> None:
    """Keep the list of who is to answer: signing parties that have not accepted the open proposal; none without one.

    Called where a proposal or the parties of an agreement have changed.
    """
    of = {"of_agreement": agreement_id}
    pending = _OPEN.one(session, of)
    _ASK_NOBODY.run(session, of)
    if pending is None:
        return
    to_answer = {row.organisation_id for row in _SIGNING.rows(session, of) if row.key not in pending.accepted}
    told = {"agreement_id": agreement_id, "asked_at": pending.proposed_at}
    for organisation in sorted(to_answer):
        rows.add(session, "timetable_asked", told | {"organisation_id": organisation})


def _proposal(row: Any) -> Proposal:
    dates = {stage: date.fromisoformat(day) for stage, day in row.dates.items()}
    return Proposal(
        row.event_seq,
        row.party_key,
        dates,
        row.change,
        row.code,
        row.owner,
        tuple(row.accepted),
        row.status,
        row.settled_seq,
    )


def _values(agreement_id: int, proposal: Proposal, at: datetime) -> dict[str, Any]:
    settled = proposal.status != OPEN
    return {
        "agreement_id": agreement_id,
        "event_seq": proposal.seq,
        "party_key": proposal.party,
        "dates": {stage: day.isoformat() for stage, day in proposal.dates.items()},
        "change": proposal.change,
        "code": proposal.code,
        "owner": proposal.owner,
        "accepted": list(proposal.accepted),
        "status": proposal.status,
        "proposed_at": at,
        "settled_at": at if settled else None,
        "settled_seq": proposal.settled_seq,
    }
