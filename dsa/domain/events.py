"""Everything that can happen to an agreement, in the past tense, with the sentence of its history.

One rule: an event's body alone is enough to rebuild the state, the tasks and the ledger (``domain.replay``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dsa.domain.holding import Holding
from dsa.domain.machine import Decision, TaskFact

# kind -> the sentence of the public history; parameters come from the body's "facts" and "actor"
SENTENCES: Mapping[str, str] = {
    "AgreementStarted": "started the agreement",
    "TrackingBegan": "began to follow the agreement here, with dates as reported",
    "HolderReported": "reported who has it: %(holder)s",
    "StandReported": "reported how it stands: %(stage)s, with %(holder)s",
    "PaperAttached": "attached a paper: %(name)s",
    "WorkflowJoined": "let the agreement join the workflow at the stage “%(stage)s”",
    "PartyJoined": "added a party: %(party)s",
    "SectionSaved": "saved the section “%(section)s”",
    "CorrectionMade": "corrected “%(section)s”: %(reason)s",
    "DraftShared": "shared the draft with the other parties",
    "RouteChosen": "moved the agreement to the route “%(route)s”",
    "FirstLookAsked": "asked the other parties for a first look",
    "TimetableProposed": "proposed the timetable",
    "TimetableAccepted": "accepted the timetable",
    "TimetableChangeProposed": "proposed other dates of the timetable: %(reason)s",
    "TimetableChangeAccepted": "accepted the other dates of the timetable",
    "TimetableChangeRefused": "refused the other dates of the timetable",
    "TimetableChangeWithdrawn": "took back the other dates of the timetable",
    "InPrincipleGiven": "said yes in principle",
    "InPrincipleRefused": "said no in principle",
    "InPrinciplePassedOn": "said that this is for somebody else",
    "EarlyViewGiven": "gave an early view: %(outcome)s",
    "DraftSubmitted": "sent the draft for checking",
    "DraftChecked": "checked the draft: %(outcome)s",
    "AdviceGiven": "gave data protection advice: %(outcome)s",
    "ReviewDecided": "decided “%(task)s”: %(outcome)s",
    "ChangesRequested": "asked for changes in “%(task)s”",
    "ChangesAnswered": "responded to a request for changes in “%(section)s”",
    "QuestionAsked": "asked the drafter a question",
    "QuestionAnswered": "answered a question",
    "TaskClaimed": "took the task “%(task)s”",
    "TaskPassedOn": "passed on the task “%(task)s” to %(to)s",
    "ApprovalWithdrawn": "took back the approval “%(task)s”",
    "DraftTakenBack": "took the draft back",
    "BoardDecided": "recorded the decision of the board or minister: %(outcome)s",
    "TextLocked": "locked the text (version %(version)s)",
    "DocumentIssued": "the document was issued with the service's seal",
    "TextSigned": "signed for %(party)s",
    "OutsideSignatureEntered": "entered a signature made outside this service for %(party)s",
    "OutsideSignatureConfirmed": "confirmed a signature made outside this service for %(party)s",
    "OutsideSignatureRefused": "refused a signature made outside this service for %(party)s",
    "SignatureDeclined": "declined to sign for %(party)s",
    "DatesFixed": "the dates that follow from the last signature were fixed",
    "DocumentSealed": "the signed document was sealed",
    "DocumentRenewed": "the signed document was stamped again, so that it can still be proved in later years",
    "HoldBegan": "put the agreement on hold: %(reason)s, waiting for %(awaited)s",
    "HoldEnded": "ended the hold",
    "DueDatesRecomputed": "due dates were worked out again: %(reason)s",
    "HolderChased": "asked %(to)s to go on",
    "CommentMade": "commented on the text",
    "CommentShared": "shared a comment on “%(section)s”",
    "ConditionMet": "recorded a condition as met",
    "InformationPackMade": "made a pack for a request for information",
    "ContactReplaced": "replaced the contact for %(duty)s",
    "AttributionContested": "contested who had the agreement",
    "SlipExplained": "said why a day of the timetable was missed: %(name)s",
    "PreparingBegan": "began preparing",
    "SharingBegan": "began sharing",
    "ReviewFellDue": "began the review",
    "AgreementRenewed": "renewed the agreement",
    "AgreementSuperseded": "replaced the agreement with a variation",
    "SharingSuspended": "suspended sharing",
    "SharingResumed": "resumed sharing",
    "AgreementEnded": "ended the agreement",
    "DestructionRecorded": "recorded that the data is destroyed",
    "AgreementClosed": "closed the record",
    "AgreementWithdrawn": "withdrew the agreement",
    "AgreementRejected": "rejected the agreement",
}
# Events that freeze a version of the text, where they name one.
FREEZES = frozenset({"DraftSubmitted", "WorkflowJoined"})
# Events that take effect when they happened, as evidenced or reported; every other one when it is recorded.
REPORTED = frozenset({"TrackingBegan", "HolderReported"})
BACKDATED = REPORTED | {"AgreementStarted"}
# What happens without moving the work: no stage, decision, text, answer or hold is another afterwards. All else moves.
NO_MOVEMENT = frozenset(
    {
        "AttributionContested",
        "CommentMade",
        "CommentShared",
        "ContactReplaced",
        "DueDatesRecomputed",
        "HolderChased",
        "SlipExplained",
        "TaskClaimed",
        "TaskPassedOn",
    }
)
EVENT_OF_OUTCOME: Mapping[tuple[str, str], str] = {
    ("in_principle", "yes"): "InPrincipleGiven",
    ("in_principle", "no"): "InPrincipleRefused",
    ("in_principle", "not_us"): "InPrinciplePassedOn",
    ("signature", "signed"): "TextSigned",
    ("signature", "declined"): "SignatureDeclined",
    ("decision", "changes"): "ChangesRequested",
    ("decision", "blocker"): "ChangesRequested",
    ("check", "changes"): "ChangesRequested",
}
_EVENT_OF_KIND = {
    "early_view": "EarlyViewGiven",
    "check": "DraftChecked",
    "advice": "AdviceGiven",
    "decision": "ReviewDecided",
    "record": "BoardDecided",
}


def event_of_outcome(kind: str, outcome: str) -> str:
    """The event that records a task's outcome."""
    return EVENT_OF_OUTCOME.get((kind, outcome)) or _EVENT_OF_KIND[kind]


def moment(at: datetime) -> str:
    """An instant as it stands in an event: UTC, to the second, with Z."""
    return f"{at.astimezone(UTC).isoformat()[:19]}Z"  # an eighth of the cost of strftime


@dataclass(frozen=True, slots=True)
class Timing:
    """The moments and minutes of a step, worked out on calendars that a replay does not have.

    ``dues``: each opened task's due facts by key. ``minutes``: working minutes of each closed task by key.
    ``entered``: target and due facts of the stage that was reached; ``left_minutes``: working minutes in the one left.
    """

    dues: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    minutes: Mapping[str, int] = field(default_factory=dict)
    entered: Mapping[str, Any] | None = None
    left_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class MovedDue:
    """A due moment (UTC) that moves, with the calendar that it rests on: of an open task, by its key, stage and round;
    of the stay in the stage, where ``key`` is empty. ``was`` is the moment before."""

    key: str
    stage: str
    round: int
    was: datetime | None
    due_at: datetime
    calendar_version: str


def effects(
    decision: Decision,
    holding: Holding | None,
    timing: Timing,
    *,
    handed: bool,
    on_hold: bool,
    moved: tuple[MovedDue, ...] = (),
) -> dict[str, Any]:
    """The part of an event's body from which the state is rebuilt. ``handed``: a new spell of the ledger begins.

    ``moved`` is there only where due moments move: most events have nothing to say about it.
    """
    dues = {"moved": [moved_body(each) for each in moved]} if moved else {}
    return dues | {
        "stage": decision.dest,
        "round": decision.round,
        "path": list(decision.path),
        "closed": list(decision.closed) if decision.closed else None,
        "opened": [opened_body(task, timing.dues.get(task.key, {})) for task in decision.opened],
        "lapsed": list(decision.lapsed),
        "minutes": dict(timing.minutes),
        "entered": dict(timing.entered) if timing.entered is not None else None,
        "left_minutes": timing.left_minutes,
        "holder": holder_body(holding),
        "handed": handed,
        "on_hold": on_hold,
    }


def opened_body(task: TaskFact, due: Mapping[str, Any]) -> dict[str, Any]:
    """A task as an event records its opening."""
    return {
        "key": task.key,
        "rule": task.rule,
        "kind": task.kind,
        "required": task.required,
        "stage": task.stage,
        "round": task.round,
        "party": task.party,
        "organisation": task.organisation,
        "role": task.role,
        "status": task.status,
        **due,
    }


def moved_body(each: MovedDue) -> dict[str, Any]:
    """A due moment that moves, as an event records it."""
    return {
        "key": each.key,
        "stage": each.stage,
        "round": each.round,
        "due_at": moment(each.due_at),
        "calendar_version": each.calendar_version,
    }


def due_body(*, target_days: int | None, due_at: datetime | None, calendar_version: str) -> dict[str, Any]:
    """A target as an event records it: working days, the due moment, and the calendar that it rests on."""
    return {
        "target_days": target_days,
        "due_at": None if due_at is None else moment(due_at),
        "calendar_version": calendar_version,
    }


def holder_body(holding: Holding | None) -> dict[str, Any] | None:
    """Who has it from this event on, as an event records it."""
    if holding is None:
        return None
    return {
        "owner": holding.owner,
        "outside": holding.outside,
        "stage": holding.stage,
        "role": holding.role,
        "reason": holding.reason,
    }
