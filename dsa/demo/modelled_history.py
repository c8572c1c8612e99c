"""One agreement of a large world lived through at the moments of its lifeline.

One rule: every step goes through a service.
"""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from dsa.demo.answers import Answers
from dsa.demo.history import ASKED_BY, ASKS, SUMMARIES, change_of
from dsa.demo.modelled import NEVER, Lifeline, Period, Round
from dsa.demo.walker import Walker
from dsa.domain.form import Form
from dsa.insight.synthetic import PERIOD
from dsa.services import holding, sealing
from dsa.services.journeying import OpenTask
from dsa.services.reviewing import Verdict
from dsa.timekeeping.calendar import calendar_for
from dsa.timekeeping.clock import SimulatedClock

LATER = ("data", "legal_power", "security")  # sections that are written in the stage of drafting
_SUBMITTED = 0.85  # of the time of a draft: the rest is the check by the others
_KINDS = {"legal": "legal", "security": "security", "supply": "security"}
Act = tuple[float, str, Callable[[], Any]]


class ModelledHistory:
    """Takes one agreement from its start to where it stands at the end of the period, or to its withdrawal."""

    def __init__(
        self, walker: Walker, line: Lifeline, period: Period, clock: SimulatedClock, form: Form, answers: Answers,
        chance: random.Random,
    ) -> None:  # fmt: skip
        self.walker, self.line, self.period, self.clock = walker, line, period, clock
        self.form, self.answers, self.chance = form, answers, chance
        self.lead = line.bodies[0].code
        self._nations = {body.code: body.nation for body in line.bodies}
        self._place = {body.key: number for number, body in enumerate(line.bodies)}
        self._ask = 0
        self._written: dict[str, str] = {}

    def live(self) -> None:
        """Every act whose time has come, each in the office hours of whoever acts."""
        limit = min(PERIOD, self.line.stops)
        for at, code, act in self._acts():
            if not at <= limit:  # what never comes may be no number either
                break
            if not self._to(at, code):
                return
            act()
        if self.line.stops <= PERIOD and self._to(self.line.stops, self.lead):
            self.walker.standing()
            self.walker.move("withdraw", reason="The policy has changed and the data is no longer needed.")

    def _to(self, at: float, code: str) -> bool:
        """Go to a moment, or to the next opening of that office; False where that lies beyond the present."""
        moment = calendar_for(self._nations[code]).next_opening(self.period.at(at))
        if moment > self.period.now:
            return False
        if moment > self.clock.now():
            self.clock.advance_to(moment)
        return True

    def _acts(self) -> Iterator[Act]:
        yield from self._first_look()
        yield from self._draft()
        for number, one in enumerate(self.line.rounds):
            if number:
                yield from self._redraft(one)
            yield from self._review(one, send_back=number + 1 < len(self.line.rounds))
            if self.walker.standing().stage != "drafting":
                break
        yield from self._sign_off()
        yield from self._afterwards()

    def _first_look(self) -> Iterator[Act]:
        begins, ends = self.line.begins, self.line.first_look_ends
        length = ends - begins
        yield begins + 0.1 * length, self.lead, lambda: self._move("ask_first_look")
        tasks = sorted(self.walker.standing().here(), key=lambda task: task.required)
        for number, task in enumerate(tasks, 1):
            yield begins + length * (0.1 + 0.9 * number / len(tasks)), task.organisation, self._decide(task)

    def _draft(self) -> Iterator[Act]:
        line, known = self.line, self.form.sectioned(self.answers)
        begins, length = line.first_look_ends, line.draft_ends - line.first_look_ends
        written = [section for section in LATER if known.get(section)]
        for number, section in enumerate(written, 1):
            yield begins + length * 0.8 * number / len(written), self.lead, self._save(section, known[section])
        sent = begins + _SUBMITTED * length
        if line.hold_code:
            held = line.hold_ends - line.draft_ends
            yield sent, self.lead, self._begin_hold
            sent += held
            yield sent, self.lead, self._end_hold
        yield sent, self.lead, lambda: self._move("submit")
        yield from self._check(sent, line.hold_ends)

    def _check(self, sent: float, ends: float) -> Iterator[Act]:
        tasks = self.walker.standing().here()
        for number, task in enumerate(tasks, 1):
            yield sent + (ends - sent) * number / len(tasks), task.organisation, self._decide(task)

    def _redraft(self, one: Round) -> Iterator[Act]:
        begins, ends = one.redraft or (NEVER, NEVER)
        section, key, _, added = ASKS[self._ask]
        already = self._written.get(key, str(self.answers.get(key) or ""))
        self._written[key] = f"{already} {added}".strip()
        yield begins + 0.6 * (ends - begins), self.lead, self._save(section, {key: self._written[key]})
        yield begins + 0.6 * (ends - begins), self.lead, lambda: self.walker.respond("Added.")
        sent = begins + _SUBMITTED * (ends - begins)
        yield sent, self.lead, lambda: self._move("submit")
        yield from self._check(sent, ends)

    def _review(self, one: Round, *, send_back: bool) -> Iterator[Act]:
        """Reviews as they come in; the last one ends the round when the model says so."""
        tasks = {task.key: (self._due(task, one), task) for task in self.walker.standing().here()}
        asker = self._asker([task for _, task in tasks.values()]) if send_back else ""
        while tasks:
            key = min(tasks, key=lambda each: (tasks[each][0], each))
            at, task = tasks.pop(key)
            last = not tasks and task.kind != "advice"
            verdict = self._verdict(task, asker)
            asker = "" if verdict.outcome == "changes" else asker
            yield one.ends if last else min(at, one.ends), task.organisation, self._decide(task, verdict)
            if task.kind == "advice":  # somebody may decide on it now
                opened = [each for each in self.walker.standing().here() if each.key not in tasks]
                tasks |= {each.key: (self._due(each, one), each) for each in opened}

    def _due(self, task: OpenTask, one: Round) -> float:
        """When the model has this review done: other parties' lawyers within the time of the one that counts."""
        place = self._place[task.party] if task.party else 0
        kind = _KINDS.get(task.rule)
        if kind is None:
            began, ended = one.reviews.get(("data_protection", place), (NEVER, NEVER))
            return began + 0.9 * (ended - began) if task.kind == "advice" else ended
        began, ended = one.reviews.get((kind, 1), (NEVER, NEVER))
        share = 1.0 if place == 1 else 0.3 + 0.65 * self.chance.random()
        return began + share * (ended - began)

    def _asker(self, tasks: list[OpenTask]) -> str:
        """The role that sends the draft back."""
        roles = {task.role for task in tasks if task.kind == "decision" and self._able(task.role)}
        if any(task.kind == "advice" for task in tasks):
            roles.add("information_governance")
        return self.chance.choice(sorted(roles)) if roles else ""

    def _able(self, role: str) -> list[int]:
        return [number for number in ASKED_BY.get(role, ()) if ASKS[number][1] in self.answers]

    def _verdict(self, task: OpenTask, asker: str) -> Verdict:
        if task.kind == "decision" and task.role == asker:
            self._ask = self.chance.choice(self._able(asker))
            change = change_of(asker, self._ask, self.chance)
            return Verdict("changes", "One change first.", changes=(change,))
        summary = self.chance.choice(SUMMARIES)
        return Verdict("support", summary or "Supported.") if task.kind == "advice" else Verdict("approved", summary)

    def _sign_off(self) -> Iterator[Act]:
        line = self.line
        begins, first = line.last_reviewed, min(line.signatures)
        locked = begins + 0.1 * (first - begins) if first < NEVER else begins
        yield locked, self.lead, lambda: self._move("lock_text")
        tasks = self.walker.standing().here()
        yield locked, self.lead, lambda: sealing.issue_document(self.walker.ctx, self.walker.reference)
        for at, task in sorted(
            ((line.signatures[self._place[str(t.party)]], t) for t in tasks), key=lambda row: row[0]
        ):
            yield at, task.organisation, self._sign(task)

    def _afterwards(self) -> Iterator[Act]:
        """Prepared in some days, reviewed each year, ended after two."""
        signed, lives = max(self.line.signatures), signed_plus(self.chance)
        yield signed, self.lead, lambda: sealing.seal_document(self.walker.ctx, self.walker.reference)
        for days, move, role, reason in lives:
            yield signed + days, self.lead, self._moved(move, role, reason)

    def _begin_hold(self) -> None:
        code = self.line.hold_code
        days = (self.line.hold_ends - self.line.draft_ends) * 1.4 if self.line.hold_ends < NEVER else 90
        outside = code == "BOARD"
        awaited = "Debt and fraud review board" if outside else self.lead
        if not outside and code != "RESOURCE":
            awaited = self.line.bodies[1].code
        until = self.clock.now().date() + timedelta(days=max(5, round(days)))
        actor = self.walker.cast.actor(self.lead, "drafter")
        holding.begin_hold(
            self.walker.ctx, actor, self.walker.reference, code=code, awaited=awaited, outside=outside, until=until,
            seen=None,
        )  # fmt: skip
        self.walker.standing()

    def _end_hold(self) -> None:
        actor = self.walker.cast.actor(self.lead, "drafter")
        holding.end_hold(self.walker.ctx, actor, self.walker.reference, seen=None)
        self.walker.standing()

    def _move(self, move: str, role: str = "drafter", reason: str = "") -> None:
        self.walker.move(move, role=role, reason=reason)

    def _moved(self, move: str, role: str, reason: str) -> Callable[[], None]:
        return lambda: self._move(move, role, reason)

    def _decide(self, task: OpenTask, verdict: Verdict | None = None) -> Callable[[], None]:
        return lambda: self.walker.decide(task, verdict)

    def _sign(self, task: OpenTask) -> Callable[[], None]:
        return lambda: self.walker.sign(task)

    def _save(self, section: str, answers: Any) -> Callable[[], None]:
        return lambda: self.walker.save(section, answers)


def signed_plus(chance: random.Random) -> list[tuple[float, str, str, str]]:
    """What follows the last signature: after how many working days, which move, by whom, and the reason."""
    live = 2 + 6 + chance.random() * 12
    looked = live + 252 + chance.random() * 20
    end = 504 + chance.random() * 20
    return [
        (1 + chance.random(), "prepare", "drafter", ""),
        (live, "go_live", "operational", ""),
        (looked, "call_review", "drafter", ""),
        (looked + 5 + chance.random() * 15, "renew", "drafter", "Still needed, and nothing has changed."),
        (end, "end", "drafter", "The purpose has been met."),
        (end + 4 + chance.random() * 10, "record_destruction", "operational", "Deleted; the certificate is on file."),
        (end + 16, "close", "drafter", ""),
    ]
