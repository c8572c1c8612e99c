"""The task list of a draft and the check before sending it. One rule: what the page says blocks is what blocks.

Nothing here changes anything; the statuses follow from the saved answers alone.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.checking import Judgement
from dsa.domain.conditions import answered
from dsa.domain.errors import Refusal
from dsa.domain.machine import decide
from dsa.domain.rules import BLOCK
from dsa.domain.tier import ROUTES, Tier, tier
from dsa.domain.workflow import ROLES
from dsa.persistence import people, queries_drafts
from dsa.services import facts, permitting
from dsa.services.agreement_header import Header
from dsa.services.context import Context
from dsa.services.draft_view import DraftView, open_draft
from dsa.services.first_look import FIRST_LOOK
from dsa.services.moving import flow_of, target_of
from dsa.services.next_step import NextStep, next_steps
from dsa.services.permitting import needed_facts
from dsa.timekeeping.instants import local_day

NOT_STARTED, IN_PROGRESS, COMPLETED, PROBLEM, CANNOT_START, NOT_NEEDED = (
    "not_started", "in_progress", "completed", "problem", "cannot_start", "not_needed",
)  # fmt: skip
SUBMIT = "submit"


@dataclass(frozen=True, slots=True)
class SectionLine:
    """A section on the task list: its status and how many answers are still needed."""

    key: str
    title: str
    status: str
    missing: int
    saved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Blocker:
    """Something that stops (or warns before) the sending: the sentence, and the section and path of the answer.

    ``kind``: missing, mistake, check, warning, party, request, route.
    """

    message: Refusal
    kind: str
    section: str = ""
    path: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class EarlyView:
    """What a reviewer said early. ``outcome``: no_blocker, needs, blocker; None while it is open."""

    who: str
    organisation: str
    nation: str
    outcome: str | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who gets the draft when it is sent: what they are asked, of which post and organisation, by when."""

    what: str
    who: tuple[str, ...]
    role: str
    organisation: str
    nation: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class DraftPage:
    """Everything on the task list. ``route_fits`` is the route that the answers lead to, with its reasons."""

    view: DraftView
    lines: tuple[SectionLine, ...]
    blockers: tuple[Blocker, ...]
    requests: tuple[Row[Any], ...]
    questions: tuple[Row[Any], ...]
    early: tuple[EarlyView, ...]
    unknown: tuple[str, ...]
    may_share: bool
    first_look: Refusal | None
    may_ask_first_look: bool
    may_submit: bool
    route_fits: Tier
    steps: tuple[NextStep, ...]

    @property
    def header(self) -> Header:
        """What stands above the page."""
        return self.view.header

    @property
    def counted(self) -> tuple[SectionLine, ...]:
        """The sections that have something to answer."""
        return tuple(line for line in self.lines if line.status != NOT_NEEDED)

    @property
    def completed(self) -> int:
        """How many sections are complete."""
        return sum(line.status == COMPLETED for line in self.lines)

    @property
    def continue_at(self) -> SectionLine | None:
        """Where to go on: the first section that is begun and not finished, else the first that is not begun."""
        for wanted in (PROBLEM, IN_PROGRESS, NOT_STARTED):
            found = next((line for line in self.lines if line.status == wanted), None)
            if found is not None:
                return found
        return None

    @property
    def other_route(self) -> str | None:
        """The route to offer: standard where the fast route no longer fits, fast where the answers now meet it."""
        here = self.view.loaded.head.route
        return self.route_fits.route if here in ROUTES and self.route_fits.route != here else None


@dataclass(frozen=True, slots=True)
class CheckPage:
    """The check before sending. ``receivers`` are those who get it; ``sent`` once the draft is with them."""

    view: DraftView
    blockers: tuple[Blocker, ...]
    warnings: tuple[Blocker, ...]
    receivers: tuple[Receiver, ...]
    may_submit: bool
    refusal: Refusal | None
    sent: bool
    steps: tuple[NextStep, ...]
    problems: Mapping[str, str]


def draft_page(ctx: Context, actor: Actor, reference: str) -> DraftPage:
    """The task list. Raises NotFound for strangers, NotAllowed for another party before the draft is shared."""
    with ctx.database.reading() as session:
        view = open_draft(ctx, session, actor, reference)
        judgement = facts.judgement(ctx, session, view.loaded, view.answers)
        requests = tuple(queries_drafts.change_requests(session, view.loaded.head.id))
        offered = {choice.move.id: choice for choice in permitting.choices(ctx, session, actor, view.loaded)}
        first_look = offered.get(FIRST_LOOK)
        may_share = view.loaded.head.shared_at is None and _may(ctx, session, actor, view, "share_draft")
        return DraftPage(
            view=view,
            lines=tuple(section_lines(view, judgement, requests)),
            blockers=tuple(blockers(view, judgement, requests)) if view.own is None else (),
            requests=requests,
            questions=tuple(queries_drafts.questions(session, view.loaded.head.id)),
            early=tuple(_early(session, view)) if view.own is None else (),
            unknown=not_in_the_directory(view),
            may_share=may_share,
            first_look=first_look.refusal if first_look else None,
            may_ask_first_look=first_look is not None,
            may_submit=SUBMIT in offered,
            route_fits=tier(view.answers, view.parties),
            steps=next_steps(ctx, session, view.loaded),
        )


def check_page(ctx: Context, actor: Actor, reference: str) -> CheckPage:
    """The whole draft with what stops it and what warns, and who gets it next."""
    with ctx.database.reading() as session:
        view = open_draft(ctx, session, actor, reference)
        judgement = facts.judgement(ctx, session, view.loaded, view.answers)
        requests = tuple(queries_drafts.change_requests(session, view.loaded.head.id))
        offered = {choice.move.id: choice for choice in permitting.choices(ctx, session, actor, view.loaded)}
        submit = offered.get(SUBMIT)
        return CheckPage(
            view=view,
            blockers=tuple(blockers(view, judgement, requests)),
            warnings=tuple(_findings(view, judgement, stopping=False)),
            receivers=tuple(_receivers(ctx, session, view)),
            may_submit=submit is not None and submit.refusal is None,
            refusal=submit.refusal if submit else None,
            sent=view.loaded.head.stage not in ("start", "first_look", "drafting"),
            steps=next_steps(ctx, session, view.loaded),
            problems=problems_of(judgement),
        )


def problems_of(judgement: Judgement) -> dict[str, str]:
    """The first mistake in each question's answer."""
    found: dict[str, str] = {}
    for mistake in judgement.mistakes:
        found.setdefault(head_of(mistake.field), mistake.message)
    return found


def head_of(path: str) -> str:
    """The question that a path begins with: "data_items[0].why" is about "data_items"."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def not_in_the_directory(view: DraftView) -> tuple[str, ...]:
    """Names of the parties in the answers that are no party of the agreement yet."""
    known = {party.key for party in view.loaded.parties}
    return tuple(party.name for party in view.parties if party.key not in known)


def section_lines(view: DraftView, judgement: Judgement, requests: Sequence[Row[Any]]) -> Iterable[SectionLine]:
    """Each section with its status, for this reader."""
    asked_for = {request.section for request in requests if request.status == "open"}
    wrong = {head_of(m.field) for m in judgement.mistakes}
    wrong |= {head_of(f.fields[0]) for f in judgement.report.findings if f.severity == BLOCK and f.fields}
    known = answered(view.answers.get("data_kind")) and bool(view.parties)
    for section in view.form.sections:
        mine = [q.key for q in view.asked(section)]
        missing = sum(_concerns(view, one.party) and one.question_key in mine for one in _keyed(judgement))
        saved = view.saved.get(section.key)
        begun = any(_begun(view, key) for key in mine)
        if view.own is not None and not mine:
            continue
        if not mine:
            status = NOT_NEEDED if known else CANNOT_START
        elif view.own is None and (section.key in asked_for or wrong.intersection(mine)):
            status = PROBLEM
        elif not begun:
            status = NOT_STARTED
        else:
            status = IN_PROGRESS if missing else COMPLETED
        yield SectionLine(section.key, section.title, status, missing, saved.saved_at if saved else None)


@dataclass(frozen=True, slots=True)
class _Lack:
    question_key: str
    party: str | None


def _keyed(judgement: Judgement) -> list[_Lack]:
    return [_Lack(head_of(one.field), one.party) for one in judgement.missing]


def _concerns(view: DraftView, party: str | None) -> bool:
    return view.own is None or party in (view.own.key, view.own.group)


def _begun(view: DraftView, key: str) -> bool:
    value = view.answers.get(key)
    if view.own is None:
        return answered(value)
    return isinstance(value, Mapping) and (view.own.key in value or view.own.group in value)


def blockers(view: DraftView, judgement: Judgement, requests: Sequence[Row[Any]]) -> Iterable[Blocker]:
    """Everything that stops the sending, in the order of the form."""
    order = {section.key: number for number, section in enumerate(view.form.sections)}
    found = [
        Blocker(Refusal("Answer: %(question)s", {"question": m.question}), "missing", m.section, m.field)
        for m in judgement.missing
    ]
    found += [Blocker(Refusal(m.message), "mistake", _section(view, m.field), m.field) for m in judgement.mistakes]
    found += _findings(view, judgement, stopping=True)
    names = ", ".join(not_in_the_directory(view)[:5])
    if names:
        sentence = "%(names)s: not in the directory of organisations. Ask your administrator to add them."
        found.append(Blocker(Refusal(sentence, {"names": names}), "party", "parties", "parties"))
    found.sort(key=lambda one: order.get(one.section, len(order)))
    waiting = sum(request.status == "open" for request in requests)
    if waiting:
        sentence = "Respond to each request for changes. %(count)s have no response yet."
        found.append(Blocker(Refusal(sentence, {"count": waiting}), "request"))
    head = view.loaded.head
    if head.route == ROUTES[0] and judgement.tier.route != head.route:
        sentence = "The answers no longer fit the fast route: %(reasons)s Move to the standard route."
        found.append(Blocker(Refusal(sentence, {"reasons": " ".join(judgement.tier.reasons)}), "route"))
    return found


def _findings(view: DraftView, judgement: Judgement, *, stopping: bool) -> list[Blocker]:
    found = []
    for finding in judgement.report.findings:
        if (finding.severity == BLOCK) == stopping:
            path = finding.fields[0] if finding.fields else ""
            kind = "check" if stopping else "warning"
            found.append(Blocker(Refusal(finding.message), kind, _section(view, path), path, finding.rule))
    return found


def _section(view: DraftView, path: str) -> str:
    question = view.form.question(head_of(path))
    return question.section if question else ""


def _may(ctx: Context, session: Session, actor: Actor, view: DraftView, action: str) -> bool:
    return permitting.why_not(ctx, session, actor, action, view.loaded) is None


def _early(session: Session, view: DraftView) -> Iterable[EarlyView]:
    for row in queries_drafts.early_views(session, view.loaded.head.id):
        outcome = row.outcome if row.status == "done" else None
        yield EarlyView(ROLES.get(row.role, row.role), row.name, row.nation, outcome, row.due_at)


def _receivers(ctx: Context, session: Session, view: DraftView) -> Iterable[Receiver]:
    """Who would get the draft now if nothing stopped it: the machine is asked as if every condition held."""
    loaded, flow = view.loaded, flow_of(ctx, session, view.loaded)
    move = flow.workflow.move(SUBMIT)
    if move is None or loaded.head.stage not in move.sources:
        return
    decision = decide(flow, replace(loaded.snapshot(), facts=frozenset(needed_facts(move.when)), hold=None), SUBMIT)
    now = ctx.clock.now()
    names = {party.code: (party.name, party.nation) for party in loaded.parties}
    for task in decision.opened:
        if task.status != "open":
            continue
        organisation = loaded.organisation_id(task.organisation)
        name, nation = names[task.organisation]
        rule = flow.workflow.rule(task.rule)
        calendar = ctx.calendars.of(session, organisation, nation)
        due = calendar.due_at(now, target_of(rule, loaded.head.route))
        able = people.holders(session, organisation, task.role, on=local_day(now))
        who = tuple(dict.fromkeys(holder.name for holder in able))
        yield Receiver(rule.title, who, ROLES.get(task.role, task.role), name, nation, due)
