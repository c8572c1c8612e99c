"""What stands as the reason in a signature of the document. One rule: what is written here is read back here, exactly.

A reason is what any reader of PDF shows beside a signature, so it is written for people: a line for each thing.
"""

import re
from dataclasses import dataclass

AUTHENTICATION = {"demo": "demo authentication", "password": "password confirmed at signing"}
_AUTHORITY, _HOW, _VOUCHED = "Authority: ", "Authenticated by: ", "Account vouched for by: "
# How it was written, in one line, in documents signed before each thing had a line of its own.
_ONE_LINE = re.compile(
    rf"(?P<statement>.*?)(?:(?:^| )Authority: (?P<authority>.*)\.)? \((?P<how>{'|'.join(AUTHENTICATION.values())})"
    r"(?:; account vouched for by (?P<vouched>.*))?\)",
    re.DOTALL,
)
_OUTSIDE = re.compile(r"(?P<when>.*?)\. Copy SHA-256 (?P<copy>[0-9a-f]*)\. Confirmed by (?P<confirmed>.*)\.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PersonReason:
    """Why a person's signature stands there, in words without line breaks. Empty where it is not said."""

    statement: str
    authority: str = ""
    authentication: str = ""
    vouched_by: str = ""

    @property
    def text(self) -> str:
        """As it is written into the document."""
        said = ((_AUTHORITY, self.authority), (_HOW, self.authentication), (_VOUCHED, self.vouched_by))
        return "\n".join([_line(self.statement), *(label + _line(value) for label, value in said if _line(value)), ""])


def read_person_reason(text: str) -> PersonReason:
    """What a person's reason says, written so by any release; all of it is the statement where it is not ours."""
    if "\n" not in text:
        found = _ONE_LINE.fullmatch(text)
        if found is None:
            return PersonReason(text)
        return PersonReason(found["statement"], found["authority"] or "", found["how"], found["vouched"] or "")
    statement, *lines = text.split("\n")
    said = {label: line.removeprefix(label) for label in (_AUTHORITY, _HOW, _VOUCHED) for line in lines
            if line.startswith(label)}  # fmt: skip
    return PersonReason(statement, said.get(_AUTHORITY, ""), said.get(_HOW, ""), said.get(_VOUCHED, ""))


@dataclass(frozen=True, slots=True)
class OutsideReason:
    """What the seal says that stands for a signature made outside: ``when`` is its day and how it was made."""

    post: str
    organisation: str
    when: str
    copy_sha256: str
    confirmed_by: str

    @property
    def text(self) -> str:
        """As it is written into the document."""
        begins = _outside_begins(self.post, self.organisation)
        return f"{begins}{self.when}. Copy SHA-256 {self.copy_sha256}. Confirmed by {self.confirmed_by}."


def read_outside_reason(text: str, post: str, organisation: str) -> OutsideReason | None:
    """What the seal in the place of this post says; None where it does not stand for a signature of that post."""
    begins = _outside_begins(post, organisation)
    found = _OUTSIDE.fullmatch(text.removeprefix(begins)) if text.startswith(begins) else None
    if found is None:
        return None
    return OutsideReason(post, organisation, found["when"], found["copy"], found["confirmed"])


def _outside_begins(post: str, organisation: str) -> str:
    return f"Signed outside this service: {post}, {organisation}, "


def _line(text: str) -> str:
    return " ".join(text.split())
