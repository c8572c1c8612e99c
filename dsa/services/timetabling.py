"""The joint timetable: proposed by the lead at the first look, accepted by each signing party, moved by all or by none.

One rule: nobody moves a day that binds alone; who asks for another names a reason and whose it is.
"""

from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain import permissions, timetable
from dsa.domain.actor import Actor, Held
from dsa.domain.errors import BadInput, Conflict, NotAllowed, NotFound, Refusal, Refused
from dsa.domain.reasons import is_delay, label
from dsa.domain.timetable import Dates, Proposal, Timetable, demand_sound
from dsa.domain.workflow import Stage
from dsa.persistence import outbox, timetables
from dsa.persistence.heads import Loaded, PartyRow
from dsa.services import facts
from dsa.services.context import Context
from dsa.services.moving import Happening, Step, flow_of, open_for, take
from dsa.services.permitting import demand, subject_of, table_of, why_not
from dsa.services.way_ahead import FIRST_DATA, stages_after, target_on
from dsa.timekeeping.calendar import LONDON, WorkingCalendar
from dsa.timekeeping.nations import BeyondCalendar

PROPOSE, ANSWER = "propose_timetable", "answer_timetable"


@dataclass(frozen=True, slots=True)
class Answer:
    """A party's answer to a proposed timetable (the event that made it): yes, or these days instead."""

    proposal: int
    instead: Dates | None = None


# Reading


def stages_left(ctx: Context, session: Session, loaded: Loaded) -> list[Stage]:
    """The stages whose end is still to come, in order: a day can be set for each. None once data flows."""
    flow, here = flow_of(ctx, session, loaded), loaded.head.stage
    board = bool(facts.established(ctx, session, loaded, {"board_needed"}))
    ahead = stages_after(flow, here, board=board)
    if here == FIRST_DATA or not ahead:
        return []
    return [stage for stage in (flow.stages[here], *ahead) if stage.id != FIRST_DATA]


def calendars_of(ctx: Context, session: Session, loaded: Loaded) -> list[tuple[PartyRow, WorkingCalendar]]:
    """The working calendar of each party that signs."""
    signing = [party for party in loaded.parties if party.signs]
    return [(party, ctx.calendars.of(session, party.organisation_id, party.nation)) for party in signing]


def suggested(ctx: Context, session: Session, loaded: Loaded) -> dict[str, date]:
    """A day for each stage that is left: its target on the slowest party's calendar after the one before."""
    calendars = [calendar for _, calendar in calendars_of(ctx, session, loaded)]
    at, found = ctx.clock.now(), {}
    try:
        for stage in stages_left(ctx, session, loaded):
            target = target_on(stage, loaded.head.route) or 0
            at = max(calendar.due_at(at, target) for calendar in calendars)
            found[stage.id] = _open_day(calendars, calendars[0].local_date(at))
            at = datetime.combine(found[stage.id], time(17), LONDON).astimezone(UTC)
    except BeyondCalendar:
        pass
    return found


def _open_day(calendars: Collection[WorkingCalendar], day: date) -> date:
    """The first day from this one on which every office opens."""
    while not all(calendar.is_working_day(day) for calendar in calendars):
        day += timedelta(days=1)
    return day


def waiting_for(loaded: Loaded, proposal: Proposal) -> list[PartyRow]:
    """The signing parties that have not accepted a proposal."""
    return [party for party in loaded.parties if party.signs and party.key not in proposal.accepted]


def party_for(
    ctx: Context, session: Session, actor: Actor, action: str, loaded: Loaded, keys: Collection[str]
) -> tuple[PartyRow, Held] | None:
    """The party among ``keys`` for which the actor may take the action, with the post; None where there is none."""
    table, subject = table_of(ctx, session, loaded), subject_of(ctx, session, loaded)
    for party in loaded.parties:
        if party.key in keys:
            held = permissions.acting_post(
                actor, action, replace(subject, parties={party.key: party.code}), table=table
            )
            if held is not None:
                return party, held
    return None


def answering(ctx: Context, session: Session, actor: Actor, loaded: Loaded, proposal: Proposal) -> PartyRow | None:
    """The party for which the actor may answer a proposal now, or None."""
    if why_not(ctx, session, actor, ANSWER, loaded) is not None:
        return None
    found = party_for(ctx, session, actor, ANSWER, loaded, {party.key for party in waiting_for(loaded, proposal)})
    return None if found is None else found[0]


# Commands


def propose(ctx: Context, actor: Actor, reference: str, dates: Dates, *, seen_proposal: int | None = None) -> Step:
    """Propose a day for each stage that is left: the lead first, then any party that proposes other days.

    ``seen_proposal`` is the proposal that the page showed, None where there was none. Raises Conflict where another was
    made meanwhile, Refused where a timetable binds already (a change is asked for instead).
    """
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        return _propose(ctx, session, actor, loaded, dates, seen_proposal)


def propose_with(ctx: Context, session: Session, actor: Actor, reference: str, dates: Dates | None) -> None:
    """Propose the first timetable in a transaction that asks for the first look: these dates, or the suggested ones.

    Nothing where one was proposed before, or where the lead does not sign.
    """
    loaded = open_for(ctx, session, actor, reference, lock=True)
    if timetables.load(session, loaded.head.id).proposals or not loaded.lead.signs:
        return
    wanted = suggested(ctx, session, loaded) if dates is None else dates
    if dates is not None or len(wanted) == len(stages_left(ctx, session, loaded)):
        _propose(ctx, session, actor, loaded, wanted, None)


def answer_with(ctx: Context, session: Session, actor: Actor, reference: str, answer: Answer) -> None:
    """Answer a proposed timetable in the transaction of the first look's answer."""
    loaded = open_for(ctx, session, actor, reference, lock=True)
    if answer.instead is None:
        _accept(ctx, session, actor, loaded, answer.proposal)
    else:
        _propose(ctx, session, actor, loaded, answer.instead, answer.proposal)


def accept(ctx: Context, actor: Actor, reference: str, proposal: int) -> Step:
    """Accept a proposal for one's party; it binds once every signing party has. Raises Conflict for one settled."""
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        return _accept(ctx, session, actor, loaded, proposal)


def propose_change(
    ctx: Context, actor: Actor, reference: str, dates: Dates, *, code: str, owner: str, why: str = ""
) -> Step:
    """Ask for other days of a timetable that binds, with a reason (a delay code) and whose it is (a party's code).

    It changes nothing until every other signing party has accepted it. Lack of capacity is the asking party's own.
    """
    if not is_delay(code):
        raise BadInput("Choose a reason from the list.")
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        demand(ctx, session, actor, PROPOSE, loaded)
        stored = timetables.load(session, loaded.head.id)
        if not stored.binds:
            raise Refused("No timetable binds yet. Propose one, or answer the one that is proposed.")
        if stored.pending is not None:
            raise Refused("Other dates are proposed already. Answer them first.")
        party, held = _signing(ctx, session, actor, loaded)
        if owner not in loaded.party_codes.values():
            raise BadInput("Choose whose reason it is: one of the organisations of this agreement.")
        if code == "RESOURCE" and owner != party.code:
            raise BadInput("Lack of capacity stays with the organisation that lacks it. Choose your own.")
        standing = {stage: day.agreed_on for stage, day in stored.days.items()}
        changed = {stage: day for stage, day in dates.items() if standing.get(stage) != day}
        if not changed:
            raise BadInput("Change at least one of the dates.")
        _demand_sound(ctx, session, loaded, changed, standing)
        told = {"party": party.key, "dates": _iso(changed), "code": code, "reason": label(code), "owner": owner}
        if why.strip():
            told["why"] = why.strip()
        return _record(ctx, session, actor, loaded, held, stored, "TimetableChangeProposed", told, party)


def refuse_change(ctx: Context, actor: Actor, reference: str, proposal: int, reason: str) -> Step:
    """Refuse other days that were proposed, with a reason: what binds stays. The proposer takes them back this way."""
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        demand(ctx, session, actor, ANSWER, loaded)
        stored = timetables.load(session, loaded.head.id)
        pending = _pending(stored, proposal)
        if not pending.change:
            raise Refused("A first timetable is not refused. Propose other dates instead.")
        party, held = _signing(ctx, session, actor, loaded)
        own = party.key == pending.party
        if not own and not reason.strip():
            raise BadInput("Say why: the other parties see the reason.")
        told: dict[str, Any] = {"party": party.key, "proposal": proposal}
        if reason.strip():
            told["reason"] = reason.strip()
        kind = "TimetableChangeWithdrawn" if own else "TimetableChangeRefused"
        return _record(ctx, session, actor, loaded, held, stored, kind, told, None)


def _propose(
    ctx: Context, session: Session, actor: Actor, loaded: Loaded, dates: Dates, seen_proposal: int | None
) -> Step:
    demand(ctx, session, actor, PROPOSE, loaded)
    stored = timetables.load(session, loaded.head.id)
    if stored.binds:
        raise Refused("A timetable binds already. Ask for other dates, with a reason.")
    pending = stored.pending
    if (None if pending is None else pending.seq) != seen_proposal:
        raise Conflict("Another timetable was proposed after you opened the page. Look at it, then decide.")
    party, held = _signing(ctx, session, actor, loaded)
    if pending is None and not party.lead:
        raise Refused("The lead party proposes the timetable first. You can then accept it or propose other dates.")
    _demand_sound(ctx, session, loaded, dates, {})
    told = {"party": party.key, "dates": _iso(dates)}
    return _record(ctx, session, actor, loaded, held, stored, "TimetableProposed", told, party)


def _accept(ctx: Context, session: Session, actor: Actor, loaded: Loaded, proposal: int) -> Step:
    demand(ctx, session, actor, ANSWER, loaded)
    stored = timetables.load(session, loaded.head.id)
    pending = _pending(stored, proposal)
    found = party_for(ctx, session, actor, ANSWER, loaded, {party.key for party in waiting_for(loaded, pending)})
    if found is None:
        raise Conflict("Your organisation has accepted these dates already, or does not sign.")
    party, held = found
    kind = "TimetableChangeAccepted" if pending.change else "TimetableAccepted"
    told = {"party": party.key, "proposal": proposal}
    return _record(ctx, session, actor, loaded, held, stored, kind, told, party)


def _record(
    ctx: Context, session: Session, actor: Actor, loaded: Loaded, held: Held, stored: Timetable, kind: str,
    told: Mapping[str, Any], agrees: PartyRow | None,
) -> Step:  # fmt: skip
    """Take the step and write what it makes of the timetable. ``agrees`` is the party that says yes with it."""
    public = dict(told)
    if agrees is not None:
        pending = stored.proposal(told["proposal"]) if "proposal" in told else None
        yes = {agrees.key, *(pending.accepted if pending is not None else ())}
        public["binds"] = all(party.key in yes for party in loaded.parties if party.signs)
    step = take(ctx, session, loaded, actor, held, Happening(kind, public), bump=False)
    after = deepcopy(stored)
    timetable.apply(after, {"kind": kind, "seq": step.seq, "facts": public})
    timetables.save(session, loaded.head.id, stored, after, at=step.at)
    if "dates" in told and not public["binds"]:
        payload, key = {"what": "timetable", "proposal": step.seq}, f"{loaded.head.reference}:{step.seq}:timetable"
        outbox.ask(session, "mail", key, payload, agreement_id=loaded.head.id, at=step.at)
    return step


def _pending(stored: Timetable, proposal: int) -> Proposal:
    known = stored.proposal(proposal)
    if known is None:
        raise NotFound("There is no such proposal of a timetable. Open the timetable again.")
    if known.status != timetable.OPEN:
        raise Conflict("This proposal is settled already. Look at the timetable to see what happened.")
    return known


def _signing(ctx: Context, session: Session, actor: Actor, loaded: Loaded) -> tuple[PartyRow, Held]:
    """The signing party for which the actor proposes or refuses: their own."""
    found = party_for(ctx, session, actor, PROPOSE, loaded, {party.key for party in loaded.parties if party.signs})
    if found is None:
        raise NotAllowed(Refusal("Only a party that signs has a say in the timetable.", code="role"))
    return found


def _demand_sound(ctx: Context, session: Session, loaded: Loaded, dates: Dates, standing: Dates) -> None:
    stages = [(stage.id, stage.title) for stage in stages_left(ctx, session, loaded)]
    if standing:  # a stage that came on the way since may have no day
        stages = [(stage, title) for stage, title in stages if stage in standing or stage in dates]
    calendars = calendars_of(ctx, session, loaded)
    lead = ctx.calendars.of(session, loaded.lead.organisation_id, loaded.lead.nation)
    today = lead.local_date(max(ctx.clock.now(), loaded.head.updated_at))
    demand_sound(dates, stages, standing=standing, today=today, shut=_shut(calendars))


def _shut(calendars: list[tuple[PartyRow, WorkingCalendar]]) -> Callable[[date], str]:
    def shut(day: date) -> str:
        try:
            return next((party.name for party, calendar in calendars if not calendar.is_working_day(day)), "")
        except BeyondCalendar:
            return calendars[0][0].name

    return shut


def _iso(dates: Dates) -> dict[str, str]:
    return {stage: day.isoformat() for stage, day in dates.items()}
