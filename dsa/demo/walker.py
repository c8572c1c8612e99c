"""Walks one agreement through the services as the people who hold the roles. One rule: it calls what the pages call."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dsa.demo.cast import Cast
from dsa.domain.parties import parties_of
from dsa.services import drafting, journeying, moves, notifying, reviewing, signing, timetabling
from dsa.services.context import Context
from dsa.services.first_look import FIRST_LOOK, ask_first_look
from dsa.services.journeying import OpenTask, Standing
from dsa.services.reviewing import Verdict
from dsa.services.starting import NewAgreement, start_agreement
from dsa.services.timetabling import Answer

ANSWERED = {
    "in_principle": "yes", "early_view": "no_blocker", "check": "agreed", "advice": "support", "decision": "approved",
    "record": "done",
}  # fmt: skip


class Walker:
    """One agreement and the people who act on it."""

    def __init__(self, ctx: Context, cast: Cast, reference: str, *, lead: str) -> None:
        self.ctx, self.cast, self.reference, self.lead = ctx, cast, reference, lead
        self._seen: int | None = None
        self._revisions: dict[str, int] = {}

    @classmethod
    def start(cls, ctx: Context, cast: Cast, new: NewAgreement) -> "Walker":
        """Start an agreement as the drafter of its lead."""
        return cls(ctx, cast, start_agreement(ctx, cast.actor(new.lead, "drafter"), new), lead=new.lead)

    def standing(self) -> Standing:
        """Where the agreement stands; later steps say that they saw this version."""
        found = journeying.standing(self.ctx, self.reference)
        self._seen = found.version
        return found

    def move(self, move: str, *, role: str = "drafter", code: str = "", reason: str = "", delay: str = "",
             assumed: Sequence[str] = ()) -> str:  # fmt: skip
        """Make a move as a holder of ``role`` in ``code`` (the lead where none is given); returns the stage reached."""
        actor = self.cast.actor(code or self.lead, role)
        if move == FIRST_LOOK:
            self._seen = (step := ask_first_look(self.ctx, actor, self.reference, seen=self._seen)).version
            return step.decision.dest
        step = moves.move(
            self.ctx, actor, self.reference, move, seen=self._seen, reason=reason, reason_code=delay,
            assumed=tuple(assumed),
        )  # fmt: skip
        self._seen = step.version
        return step.decision.dest

    def decide(self, task: OpenTask, verdict: Verdict | None = None) -> None:
        """Decide a task as whoever holds its role; without a verdict it is agreed to."""
        actor = self.cast.actor(task.organisation, task.role)
        verdict = verdict or Verdict(ANSWERED[task.kind])
        if task.kind == "in_principle" and verdict.outcome == "yes":
            verdict = replace(
                verdict, named=journeying.named_at_first_look(self.ctx, self.reference, task.organisation)
            )
            found = journeying.dates(self.ctx, self.reference)
            if found.pending is not None and task.organisation in found.waits_for:
                verdict = replace(verdict, timetable=Answer(found.pending))
        step = reviewing.decide_task(self.ctx, actor, self.reference, task.key, verdict, seen=self._seen)
        self._seen = step.version

    def later_dates(self, *, code: str, owner: str) -> None:
        """Ask for the dates that the targets suggest now, where those that bind are earlier; every party accepts."""
        found = journeying.dates(self.ctx, self.reference)
        later = {stage: day for stage, day in found.suggested.items() if day > found.binding.get(stage, day)}
        if not later:
            return
        drafter = self.cast.actor(self.lead, "drafter")
        timetabling.propose_change(self.ctx, drafter, self.reference, later, code=code, owner=owner)
        pending = journeying.dates(self.ctx, self.reference)
        for organisation in pending.waits_for:
            actor = self.cast.actor(organisation, "information_governance")
            timetabling.accept(self.ctx, actor, self.reference, pending.pending or 0)

    def ask(self, task: OpenTask, text: str) -> None:
        """Ask the drafter a question about a task."""
        actor = self.cast.actor(task.organisation, task.role)
        self._seen = reviewing.ask_question(
            self.ctx, actor, self.reference, task.key, text, seen=self._seen
        ).version  # fmt: skip

    def answer(self, text: str) -> None:
        """Answer every open question as the drafter."""
        for query in self.standing().questions:
            actor = self.cast.actor(self.lead, "drafter")
            self._seen = reviewing.answer_question(self.ctx, actor, self.reference, query, text).version

    def respond(self, text: str) -> None:
        """Respond to every open request for changes as the drafter."""
        for request in self.standing().requests:
            drafting.respond(self.ctx, self.cast.actor(self.lead, "drafter"), self.reference, request, text)
        self.standing()

    def save(self, section: str, raw: Mapping[str, Any], *, correction: drafting.Correction | None = None) -> None:
        """Save answers of one section as the drafter of the lead."""
        revision = self._revisions.get(section)
        if revision is None:
            revision = journeying.revision_of(self.ctx, self.reference, section)
        saved = drafting.save_section(
            self.ctx, self.cast.actor(self.lead, "drafter"), self.reference, section, raw, seen_revision=revision,
            correction=correction,
        )  # fmt: skip
        self._revisions[section] = saved.revision

    def sign(self, task: OpenTask) -> None:
        """Sign as whoever holds the signatory's post, confirmed as a demonstration person."""
        actor = self.cast.actor(task.organisation, task.role)
        page = signing.to_sign(self.ctx, actor, self.reference, task.key)
        step = signing.sign(
            self.ctx, actor, self.reference, task.key, seen=self._seen, seen_sha256=page.document_sha256, confirmed=True
        )
        self._seen = step.version

    def carry_out(self) -> None:
        """Carry out what waits in the outbox: documents and mail."""
        while notifying.carry_out(self.ctx):
            pass

    def group_leader(self, party: str | None) -> str | None:
        """The first party of this party's group, where it is another one: whose review it may rely on."""
        parties = parties_of(journeying.answers_of(self.ctx, self.reference))
        mine = next((one for one in parties if one.key == party), None)
        if mine is None or not mine.group:
            return None
        first = next(one.key for one in parties if one.group == mine.group)
        return first if first != party else None
