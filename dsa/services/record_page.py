"""The record of one agreement: who is next, what it is, what was decided, what may be done now.

One rule: it shows what the reader's side may see, and offers only what the services would allow.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import NotFound, Refusal
from dsa.domain.reasons import label
from dsa.domain.tracking import TRACKED
from dsa.domain.workflow import ROLES, Move
from dsa.persistence import papers, queries_timeline, visibility, work
from dsa.persistence.heads import Loaded
from dsa.persistence.papers import PaperRow
from dsa.services import permitting, timetable_page, tracked
from dsa.services.agreement_header import Header, header_of
from dsa.services.agreements_list import ROUTES
from dsa.services.context import Context
from dsa.services.finish_lines import FinishLine
from dsa.services.moving import flow_of, open_for
from dsa.services.next_step import NextStep, next_steps
from dsa.services.outlook import Outlook, outlook_of
from dsa.services.task_reviews import Review, reviews_of
from dsa.services.timetable_page import TimetableShown
from dsa.services.whose_time import Figures, HoldNow, began, times_of
from dsa.timekeeping.calendar import WorkingCalendar


@dataclass(frozen=True, slots=True)
class PartyGroup:
    """Parties that are named together: "41 councils"; ``group`` is empty for a party on its own."""

    group: str
    names: tuple[str, ...]
    role: str
    lead: bool
    sign: bool


@dataclass(frozen=True, slots=True)
class ConditionShown:
    """A condition of an approval that stands."""

    id: int
    text: str
    party: str
    due_on: date | None
    met_at: datetime | None
    evidence: str


@dataclass(frozen=True, slots=True)
class HoldShown:
    """A hold: why, who is awaited, until when; ``ended_at`` None while it lasts.

    ``overrun``: it lasted, or lasts, beyond the day that it named; from then on the time is not the awaited's.
    """

    reason: str
    awaited: str
    until: datetime
    started_at: datetime
    ended_at: datetime | None
    overrun: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """Who has it: a person's words, since when, working days since, and the stage's due moment."""

    who: str
    reason: str
    since: datetime | None
    days: int


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Everything on the record.

    ``choices`` are moves that the reader may make, each with what stands in its way; ``may`` names the steps beside
    them: hold, resume_hold, meet_condition, share_draft, contest, report, join, attach. ``named_only`` are parties that
    the directory does not have.
    """

    header: Header
    next: tuple[NextStep, ...]
    holding: Holding | None
    lead: str
    route: str
    route_reasons: tuple[str, ...]
    groups: tuple[PartyGroup, ...]
    reviews: tuple[Review, ...]
    conditions: tuple[ConditionShown, ...]
    holds: tuple[HoldShown, ...]
    choices: tuple[permitting.Choice, ...]
    parent: str
    began_at: datetime
    first_contact_on: date | None
    date_needed: date | None
    figures: Figures
    finish: tuple[FinishLine, FinishLine]
    hold: HoldNow | None
    timetable: TimetableShown
    due_at: datetime | None
    round: int
    document_status: str
    signed: tuple[int, int]
    may: frozenset[str]
    reads_only: bool
    calendar: WorkingCalendar
    outlook: Outlook | None
    papers: tuple[PaperRow, ...]
    named_only: tuple[str, ...]


def record(ctx: Context, actor: Actor, reference: str) -> RecordPage:
    """The record as the actor may see it. Raises NotFound for strangers."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        head, lead = loaded.head, loaded.lead
        calendar = ctx.calendars.of(session, lead.organisation_id, lead.nation)
        now = max(ctx.clock.now(), head.updated_at)
        times = times_of(ctx, session, [head], now=now)[head.id]
        document = work.document(session, head.id, head.locked_version_id)
        return RecordPage(
            header=header_of(ctx, session, loaded),
            next=next_steps(ctx, session, loaded),
            holding=_holding(loaded, calendar, now, since_known=times.since_known),
            lead=lead.name,
            route=ROUTES.get(head.route, head.route),
            route_reasons=tuple(head.route_reasons),
            groups=_groups(session, loaded),
            reviews=reviews_of(ctx, session, loaded, actor),
            conditions=_conditions(session, loaded),
            holds=_holds(session, loaded, now),
            choices=permitting.choices(ctx, session, actor, loaded),
            parent=head.parent_reference or "",
            began_at=began(head.first_contact_on, head.created_at),
            first_contact_on=head.first_contact_on,
            date_needed=head.date_needed,
            figures=times.figures,
            finish=times.finish,
            hold=times.hold,
            timetable=timetable_page.shown(ctx, session, loaded, times=times),
            due_at=head.stage_due_at if head.finished_at is None else None,
            round=head.round,
            document_status=document.status if document is not None else "",
            signed=_signed(session, loaded),
            may=_may(ctx, session, actor, loaded),
            reads_only=all(held.sees_all for held in actor.posts),
            calendar=calendar,
            outlook=outlook_of(ctx, session, actor, head.id, calendar, needed_on=head.date_needed),
            papers=tuple(papers.readable(session, head.id, visibility.sides(actor))),
            named_only=tracked.named_only(session, loaded),
        )


def _may(ctx: Context, session: Session, actor: Actor, loaded: Loaded) -> frozenset[str]:
    """Which of the steps beside the moves are open to the actor now."""
    head = loaded.head
    asked = {"meet_condition", "contest", "resume_hold" if head.on_hold else "hold"}
    if head.shared_at is None:
        asked.add("share_draft")
    if head.tracking == TRACKED and head.finished_at is None:
        asked |= {"report", "join"}
    if head.finished_at is None:
        asked.add("attach")
    return frozenset(a for a in sorted(asked) if permitting.why_not(ctx, session, actor, a, loaded) is None)


def _holding(loaded: Loaded, calendar: WorkingCalendar, now: datetime, *, since_known: bool) -> Holding | None:
    head = loaded.head
    if head.holder_owner is None:
        return None
    name = next((p.name for p in loaded.parties if p.code == head.holder_owner), head.holder_owner)
    role = ROLES.get(head.holder_role or "", "")
    who = ", ".join(part for part in ("" if head.on_hold else role, name) if part)
    since = head.holder_since if since_known else None
    days = calendar.elapsed_days(since, now) if since is not None else 0
    return Holding(who, label(head.holder_reason or ""), since, days)


def _groups(session: Session, loaded: Loaded) -> tuple[PartyGroup, ...]:
    """Parties on their own first, in their order; then the groups."""
    named = queries_timeline.party_groups(session, loaded.head.id)
    single: list[PartyGroup] = []
    grouped: dict[tuple[str, str, bool], list[str]] = {}
    for party in loaded.parties:
        group = named.get(party.key) or ""
        if group:
            grouped.setdefault((group, party.role, party.signs), []).append(party.name)
        else:
            single.append(PartyGroup("", (party.name,), party.role, party.lead, party.signs))
    return (
        *single,
        *(PartyGroup(group, tuple(names), role, False, signs) for (group, role, signs), names in grouped.items()),
    )


def _conditions(session: Session, loaded: Loaded) -> tuple[ConditionShown, ...]:
    names = {party.key: party.name for party in loaded.parties}
    return tuple(
        ConditionShown(c.id, c.text, names.get(c.party_key or "", ""), _date(c.due_on), c.met_at, c.evidence or "")
        for c in work.conditions(session, loaded.head.id)
    )


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _holds(session: Session, loaded: Loaded, now: datetime) -> tuple[HoldShown, ...]:
    names = {party.code: party.name for party in loaded.parties}
    return tuple(
        HoldShown(
            label(h.code),
            names.get(h.awaited, h.awaited),
            h.until,
            h.started_at,
            h.ended_at,
            h.until < (h.ended_at or now),
        )
        for h in work.holds(session, loaded.head.id)
    )


def _signed(session: Session, loaded: Loaded) -> tuple[int, int]:
    """(signatures given, signatures asked for); (0, 0) before the text is locked."""
    if loaded.head.locked_version_id is None:
        return (0, 0)
    asked = [task for task in loaded.tasks if task.kind == "signature" and task.status in ("open", "done")]
    return (len(work.signatures(session, loaded.head.locked_version_id)), len(asked))


@dataclass(frozen=True, slots=True)
class MovePage:
    """The page of one move: what it does, what stands in its way, where it leads, who is next then."""

    header: Header
    move: Move
    refusal: Refusal | None
    leads_to: str
    leads_to_explained: str
    final: bool


def move_page(ctx: Context, actor: Actor, reference: str, move_id: str) -> MovePage:
    """What the actor is about to do. Raises NotFound for strangers and for a move that the workflow has not."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        flow = flow_of(ctx, session, loaded)
        move = flow.workflow.move(move_id)
        if move is None or move.id == "reopen":
            raise NotFound("This workflow has no such step. Go back to the agreement and choose from what is offered.")
        refusal = permitting.why_not(ctx, session, actor, f"move:{move_id}", loaded)
        if refusal is None:
            choices = permitting.choices(ctx, session, actor, loaded)
            refusal = next((choice.refusal for choice in choices if choice.move.id == move_id), None)
        to = flow.stages[move.to] if move.to else flow.stages[loaded.head.stage]
        return MovePage(header_of(ctx, session, loaded), move, refusal, to.title, to.explains, to.final)


@dataclass(frozen=True, slots=True)
class HoldPage:
    """The page on which a hold begins or ends. ``parties`` are (code, name)."""

    header: Header
    parties: tuple[tuple[str, str], ...]
    own: tuple[str, ...]
    refusal: Refusal | None
    current: HoldShown | None


def hold_page(ctx: Context, actor: Actor, reference: str) -> HoldPage:
    """What is needed to begin or end a hold. Raises NotFound for strangers."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        action = "resume_hold" if loaded.head.on_hold else "hold"
        held = {post.organisation for post in actor.posts}
        parties = tuple((party.code, party.name) for party in loaded.parties)
        now = max(ctx.clock.now(), loaded.head.updated_at)
        current = next((hold for hold in reversed(_holds(session, loaded, now)) if hold.ended_at is None), None)
        return HoldPage(
            header_of(ctx, session, loaded),
            parties,
            tuple(code for code, _ in parties if code in held),
            permitting.why_not(ctx, session, actor, action, loaded),
            current,
        )


@dataclass(frozen=True, slots=True)
class ConditionPage:
    """The page on which a condition is recorded as met."""

    header: Header
    condition: ConditionShown
    refusal: Refusal | None


def condition_page(ctx: Context, actor: Actor, reference: str, condition_id: int) -> ConditionPage:
    """One condition of the agreement. Raises NotFound for strangers and for one that is not there."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        found = next((each for each in _conditions(session, loaded) if each.id == condition_id), None)
        if found is None:
            raise NotFound("There is no such condition on this agreement.")
        refusal = permitting.why_not(ctx, session, actor, "meet_condition", loaded)
        if found.met_at is not None:
            refusal = Refusal("This condition is recorded as met already.")
        return ConditionPage(header_of(ctx, session, loaded), found, refusal)
