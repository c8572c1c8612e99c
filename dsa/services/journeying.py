"""Where an agreement stands, for whoever drives it from outside a page: the journey command and the demonstration.

One rule: it takes no step; every step is taken by the service that the page calls.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.events import moment
from dsa.domain.presentation import PresentedSection, present
from dsa.persistence import drafts, heads, history, timetables, work
from dsa.persistence.heads import Loaded
from dsa.services import audit_log, content, evidence, first_look, log_export, timetabling
from dsa.services.content import Text
from dsa.services.context import Context
from dsa.services.moving import flow_of
from dsa.services.obligations import Named


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that waits: its rule, party, organisation (code), role and kind."""

    key: str
    rule: str
    kind: str
    party: str | None
    organisation: str
    role: str
    stage: str
    required: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an agreement stands. ``questions`` and ``requests`` are ids of those without an answer."""

    reference: str
    stage: str
    round: int
    version: int
    lead: str
    tasks: tuple[OpenTask, ...]
    questions: tuple[int, ...]
    requests: tuple[int, ...]
    finished: bool

    def here(self, *rules: str) -> tuple[OpenTask, ...]:
        """The open tasks of the present stage, of these rules where any are named, oldest first."""
        return tuple(task for task in self.tasks if task.stage == self.stage and (not rules or task.rule in rules))


def standing(ctx: Context, reference: str) -> Standing:
    """Where the agreement stands now. Raises LookupError for a reference that is not there."""
    with ctx.database.reading() as session:
        loaded = _loaded(session, reference)
        flow = flow_of(ctx, session, loaded)
        codes = {party.organisation_id: party.code for party in loaded.parties}
        tasks = tuple(
            OpenTask(t.key, t.rule, t.kind, t.party_key, codes[t.organisation_id], t.role, t.stage, t.required)
            for t in loaded.tasks
            if t.status == "open"
        )
        questions = tuple(q.id for q in work.queries(session, loaded.head.id) if q.answered_at is None)
        requests = tuple(r.id for r in work.change_requests(session, loaded.head.id) if r.status == "open")
        head = loaded.head
        done = flow.stages[head.stage].final
        return Standing(
            reference, head.stage, head.round, head.version, loaded.lead.code, tasks, questions, requests, done
        )


@dataclass(frozen=True, slots=True)
class Dates:
    """The timetable of an agreement for whoever drives it: what binds, what is pending, what targets suggest now.

    ``waits_for`` are the organisations (codes) that have not answered the pending proposal.
    """

    binding: Mapping[str, date]
    pending: int | None
    waits_for: tuple[str, ...]
    suggested: Mapping[str, date]


def dates(ctx: Context, reference: str) -> Dates:
    """How the timetable stands now."""
    with ctx.database.reading() as session:
        loaded = _loaded(session, reference)
        stored = timetables.load(session, loaded.head.id)
        pending = stored.pending
        waits = timetabling.waiting_for(loaded, pending) if pending is not None else []
        return Dates(
            {stage: day.agreed_on for stage, day in stored.days.items()},
            pending.seq if pending is not None else None,
            tuple(party.code for party in waits),
            timetabling.suggested(ctx, session, loaded),
        )


def named_at_first_look(ctx: Context, reference: str, organisation: str) -> tuple[Named, ...]:
    """Who answers for the agreement in an organisation (its code) and which post signs, by the directory."""
    with ctx.database.reading() as session:
        return first_look.posts_of(ctx, session, _loaded(session, reference), organisation)


def revision_of(ctx: Context, reference: str, section: str) -> int:
    """The revision of a section's working answers; 0 where it was never saved."""
    with ctx.database.reading() as session:
        saved = drafts.sections_of(session, _loaded(session, reference).head.id).get(section)
        return saved.revision if saved is not None else 0


def answers_of(ctx: Context, reference: str) -> dict[str, Any]:
    """The working answers by question key."""
    with ctx.database.reading() as session:
        return content.flat(content.working_answers(session, _loaded(session, reference).head.id))


def approval_to_rely_on(ctx: Context, reference: str, rule: str, party: str) -> int | None:
    """The id of a party's approval of a rule that stands, or None."""
    with ctx.database.reading() as session:
        live = work.live_approvals(session, _loaded(session, reference).head.id)
        return next((one.id for one in reversed(live) if one.rule == rule and one.party_key == party), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A signed agreement with what is written beside it."""

    text: Text
    sections: tuple[PresentedSection, ...]
    audit: dict[str, Any]
    log: bytes
    document: bytes
    stages: tuple["StageTime", ...]
    signed_at: tuple[datetime, ...]
    elapsed_days: int
    workflow: str
    route: str
    title: str


@dataclass(frozen=True, slots=True)
class StageTime:
    """Working days in one stage against its target, summed over its rounds, and who had most of it."""

    stage: str
    title: str
    working_days: int
    target: int | None
    owner: str
    entered_at: str
    left_at: str


def outcome(ctx: Context, reference: str) -> Outcome:
    """The sealed document with its content, evidence and times. Raises LookupError where there is none yet."""
    audit_log.keep_log(ctx, due=True)
    with ctx.database.reading() as session:
        loaded = _loaded(session, reference)
        head = loaded.head
        document = work.document(session, head.id, head.locked_version_id)
        text = content.newest(session, loaded)
        if document is None or text is None or document.status != "sealed" or document.current_sha256 is None:
            raise LookupError(f"{reference} has no sealed document")
        form = content.form_of(ctx, session, loaded)
        signed = tuple(one.signed_at for one in work.signatures(session, head.locked_version_id))
        calendar = ctx.calendars.of(session, loaded.lead.organisation_id, loaded.lead.nation)
        began = history.stage_entries(session, head.id)[0].entered_at
        return Outcome(
            text=text,
            sections=present(form, text.content),
            audit=evidence.audit_of(ctx, session, loaded),
            log=log_export.full_log_of(ctx, reference),
            document=ctx.files.get(document.current_sha256),
            stages=_stages(ctx, session, loaded, max(signed)),
            signed_at=signed,
            elapsed_days=calendar.elapsed_days(began, max(signed)),
            workflow=head.workflow_id,
            route=head.route,
            title=head.title,
        )


def _stages(ctx: Context, session: Session, loaded: Loaded, until: datetime) -> tuple[StageTime, ...]:
    flow = flow_of(ctx, session, loaded)
    times = {row["stage"]: row for row in evidence.stages_of(ctx, session, loaded)}
    entries = history.stage_entries(session, loaded.head.id)
    found = []
    for stage in sorted({entry.stage for entry in entries}, key=flow.workflow.position):
        mine = [entry for entry in entries if entry.stage == stage]
        row = times.get(flow.stages[stage].title)
        if row is None:
            continue
        left = mine[-1].left_at or max(until, mine[-1].entered_at)
        entered, gone = moment(mine[0].entered_at), moment(left)
        days, target, owner = int(row["working_days"]), row["target"], str(row["owner"])
        found.append(StageTime(stage, flow.stages[stage].title, days, target, owner, entered, gone))
    return tuple(found)


def _loaded(session: Session, reference: str) -> Loaded:
    loaded = heads.load(session, reference)
    if loaded is None:
        raise LookupError(reference)
    return loaded
