"""Reviewing: decide a task, ask and answer a question, take, pass on, take an approval back.

One rule: a decision is bound to the version that its maker saw, by hash; silence decides nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor, Held
from dsa.domain.approvals import OUTCOMES_THAT_STAND, covered_hashes
from dsa.domain.errors import BadInput, Conflict, NotFound, Refused
from dsa.domain.events import event_of_outcome
from dsa.domain.machine import Recorded, Reopened, Snapshot
from dsa.domain.reasons import is_delay
from dsa.domain.workflow import TaskRule
from dsa.persistence import drafts, history, outbox, people, work
from dsa.persistence.heads import Loaded
from dsa.services.context import Context
from dsa.services.first_look import record_beside
from dsa.services.moves import onward_facts
from dsa.services.moving import Happening, Step, demand_version, flow_of, open_for, take
from dsa.services.obligations import Named
from dsa.services.permitting import demand
from dsa.services.timetabling import Answer
from dsa.timekeeping.instants import local_day


@dataclass(frozen=True, slots=True)
class Change:
    """A change that a reviewer asks for: where, why (a delay code), and what."""

    section: str
    text: str
    code: str = "QUALITY"
    question: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """What an approval is subject to, and by when (an ISO date), before data is shared."""

    text: str
    due_on: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision on a task. ``summary`` is shown to every party; ``note`` stays with the decider's side.

    ``relies_on`` is the id of another party's approval that this one rests on. ``privileged`` marks the note as legal
    advice. ``happened_at`` is given for a decision taken earlier elsewhere. ``timetable`` and ``named``
    (who answers for it, who will sign) go with a yes in principle.
    """

    outcome: str
    summary: str = ""
    note: str = ""
    conditions: tuple[Condition, ...] = ()
    changes: tuple[Change, ...] = ()
    relies_on: int | None = None
    privileged: bool = False
    happened_at: datetime | None = None
    timetable: Answer | None = None
    named: tuple[Named, ...] = ()


def decide_task(
    ctx: Context, actor: Actor, reference: str, task_key: str, verdict: Verdict, *, seen: int | None
) -> Step:
    """Record the outcome of a task. Signatures are given by ``signing.sign``, not here.

    Raises NotAllowed (separation of duties among the reasons), Refused, Conflict or BadInput.
    """
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        task = _task(loaded, task_key)
        held = demand(ctx, session, actor, "decide", loaded, task_key=task_key)
        _demand_seen(session, loaded, task, seen)
        if task.kind == "signature" and verdict.outcome == "signed":
            raise Refused("A signature is given on the signing page.")
        _check(task, verdict, loaded)
        if verdict.timetable is not None or verdict.named:
            loaded = record_beside(ctx, session, actor, reference, verdict.timetable, verdict.named)
        version = drafts.newest_mark(session, loaded.head.id)
        step = _take(ctx, session, loaded, actor, held, task, verdict, version)
        _keep(session, loaded, actor, held, task, verdict, version, step)
        return step


def _task(loaded: Loaded, key: str) -> Any:
    task = loaded.task(key)
    if task is None:
        raise NotFound("There is no such task on this agreement.")
    if task.status != "open":
        raise Conflict("This task is done or no longer needed. Look at the agreement to see what happened.")
    return task


def _demand_seen(session: Session, loaded: Loaded, task: Any, seen: int | None) -> None:
    """Raise Conflict when this task opened, or opened again, after the page was shown.

    That other reviewers decided meanwhile is no conflict: reviews run side by side, on a text that cannot change under
    an open task.
    """
    if seen is not None and seen != loaded.head.version and seen < history.version_at(session, task):
        demand_version(loaded, seen)


def _check(task: Any, verdict: Verdict, loaded: Loaded) -> None:
    asks = verdict.outcome in ("changes", "blocker")
    if asks and task.kind in ("decision", "check") and not verdict.changes:
        raise BadInput("Say in which section you want a change, and what.")
    if any(not change.text.strip() for change in verdict.changes):
        raise BadInput("Say what should change in each section that you chose.")
    if any("\x00" in change.text for change in verdict.changes):
        raise BadInput("Take out the characters that cannot be shown, then send it again.")
    if any(not is_delay(change.code) for change in verdict.changes):
        raise BadInput("Choose a reason from the list for each change.")
    beside = verdict.timetable is not None or verdict.named
    if beside and (task.kind, verdict.outcome) != ("in_principle", "yes"):
        raise BadInput("Dates and posts go with a yes in principle. Give them on their own pages.")
    if verdict.outcome == "approved_with_conditions" and not verdict.conditions:
        raise BadInput("Write at least one condition, or approve without conditions.")
    needs_reason = verdict.outcome in ("no", "against", "declined", "not_us") or asks
    if needs_reason and not verdict.summary.strip() and not verdict.changes:
        raise BadInput("Say why: the other parties see the reason.")


def _take(
    ctx: Context,
    session: Session,
    loaded: Loaded,
    actor: Actor,
    held: Held,
    task: Any,
    verdict: Verdict,
    version: Any,
) -> Step:
    happening = Happening(
        event_of_outcome(task.kind, verdict.outcome),
        _public(flow_of(ctx, session, loaded).workflow.rule(task.rule), task, verdict, version),
        {"note": verdict.note.strip()} if verdict.note.strip() else {},
        happened_at=verdict.happened_at,
        privileged=verdict.privileged,
    )
    more = record_facts(ctx, session, loaded, task.key)
    action = Recorded(task.key, verdict.outcome)
    return take(ctx, session, loaded, actor, held, happening, action=action, more=more)


def _public(rule: TaskRule, task: Any, verdict: Verdict, version: Any) -> dict[str, Any]:
    """What every party sees of a decision."""
    public: dict[str, Any] = {"task": task.key, "title": rule.title, "outcome": verdict.outcome}
    if verdict.summary.strip():
        public["summary"] = verdict.summary.strip()
    if verdict.changes:
        public["changes"] = [{"section": c.section, "question": c.question, "code": c.code} for c in verdict.changes]
    if verdict.conditions:
        public["conditions"] = [{"text": c.text, "due_on": c.due_on} for c in verdict.conditions]
    if version is not None:
        public["version"] = version.number
        public["content_hash"] = version.hash
        public["covers"] = covered_hashes(rule.sections, version.section_hashes)
    if verdict.relies_on is not None:
        public["relies_on"] = verdict.relies_on
    return public


def record_facts(ctx: Context, session: Session, loaded: Loaded, task_key: str) -> dict[str, Any]:
    """What a decision needs when a task's outcome is recorded: standing approvals, the board."""
    stage = loaded.head.stage
    others = [t for t in loaded.tasks if t.stage == stage and t.required and t.status == "open" and t.key != task_key]
    return onward_facts(ctx, session, loaded, flow_of(ctx, session, loaded), stage, waits=bool(others))


def _keep(
    session: Session,
    loaded: Loaded,
    actor: Actor,
    held: Held,
    task: Any,
    verdict: Verdict,
    version: Any,
    step: Step,
) -> None:
    _keep_changes(session, loaded, task, verdict, step)
    if verdict.outcome not in OUTCOMES_THAT_STAND or version is None:
        return
    if verdict.relies_on is not None:
        relied = work.approval(session, loaded.head.id, verdict.relies_on)
        if relied is None or relied.rule != task.rule or relied.lapsed_at or relied.withdrawn_at:
            raise BadInput("The review that you rely on is not there any more. Choose another, or review it yourself.")
    approval = work.add_approval(session, _approval(loaded, actor, held, task, verdict, version, step))
    of_approval = {"agreement_id": loaded.head.id, "approval_id": approval, "party_key": task.party_key}
    work.add_conditions(
        session,
        [{**of_approval, "text": c.text.strip(), "due_on": c.due_on} for c in verdict.conditions if c.text.strip()],
    )


def _keep_changes(session: Session, loaded: Loaded, task: Any, verdict: Verdict, step: Step) -> None:
    common = {"agreement_id": loaded.head.id, "task_id": task.id, "event_seq": step.seq}
    common |= {"round": loaded.head.round, "blocker": verdict.outcome == "blocker", "status": "open"}
    work.add_change_requests(
        session,
        [
            {**common, "section": c.section, "question": c.question, "reason_code": c.code, "text": c.text.strip()}
            for c in verdict.changes
        ],
    )


def _approval(
    loaded: Loaded, actor: Actor, held: Held, task: Any, verdict: Verdict, version: Any, step: Step
) -> dict[str, Any]:
    rule = step.flow.workflow.rule(task.rule)
    return {
        "agreement_id": loaded.head.id,
        "task_id": task.id,
        "event_seq": step.seq,
        "rule": task.rule,
        "party_key": task.party_key,
        "organisation_id": held.organisation_id,
        "person_id": actor.person_id,
        "role": held.role,
        "post": held.title,
        "delegation_reference": None,
        "outcome": verdict.outcome,
        "version_hash": version.hash,
        "section_hashes": covered_hashes(rule.sections, version.section_hashes),
        "round": loaded.head.round,
        "calendar_version": task.calendar_version,
        "relies_on_id": verdict.relies_on,
        "summary": verdict.summary.strip(),
        "at": step.at,
    }


def ask_question(ctx: Context, actor: Actor, reference: str, task_key: str, text: str, *, seen: int | None) -> Step:
    """Ask the drafter a question about a task: the ball is with the drafter, and nothing is returned."""
    if not text.strip() or "\x00" in text:
        raise BadInput("Write your question.")
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        task = _task(loaded, task_key)
        held = demand(ctx, session, actor, "ask_question", loaded, task_key=task_key)
        _demand_seen(session, loaded, task, seen)
        happening = Happening("QuestionAsked", {"task": task_key, "question": text.strip()})
        step = take(ctx, session, loaded, actor, held, happening, after=_question(task_key, is_open=True))
        work.add_query(
            session,
            {
                "agreement_id": loaded.head.id,
                "task_id": task.id,
                "asked_seq": step.seq,
                "asked_by_id": actor.person_id,
                "asked_organisation_id": loaded.head.lead_organisation_id,
                "asked_at": step.at,
                "text": text.strip(),
            },
        )
        _ask_for_mail(session, loaded, step, task_key, what="asked")
        return step


def answer_question(ctx: Context, actor: Actor, reference: str, query_id: int, text: str) -> Step:
    """Answer a reviewer's question: the ball is with the reviewer again."""
    if not text.strip() or "\x00" in text:
        raise BadInput("Write your answer.")
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "answer_question", loaded)
        question = work.query(session, loaded.head.id, query_id)
        if question is None:
            raise NotFound("There is no such question on this agreement.")
        if question.answered_at is not None:
            raise Conflict("This question is answered already. Open the agreement to see the answer.")
        task = next((t for t in loaded.tasks if t.id == question.task_id), None)
        others = [
            q for q in work.queries(session, loaded.head.id)
            if q.id != query_id and q.task_id == question.task_id and q.answered_at is None
        ]  # fmt: skip
        happening = Happening("QuestionAnswered", {"question": question.text, "answer": text.strip()})
        still = task is not None and any(q.asked_seq > task.opened_seq for q in others)
        after = _question(task.key, is_open=still) if task is not None else None
        step = take(ctx, session, loaded, actor, held, happening, after=after)
        work.answer_query(session, query_id, answer=text.strip(), person_id=actor.person_id, at=step.at)
        if task is not None:
            _ask_for_mail(session, loaded, step, task.key, what="answered")
        return step


def _question(task_key: str, *, is_open: bool) -> Any:
    def after(snapshot: Snapshot) -> Snapshot:
        tasks = tuple(replace(t, question_open=is_open) if t.key == task_key else t for t in snapshot.tasks)
        return replace(snapshot, tasks=tasks)

    return after


def claim(ctx: Context, actor: Actor, reference: str, task_key: str) -> Step:
    """Take a task for oneself, so that colleagues in the same role see that it is in hand."""
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        task = _task(loaded, task_key)
        held = demand(ctx, session, actor, "decide", loaded, task_key=task_key)
        if task.assignee_id == actor.person_id:
            raise Conflict("You have taken this task already.")
        step = take(ctx, session, loaded, actor, held, Happening("TaskClaimed", {"task": task_key}), bump=False)
        work.assign(session, task.id, actor.person_id)
        return step


def pass_on(
    ctx: Context, actor: Actor, reference: str, task_key: str, to_person: int | None, *, seen: int | None
) -> Step:
    """Pass a task to a colleague who holds the same role in the same organisation, or back to the whole role (None)."""
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        task = _task(loaded, task_key)
        held = demand(ctx, session, actor, "pass_on", loaded, task_key=task_key)
        _demand_seen(session, loaded, task, seen)
        able = people.holders(session, task.organisation_id, task.role, on=local_day(ctx.clock.now()))
        to = next((person for person in able if person.id == to_person), None)
        if to_person is not None and to is None:
            raise BadInput("Choose a colleague who holds the same role. If none is listed, ask your administrator.")
        if to_person == task.assignee_id:
            raise BadInput("The task is there already. Choose somebody else, or the whole team.")
        facts_ = {"task": task_key, "to": to.name if to else "the whole team"}
        step = take(ctx, session, loaded, actor, held, Happening("TaskPassedOn", facts_))
        work.assign(session, task.id, to_person)
        if to is not None:
            _ask_for_mail(session, loaded, step, task_key, what="passed", person_id=to.id)
        return step


def take_approval_back(
    ctx: Context, actor: Actor, reference: str, task_key: str, reason: str, *, seen: int | None
) -> Step:
    """Take one's approval back before the text is locked; the task is open again and others keep their place."""
    if not reason.strip():
        raise BadInput("Say why you take the approval back: the other parties see the reason.")
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        task = loaded.task(task_key)
        if task is None:
            raise NotFound("There is no such task on this agreement.")
        held = demand(ctx, session, actor, "take_approval_back", loaded, task_key=task_key)
        demand_version(loaded, seen)
        happening = Happening("ApprovalWithdrawn", {"task": task_key, "reason": reason.strip()})
        more = onward_facts(ctx, session, loaded, flow_of(ctx, session, loaded), loaded.head.stage)
        step = take(ctx, session, loaded, actor, held, happening, action=Reopened(task_key), more=more)
        work.withdraw_requests(session, task_id=task.id)
        return step


def _ask_for_mail(
    session: Session, loaded: Loaded, step: Step, task: str, *, what: str, person_id: int | None = None
) -> None:
    """Ask for a mail about a task: to one person, or to whoever ``what`` is for."""
    payload = {"what": what, "task": task} | ({"person": person_id} if person_id is not None else {})
    key = f"{loaded.head.reference}:{step.seq}:{what}:{task}"
    outbox.ask(session, "mail", key, payload, agreement_id=loaded.head.id, at=step.at)
