"""A small world for tests of pages: two parties that share data, a stranger, and an auditor who may read everything.

One rule: agreements reach their stage through the services, with a complete and valid form, as people who hold the
roles. ``world.agreement_in("review")`` gives the reference of one that stands there now.
"""

import copy
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from dsa.composition import definition_sources, open_context
from dsa.domain.actor import Actor
from dsa.domain.workflow import OUTCOMES, ROLES
from dsa.persistence import heads
from dsa.persistence.heads import Loaded
from dsa.services import directory, figures, moves, notifying, reviewing, signing, starting
from dsa.services.context import Context
from dsa.services.definitions import publish
from dsa.services.reviewing import Verdict
from dsa.web.composition import Services
from tests.form import samples

ORGANISATIONS = {
    "HMRC": ("HM Revenue and Customs", "non_ministerial_department", "ENG"),
    "SLC": ("Student Loans Company", "executive_ndpb", "SCT"),
    "DWP": ("Department for Work and Pensions", "ministerial_department", "ENG"),
}
AUDITORS = "NAO"
STAGES = (
    "start",
    "first_look",
    "drafting",
    "check_draft",
    "review",
    "board",
    "text_agreed",
    "sign_off",
    "signed",
    "preparing",
    "in_use",
)
_MOVES = {
    "start": "ask_first_look",
    "drafting": "submit",
    "text_agreed": "lock_text",
    "signed": "prepare",
    "preparing": "go_live",
}
_GOOD = {
    "in_principle": "yes",
    "check": "agreed",
    "advice": "support",
    "decision": "approved",
    "record": "done",
    "early_view": "no_blocker",
}


def complete_answers(**changes: Any) -> dict[str, Any]:
    """Answers of an agreement between HMRC and the Student Loans Company that no check stops; HMRC leads."""
    return samples.complete(**changes)


@dataclass
class World:
    """The people and agreements of a test. ``ctx`` is what the pages call too, on the same database and clock."""

    ctx: Context
    move_clock: Callable[..., None]
    people: dict[tuple[str, str], int] = field(default_factory=dict)
    organisations: dict[str, int] = field(default_factory=dict)
    _carried: int = 0

    def person(self, code: str, role: str) -> int:
        """The id of whoever holds a role in an organisation (by its code)."""
        return self.people[code, role]

    def actor(self, code: str, role: str) -> Actor:
        """That person, as the services know them."""
        return directory.actor_for(self.ctx, self.person(code, role), method="demo")

    def loaded(self, reference: str) -> Loaded:
        """The agreement as it stands."""
        with self.ctx.database.reading() as session:
            found = heads.load(session, reference)
        assert found is not None
        return found

    def seen(self, reference: str) -> int:
        """The version that a page would carry as ``seen``."""
        return int(self.loaded(reference).head.version)

    def stage(self, reference: str) -> str:
        """Where the agreement stands."""
        return str(self.loaded(reference).head.stage)

    def open_tasks(self, reference: str, *, required: bool = True) -> list[str]:
        """Keys of the open tasks of the present stage, in the order in which they opened."""
        loaded = self.loaded(reference)
        return [
            t.key
            for t in loaded.tasks
            if t.status == "open" and t.stage == loaded.head.stage and (t.required or not required)
        ]

    def start(self, *, first_contact_on: date | None = None, **changes: Any) -> str:
        """A new agreement with complete answers; ``changes`` replace whole answers. Returns its reference."""
        new = starting.NewAgreement(
            "HMRC", complete_answers(**changes), "standard", ("It is about people.",), first_contact_on
        )
        return starting.start_agreement(self.ctx, self.actor("HMRC", "drafter"), new)

    def agreement_in(self, stage: str, *, first_contact_on: date | None = None, **changes: Any) -> str:
        """The reference of a new agreement that has come to ``stage``."""
        assert stage in STAGES, stage
        reference = self.start(first_contact_on=first_contact_on, **changes)
        while self.stage(reference) != stage:
            self.onward(reference)
        return reference

    def onward(self, reference: str) -> None:
        """Do whatever takes the agreement to its next stage, in the way that everybody agrees."""
        here = self.stage(reference)
        if here in _MOVES:
            if here == "signed":
                self.carry_out()
            moves.move(self.ctx, self._mover(here), reference, _MOVES[here], seen=self.seen(reference))
            return
        if here == "sign_off":
            self.carry_out()
        for _ in range(200):
            waiting = self.open_tasks(reference) if self.stage(reference) == here else []
            if not waiting:
                return
            self.do_task(reference, waiting[0])

    def _mover(self, stage: str) -> Actor:
        return self.actor("HMRC", "operational" if stage in ("signed", "preparing") else "drafter")

    def do_task(self, reference: str, key: str, outcome: str | None = None, **more: Any) -> None:
        """Decide (or sign) an open task as whoever holds its role; ``more`` goes into the verdict."""
        loaded = self.loaded(reference)
        task = loaded.task(key)
        assert task is not None
        code = next(p.code for p in loaded.parties if p.organisation_id == task.organisation_id)
        actor = self.actor(code, task.role)
        if task.kind == "signature" and outcome in (None, "signed"):
            page = signing.to_sign(self.ctx, actor, reference, key)
            signing.sign(self.ctx, actor, reference, key, seen=None, seen_sha256=page.document_sha256, confirmed=True)
            return
        chosen = outcome or _GOOD[task.kind]
        assert chosen in OUTCOMES[task.kind], chosen
        reviewing.decide_task(self.ctx, actor, reference, key, Verdict(chosen, **more), seen=int(loaded.head.version))

    def carry_out(self) -> int:
        """Let the jobs do what waits in the outbox: mails, issuing and sealing documents."""
        with warnings.catch_warnings():
            # The PDF library leaves its colour profile open until it is collected; a run of jobs does not mind.
            warnings.simplefilter("ignore", ResourceWarning)
            self._carried += notifying.carry_out(self.ctx, limit=1_000)
        return self._carried

    def count(self) -> None:
        """Let the job count what changed, for the pages of where the time goes."""
        figures.refresh(self.ctx, most=10_000)

    def copy(self, value: Any) -> Any:
        """A deep copy, for spoiling one thing."""
        return copy.deepcopy(value)


class _Told:
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock()


def build_world(services: Services) -> World:
    """The world of these services, on an empty, migrated database."""
    ctx = open_context(services.settings, database=services.database, clock=_Told(services.clock))
    world = World(ctx, getattr(services.clock, "advance", _standing_still))
    now = ctx.clock.now()
    with ctx.database.writing() as session:
        publish(session, _definitions(), at=now)
        for code, (name, kind, nation) in ORGANISATIONS.items():
            body = directory.add_organisation(session, directory.NewOrganisation(code, name, kind, nation), at=now)
            world.organisations[code] = body
            for role, title in ROLES.items():
                if role != "auditor":
                    _appoint(world, session, code, body, name, role, title, now)
        nao = directory.NewOrganisation(AUDITORS, "National Audit Office", "other_public", "ENG")
        body = directory.add_organisation(session, nao, at=now)
        world.organisations[AUDITORS] = body
        _appoint(world, session, AUDITORS, body, nao.name, "auditor", "Auditor", now)
    return world


@cache
def _definitions() -> tuple[tuple[str, Any], ...]:
    """The shipped forms and workflows, read once for the run."""
    return tuple(definition_sources())


def _standing_still(**_amount: float) -> None:
    raise AssertionError("this clock cannot be moved")


def _appoint(world: World, session: Any, code: str, body: int, name: str, role: str, title: str, now: datetime) -> None:
    sees_all = role == "auditor"
    post = directory.add_post(session, body, title=title, role=role, sees_all=sees_all)
    email = f"{role.replace('_', '-')}@{code.lower()}.example"
    person = directory.add_person(session, directory.NewPerson(f"{title}, {name}", email, is_demo=True), at=now)
    ends = now.date() + timedelta(days=365) if sees_all else None
    directory.appoint(session, post_id=post, person_id=person, starts_on=date(2020, 1, 1), ends_on=ends)
    world.people[code, role] = person


@pytest.fixture
def world(services: Services) -> World:
    """Two parties with every role (HMRC leads, SLC), a stranger with every role (DWP), an auditor (NAO)."""
    return build_world(services)
