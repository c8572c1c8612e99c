"""What a decision rests on and what it gives: plain values, no behaviour but look-ups.

One rule: a value is made once and never changed.
"""

from dataclasses import dataclass, field
from datetime import datetime

# The kind of the one task of an agreement that is only tracked: whoever has it says how it stands.
REPORT = "report"


@dataclass(slots=True)
class PartyFact:
    """A party as the machine needs it. ``discloses``: it hands over data; ``signs``: it is to sign."""

    key: str
    organisation: str
    signs: bool
    discloses: bool
    lead: bool


@dataclass(slots=True)
class TaskFact:
    """A task as it stands. ``status``: open, done, lapsed or standing."""

    key: str
    rule: str
    stage: str
    round: int
    party: str | None
    organisation: str
    role: str
    kind: str
    required: bool
    status: str
    outcome: str | None = None
    due_at: datetime | None = None
    question_open: bool = False
    slot: int = 1


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold in force: why, who is awaited, and whether that is a body outside the agreement."""

    code: str
    awaited: str
    outside: bool


@dataclass(slots=True)
class Snapshot:
    """Everything that a decision rests on.

    ``standing`` holds the (rule, party) pairs whose approval still covers the text. ``signatories`` are (party, slot).
    ``facts`` are names that guards ask for, established by the services. ``outside_body`` is whom a board waits for.
    """

    stage: str
    round: int
    route: str
    parties: tuple[PartyFact, ...]
    tasks: tuple[TaskFact, ...]
    signatories: tuple[tuple[str, int], ...] = ()
    standing: frozenset[tuple[str, str | None]] = frozenset()
    facts: frozenset[str] = frozenset()
    hold: Hold | None = None
    outside_body: str = ""

    @property
    def lead(self) -> PartyFact:
        """The party that leads: it drafts, and has the agreement when nobody else does."""
        return next(p for p in self.parties if p.lead)

    def after(self, decision: "Decision") -> "Snapshot":
        """The same agreement once the decision is taken."""
        return Snapshot(
            decision.dest, decision.round, self.route, self.parties, decision.tasks, self.signatories, self.standing,
            self.facts, self.hold, self.outside_body,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recorded:
    """A task's outcome, as a person gives it."""

    task: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Reopened:
    """A decision that its maker takes back: the task is open again."""

    task: str


@dataclass(slots=True)
class Decision:
    """What follows: the way through the stages, the task that was closed, those that open and those that lapse."""

    source: str
    dest: str
    round: int
    path: tuple[str, ...]
    closed: tuple[str, str] | None = None
    opened: tuple[TaskFact, ...] = ()
    lapsed: tuple[str, ...] = ()
    tasks: tuple[TaskFact, ...] = field(default=(), compare=False)

    @property
    def moved(self) -> bool:
        """Whether the agreement is in another stage, or in the same one anew."""
        return len(self.path) > 1
