"""What must hold before a move. One rule: only the guards named here exist; a workflow file can name no other.

Most guards ask for a fact that the services establish from the rows ("the form is complete"); the rest look at the
tasks of the present stage. Each has the sentence that a person sees when it does not hold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsa.domain.errors import Refusal

if TYPE_CHECKING:
    from dsa.domain.machine import Instance


@dataclass(frozen=True, slots=True)
class Guard:
    """A named condition with its refusal. ``needs_fact`` is what the services must have established."""

    holds: "Callable[[Instance], bool]"
    refusal: Refusal
    needs_fact: str | None = None


def _fact(name: str, sentence: str) -> Guard:
    return Guard(lambda instance: name in instance.facts, Refusal(sentence, code=name), name)


def _complete(instance: "Instance") -> bool:
    return not any(t.required and t.status == "open" for t in instance.here())


def _outcome(*wanted: str) -> "Callable[[Instance], bool]":
    def holds(instance: "Instance") -> bool:
        return any(t.status == "done" and t.outcome in wanted for t in instance.here())

    return holds


GUARDS: Mapping[str, Guard] = {
    "complete": Guard(
        _complete,
        Refusal("Not everyone has answered yet. The list below says who has still to answer.", code="complete"),
    ),
    "changes_requested": Guard(
        _outcome("changes"), Refusal("Nobody has asked for changes in this round.", code="changes_requested")
    ),
    "blocked": Guard(_outcome("blocker", "declined"), Refusal("Nobody has reported a blocker.", code="blocked")),
    "declined": Guard(_outcome("no"), Refusal("No party has said no.", code="declined")),
    "reviews_overdue": _fact(
        "reviews_overdue",
        "The draft can be taken back when every review is in, or when those still open are overdue. "
        "Wait until then, or ask the reviewers.",
    ),
    "start_answered": _fact(
        "start_answered", "Some of the questions of the start are not answered. Answer them, then go on."
    ),
    "form_complete": _fact(
        "form_complete", "The draft is not complete. Open the list of what is missing, and answer or correct it first."
    ),
    "requests_answered": _fact(
        "requests_answered", "Some requests for changes have no response. Respond to each of them first."
    ),
    "route_matches": _fact(
        "route_matches",
        "The answers no longer fit this route. Move the agreement to the standard route, or change the answers back.",
    ),
    "no_questions": _fact("no_questions", "A reviewer's question is not answered. Answer it first."),
    "board_needed": _fact("board_needed", "No board or minister has to decide this agreement."),
    "document_issued": _fact("document_issued", "The document is being prepared. It is ready in about a minute."),
    "document_sealed": _fact(
        "document_sealed", "The signed document is being sealed. It is ready in about a minute; then go on."
    ),
    "conditions_met": _fact(
        "conditions_met", "Some conditions of the approvals are not met. Record how each was met, then go live."
    ),
    "one_off": _fact(
        "one_off", "This agreement is for regular sharing; only a one-off share ends as used and destroyed."
    ),
}
