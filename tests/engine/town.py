"""A town of organisations for tests of the engine: any number of parties, every role held, documents made of nothing.

One rule: whatever happens here happens through the services. Only the form is taken as complete: it has its own tests.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from dsa.composition import definition_sources
from dsa.domain.actor import Actor
from dsa.domain.chain import ChainProblem
from dsa.persistence import heads, work
from dsa.persistence.heads import Loaded
from dsa.persistence.session import Database
from dsa.services import directory, facts, moves, notifying, reviewing, signing, starting, verifying
from dsa.services.context import Context
from dsa.services.definitions import Definitions, publish
from dsa.services.reviewing import Change, Condition, Verdict
from dsa.timekeeping.clock import SimulatedClock

ROLES = (
    "drafter",
    "information_governance",
    "legal",
    "data_protection",
    "security",
    "data_owner",
    "signatory",
    "accountable",
    "operational",
)
NATIONS = ("ENG", "SCT", "WLS", "NIR")
GOOD = {
    "in_principle": "yes",
    "check": "agreed",
    "advice": "support",
    "decision": "approved",
    "record": "done",
    "early_view": "no_blocker",
    "signature": "signed",
}
BEGAN = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)


class Tokens:
    """Chance that can be foretold."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def token(self) -> str:
        return sha256(str(next(self._numbers)).encode()).hexdigest()[:32]


class Shelf:
    """Files in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        name = sha256(data).hexdigest()
        self.kept[name] = data
        return name

    def get(self, name: str) -> bytes:
        return self.kept[name]


@dataclass
class Sheet:
    """A document after a signature."""

    data: bytes
    level: str = "B-T"
    certificate_serial: str = "1"
    certificate_sha256: str = "0" * 64
    time_stamp_authority: str = "a clock on the wall"
    stamp_expires: datetime | None = None


class Stamp:
    """A press that writes a line for each thing it is asked to do."""

    def render(
        self, content: Mapping[str, Any], sections: Any, audit: Any, *, mark: str = "", verify_url: str = ""
    ) -> bytes:
        return f"{content['reference']} version {content['version']}\n".encode()

    def seal_issue(self, data: bytes) -> bytes:
        return data + b"issued\n"

    def sign(self, data: bytes, *, field: str, **_more: Any) -> Sheet:
        return Sheet(data + f"signed {field}\n".encode())

    def seal_completion(self, data: bytes) -> Sheet:
        return Sheet(data + b"sealed\n", level="B-LTA")

    def refresh(self, data: bytes) -> Sheet:
        return Sheet(data + b"stamped again\n", level="B-LTA")


@dataclass(repr=False)
class Town:
    """The people and agreements of a test. ``facts`` are those of the form, which tests set by hand."""

    ctx: Context
    clock: SimulatedClock
    codes: tuple[str, ...]
    people: dict[tuple[str, str], int] = field(default_factory=dict)
    posts: dict[tuple[str, str], int] = field(default_factory=dict)
    organisations: dict[str, int] = field(default_factory=dict)
    facts: dict[str, bool] = field(default_factory=lambda: {"form_complete": True, "route_matches": True})

    def actor(self, code: str, role: str) -> Actor:
        """Whoever holds the role there."""
        return directory.actor_for(self.ctx, self.people[code, role], method="demo")

    def loaded(self, reference: str) -> Loaded:
        """The agreement as it stands."""
        with self.ctx.database.reading() as session:
            found = heads.load(session, reference)
        assert found is not None
        return found

    def seen(self, reference: str) -> int:
        return int(self.loaded(reference).head.version)

    def stage(self, reference: str) -> str:
        return str(self.loaded(reference).head.stage)

    def open_tasks(self, reference: str) -> list[str]:
        """Keys of every open task, oldest first."""
        return [task.key for task in self.loaded(reference).tasks if task.status == "open"]

    def every_task(self, reference: str) -> list[Any]:
        with self.ctx.database.reading() as session:
            return work.tasks(session, self.loaded(reference).head.id)

    def holder(self, key: str, reference: str) -> Actor:
        """Whoever can do the task."""
        loaded = self.loaded(reference)
        task = loaded.task(key)
        assert task is not None
        code = next(p.code for p in loaded.parties if p.organisation_id == task.organisation_id)
        return self.actor(code, task.role)

    def start(self, *codes: str, route: str = "standard", **answers: Any) -> str:
        """A new agreement of these organisations (by default the first two); the first leads, the second discloses."""
        chosen = codes or self.codes[:2]
        parties = [
            {
                "id": code.lower(),
                "name": f"Body {code}",
                "code": code,
                "role": "discloser" if number == 1 else "recipient",
            }
            for number, code in enumerate(chosen)
        ]
        given = {"title": "Travel counts", "aims": "To plan", "nature": "one_off", "date_needed": "2027-01-04"}
        given |= {"consequence_if_not": "late", "parties": parties, "review_board": "psd_england", **answers}
        new = starting.NewAgreement(chosen[0], given, route)
        return starting.start_agreement(self.ctx, self.actor(chosen[0], "drafter"), new)

    def move(self, reference: str, move_id: str, *, role: str = "drafter", code: str = "", **more: Any) -> None:
        """A move by the lead's drafter (or another), on what they see now."""
        actor = self.actor(code or self.loaded(reference).lead.code, role)
        moves.move(self.ctx, actor, reference, move_id, seen=self.seen(reference), **more)

    def decide(self, reference: str, key: str, outcome: str | None = None, **more: Any) -> None:
        """Decide (or sign) an open task as whoever holds its role, with whatever the outcome asks for."""
        task = self.loaded(reference).task(key)
        assert task is not None
        actor, chosen = self.holder(key, reference), outcome or GOOD[task.kind]
        if chosen == "signed":
            self.sign(reference, key)
            return
        verdict = verdict_of(chosen, task.kind, **more)
        reviewing.decide_task(self.ctx, actor, reference, key, verdict, seen=self.seen(reference))

    def sign(self, reference: str, key: str) -> None:
        actor = self.holder(key, reference)
        page = signing.to_sign(self.ctx, actor, reference, key)
        signing.sign(self.ctx, actor, reference, key, seen=None, seen_sha256=page.document_sha256, confirmed=True)

    def carry_out(self) -> None:
        """Let the jobs do what waits."""
        while notifying.carry_out(self.ctx, limit=500):
            pass

    def bring_to(self, reference: str, stage: str) -> str:
        """Take the agreement onward, as everybody agrees, until it stands in ``stage``; returns the reference."""
        onward = {"start": "ask_first_look", "drafting": "submit", "text_agreed": "lock_text", "signed": "prepare"}
        onward |= {"preparing": "go_live"}
        for _ in range(400):
            here = self.stage(reference)
            if here == stage:
                return reference
            if here in ("sign_off", "signed"):
                self.carry_out()
            loaded = self.loaded(reference)
            waiting = [t.key for t in loaded.tasks if t.status == "open" and t.stage == here and t.required]
            if waiting:
                self.decide(reference, waiting[0])
            else:
                self.move(reference, onward[here])
        raise AssertionError(f"{reference} did not come to {stage}")

    def problems(self, reference: str) -> tuple[ChainProblem, ...]:
        """What the agreement's own history does not bear out."""
        return verifying.verify_history(self.ctx, reference)


def verdict_of(outcome: str, kind: str, **more: Any) -> Verdict:
    """A verdict with what its outcome asks for."""
    if outcome in ("changes", "blocker") and kind in ("decision", "check"):
        more.setdefault("changes", (Change("purpose", "Say it in fewer words."),))
    if outcome in ("no", "not_us", "against", "declined", "changes", "blocker"):
        more.setdefault("summary", "Because of the cost.")
    if outcome == "approved_with_conditions":
        more.setdefault("conditions", (Condition("Tell the people concerned.", "2027-01-01"),))
    return Verdict(outcome, **more)


def code_of(number: int) -> str:
    """The code of the organisation of that number, in three letters."""
    return "".join(chr(65 + (number // 26**place) % 26) for place in (2, 1, 0))


_COMPILED = Definitions()  # the shipped files, compiled once for all tests: they never change


@cache
def _shipped() -> tuple[tuple[str, Any], ...]:
    return tuple(definition_sources())


def build_town(database: Database, *, parties: int = 3, sources: Any = None) -> Town:
    """A town of ``parties`` organisations on an empty, migrated database."""
    clock = SimulatedClock(BEGAN)
    ctx = Context(
        database=database, clock=clock, chance=Tokens(), files=Shelf(), documents=Stamp(), simulated=True,
        definitions=Definitions() if sources else _COMPILED,
    )  # fmt: skip
    town = Town(ctx, clock, tuple(code_of(number) for number in range(parties)))
    with database.writing() as session:
        publish(session, sources or _shipped(), at=BEGAN)
        for number, code in enumerate(town.codes):
            new = directory.NewOrganisation(code, f"Body {code}", "ministerial_department", NATIONS[number % 4])
            body = town.organisations[code] = directory.add_organisation(session, new, at=BEGAN)
            for role in ROLES:
                post = town.posts[code, role] = directory.add_post(session, body, title=role.title(), role=role)
                person = directory.NewPerson(f"{role}, {code}", f"{role}@{code.lower()}.example", is_demo=True)
                town.people[code, role] = directory.add_person(session, person, at=BEGAN)
                directory.appoint(session, post_id=post, person_id=town.people[code, role], starts_on=date(2020, 1, 1))
    return town


@contextmanager
def form_taken_as_complete(town: Town) -> Iterator[None]:
    """While this lasts, the facts that ``town.facts`` names hold or not as it says."""
    known = dict(facts.FACTS)

    def set_by_hand(name: str) -> Callable[..., bool]:
        return lambda *_args: town.facts[name] if name in town.facts else known[name](*_args)

    facts.FACTS = {name: set_by_hand(name) for name in known}
    try:
        yield
    finally:
        facts.FACTS = known


WORKFLOW_FILES = Path(__file__).resolve().parents[2] / "workflows"
