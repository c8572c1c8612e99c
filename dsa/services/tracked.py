"""An agreement that is followed here: how it stands, its papers, joining the workflow.

One rule: what somebody reports is an event like any other, with when it happened and when it was typed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import BadInput, NotFound, Refusal, Refused
from dsa.domain.machine import Flow, TaskFact, decide_joining
from dsa.domain.parties import parties_of
from dsa.domain.reported import far_years
from dsa.domain.tracking import JOINED, JOINS, TRACKED, asks, decide_report, report_task, reported_stages
from dsa.domain.values import tidy
from dsa.persistence import drafts, papers, queries_people, visibility, work
from dsa.persistence.heads import Loaded
from dsa.services import content, facts
from dsa.services.agreement_header import Header, header_of
from dsa.services.context import Context
from dsa.services.moves import freeze, onward_facts
from dsa.services.moving import Happening, Step, demand_version, flow_of, open_for, take
from dsa.services.permitting import demand, why_not
from dsa.timekeeping.instants import local_day
from dsa.timekeeping.ledger import NOBODY
from dsa.timekeeping.nations import LAST_DAY

_LONDON = ZoneInfo("Europe/London")
MOST_PAPERS, MOST_BYTES = 20, 10 * 1024 * 1024
_ASKED = ("drafter", "information_governance", "data_owner", "legal", "head_of_sharing")
_FAR = "This due day is %(years)s years ahead: is it right? Correct it, or say that it is right."
_FAR_AND_UNKNOWN = (
    "This due day is %(years)s years ahead: is it right? Correct it, or say that it is right. Bank holidays are known "
    "until %(last)s, so the working days up to it cannot be counted."
)
PDF, DOCX = "application/pdf", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class BadReport(BadInput):
    """What was said of how it stands cannot be; ``place`` is the part that is wrong: stage, holder, outside, due, far
    (a due day that is most likely a typing error, right only where ``Report.sure`` says so) or happened."""

    def __init__(self, place: str, message: str, **params: object) -> None:
        super().__init__(message, **params)
        self.place = place


@dataclass(frozen=True, slots=True)
class Report:
    """How an agreement stands. ``holder`` is the code of one of its parties, or ``outside`` names another body.

    ``happened_on`` is the day on which it came to stand so, where that was before today. ``sure``: the due day is right
    although it is years ahead.
    """

    stage: str
    holder: str = ""
    outside: str = ""
    due: date | None = None
    happened_on: date | None = None
    note: str = ""
    sure: bool = False


def report(ctx: Context, actor: Actor, reference: str, said: Report, *, seen: int | None) -> Step:
    """Record how a tracked agreement stands: its stage, who has it, when that is due. A final stage closes it.

    Raises NotFound, NotAllowed, BadReport (no such stage, nobody named, a day that cannot be), Refused, Conflict.
    """
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "report", loaded)
        demand_version(loaded, seen)
        _demand_tracked(loaded)
        flow = flow_of(ctx, session, loaded)
        if said.stage not in reported_stages(flow):
            raise BadReport("stage", "Choose the stage from the list.")
        outside, task = _holder(ctx, session, loaded, flow, said)
        due, happened = _moments(ctx, said)
        stage_due = None if task is None else due
        anew = stage_due is not None and stage_due != loaded.head.stage_due_at
        if anew and not said.sure:
            _demand_near(ctx, said.due)
        decision = decide_report(loaded.snapshot(), stage=said.stage, task=task, anew=anew)
        drafts.update_agreement(session, loaded.head.id, reported_outside=outside or None)
        name = outside or next((p.name for p in loaded.parties if p.code == said.holder), loaded.lead.name)
        public: dict[str, Any] = {"stage": flow.stages[said.stage].title, "holder": name}
        notes = {"note": tidy(said.note)} if said.note.strip() else {}
        happening = Happening("StandReported", public, notes, happened_at=happened)
        more = {"outside_body": outside if task is not None else ""}
        return take(
            ctx, session, loaded, actor, held, happening, action=decision, more=more, reported_due=stage_due
        )  # fmt: skip


def _demand_tracked(loaded: Loaded) -> None:
    if loaded.head.tracking != TRACKED:
        raise Refused("This agreement is in the workflow here. Its steps say how it stands.")
    if loaded.head.finished_at is not None:
        raise Refused("This agreement is over.")


def _holder(ctx: Context, session: Session, loaded: Loaded, flow: Flow, said: Report) -> tuple[str, TaskFact | None]:
    """(the outside body that has it, the task of whoever is asked): the lead asks after what an outside body has."""
    if not asks(flow, said.stage):
        return "", None
    outside = tidy(said.outside)[:200]
    if outside and outside.lower() in NOBODY:
        raise BadReport("outside", "Name the body that has it: time is always somebody's.")
    code = loaded.lead.code if outside else said.holder
    party = next((party for party in loaded.parties if party.code == code), None)
    if party is None:
        raise BadReport(
            "holder", "Choose who has it: one of the organisations of this agreement, or name another body."
        )
    on = local_day(ctx.clock.now())
    able = queries_people.holders_in(session, {party.organisation_id}, set(_ASKED), on=on)
    role = next((role for role in _ASKED if able.get((party.organisation_id, role))), _ASKED[0])
    seq = int(loaded.head.head_seq) + 1
    return outside, report_task(
        seq=seq, stage=said.stage, round_=loaded.head.round, party=party.key, organisation=code, role=role
    )


def _moments(ctx: Context, said: Report) -> tuple[datetime | None, datetime | None]:
    """(when it is due, when it came to stand so) as moments."""
    now = ctx.clock.now()
    due = None if said.due is None else datetime.combine(said.due, time(17), _LONDON).astimezone(UTC)
    if due is not None and abs((due - now).days) > 20 * 366:
        raise BadReport("due", "The due day cannot be right. Check its year.")
    if said.happened_on is None:
        return due, None
    happened = datetime.combine(said.happened_on, time(9), _LONDON).astimezone(UTC)
    if local_day(happened) > local_day(now):
        raise BadReport("happened", "The day on which this happened cannot be in the future.")
    return due, min(happened, now)


def _demand_near(ctx: Context, due: date | None) -> None:
    years = far_years(due, local_day(ctx.clock.now()))
    if due is not None and due > LAST_DAY and years:
        last = f"{LAST_DAY.day} {LAST_DAY:%B %Y}"
        raise BadReport("far", _FAR_AND_UNKNOWN, years=years, last=last)
    if years:
        raise BadReport("far", _FAR, years=years)


def join(ctx: Context, actor: Actor, reference: str, stage: str, *, seen: int | None) -> Step:
    """Let a tracked agreement go on in the workflow at ``stage``: the tasks of that stage open for the parties.

    From the draft's check on its text must be here and complete: it is frozen then. Raises Refused.
    """
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "join", loaded)
        demand_version(loaded, seen)
        _demand_tracked(loaded)
        if stage not in JOINS:
            raise BadInput("Choose the stage from the list.")
        if loaded.head.on_hold:
            raise Refused("The agreement is on hold. End the hold first.")
        flow = flow_of(ctx, session, loaded)
        public: dict[str, Any] = {"stage": flow.stages[stage].title}
        if JOINS[stage]:
            public |= _frozen(ctx, session, loaded, actor)
        if stage in ("check_draft", "review", "first_look") and len(loaded.parties) < 2:
            raise Refused("No other party of this agreement is in the directory yet. Ask your administrator to add it.")
        more = onward_facts(ctx, session, loaded, flow, stage)
        decision = decide_joining(flow, loaded.snapshot(**more), stage)
        drafts.update_agreement(session, loaded.head.id, tracking=JOINED, reported_outside=None)
        moved = open_for(ctx, session, actor, reference)
        return take(ctx, session, moved, actor, held, Happening("WorkflowJoined", public), action=decision, more=more)


def _frozen(ctx: Context, session: Session, loaded: Loaded, actor: Actor) -> Mapping[str, Any]:
    if "form_complete" not in facts.established(ctx, session, loaded, {"form_complete"}):
        raise Refused(
            "The text is not complete here, so nobody could check or review it. Let it join at the drafting stage, "
            "fill in the draft, and send it for checking."
        )
    text = freeze(ctx, session, loaded, actor, reason="WorkflowJoined", assumed=())
    if loaded.head.shared_at is None:
        drafts.update_agreement(session, loaded.head.id, shared_at=ctx.clock.now())
    return {"version": text.number, "content_hash": text.hash, "sections": dict(text.section_hashes)}


def attach(
    ctx: Context, actor: Actor, reference: str, data: bytes, *, file_name: str, shared: bool, seen: int | None
) -> Step:
    """Attach a paper (PDF or DOCX, by its first bytes) for our side, or for every party (``shared``).

    Raises BadInput for another kind of file or one that is too large, Refused where there are too many.
    """
    media_type = kind_of(data)
    name = tidy(file_name).replace("/", " ").replace("\\", " ")[:120] or "paper"
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "attach", loaded)
        demand_version(loaded, seen)
        if papers.count(session, loaded.head.id) >= MOST_PAPERS:
            raise Refused("An agreement can have up to %(most)s papers here.", most=MOST_PAPERS)
        digest = ctx.files.put(data)
        if not work.file_known(session, digest):
            papers.keep_file(
                session, sha256=digest, size=len(data), media_type=media_type, agreement_id=loaded.head.id,
                at=ctx.clock.now(),
            )  # fmt: skip
        public = {"name": name, "sha256": digest, "shared": shared}
        step = take(
            ctx, session, loaded, actor, held, Happening("PaperAttached", public, private=not shared), bump=False
        )
        papers.add(
            session,
            {
                "agreement_id": loaded.head.id, "event_seq": step.seq, "organisation_id": held.organisation_id,
                "person_id": actor.person_id, "file_name": name, "media_type": media_type, "size": len(data),
                "sha256": digest, "shared": shared, "at": step.at,
            },
        )  # fmt: skip
        return step


def kind_of(data: bytes) -> str:
    """The kind of a paper by its bytes, never by its name. Raises BadInput for what is neither PDF nor DOCX."""
    if not data:
        raise BadInput("Choose a file: a PDF or a Word document (DOCX).")
    if len(data) > MOST_BYTES:
        raise BadInput("The file is larger than 10 MB.")
    if data.startswith(b"%PDF-"):
        return PDF
    if data.startswith(b"PK\x03\x04") and b"[Content_Types].xml" in data and b"word/document.xml" in data:
        return DOCX
    raise BadInput("This is neither a PDF nor a Word document (DOCX), whatever its name says.")


def paper(ctx: Context, actor: Actor, reference: str, number: int) -> tuple[papers.PaperRow, bytes]:
    """One paper that the actor may read, with its bytes. Raises NotFound."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        found = next((p for p in readable(session, actor, loaded) if p.id == number), None)
    if found is None:
        raise NotFound("There is no such paper on this agreement that you may read.")
    return found, ctx.files.get(found.sha256)


def named_only(session: Session, loaded: Loaded) -> tuple[str, ...]:
    """The parties that the form names and the directory does not have."""
    if not loaded.head.tracking:
        return ()
    answers = content.flat(content.working_answers(session, loaded.head.id))
    here = {party.key for party in loaded.parties}
    return tuple(party.name for party in parties_of(answers) if party.key not in here)


@dataclass(frozen=True, slots=True)
class StandsPage:
    """The page on which somebody says how an agreement stands. ``parties`` are (code, name)."""

    header: Header
    refusal: Refusal | None
    stages: Mapping[str, str]
    parties: tuple[tuple[str, str], ...]
    holder: str
    outside: str
    due: date | None


def stands_page(ctx: Context, actor: Actor, reference: str) -> StandsPage:
    """What is known now of how it stands. Raises NotFound for strangers."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        head = loaded.head
        return StandsPage(
            header_of(ctx, session, loaded),
            _refusal(ctx, session, actor, "report", loaded),
            reported_stages(flow_of(ctx, session, loaded)),
            tuple((party.code, party.name) for party in loaded.parties),
            "" if head.reported_outside else head.holder_owner or "",
            head.reported_outside or "",
            None if head.stage_due_at is None else head.stage_due_at.astimezone(_LONDON).date(),
        )


@dataclass(frozen=True, slots=True)
class JoinPage:
    """The page on which an agreement joins the workflow. ``stages``: id, title, what it means, whether its text must
    be here."""

    header: Header
    refusal: Refusal | None
    stages: tuple[tuple[str, str, str, bool], ...]


def join_page(ctx: Context, actor: Actor, reference: str) -> JoinPage:
    """Where it can join. Raises NotFound for strangers."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        stages = flow_of(ctx, session, loaded).stages
        found = tuple((name, stages[name].title, stages[name].explains, text) for name, text in JOINS.items())
        return JoinPage(header_of(ctx, session, loaded), _refusal(ctx, session, actor, "join", loaded), found)


@dataclass(frozen=True, slots=True)
class PapersPage:
    """The page on which a paper is attached."""

    header: Header
    refusal: Refusal | None


def papers_page(ctx: Context, actor: Actor, reference: str) -> PapersPage:
    """Whether the actor may attach. Raises NotFound for strangers."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        return PapersPage(header_of(ctx, session, loaded), why_not(ctx, session, actor, "attach", loaded))


def _refusal(ctx: Context, session: Session, actor: Actor, action: str, loaded: Loaded) -> Refusal | None:
    if loaded.head.tracking != TRACKED:
        return Refusal("This agreement is in the workflow here. Its steps say how it stands.")
    if loaded.head.finished_at is not None:
        return Refusal("This agreement is over.")
    return why_not(ctx, session, actor, action, loaded)


def readable(session: Session, actor: Actor, loaded: Loaded) -> list[papers.PaperRow]:
    """The papers of an agreement that the actor may read: shared ones, and those of their own side."""
    return papers.readable(session, loaded.head.id, visibility.sides(actor))
