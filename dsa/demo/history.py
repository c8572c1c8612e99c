"""One agreement of the demonstration lived through, stay by stay. One rule: every step goes through a service."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from dsa.demo.fates import Fate
from dsa.demo.itinerary import Stay
from dsa.demo.pace import Pace
from dsa.demo.walker import Walker
from dsa.domain.form import Form
from dsa.services import holding, sealing
from dsa.services.context import Context
from dsa.services.journeying import OpenTask
from dsa.services.reviewing import Change, Condition, Verdict
from dsa.services.starting import NewAgreement

_FIRST = ("overview", "parties", "purpose")
# What reviewers ask for: section, question, what they ask, what the drafter adds.
ASKS = (
    ("purpose", "how_data_helps", "Say what happens when a match is wrong.",
     "A wrong match is put right before anything is done, and the source is told."),
    ("data", "data_quality", "Say how old the data is when it is sent.",
     "The data is at most one month old when it is sent."),
    ("retention", "exit_plan", "Say who confirms the deletion.",
     "The security adviser of the party that got the data confirms the deletion."),
    ("legal_power", "hra_article8", "Say why less would not do.",
     "Less than this would not find the right people."),
    ("retention", "audit_right", "Say what a check may look at.",
     "A check may look at the access log and the proof of deletion."),
)  # fmt: skip
# Why each asks: delay codes with how the request begins, the usual reasons more often than the others. Capacity, a
# board and a signature hold an agreement up; nothing comes back for them.
WHY: Mapping[str, tuple[tuple[str, str], ...]] = {
    "legal": (
        *(("QUALITY", ""),) * 3, *(("LEGAL_POWER", "The power asks for it."),) * 2,
        *(("LEGAL_DIFF", "The legal advisers differ on this."),) * 2, ("TEMPLATE", "Our template asks for it."),
    ),
    "security": (
        *(("SECURITY", "The security evidence is not complete without it."),) * 3,
        *(("RISK", "The risk is not accepted without it."),) * 2, ("TECH", "The old system does not show it."),
    ),
    "information_governance": (
        *(("DPIA", "The impact assessment needs it."),) * 3, *(("QUALITY", ""),) * 3,
        ("NO_OWNER", "Nobody is named for it."), ("DUP_REVIEW", "Our own board asks again."),
    ),
    "data_owner": (
        *(("DATA_SPEC", "The data is not as the draft has it."),) * 4,
        ("FUNDING", "The extract has to be paid for."), ("TECH", "The old system gives it once a month."),
    ),
}  # fmt: skip
ASKED_BY = {"legal": (0, 3), "security": (1, 2, 4), "information_governance": (0, 1, 2), "data_owner": (1,)}
_QUESTIONS = ("Is the extract made once a month or on demand?", "Which team looks at the matches?",
              "Does the marker change when a claim ends?")  # fmt: skip
SUMMARIES = ("Looked at; nothing stands against it.", "Agreed.", "Agreed; the safeguards are enough.", "")


def change_of(role: str, ask: int, chance: random.Random) -> Change:
    """What a reviewer in this role asks for, with one of that role's reasons."""
    section, _, asks, _ = ASKS[ask]
    code, begins = chance.choice(WHY[role])
    return Change(section, f"{begins} {asks}".strip(), code)


@dataclass(slots=True)
class History:
    """One agreement with its fate. ``later`` are the answers that the drafter writes in the stage of drafting."""

    ctx: Context
    form: Form
    fate: Fate
    pace: Pace
    chance: random.Random
    new: NewAgreement
    answers: Mapping[str, Any]
    start: Callable[[Context, NewAgreement], Walker]
    main: str = ""
    _walker: Walker | None = None
    _ask: int = 0
    _rounds: dict[str, str] = field(default_factory=dict)

    @property
    def walker(self) -> Walker:
        """The agreement as it walks."""
        if self._walker is None:
            self._walker = self.start(self.ctx, self.new)
        return self._walker

    def live(self, stays: list[Stay]) -> str:
        """Live through the stays; returns the reference."""
        for stay in stays:
            self.pace.stay(stay.days)
            getattr(self, f"_{stay.what}")(stay)
        return self.walker.reference

    def _start(self, stay: Stay) -> None:
        self.walker.standing()
        if not stay.last:
            self.pace.to(1.0)
            self.walker.move("ask_first_look")

    def _first_look(self, stay: Stay) -> None:
        tasks = sorted(self.walker.standing().here(), key=lambda task: task.required)
        share = self.fate.done if stay.last and self.fate.ends == "first_look" else 1.0
        for number, task in enumerate(tasks):
            if number >= round(share * len(tasks)):
                return
            self.pace.to((number + 1) / len(tasks))
            if self.fate.ends == "rejected" and stay.last and task.required:
                says = "The data asked for is not held here."
                self.walker.decide(task, Verdict("no", says))
                return
            self.walker.decide(task)

    def _drafting(self, stay: Stay) -> None:
        sections = [s for s in self.form.sections if s.key not in _FIRST]
        known = self.form.sectioned(self.answers)
        several = sections if not stay.last else sections[: 1 + int(self.chance.random() * 4)]
        for number, section in enumerate(several):
            self.pace.to(0.1 + 0.8 * number / len(sections))
            if known.get(section.key):
                self.walker.save(section.key, known[section.key])
        if stay.last:
            self._maybe_hold()
            return
        self.pace.to(1.0)
        if not self.fate.hold or self.fate.ends == "on_hold":  # else the hold comes next, and it is sent after it
            self._submit()

    def _submit(self) -> None:
        self.walker.standing()
        self.walker.move("submit")

    def _held(self, stay: Stay) -> None:
        self._begin_hold(self.pace.clock.now().date() + timedelta(days=max(5, int(stay.days * 1.4))))
        self.pace.to(0.95)
        holding.end_hold(
            self.ctx, self.walker.cast.actor(self.walker.lead, "drafter"), self.walker.reference, seen=None
        )  # fmt: skip
        owner = self.walker.lead if self.fate.hold in ("BOARD", "RESOURCE") else self._other()
        self.walker.later_dates(code=self.fate.hold, owner=owner)
        self.pace.to(1.0)
        self._submit()

    def _maybe_hold(self) -> None:
        if self.fate.ends == "on_hold":
            self._begin_hold(self.pace.clock.now().date() + timedelta(days=70))

    def _begin_hold(self, until: Any) -> None:
        outside = self.fate.hold == "BOARD"
        awaited = "Debt and fraud review board" if outside else self.walker.lead
        if not outside and self.fate.hold != "RESOURCE":
            awaited = self._other()
        holding.begin_hold(
            self.ctx, self.walker.cast.actor(self.walker.lead, "drafter"), self.walker.reference, code=self.fate.hold,
            awaited=awaited, outside=outside, until=until, seen=None,
        )  # fmt: skip

    def _other(self) -> str:
        """The first party that does not lead."""
        return next(str(row["code"]) for row in self.answers["parties"] if row["code"] != self.walker.lead)

    def _redraft(self, stay: Stay) -> None:
        if self.fate.ends == "on_hold" and stay.last:
            self._maybe_hold()
            return
        if stay.last:
            return
        section, key, _, added = ASKS[self._ask]
        self.pace.to(0.7)
        before = str(self.answers.get(key) or "")
        already = self._rounds.get(key, before)
        self._rounds[key] = f"{already} {added}".strip()
        self.walker.save(section, {key: self._rounds[key]})
        self.walker.respond("Added.")
        self.pace.to(1.0)
        self._submit()

    def _check_draft(self, stay: Stay) -> None:
        tasks = self.walker.standing().here()
        if stay.last:
            return
        for number, task in enumerate(tasks):
            self.pace.to((number + 1) / len(tasks))
            self.walker.decide(task)

    _recheck = _check_draft

    def _review(self, stay: Stay) -> None:
        done, expected = 0, self._expected()
        limit = round(self.fate.done * expected) if stay.last else 10_000
        if self.fate.ends == "withdrawn" and stay.last:
            limit = 2
        returner = False
        while (now := self.walker.standing()).stage == "review" and done < limit:
            for task in self._shuffled(now.here()):
                if done >= limit:
                    break
                self.pace.to((done + 1) / (expected + 1))
                verdict = self._verdict(task, send_back=stay.returns and not returner)
                returner = returner or verdict.outcome == "changes"
                self.walker.decide(task, verdict)
                done += 1
        if stay.last:
            self._end_review(stay)

    _rereview = _review

    def _end_review(self, stay: Stay) -> None:
        now = self.walker.standing()
        if self.fate.asked and now.here():
            self.walker.ask(now.here()[0], self.chance.choice(_QUESTIONS))
        self.pace.to(1.0)
        if self.fate.ends == "withdrawn":
            self.walker.move("withdraw", reason="The policy has changed and the data is no longer needed.")
        if self.fate.ends == "rejected":
            giver = next(row["code"] for row in self.answers["parties"] if row["role"] == "discloser")
            reason = "The extract would cost more than it saves."
            self.walker.move("reject", role="data_owner", code=giver, reason=reason)

    def _over(self, stay: Stay) -> None:
        """Nothing more happens."""

    def _shuffled(self, tasks: tuple[OpenTask, ...]) -> list[OpenTask]:
        found = list(tasks)
        self.chance.shuffle(found)
        return sorted(found, key=lambda task: task.organisation == self.main)  # the visitor finds theirs undone

    def _expected(self) -> int:
        parties = len(self.answers["parties"])
        return 2 if self.fate.route == "fast" else 4 * parties + 1

    def _verdict(self, task: OpenTask, *, send_back: bool) -> Verdict:
        if send_back and task.kind == "decision":
            able = [number for number in ASKED_BY.get(task.role, ()) if ASKS[number][1] in self.answers]
            if able:
                self._ask = self.chance.choice(able)
                change = change_of(task.role, self._ask, self.chance)
                return Verdict("changes", "One change first.", changes=(change,))
        summary = self.chance.choice(SUMMARIES)
        if task.kind == "advice":
            return Verdict("support", summary or "Supported.")
        if task.role == "security" and self.chance.random() < 0.15 and self.fate.ends in ("review", "preparing"):
            return Verdict(
                "approved_with_conditions",
                summary,
                conditions=(Condition("Test the transfer with made-up data first."),),
            )
        return Verdict("approved", summary)

    def _board(self, stay: Stay) -> None:
        if not stay.last:
            self.pace.to(1.0)
            self.walker.decide(self.walker.standing().here()[0], Verdict("done", "The board and the minister agreed."))

    def _text_agreed(self, stay: Stay) -> None:
        if not stay.last:
            self.pace.to(1.0)
            self.walker.standing()
            self.walker.move("lock_text")

    def _sign_off(self, stay: Stay) -> None:
        tasks = self.walker.standing().here()
        limit = round(self.fate.done * len(tasks)) if stay.last else len(tasks)
        if limit:
            sealing.issue_document(self.ctx, self.walker.reference)
        for number, task in enumerate(tasks[:limit]):
            self.pace.to((number + 1) / len(tasks))
            self.walker.sign(task)

    def _signed(self, stay: Stay) -> None:
        sealing.seal_document(self.ctx, self.walker.reference)
        self._then(stay, "prepare", "drafter")

    def _preparing(self, stay: Stay) -> None:
        self._then(stay, "go_live", "operational")

    def _in_use(self, stay: Stay) -> None:
        move = {"review_due": "call_review", "suspended": "suspend", "superseded": "vary"}.get(self.fate.ends, "end")
        self._then(stay, move, "drafter")

    def _ended(self, stay: Stay) -> None:
        self._then(stay, "record_destruction", "operational")

    def _data_destroyed(self, stay: Stay) -> None:
        self._then(stay, "close", "drafter")

    def _review_due(self, stay: Stay) -> None:
        """Waits for somebody to decide."""

    _suspended = _closed = _superseded = _review_due

    def _then(self, stay: Stay, move: str, role: str) -> None:
        if stay.last:
            return
        self.pace.to(1.0)
        self.walker.standing()
        self.walker.move(move, role=role, reason=_REASONS.get(move, ""))


_REASONS = {
    "suspend": "A transfer arrived incomplete; it is being looked into.", "vary": "Two data items were added.",
    "end": "The purpose has been met.", "record_destruction": "Deleted; the certificate is on file.",
}  # fmt: skip
