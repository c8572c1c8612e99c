"""The joint timetable as people see it: what was agreed, who waits for whom, and every slip with reason and owner.

One rule: where nobody gave a reason for a slip, the ledger says whose the time was, and the reason reads "not given".
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor, Held
from dsa.domain.errors import Refusal
from dsa.domain.reasons import NOT_GIVEN, is_delay, label
from dsa.domain.timetable import AGREED, OPEN, AgreedDay, Proposal, Timetable
from dsa.persistence import history, timetables
from dsa.persistence.heads import Loaded
from dsa.services import permitting, timetabling
from dsa.services.agreement_header import Header, header_of
from dsa.services.context import Context
from dsa.services.moving import flow_of, open_for
from dsa.services.whose_time import Times, times_of
from dsa.timekeeping.calendar import LONDON, WorkingCalendar
from dsa.timekeeping.nations import BeyondCalendar

EXPLAIN = "explain_slip"


@dataclass(frozen=True, slots=True)
class Slip:
    """How many working days after its day a stage ended (``running``: has not ended yet), why, and whose they were.

    ``given``: a party gave the reason when it asked for another day; else it is what the ledger says. ``said`` is what
    the party that had it (code ``party``) said of it since: (organisation, reason, words), which changes neither.
    """

    days: int
    running: bool
    reason: str
    owner: str
    given: bool
    party: str = ""
    said: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class StageDay:
    """A stage in the timetable. ``moved`` tells that its day was moved by agreement; ``late`` that it was missed.

    ``follows``: its day has passed, but the agreement is in an earlier stage, so that nothing slipped here yet.
    """

    id: str
    title: str
    agreed_on: date | None
    first_on: date | None
    proposed_on: date | None
    ended_on: date | None
    moved: Slip | None
    late: Slip | None
    follows: bool = False


@dataclass(frozen=True, slots=True)
class ProposalShown:
    """A proposal in words. ``waits_for`` names the parties that have not answered it."""

    seq: int
    by: str
    at: datetime
    change: bool
    reason: str
    owner: str
    status: str
    accepted: tuple[str, ...]
    waits_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TimetableShown:
    """The timetable for every reader of the agreement; ``stages`` in the order of the workflow."""

    stages: tuple[StageDay, ...]
    pending: ProposalShown | None
    proposals: tuple[ProposalShown, ...]
    binds: bool

    @property
    def slips(self) -> tuple[tuple[StageDay, Slip], ...]:
        """Every slip: days that were moved to later ones, and days that were missed."""
        return tuple((stage, slip) for stage in self.stages for slip in (stage.moved, stage.late) if slip is not None)

    def day_of(self, stage: str) -> date | None:
        """The day that binds a stage, or None."""
        return next((each.agreed_on for each in self.stages if each.id == stage), None)


@dataclass(frozen=True, slots=True)
class TimetablePage:
    """The page of a timetable. ``dates`` fill the form: what binds, is proposed or is suggested, for stages left.

    ``answers_for`` is the party for which the reader may answer the pending proposal; ``takes_back``: it is their own.
    ``refusal`` says why the reader may propose no dates. ``explains`` are the stages of which they may say why.
    """

    header: Header
    shown: TimetableShown
    dates: tuple[tuple[str, str, date | None], ...]
    parties: tuple[tuple[str, str], ...]
    answers_for: str
    takes_back: bool
    refusal: Refusal | None
    calendar: WorkingCalendar
    explains: frozenset[str]


def timetable_page(ctx: Context, actor: Actor, reference: str) -> TimetablePage:
    """The timetable as the actor may see it. Raises NotFound for strangers."""
    with ctx.database.reading() as session:
        ctx.calendars.refresh(session)
        loaded = open_for(ctx, session, actor, reference)
        stored = timetables.load(session, loaded.head.id)
        pending = stored.pending
        mine = timetabling.answering(ctx, session, actor, loaded, pending) if pending is not None else None
        days = shown(ctx, session, loaded, stored=stored)
        missed = [(stage.id, stage.late) for stage in days.stages if stage.late is not None]
        return TimetablePage(
            header_of(ctx, session, loaded),
            days,
            _dates(ctx, session, loaded, stored),
            tuple((party.code, party.name) for party in loaded.parties),
            mine.name if mine is not None else "",
            pending is not None and pending.change and _own(ctx, session, actor, loaded, pending),
            _refusal(ctx, session, actor, loaded, stored),
            ctx.calendars.of(session, loaded.lead.organisation_id, loaded.lead.nation),
            frozenset(stage for stage, slip in missed if explaining(ctx, session, actor, loaded, slip) is not None),
        )


def explaining(ctx: Context, session: Session, actor: Actor, loaded: Loaded, slip: Slip) -> Held | None:
    """The post with which the actor may say why a day was missed: it is for the party that had it."""
    if permitting.why_not(ctx, session, actor, EXPLAIN, loaded) is not None:
        return None
    keys = {party.key for party in loaded.parties if party.code == slip.party}
    found = timetabling.party_for(ctx, session, actor, EXPLAIN, loaded, keys)
    return None if found is None else found[1]


@dataclass(frozen=True, slots=True)
class Asked:
    """A first timetable that waits for the reader's answer: (stage, title, day) in order."""

    seq: int
    by: str
    dates: tuple[tuple[str, str, date], ...]


def asked_of(ctx: Context, session: Session, actor: Actor, loaded: Loaded) -> Asked | None:
    """The first timetable that the actor's party is to answer with its first look, or None."""
    pending = timetables.load(session, loaded.head.id).pending
    if pending is None or pending.change or timetabling.answering(ctx, session, actor, loaded, pending) is None:
        return None
    names = {party.key: party.name for party in loaded.parties}
    stages = flow_of(ctx, session, loaded).workflow.stages
    dates = tuple((stage.id, stage.title, pending.dates[stage.id]) for stage in stages if stage.id in pending.dates)
    return Asked(pending.seq, names.get(pending.party, pending.party), dates)


def shown(
    ctx: Context, session: Session, loaded: Loaded, *, stored: Timetable | None = None, times: Times | None = None
) -> TimetableShown:
    """The timetable of an agreement in words and dates; ``times`` where they are known already."""
    stored = timetables.load(session, loaded.head.id) if stored is None else stored
    if not stored.proposals:
        return TimetableShown((), None, (), binds=False)
    now = max(ctx.clock.now(), loaded.head.updated_at)
    times = times_of(ctx, session, [loaded.head], now=now)[loaded.head.id] if times is None else times
    made = timetables.proposed_at(session, loaded.head.id)
    proposals = tuple(_proposal(each, loaded, made) for each in stored.proposals)
    stages = _Days(ctx, session, loaded, stored, times, now).stages()
    pending = next((each for each in proposals if each.status == OPEN), None)
    return TimetableShown(stages, pending, proposals, stored.binds)


def _proposal(proposal: Proposal, loaded: Loaded, made: Mapping[int, datetime]) -> ProposalShown:
    names = {party.key: party.name for party in loaded.parties}
    codes = {party.code: party.name for party in loaded.parties}
    waits = timetabling.waiting_for(loaded, proposal) if proposal.status == OPEN else []
    return ProposalShown(
        proposal.seq,
        names.get(proposal.party, proposal.party),
        made[proposal.seq],
        proposal.change,
        label(proposal.code) if proposal.code else "",
        codes.get(proposal.owner, proposal.owner),
        proposal.status,
        tuple(names.get(key, key) for key in proposal.accepted),
        tuple(party.name for party in waits),
    )


class _Days:
    """Puts agreed days beside what happened."""

    def __init__(
        self, ctx: Context, session: Session, loaded: Loaded, stored: Timetable, times: Times, now: datetime
    ) -> None:
        self.loaded, self.stored, self.times, self.now = loaded, stored, times, now
        self.flow = flow_of(ctx, session, loaded)
        self.calendar = ctx.calendars.of(session, loaded.lead.organisation_id, loaded.lead.nation)
        self.left = {stay.stage: stay.left_at for stay in history.stage_entries(session, loaded.head.id)}
        told = [json.loads(row.body) for row in history.of_kind(session, loaded.head.id, "SlipExplained")]
        self.said = {str(body["facts"]["stage"]): body for body in told}

    def stages(self) -> tuple[StageDay, ...]:
        """Every stage that has a day, in order."""
        pending = self.stored.pending
        proposed = pending.dates if pending is not None else {}
        found = []
        for stage in self.flow.workflow.stages:
            agreed, day = self.stored.days.get(stage.id), proposed.get(stage.id)
            if agreed is None and day is None:
                continue
            ended = self._ended(stage.id)
            found.append(
                StageDay(
                    stage.id,
                    stage.title,
                    agreed.agreed_on if agreed is not None else None,
                    agreed.first_on if agreed is not None else None,
                    day,
                    self.calendar.local_date(ended) if ended is not None else None,
                    self._moved(stage.id),
                    self._late(stage.id, ended),
                    self._follows(stage.id, agreed),
                )
            )
        return tuple(found)

    def _ended(self, stage: str) -> datetime | None:
        """When a stage was left for good; None while it, or an earlier one, goes on."""
        position = self.flow.workflow.position
        return self.left.get(stage) if position(self.loaded.head.stage) > position(stage) else None

    def _moved(self, stage: str) -> Slip | None:
        """By how much the day was moved by agreement to a later one, with the reason of the newest such change."""
        day = self.stored.days.get(stage)
        if day is None or day.agreed_on <= day.first_on:
            return None
        change = next(
            p for p in reversed(self.stored.proposals) if p.change and p.status == AGREED and stage in p.dates
        )
        names = {party.code: party.name for party in self.loaded.parties}
        days = self.calendar.working_days(day.first_on, day.agreed_on)
        return Slip(days, False, label(change.code), names.get(change.owner, change.owner), given=True)

    def _late(self, stage: str, ended: datetime | None) -> Slip | None:
        """By how much the stage ended after its day, or is late by now; why and whose, from the ledger."""
        day = self.stored.days.get(stage)
        if day is None:
            return None
        over = self.loaded.head.finished_at
        until = ended or over or self.now
        passed = datetime.combine(day.agreed_on + timedelta(days=1), time(0), LONDON).astimezone(UTC)
        if until < passed or (ended is None and stage != self.loaded.head.stage):
            return None  # one that was passed over, or has not begun, kept nobody waiting
        try:
            days = self.calendar.working_days(day.agreed_on, self.calendar.local_date(until))
        except BeyondCalendar:
            return None
        owner, reason = self._from_ledger(passed, until)
        name, party = self.times.names.get(owner, owner), owner if owner in self.times.names else self.loaded.lead.code
        slip = Slip(days, ended is None, label(reason), name, given=False, party=party, said=self._said(stage))
        return slip if days else None

    def _said(self, stage: str) -> tuple[str, str, str] | None:
        """The newest word of a party on why the day was missed."""
        body = self.said.get(stage)
        if body is None:
            return None
        code, facts = str(body["actor"]["organisation"]), body["facts"]
        return self.times.names.get(code, code), label(facts["code"]), str(facts["why"])

    def _follows(self, stage: str, agreed: AgreedDay | None) -> bool:
        position = self.flow.workflow.position
        if agreed is None or self.loaded.head.finished_at is not None:
            return False
        passed = agreed.agreed_on < self.calendar.local_date(self.now)
        return passed and position(self.loaded.head.stage) < position(stage)

    def _from_ledger(self, start: datetime, end: datetime) -> tuple[str, str]:
        """Who had most of the time between the two (a code), and the delay that most of it waited for, if any."""
        spent: dict[str, float] = {}
        why: dict[tuple[str, str], float] = {}
        for piece in self.times.pieces:
            length = (min(piece.ended_at or end, end) - max(piece.started_at, start)).total_seconds()
            if length > 0:
                owner, reason = piece.holder.owner, piece.holder.reason
                spent[owner] = spent.get(owner, 0) + length
                if is_delay(reason):
                    why[owner, reason] = why.get((owner, reason), 0) + length
        owner = max(sorted(spent), key=lambda each: spent[each], default=self.loaded.lead.code)
        given: Sequence[str] = sorted(reason for each, reason in why if each == owner)
        return owner, max(given, key=lambda reason: why[owner, reason]) if given else NOT_GIVEN


def _dates(
    ctx: Context, session: Session, loaded: Loaded, stored: Timetable
) -> tuple[tuple[str, str, date | None], ...]:
    pending, bound = stored.pending, {stage: day.agreed_on for stage, day in stored.days.items()}
    known = {**bound, **(pending.dates if pending is not None and not stored.binds else {})}
    guessed = {} if known else timetabling.suggested(ctx, session, loaded)
    left = timetabling.stages_left(ctx, session, loaded)
    return tuple((stage.id, stage.title, known.get(stage.id) or guessed.get(stage.id)) for stage in left)


def _own(ctx: Context, session: Session, actor: Actor, loaded: Loaded, pending: Proposal) -> bool:
    if permitting.why_not(ctx, session, actor, timetabling.ANSWER, loaded) is not None:
        return False
    return timetabling.party_for(ctx, session, actor, timetabling.ANSWER, loaded, {pending.party}) is not None


def _refusal(ctx: Context, session: Session, actor: Actor, loaded: Loaded, stored: Timetable) -> Refusal | None:
    refusal = permitting.why_not(ctx, session, actor, timetabling.PROPOSE, loaded)
    if refusal is not None:
        return refusal
    signing = {party.key for party in loaded.parties if party.signs}
    found = timetabling.party_for(ctx, session, actor, timetabling.PROPOSE, loaded, signing)
    if found is None:
        return Refusal("Only a party that signs has a say in the timetable.", code="role")
    if stored.binds and stored.pending is not None:
        return Refusal("Other dates are proposed already. They are answered first.")
    if not stored.proposals and not found[0].lead:
        return Refusal("The lead party proposes the timetable first. You can then accept it or propose other dates.")
    return None
