"""Why an agreement is where it is: the codes that a spell of its ledger may carry.

One rule: every hold and every return carries one of the delay codes; every other minute carries what is being done.
The codes are stored and never change; labels and definitions are for people and may be translated.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What sort of reason it is."""

    DELAY = "delay"
    WORKING = "working"
    NOT_GIVEN = "not_given"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class Reason:
    """A code with its label and one sentence that says when it applies. ``typical_owner`` may be empty."""

    code: str
    label: str
    definition: str
    kind: Kind
    typical_owner: str = ""


def _delay(code: str, label: str, definition: str, typical_owner: str) -> Reason:
    return Reason(code, label, definition, Kind.DELAY, typical_owner)


def _working(code: str, label: str, definition: str) -> Reason:
    return Reason(code, label, definition, Kind.WORKING)


NOT_GIVEN = "NOT_GIVEN"
# The time before an agreement was followed here, and whose it was: no organisation's, neither work nor waiting.
BEFORE, NOT_KNOWN = "reported", "not known"

DELAYS: tuple[Reason, ...] = (
    _delay(
        "LEGAL_POWER",
        "power unclear",
        "No power in statute or common law has been agreed for this flow of data.",
        "legal",
    ),
    _delay(
        "LEGAL_DIFF",
        "lawyers differ",
        "The parties’ legal advisers disagree on the basis, a condition or who is controller.",
        "legal advisers of two or more parties",
    ),
    _delay(
        "DPIA",
        "data protection work incomplete",
        "The impact assessment, a Schedule 1 condition, the appropriate policy document, a privacy notice or "
        "consultation with the Commissioner is outstanding.",
        "drafter or data protection officer",
    ),
    _delay(
        "SECURITY",
        "assurance gap",
        "The security evidence, the hosting or the way the data travels has not been accepted.",
        "security",
    ),
    _delay(
        "RISK",
        "risk not accepted",
        "The owner of the risk is not willing to accept what remains of it, or the harm to reputation.",
        "data owner or accountable person",
    ),
    _delay(
        "NO_OWNER",
        "nobody named",
        "The data owner, the signatory or a reviewer is not known, or the post is vacant.",
        "both sides",
    ),
    _delay(
        "DUP_REVIEW",
        "reviewed again",
        "Another team or party is asking a question that has been reviewed already.",
        "information governance lead",
    ),
    _delay(
        "TEMPLATE",
        "whose form",
        "The parties have not agreed whose form or clauses to use, or are moving from one to another.",
        "drafter",
    ),
    _delay(
        "QUALITY",
        "draft returned",
        "Answers are missing, vague or contradict each other.",
        "drafter",
    ),
    _delay(
        "DATA_SPEC",
        "data not as thought",
        "Items are not available, their quality is poor, or what is asked for has changed.",
        "data owner",
    ),
    _delay(
        "RESOURCE",
        "no capacity",
        "It waits in a queue, or for somebody on leave, a vacancy or a higher priority.",
        "any",
    ),
    _delay(
        "FUNDING",
        "who pays",
        "The cost of the extract, a charge or a budget has not been agreed.",
        "finance",
    ),
    _delay(
        "TECH",
        "systems do not connect",
        "Something must be built or connected first: an old system, a format, a link or keys.",
        "technical",
    ),
    _delay(
        "BOARD",
        "board or minister",
        "It waits for a review board, an advisory group, a panel, a minister, a regulator or the end of a "
        "pre-election period.",
        "board secretary",
    ),
    _delay(
        "SIGN",
        "waiting for signature",
        "The text is agreed and waits for a signatory or for the other party.",
        "signatory",
    ),
)

# Not among the fifteen that every organisation uses.
EXTRA_DELAYS: tuple[Reason, ...] = (
    _delay("POLICY", "priority changed", "The policy or its priority has changed.", "any"),
    _delay("PUBLIC", "public engagement", "It waits for engagement with the public or a consultation.", "any"),
)

WORKING: tuple[Reason, ...] = (
    _working("starting", "starting", "The first questions are being answered."),
    _working("first_look", "first look", "Each party says whether it wants this in principle and who will decide."),
    _working("drafting", "drafting", "The text is being written."),
    _working("checking", "checking the draft", "The draft is being checked before it goes to review."),
    _working("reviewing", "reviewing", "The reviewers of each party are reading and deciding."),
    _working("deciding", "deciding", "A decision has been asked for and is being made."),
    _working("board", "before the board", "A board or minister has it for decision."),
    _working("locking", "locking the text", "The text is being fixed for signature."),
    _working("sealing", "sealing", "The document is being made and sealed."),
    _working("signing", "signing", "The signatories are signing."),
    _working("preparing", "preparing", "Conditions, notices and the test transfer are being dealt with."),
    _working("in_use", "in use", "The agreement is in force and data may be shared."),
    _working("renewing", "renewing", "A review is due: it is being renewed, varied or ended."),
    _working("answering", "answering a question", "A question was asked and is being answered."),
    _working("returned", "being put right", "It was sent back and what was asked for is being changed."),
    _working("disposing", "destroying the data", "The sharing has ended and the data is being destroyed."),
)

_UNGIVEN = Reason(NOT_GIVEN, "not given", "Whoever recorded this gave no reason.", Kind.NOT_GIVEN)

_FOLLOWED_ELSEWHERE = Reason(
    BEFORE,
    "before it was followed here",
    "The agreement was followed elsewhere: who had it is not known here.",
    Kind.NOT_KNOWN,
)

REASONS: dict[str, Reason] = {
    reason.code: reason for reason in (*DELAYS, *EXTRA_DELAYS, *WORKING, _UNGIVEN, _FOLLOWED_ELSEWHERE)
}
CODES: frozenset[str] = frozenset(REASONS)
DELAY_CODES: frozenset[str] = frozenset(reason.code for reason in (*DELAYS, *EXTRA_DELAYS))
WORKING_CODES: frozenset[str] = frozenset(reason.code for reason in WORKING)


def is_reason(code: str) -> bool:
    """Whether the code is on the list."""
    return code in REASONS


def is_delay(code: str) -> bool:
    """Whether the code says what is being waited for: what a hold or a return must carry."""
    return code in DELAY_CODES


def label(code: str) -> str:
    """What to call the reason on a page; KeyError for a code that is not on the list."""
    return REASONS[code].label


def definition(code: str) -> str:
    """When the reason applies, in one sentence; KeyError for a code that is not on the list."""
    return REASONS[code].definition
