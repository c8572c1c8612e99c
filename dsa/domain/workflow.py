"""A workflow: its stages, the tasks that a stage opens, the moves between stages.

One rule: a definition is data. It names roles, guards and sections that the program knows; it can never name code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

ROLES: Mapping[str, str] = {
    "drafter": "Drafter",
    "information_governance": "Information governance lead",
    "legal": "Legal adviser",
    "data_protection": "Data protection officer",
    "security": "Security adviser",
    "data_owner": "Data owner",
    "signatory": "Signatory",
    "accountable": "Accountable person",
    "operational": "Operational lead",
    "finance": "Finance lead",
    "caldicott": "Caldicott Guardian",
    "board_secretary": "Board secretary",
    "head_of_sharing": "Head of data sharing",
    "auditor": "Auditor",
    "administrator": "Administrator",
}
SEPARATE_ROLES = frozenset({"legal", "security", "data_protection", "signatory"})
OUTCOMES: Mapping[str, tuple[str, ...]] = {
    "in_principle": ("yes", "no", "not_us"),
    "early_view": ("no_blocker", "needs", "blocker"),
    "check": ("agreed", "changes"),
    "advice": ("support", "support_with_conditions", "against"),
    "decision": ("approved", "approved_with_conditions", "changes", "blocker"),
    "signature": ("signed", "declined"),
    "record": ("done", "changes"),
}
READS_ONLY = frozenset({"auditor", "administrator"})  # roles that may look and never decide, move or sign
PER = ("agreement", "lead", "parties", "signing_parties", "other_signing_parties", "disclosers", "signatories")
STANDING_KINDS = frozenset({"advice", "decision"})


@dataclass(frozen=True, slots=True)
class TaskRule:
    """What a stage asks for: of which role, once for whom, covering which sections, within how many working days.

    ``after`` names a rule whose outcome for the same party opens this one. ``stays_open_in`` names later stages in
    which an unfinished task is still wanted. ``outside`` marks a wait for a body that is no party.
    """

    id: str
    title: str
    kind: str
    role: str
    per: str
    targets: Mapping[str, int]
    sections: tuple[str, ...] = ()
    required: bool = True
    after: str | None = None
    stays_open_in: tuple[str, ...] = ()
    outside: bool = False
    explains: str = ""


@dataclass(frozen=True, slots=True)
class Onward:
    """Where a stage goes when a task's outcome is recorded and every named guard holds."""

    to: str
    when: tuple[str, ...]
    rework: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """A place in the life of an agreement. ``owner`` is who has it when no task is open: the lead party."""

    id: str
    title: str
    role: str
    reason: str
    targets: Mapping[str, int]
    tasks: tuple[TaskRule, ...] = ()
    then: tuple[Onward, ...] = ()
    final: bool = False
    explains: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """A step that a person takes by choice. ``to`` None stays in the stage: the event alone is the effect."""

    id: str
    title: str
    event: str
    sources: tuple[str, ...]
    to: str | None
    by: tuple[str, ...]
    side: str = "lead"
    when: tuple[str, ...] = ()
    asks_reason: bool = False
    rework: bool = False
    explains: str = ""


@dataclass(frozen=True, slots=True)
class Workflow:
    """A whole definition. A published version never changes."""

    id: str
    version: int
    title: str
    form: str
    serves: tuple[str, ...]
    stages: tuple[Stage, ...]
    moves: tuple[Move, ...]
    reminders: Mapping[str, object] = field(default_factory=dict)
    escalation: Mapping[str, object] = field(default_factory=dict)
    approvals_stand: bool = True

    @property
    def first(self) -> Stage:
        """The stage in which every agreement begins."""
        return self.stages[0]

    def stage(self, stage_id: str) -> Stage:
        """The stage of that id; raises KeyError for one that this version does not have."""
        for stage in self.stages:
            if stage.id == stage_id:
                return stage
        raise KeyError(stage_id)

    def move(self, move_id: str) -> Move | None:
        """The move of that id, or None."""
        return next((move for move in self.moves if move.id == move_id), None)

    def rule(self, rule_id: str) -> TaskRule:
        """The task rule of that id. One of another version, from before a change of route, keeps its name alone."""
        for stage in self.stages:
            for rule in stage.tasks:
                if rule.id == rule_id:
                    return rule
        title = rule_id.replace("_", " ").capitalize()
        return TaskRule(rule_id, title, "record", "drafter", "agreement", dict.fromkeys(self.serves, 0), required=False)

    def position(self, stage_id: str) -> int:
        """The stage's place in the order of the file: for "stages not started yet"."""
        return [stage.id for stage in self.stages].index(stage_id)
