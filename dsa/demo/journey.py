"""A journey: an agreement described in a file taken to its last signature, on a simulated working clock.

One rule: no check is off. What the file says is submitted as published; what is refused is corrected on the record.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dsa.demo.cast import Cast
from dsa.demo.pace import Pace
from dsa.demo.walker import Walker
from dsa.domain.agreement_file import AgreementFile, Correction, apply_corrections, reread
from dsa.domain.checking import Judgement, judge
from dsa.domain.errors import BadInput, Refused
from dsa.domain.form import Form
from dsa.domain.parties import Party, parties_of
from dsa.domain.rules import BLOCK, Body, Finding
from dsa.services import drafting, journeying
from dsa.services.context import Context
from dsa.services.directory import NewOrganisation
from dsa.services.enlisting import Seat
from dsa.services.journeying import OpenTask
from dsa.services.reviewing import Change, Verdict
from dsa.services.starting import NewAgreement
from dsa.timekeeping.clock import SimulatedClock

Says = Callable[[str], None]

# Working days that each stay takes; all lie within the targets of the workflows.
STAYS: Mapping[str, Mapping[str, float]] = {
    "standard": {
        "start": 0.5, "first_look": 2, "drafting": 3, "check_draft": 2, "review": 5, "redrafting": 1.5, "recheck": 1,
        "second_review": 3, "board": 8, "text_agreed": 0.5, "sign_off": 3,
    },
    "fast": {
        "start": 0.25, "first_look": 1, "drafting": 1, "check_draft": 1, "review": 2, "text_agreed": 0.25,
        "sign_off": 1,
    },
}  # fmt: skip
_POSTS = {
    "drafter": "Data sharing lead", "information_governance": "Information governance lead",
    "legal": "Legal adviser", "data_protection": "Data protection officer", "security": "Security adviser",
    "data_owner": "Data owner", "signatory": "Signatory", "accountable": "Senior responsible owner",
    "operational": "Operational lead",
}  # fmt: skip
_RETURNS = (
    ("legal_power", "hra_article8", "Say why the interference with private life is proportionate.",
     "The interference goes no further than the aim needs: only the items listed are used, and only for it."),
    ("purpose", "public_function", "Say that nothing beyond this function is meant.",
     "Nothing beyond this function is meant."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Planned:
    """A file that can go all the way: its answers before and after the corrections, and what was judged of each."""

    file: AgreementFile
    corrected: Mapping[str, Any]
    before: Judgement
    after: Judgement
    lead: Party

    @property
    def days(self) -> float:
        """Working days from the start to the last signature."""
        stays = dict(STAYS[self.after.tier.route])
        if "board" in stays and not any(gate.id == "G7" for gate in self.after.gates):
            del stays["board"]
        return sum(stays.values())


def plan(form: Form, file: AgreementFile, bodies: tuple[Body, ...], *, today: date) -> Planned:
    """The journey of a file that ends on ``today``. Raises BadInput that names what still stands in the way."""
    unknown = [f"{one.field}: {one.message}" for one in file.mistakes if form.question(one.field.split(".")[0]) is None]
    if unknown:
        raise BadInput("%(problems)s", problems=" ".join(unknown[:12]))
    facts = {"today": today.isoformat()}
    before = judge(form, file.answers, facts=facts, bodies=bodies, mistakes=file.mistakes)
    answers, mistakes = reread(form, apply_corrections(file.answers, file.corrections))
    after = judge(form, answers, facts=facts, bodies=bodies, mistakes=mistakes)
    if not after.may_go_forward:
        raise BadInput(
            "after its corrections it still cannot go forward. %(reasons)s", reasons=" ".join(_in_the_way(after)[:12])
        )
    parties = parties_of(answers)
    if len({party.code or party.key.upper() for party in parties}) != len(parties):
        raise BadInput("parties: two of them have the same code. Give each its own.")
    named = answers.get("lead_accountable")
    key = named.get("party") if isinstance(named, Mapping) else None
    signing = [party for party in parties if party.signs]
    if not signing:
        raise BadInput("parties: nobody signs. At least one party has to.")
    return Planned(file, answers, before, after, next((p for p in signing if p.key == key), signing[0]))


def _in_the_way(judgement: Judgement) -> list[str]:
    found = [f"{one.field}: {one.message}" for one in judgement.mistakes]
    found += [f"{', '.join(one.fields)}: {one.message} ({one.rule})" for one in _blocking(judgement)]
    return found + [f"{one.field}: an answer is missing." for one in judgement.missing]


def _blocking(judgement: Judgement) -> list[Finding]:
    return [one for one in judgement.report.findings if one.severity == BLOCK]


@dataclass(slots=True)
class Journey:
    """One run. ``log`` collects what was said on the way; ``refusal`` is what the first submitting was told."""

    ctx: Context
    clock: SimulatedClock
    form: Form
    planned: Planned
    says: Says
    pace: Pace
    finish: Callable[[], None]
    refusal: str = ""
    changed: list[str] = field(default_factory=list)
    _walker: Walker | None = None

    @property
    def walker(self) -> Walker:
        """The agreement as it walks; there is one once it has started."""
        if self._walker is None:
            raise LookupError("the journey has not started")
        return self._walker

    @property
    def _stays(self) -> Mapping[str, float]:
        return STAYS[self.planned.after.tier.route]

    def run(self) -> str:
        """Go all the way to the sealed document; returns the reference."""
        self._start()
        self._first_look()
        self._drafting()
        self._check("check_draft")
        self._review("review")
        if self.walker.standing().stage == "drafting":
            self._redraft()
            self._check("recheck")
            self._review("second_review")
        self._board()
        self._sign_off()
        return self.walker.reference

    def _start(self) -> None:
        parties = parties_of(self.planned.corrected)
        cast = Cast(self.ctx)
        signs = {str(row.get("party")): str(row.get("post")) for row in self.planned.corrected.get("signatories", [])}
        cast.enlist((_organisation(party), _seats(party, signs)) for party in parties)
        answers = dict(self.planned.file.answers)
        answers["parties"] = [
            {**row, "code": row.get("code") or str(row["id"]).upper()} for row in answers.get("parties", [])
        ]
        route = self.planned.after.tier
        parent = answers.get("parent_agreement")
        lead = self.planned.lead.code or self.planned.lead.key.upper()
        new = NewAgreement(
            lead, answers, route.route, route.reasons, example=True,
            parent_reference=str(parent)[:300] if parent else None,
        )  # fmt: skip
        self.pace.stay(self._stays["start"])
        self._walker = Walker.start(self.ctx, cast, new)
        self.says(f"{self.walker.reference} started by {self.planned.lead.name} on the {route.route} route")
        self.pace.to(1.0)
        self.walker.move("ask_first_look")

    def _first_look(self) -> None:
        self.pace.stay(self._stays["first_look"])
        tasks = self.walker.standing().here()
        for number, task in enumerate(sorted(tasks, key=lambda task: task.required)):
            self.pace.to((number + 1) / len(tasks))
            self.walker.decide(task, Verdict("yes" if task.kind == "in_principle" else "no_blocker"))
        self.says(f"first look: {len(tasks)} answers")

    def _drafting(self) -> None:
        self.pace.stay(self._stays["drafting"])
        self.pace.to(0.5)
        if not self.planned.before.may_go_forward:
            try:
                self.walker.move("submit", assumed=self.planned.file.assumed)
            except Refused as refused:
                told = [f"{one.rule}: {one.message}" for one in _blocking(self.planned.before)]
                self.refusal = " ".join([str(refused), *(told or _in_the_way(self.planned.before)[:5])])
                self.says(f"submitted as published, refused: {self.refusal}")
            self.pace.to(0.75)
        for correction in self.planned.file.corrections:
            self._correct(correction)
        self.pace.to(1.0)
        self.walker.move("submit", assumed=self.planned.file.assumed)

    def _correct(self, correction: Correction) -> None:
        before = journeying.answers_of(self.ctx, self.walker.reference)
        after, _ = reread(self.form, apply_corrections(before, [correction]))
        recorded = drafting.Correction(correction.reason, correction.rule, (correction.path,))
        for section in self.form.sections:
            keys = [q.key for q in section.questions if before.get(q.key) != after.get(q.key)]
            if keys:
                self.walker.save(section.key, {key: after.get(key) for key in keys}, correction=recorded)
                self.says(f"corrected {correction.path}: {correction.reason}")

    def _check(self, stay: str) -> None:
        self.pace.stay(self._stays[stay])
        tasks = self.walker.standing().here()
        for number, task in enumerate(tasks):
            self.pace.to((number + 1) / len(tasks))
            self.walker.decide(task)
        self.says(f"draft checked by {len(tasks)}")

    def _review(self, stay: str) -> None:
        first = stay == "review"
        self.pace.stay(self._stays[stay])
        done = 0
        expected = self._reviews_expected() if first else len(self.walker.standing().here())
        returner = self._returner() if first else None
        asked = not first
        while (now := self.walker.standing()).stage == "review":
            for task in now.here():
                self.pace.to(0.95 * (done + 0.5) / max(expected, 1))
                if not asked and task.role == "data_owner":
                    self.walker.ask(task, "Which day of the month suits the extract best?")
                    self.pace.to(0.95 * (done + 1) / max(expected, 1))
                    self.walker.answer("The first working day, so that the figures of the month before are complete.")
                    asked = True
                self.walker.decide(task, self._verdict(task, returner))
                done += 1
        self.says(f"reviewed: {done} decisions and pieces of advice")

    def _reviews_expected(self) -> int:
        parties = [party for party in parties_of(self.planned.corrected) if party.signs]
        each = 4 if self.planned.after.tier.route == "standard" else 0
        return each * len(parties) + sum(party.discloses for party in parties) + 1

    def _returner(self) -> str | None:
        """The party whose legal adviser asks for a change in the first round; none on the fast route."""
        if self.planned.after.tier.route != "standard":
            return None
        others = [p for p in parties_of(self.planned.corrected) if p.signs and p.key != self.planned.lead.key]
        return next((party.key for party in others if not party.group), others[0].key if others else None)

    def _verdict(self, task: OpenTask, returner: str | None) -> Verdict:
        if task.rule == "legal" and returner is not None and task.party == returner:
            section, _, asks, _ = self._return()
            return Verdict("changes", "One change, then it can go.", changes=(Change(section, asks, "LEGAL_POWER"),))
        leader = self.walker.group_leader(task.party)
        if task.kind in ("decision", "advice") and leader is not None:
            relied = journeying.approval_to_rely_on(self.ctx, self.walker.reference, task.rule, leader)
            if relied is not None:
                outcome = "support" if task.kind == "advice" else "approved"
                return Verdict(outcome, "Relies on the review by the first of the group.", relies_on=relied)
        if task.kind == "advice":
            return Verdict("support", "The safeguards are enough.")
        return Verdict("approved", "Looked at and agreed.")

    def _return(self) -> tuple[str, str, str, str]:
        return next((one for one in _RETURNS if one[1] in self.planned.corrected), _RETURNS[-1])

    def _redraft(self) -> None:
        section, key, asked, added = self._return()
        self.says(f"sent back, naming the section {section}: {asked}")
        self.pace.stay(self._stays["redrafting"])
        self.pace.to(0.6)
        before = str(journeying.answers_of(self.ctx, self.walker.reference).get(key) or "")
        self.walker.save(section, {key: f"{before} {added}".strip()})
        self.changed.append(key)
        self.walker.respond("Added the sentence that was asked for.")
        self.pace.to(1.0)
        self.walker.move("submit", assumed=tuple(dict.fromkeys([*self.planned.file.assumed, *self.changed])))

    def _board(self) -> None:
        board = self.walker.standing()
        if board.stage != "board":
            return
        self.pace.stay(self._stays["board"])
        self.pace.to(1.0)
        self.walker.decide(board.here()[0], Verdict("done", "The review board and the minister agreed."))
        self.says("the review board and the minister agreed")

    def _sign_off(self) -> None:
        self.pace.stay(self._stays["text_agreed"])
        self.pace.to(1.0)
        self.walker.standing()
        self.walker.move("lock_text")
        self.says("text locked; the document is being made")
        self.walker.carry_out()
        self.pace.stay(self._stays["sign_off"])
        tasks = self.walker.standing().here()
        for number, task in enumerate(tasks, 1):
            if number == len(tasks):
                self.finish()
            else:
                self.pace.to(0.2 + 0.7 * number / len(tasks))
            self.walker.sign(task)
            self.says(f"signed {number} of {len(tasks)}: {task.party}")
        self.walker.carry_out()
        self.says("sealed")


def _organisation(party: Party) -> NewOrganisation:
    return NewOrganisation(
        party.code or party.key.upper(), party.name, party.body_type or "alb_other", party.nation or "ENG"
    )


def _seats(party: Party, signs: Mapping[str, str]) -> list[Seat]:
    title = signs.get(party.key) or signs.get(party.group or "") or _POSTS["signatory"]
    return [Seat(role, title if role == "signatory" else name) for role, name in _POSTS.items()]
