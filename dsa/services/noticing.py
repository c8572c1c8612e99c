"""What each person is told and how: at once, once a day, or not at all. One rule: nobody can be untold of a signature
that is asked of them, or of what is overdue with their organisation."""

from collections.abc import Mapping
from dataclasses import dataclass

from dsa.domain.actor import Actor
from dsa.domain.errors import BadInput
from dsa.persistence import notices
from dsa.services.context import Context

NOW, DIGEST, NEVER = "now", "digest", "never"
# kind -> what it is about, in the order of the page
KINDS: Mapping[str, str] = {
    "tasks": "Something is asked of you: a first look, a review, a decision, changes",
    "signing": "Something to sign, and reminders of it",
    "reminders": "A reminder before something is due",
    "overdue": "Something of yours is overdue",
    "escalation": "Something is overdue with your organisation, and you are told as the next above",
    "questions": "A question to you, or an answer to yours",
    "chases": "Somebody asks you to go on",
    "dates": "A due date of yours moved",
    "documents": "A signed document is ready",
}
ALWAYS_TOLD = frozenset({"signing", "escalation"})


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of the page: a kind, what it is about, what the person chose, and what may be chosen."""

    kind: str
    about: str
    choice: str
    choices: tuple[str, ...]


def choice_of(chosen: Mapping[str, str], kind: str) -> str:
    """How to tell somebody who chose so of a kind of thing: at once where they chose nothing."""
    choice = chosen.get(kind, NOW)
    return NOW if choice == NEVER and kind in ALWAYS_TOLD else choice


def notices_page(ctx: Context, actor: Actor) -> tuple[Notice, ...]:
    """What the actor is told, and how."""
    with ctx.database.reading() as session:
        chosen = notices.choices_of(session, [actor.person_id]).get(actor.person_id, {})
    return tuple(Notice(kind, about, choice_of(chosen, kind), _choices(kind)) for kind, about in KINDS.items())


def choose(ctx: Context, actor: Actor, choices: Mapping[str, str]) -> None:
    """Keep how the actor wants to be told of each kind. Raises BadInput for a kind or choice that there is not."""
    for kind in KINDS:
        if choices.get(kind) not in _choices(kind):
            raise BadInput("Choose how you are told of each kind of thing.")
    kept = {kind: choice for kind, choice in choices.items() if kind in KINDS and choice != NOW}
    with ctx.database.writing() as session:
        notices.choose(session, actor.person_id, kept, at=ctx.clock.now())


def _choices(kind: str) -> tuple[str, ...]:
    return (NOW, DIGEST) if kind in ALWAYS_TOLD else (NOW, DIGEST, NEVER)
