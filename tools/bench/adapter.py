"""The project's own engine behind the contract of the benchmarks: every step goes through the services.

One rule: nothing is left out. A step checks permission, locks, decides, writes every row and commits, as on a page.
"""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from dsa.adapters.chance import SystemChance
from dsa.adapters.definitions import load_yaml
from dsa.adapters.files import FileStore
from dsa.adapters.press import Press
from dsa.composition import definition_sources
from dsa.config import Settings
from dsa.domain.actor import Actor
from dsa.domain.machine import Flow, PartyFact, Recorded, Snapshot, decide
from dsa.domain.workflow_reading import read_workflow
from dsa.persistence import heads, migrating
from dsa.persistence.session import Database
from dsa.services import directory, moves, reviewing, starting
from dsa.services.context import Context
from dsa.services.definitions import publish
from dsa.services.moving import Happening, open_for, take
from dsa.services.permitting import demand
from dsa.services.reviewing import Verdict
from dsa.timekeeping.clock import SystemClock

PATH = ["submit", "accept", "approve_legal", "approve_security", "approve_dpo",
        "sign_a", "sign_b", "fall_due", "renew", "terminate"]  # fmt: skip
TASKS = {"approve_legal": "legal", "approve_security": "security", "approve_dpo": "dpo"}
SIGNS = {"sign_a": "aaa", "sign_b": "bbb"}
ROLES = ("drafter", "legal", "security", "data_protection", "signatory", "operational")
WORKFLOW = Path(__file__).with_name("workflow.yaml")


def engine(dsn: str | None = None) -> "InMemory | Durable":
    """The engine in memory, or durable on the database of that URL."""
    return InMemory() if dsn is None else Durable(dsn, synchronous="NORMAL")


class InMemory:
    """Decisions alone: a snapshot in, a snapshot out."""

    name = "this engine, decisions in memory"

    def __init__(self) -> None:
        self.flow = Flow(read_workflow(load_yaml(WORKFLOW)[0]))
        self.actions: list[str | Recorded] = [
            Recorded(f"{TASKS[step]}:aaa", "approved")
            if step in TASKS
            else Recorded(f"sign:{SIGNS[step]}", "signed")
            if step in SIGNS
            else step
            for step in PATH
        ]

    def start(self, n: int) -> list["Live"]:
        return [Live(self._first()) for _ in range(n)]

    def _first(self) -> Snapshot:
        parties = (PartyFact("aaa", "AAA", True, True, True), PartyFact("bbb", "BBB", True, False, False))
        return Snapshot("draft", 1, "standard", parties, ())

    def step(self, handle: "Live", k: int) -> None:
        handle.snapshot = handle.snapshot.after(decide(self.flow, handle.snapshot, self.actions[k]))

    def check(self, handle: "Live") -> bool:
        return handle.snapshot.stage == "terminated"


@dataclass(slots=True)
class Live:
    """An agreement that is kept in memory."""

    snapshot: Snapshot


class Durable:
    """The whole step, committed on return."""

    name = "this engine, services"

    def __init__(self, dsn: str, *, synchronous: str = "FULL") -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="dsa-bench-"))
        database = Database(dsn, synchronous=synchronous)
        migrating.upgrade(database)
        self.ctx = Context(
            database=database,
            clock=SystemClock(),
            chance=SystemChance(),
            files=FileStore(self.directory),
            documents=Press(Settings(data_dir=self.directory, demo=True)),
        )
        self.people: dict[tuple[str, str], Actor] = {}
        self._settle()
        self.steps: list[Callable[[str], object]] = [self._step(name) for name in PATH]

    def _settle(self) -> None:
        now = datetime.now(UTC)
        forms = [(kind, data) for kind, data in definition_sources() if kind == "form"]
        ids = {}
        with self.ctx.database.writing() as session:
            publish(session, [*forms, ("workflow", load_yaml(WORKFLOW)[0])], at=now)
            for code in ("AAA", "BBB"):
                new = directory.NewOrganisation(code, f"Body {code}", "ministerial_department", "ENG")
                body = directory.add_organisation(session, new, at=now)
                for role in ROLES:
                    post = directory.add_post(session, body, title=role, role=role)
                    person = directory.NewPerson(f"{role}, {code}", f"{role}@{code.lower()}.example")
                    ids[code, role] = directory.add_person(session, person, at=now)
                    directory.appoint(session, post_id=post, person_id=ids[code, role], starts_on=date(2020, 1, 1))
        for key, person_id in ids.items():
            self.people[key] = directory.actor_for(self.ctx, person_id, method="password")

    def start(self, n: int) -> list[str]:
        """n agreements in the first stage; gives their references."""
        parties = [{"id": code.lower(), "name": f"Body {code}", "code": code} for code in ("AAA", "BBB")]
        new = starting.NewAgreement("AAA", {"title": "Travel counts", "parties": parties}, "standard")
        return [starting.start_agreement(self.ctx, self.people["AAA", "drafter"], new) for _ in range(n)]

    def step(self, handle: str, k: int) -> None:
        self.steps[k](handle)

    def _step(self, name: str) -> Callable[[str], object]:
        if name in TASKS:
            rule = TASKS[name]
            actor = self.people["AAA", "data_protection" if rule == "dpo" else rule]
            return lambda ref: reviewing.decide_task(
                self.ctx, actor, ref, f"{rule}:aaa", Verdict("approved", "It is in order."), seen=None
            )
        if name in SIGNS:
            return lambda ref: self._sign(ref, SIGNS[name])
        drafter = self.people["AAA", "drafter"]
        return lambda ref: moves.move(self.ctx, drafter, ref, name, seen=None)

    def _sign(self, reference: str, party: str) -> None:
        """A signature as a step: making the signed file is measured apart, and costs many times as much."""
        key, actor = f"sign:{party}", self.people[party.upper(), "signatory"]
        with self.ctx.database.writing() as session:
            loaded = open_for(self.ctx, session, actor, reference, lock=True)
            held = demand(self.ctx, session, actor, "decide", loaded, task_key=key)
            facts = {"task": key, "party": party, "statement": "I have read it and sign it."}
            take(self.ctx, session, loaded, actor, held, Happening("TextSigned", facts), action=Recorded(key, "signed"))

    def check(self, handle: str) -> bool:
        with self.ctx.database.reading() as session:
            loaded: Any = heads.load(session, handle)
        return bool(loaded.head.stage == "terminated" and loaded.head.head_seq == len(PATH) + 1)

    def close(self) -> None:
        self.ctx.database.close()
        shutil.rmtree(self.directory, ignore_errors=True)
