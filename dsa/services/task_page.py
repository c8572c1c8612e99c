"""The approver's page: everything a person needs for one decision, and nothing else.

One rule: it is read in a minute and a half. What can be long stands below the decision or a link away.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.approvals import OUTCOMES_THAT_STAND
from dsa.domain.errors import NotFound, Refusal
from dsa.domain.events import SENTENCES
from dsa.domain.presentation import Sentence, data_line, power_line
from dsa.domain.redline import ChangedSection
from dsa.domain.workflow import OUTCOMES, ROLES, STANDING_KINDS, TaskRule
from dsa.persistence import drafts, heads, history, people, queries_tasks, visibility, work
from dsa.persistence.heads import Loaded
from dsa.services import content, differences, permitting, redating
from dsa.services.agreement_header import Header, header_of
from dsa.services.context import Context
from dsa.services.first_look import InPrinciple, in_principle
from dsa.services.moving import flow_of, open_for
from dsa.services.next_step import NextStep, next_steps
from dsa.services.task_reviews import CHECKING_KINDS, Condition, Group, Review, grouped, reviews_of
from dsa.timekeeping.calendar import WorkingCalendar
from dsa.timekeeping.instants import local_day


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the person last looked: at which version, when, and the sections that differ."""

    since: int
    at: datetime
    sections: tuple[ChangedSection, ...]


@dataclass(frozen=True, slots=True)
class Waits:
    """What happens if nobody decides: when it is due, when reminders go, who is told when after that.

    ``moved`` is the due moment before it moved, with why; None where it stands as it was when the task opened.
    """

    due_at: datetime
    overdue: bool
    before_days: tuple[int, ...]
    after_days: tuple[int, ...]
    told_at: datetime | None
    told: str
    was_told: bool
    needed_on: str
    consequence: str
    moved: tuple[datetime, str] | None


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the drafter about this task."""

    text: str
    asked_at: datetime
    answer: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The agreement in a few lines."""

    title: str
    parties: tuple[str, ...]
    lead: str
    aims: str
    gain: str
    data: Sentence
    power: Sentence
    route: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskPage:
    """What the page of a task shows. ``refusal`` stands in place of the form; ``seq`` is the newest event."""

    header: Header
    seq: int
    text_number: int | None
    key: str
    organisation: str
    organisation_code: str
    organisation_id: int
    rule: TaskRule
    status: str
    calendar: WorkingCalendar
    summary: Summary
    reviews: tuple[Review, ...]
    groups: tuple[Group, ...]
    mine: Review | None
    changes: Changes | None
    first_look: bool
    conditions: tuple[Condition, ...]
    waits: Waits
    questions: tuple[Question, ...]
    sections: tuple[tuple[str, str, bool], ...]
    colleagues: tuple[tuple[int, str], ...]
    reliable: tuple[tuple[int, str, str], ...]
    refusal: Refusal | None
    may_ask: bool
    may_pass_on: bool
    may_take_back: bool
    assignee: str
    person_id: int
    next: tuple[NextStep, ...]
    in_principle: InPrinciple | None

    @property
    def kind(self) -> str:
        """The kind of task."""
        return self.rule.kind

    @property
    def role(self) -> str:
        """The role that decides it."""
        return self.rule.role

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What may be decided."""
        return OUTCOMES[self.rule.kind]

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a decision."""
        return self.status == "open"

    @property
    def advised_against(self) -> bool:
        """Whether the advice that this decision answers is against: then approving needs a reason."""
        return any(
            review.rule == self.rule.after
            and review.organisation_id == self.organisation_id
            and review.outcome == "against"
            for review in self.reviews
        )


def task_page(ctx: Context, actor: Actor, reference: str, task_key: str) -> TaskPage:
    """The page of a task. Raises NotFound where there is no such agreement or task for this person."""
    with ctx.database.reading() as session:
        ctx.calendars.refresh(session)
        loaded = open_for(ctx, session, actor, reference)
        return _Maker(ctx, session, loaded, actor, task_key).page()


def keep_look(ctx: Context, actor: Actor, reference: str) -> None:
    """Remember that the person has seen the newest version: on the first look, and whenever they act on it."""
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference)
        newest = drafts.newest_version(session, loaded.head.id)
        number = newest.number if newest is not None else 0
        queries_tasks.keep_look(session, loaded.head.id, actor.person_id, version_number=number, at=ctx.clock.now())


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened meanwhile: who (a post and its organisation), what, when."""

    who: str
    what: Sentence
    at: datetime


def since(ctx: Context, actor: Actor, reference: str, seq: int) -> tuple[Happened, ...]:
    """What happened on the agreement after an event, newest first: what a person who was too late should know."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        titles = {task.key: flow_of(ctx, session, loaded).workflow.rule(task.rule).title for task in loaded.tasks}
        found = []
        private = history.private_facts(session, loaded.head.id, visibility.sides(actor))
        for row in queries_tasks.events_since(session, loaded.head.id, seq, visibility.sides(actor)):
            body = json.loads(row.body)
            who = f"{body['actor']['post']}, {body['actor']['organisation']}"
            facts = body["facts"] or private.get(row.seq, {})
            found.append(Happened(who, sentence_of(row.kind, facts, titles), row.recorded_at))
        return tuple(found)


def sentence_of(kind: str, facts: Mapping[str, Any], titles: Mapping[str, str]) -> Sentence:
    """An event's sentence with its parameters in words."""
    params = {name: str(value) for name, value in facts.items() if isinstance(value, str | int)}
    if "task" in params:
        params["task"] = titles.get(params["task"], params["task"])
    if "outcome" in params:
        params["outcome"] = params["outcome"].replace("_", " ")
    message = SENTENCES.get(kind, kind)
    try:
        _ = message % params
    except KeyError:
        return message.split(":")[0].split(" “")[0], {}
    return message, params


class _Maker:
    """Puts the page together in one reading session."""

    def __init__(self, ctx: Context, session: Session, loaded: Loaded, actor: Actor, key: str) -> None:
        self.ctx, self.session, self.loaded, self.actor, self.key = ctx, session, loaded, actor, key
        self.flow = flow_of(ctx, session, loaded)
        self.reviews = reviews_of(ctx, session, loaded, actor)
        self.mine = next((review for review in self.reviews if review.key == key), None)
        self.task = loaded.task(key)
        if self.mine is None and self.task is None:
            raise NotFound("There is no such task on this agreement. Open the agreement to see what is to be done.")
        self.text = content.newest(session, loaded)

    def page(self) -> TaskPage:
        """The whole page."""
        task: Any = self.task if self.task is not None else self.mine
        rule = self.flow.workflow.rule(task.rule)
        party = next((p for p in self.loaded.parties if p.organisation_id == task.organisation_id), self.loaded.lead)
        calendar = self.ctx.calendars.of(self.session, party.organisation_id, party.nation)
        checking = self._checking(rule)
        looked = queries_tasks.look(self.session, self.loaded.head.id, self.actor.person_id)
        return TaskPage(
            header=header_of(self.ctx, self.session, self.loaded),
            seq=self.loaded.head.head_seq,
            text_number=self.text.number if self.text else None,
            key=self.key,
            organisation=party.name,
            organisation_code=party.code,
            organisation_id=party.organisation_id,
            rule=rule,
            status=task.status,
            calendar=calendar,
            summary=self._summary(),
            reviews=checking,
            groups=grouped(checking),
            mine=self.mine,
            changes=self._changes(looked),
            first_look=looked is None,
            conditions=self._conditions(),
            waits=self._waits(task, calendar),
            questions=self._questions(party.organisation_id),
            sections=self._sections(rule),
            colleagues=self._colleagues(party.organisation_id, rule.role),
            reliable=self._reliable(rule, self.mine),
            refusal=self._why_not("decide"),
            may_ask=rule.role != "drafter" and self._why_not("ask_question") is None,
            may_pass_on=self._why_not("pass_on") is None,
            may_take_back=self._may_take_back(rule),
            assignee=self._assignee(),
            person_id=self.actor.person_id,
            next=next_steps(self.ctx, self.session, self.loaded),
            in_principle=self._in_principle(rule),
        )

    def _in_principle(self, rule: TaskRule) -> InPrinciple | None:
        """What a yes in principle is asked for besides."""
        task = self.task
        if rule.kind != "in_principle" or task is None or task.status != "open":
            return None
        return in_principle(self.ctx, self.session, self.actor, self.loaded, task.organisation_id)

    def _why_not(self, action: str) -> Refusal | None:
        if self.task is None:
            return Refusal("This task belongs to an earlier round of the agreement.", code="stage")
        return permitting.why_not(self.ctx, self.session, self.actor, action, self.loaded, task_key=self.key)

    def _may_take_back(self, rule: TaskRule) -> bool:
        task = self.task
        if task is None or task.status not in ("done", "standing") or rule.kind not in STANDING_KINDS:
            return False
        standing = task.status == "standing" or task.outcome in OUTCOMES_THAT_STAND
        return standing and task.round == self.loaded.head.round and self._why_not("take_approval_back") is None

    def _assignee(self) -> str:
        task = self.task
        return heads.person_name(self.session, task.assignee_id) if task is not None and task.assignee_id else ""

    def _summary(self) -> Summary:
        loaded, text = self.loaded, self.text
        if text is None:
            sections = content.working_answers(self.session, loaded.head.id)
            text = content.compose(self.ctx, self.session, loaded, number=1, sections=sections)
        answers = content.flat(text.content["answers"])
        return Summary(
            str(text.content["title"]),
            tuple(str(party["name"]) for party in text.content["parties"]),
            loaded.lead.name,
            str(answers.get("aims") or ""),
            str(answers.get("benefits_explained") or ""),
            data_line(text.content),
            power_line(text.content),
            self.flow.workflow.title,
            tuple(str(reason) for reason in text.content["route_reasons"]),
        )

    def _checking(self, rule: TaskRule) -> tuple[Review, ...]:
        """The reviews that a person on this task wants to know of: not their own, and no signatures."""
        wanted = CHECKING_KINDS if rule.kind not in ("in_principle", "early_view") else ("in_principle", "early_view")
        return tuple(review for review in self.reviews if review.kind in wanted and review.key != self.key)

    def _changes(self, looked: queries_tasks.Looked | None) -> Changes | None:
        if looked is None or self.text is None:
            return None
        if not 1 <= looked.version_number < self.text.number:
            return Changes(looked.version_number, looked.at, ())
        found = differences.between(self.ctx, self.session, self.loaded, looked.version_number, self.text.number)
        return Changes(looked.version_number, looked.at, found)

    def _conditions(self) -> tuple[Condition, ...]:
        names = {party.key: party.code for party in self.loaded.parties}
        return tuple(
            Condition(row.text, row.due_on, names.get(row.party_key or "", ""))
            for row in work.conditions(self.session, self.loaded.head.id)
            if row.met_at is None
        )

    def _waits(self, task: Any, calendar: WorkingCalendar) -> Waits:
        workflow, now = self.flow.workflow, self.ctx.clock.now()
        after = _days(workflow.escalation, "after_days")
        told = str(workflow.escalation.get("to") or "")
        answers = content.flat(content.working_answers(self.session, self.loaded.head.id))
        told_at = calendar.due_at(task.due_at, after[0]) if after and told else None
        return Waits(
            task.due_at,
            task.due_at < now,
            _days(workflow.reminders, "before_days"),
            _days(workflow.reminders, "after_days"),
            told_at,
            ROLES.get(told, told),
            told_at is not None and told_at < now,
            str(answers.get("date_needed") or ""),
            str(answers.get("consequence_if_not") or ""),
            redating.why_moved(self.session, self.task) if self.task is not None else None,
        )

    def _questions(self, organisation_id: int) -> tuple[Question, ...]:
        """Questions about this task, for those who ask and those who answer."""
        sides = {organisation_id, self.loaded.lead.organisation_id}
        if self.task is None or not sides & set(visibility.sides(self.actor)):
            return ()
        return tuple(
            Question(row.text, row.asked_at, row.answer or "", row.answered_at)
            for row in work.queries(self.session, self.loaded.head.id)
            if row.task_id == self.task.id
        )

    def _sections(self, rule: TaskRule) -> tuple[tuple[str, str, bool], ...]:
        """Every section (key, title, whether this task covers it), those covered first."""
        form = content.form_of(self.ctx, self.session, self.loaded)
        covered = set(rule.sections) or {section.key for section in form.sections}
        rows = [(section.key, section.title, section.key in covered) for section in form.sections]
        return tuple(sorted(rows, key=lambda row: not row[2]))

    def _colleagues(self, organisation_id: int, role: str) -> tuple[tuple[int, str], ...]:
        able = people.holders(self.session, organisation_id, role, on=local_day(self.ctx.clock.now()))
        return tuple((person.id, person.name) for person in able if person.id != self.actor.person_id)

    def _reliable(self, rule: TaskRule, mine: Review | None) -> tuple[tuple[int, str, str], ...]:
        """Approvals of the same review by other parties: (id, party, post)."""
        if rule.kind != "decision" or mine is None:
            return ()
        names = {party.key: party.name for party in self.loaded.parties}
        return tuple(
            (approval.id, names.get(approval.party_key or "", ""), approval.post)
            for approval in work.live_approvals(self.session, self.loaded.head.id)
            if approval.rule == rule.id and approval.organisation_id != mine.organisation_id
        )


def _days(points: Mapping[str, object], name: str) -> tuple[int, ...]:
    found = points.get(name)
    return tuple(day for day in found if isinstance(day, int)) if isinstance(found, list | tuple) else ()
