"""Who checked an agreement and what they said, as one reader may see it.

One rule: of another party's review a reader gets the outcome and what it asks of others; its notes are never read.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.form import Form
from dsa.domain.workflow import ROLES
from dsa.persistence import queries_tasks, visibility, work
from dsa.persistence.heads import Loaded
from dsa.services import content
from dsa.services.context import Context
from dsa.services.moving import flow_of
from dsa.timekeeping.calendar import WorkingCalendar

CHECKING_KINDS = ("decision", "advice", "check", "record")


@dataclass(frozen=True, slots=True)
class Asked:
    """A change that a reviewer asked for: the section's title, the reason's code, the text, the drafter's response."""

    section: str
    code: str
    text: str
    blocker: bool
    response: str


@dataclass(frozen=True, slots=True)
class Condition:
    """What an approval was subject to, and by when (an ISO date, or None)."""

    text: str
    due_on: str | None
    party: str
    met: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """One task as a reader sees it. ``outcome`` None: not decided. ``notes`` only of the reader's own side.

    ``calendar`` is that of whoever the task waits for: distances to ``due_at`` are counted on it.
    """

    key: str
    rule: str
    kind: str
    title: str
    role: str
    role_title: str
    organisation: str
    code: str
    organisation_id: int
    status: str
    outcome: str | None
    due_at: datetime
    calendar: WorkingCalendar
    post: str = ""
    at: datetime | None = None
    happened_at: datetime | None = None
    person_id: int | None = None
    summary: str = ""
    requests: tuple[Asked, ...] = ()
    conditions: tuple[Condition, ...] = ()
    notes: tuple[queries_tasks.PrivateNote, ...] = ()
    relies_on: str = ""
    stage: str = ""

    @property
    def says_something(self) -> bool:
        """Whether there is more than an outcome to read."""
        return bool(self.summary or self.requests or self.conditions or self.notes or self.relies_on)


def reviews_of(ctx: Context, session: Session, loaded: Loaded, actor: Actor) -> tuple[Review, ...]:
    """Every task of the agreement that was not dropped, the newest of each key, in the order in which they opened."""
    rows = queries_tasks.tasks_with_decisions(session, loaded.head.id)
    newest: dict[str, Any] = {}
    decided: dict[str, Any] = {}
    for row in rows:
        if row.status == "done":
            decided[row.key] = row
        newest[row.key] = row
    reader = _Reader(ctx, session, loaded, actor)
    return tuple(reader.review(row, decided.get(key)) for key, row in newest.items() if row.status != "lapsed")


class _Reader:
    """Turns rows into what one person may see."""

    def __init__(self, ctx: Context, session: Session, loaded: Loaded, actor: Actor) -> None:
        self.ctx, self.session, self.loaded = ctx, session, loaded
        self.flow = flow_of(ctx, session, loaded)
        self.form = content.form_of(ctx, session, loaded)
        self.parties = {party.key: party.name for party in loaded.parties}
        self.notes: dict[int, list[queries_tasks.PrivateNote]] = {}
        for note in queries_tasks.private_notes(session, loaded.head.id, visibility.sides(actor)):
            self.notes.setdefault(note.event_seq, []).append(note)
        self.requests: dict[int, list[Asked]] = {}
        for row in work.change_requests(session, loaded.head.id):
            asked = Asked(
                section_title(self.form, row.section), row.reason_code, row.text, row.blocker, row.response or ""
            )
            self.requests.setdefault(row.event_seq, []).append(asked)
        self.relied = {a.id: a for a in work.live_approvals(session, loaded.head.id)}

    def _calendar(self, organisation_id: int) -> WorkingCalendar:
        return self.ctx.calendars.of(self.session, organisation_id, self.loaded.nation_of(organisation_id))

    def review(self, row: Any, decided: Any) -> Review:
        """One task; for one whose earlier approval stands, what was decided then."""
        rule = self.flow.workflow.rule(row.rule)
        said = decided if row.status in ("done", "standing") else None
        facts: Mapping[str, Any] = {}
        post, more = "", {}
        if said is not None and said.body:
            body = json.loads(said.body)
            facts, post = body["facts"], body["actor"]["post"]
            more = {"at": said.done_at, "happened_at": said.happened_at, "person_id": said.done_by_id}
        return Review(
            row.key,
            row.rule,
            row.kind,
            rule.title,
            row.role,
            ROLES.get(row.role, row.role),
            row.organisation,
            row.code,
            row.organisation_id,
            row.status,
            said.outcome if said is not None else None,
            row.due_at,
            self._calendar(row.organisation_id),
            post,
            summary=str(facts.get("summary") or ""),
            requests=tuple(self.requests.get(said.done_seq, ())) if said is not None else (),
            conditions=conditions_in(facts, self.parties.get(row.party_key or "", row.organisation)),
            notes=tuple(self.notes.get(said.done_seq, ())) if said is not None else (),
            relies_on=self._relied_on(facts.get("relies_on")),
            stage=row.stage,
            **more,
        )

    def _relied_on(self, approval_id: Any) -> str:
        relied = self.relied.get(approval_id) if approval_id is not None else None
        return "" if relied is None else self.parties.get(relied.party_key or "", "")


def conditions_in(facts: Mapping[str, Any], party: str) -> tuple[Condition, ...]:
    """The conditions that a decision's event states."""
    return tuple(Condition(row["text"], row.get("due_on"), party) for row in facts.get("conditions") or ())


def section_title(form: Form, key: str) -> str:
    """The title of a section of the form; its key where the form has no such section."""
    section = form.section(key)
    return section.title if section is not None else key


@dataclass(frozen=True, slots=True)
class Group:
    """The reviews of one role, in brief: each outcome with the organisations that gave it."""

    role_title: str
    outcomes: tuple[tuple[str | None, tuple[str, ...]], ...]


def grouped(reviews: Sequence[Review]) -> tuple[Group, ...]:
    """Reviews by role and outcome, with the short codes of the organisations."""
    groups: dict[str, dict[str | None, list[str]]] = {}
    for review in reviews:
        outcomes = groups.setdefault(review.role_title, {})
        outcomes.setdefault(review.outcome, []).append(review.code)
    return tuple(
        Group(title, tuple((outcome, tuple(codes)) for outcome, codes in outcomes.items()))
        for title, outcomes in groups.items()
    )
