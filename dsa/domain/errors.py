"""What can go wrong, as types that a person's edge can turn into a sentence.

    Problem
     +-- NotFound        the thing does not exist, or not for this person
     +-- NotAllowed      this person may not do this; the sentence says who may
     +-- Refused         the agreement is not in a state for this; the sentence says what to do
     +-- Conflict        somebody else was first; the sentence says what they did
     +-- BadInput        what was sent cannot be read; the sentence says where

One rule: every message is a whole sentence that says what happened and what to do, with its parameters apart, so
that gettext can translate it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: a sentence with named parameters (``%(name)s``). Falsy nowhere: the absence of a refusal is None."""

    message: str
    params: Mapping[str, object] = field(default_factory=dict)
    code: str = "refused"

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message


class Problem(Exception):
    """Base of everything a person can be told. ``refusal`` carries the sentence."""

    def __init__(self, refusal: Refusal | str, **params: object) -> None:
        self.refusal = refusal if isinstance(refusal, Refusal) else Refusal(refusal, params)
        super().__init__(str(self.refusal))


class NotFound(Problem):
    """The thing does not exist, or not for this person."""


class NotAllowed(Problem):
    """This person may not do this."""


class Refused(Problem):
    """The agreement is not in a state for this."""


class Conflict(Problem):
    """Somebody else acted first; nothing was changed."""


class BadInput(Problem):
    """What was sent cannot be read; the sentence names the place."""
