"""The small language in which a form says when a question is asked or required.

One rule: a condition is data, never code, and while something is unanswered every comparison with it is false.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dsa.domain.definition import Book, Path, did_you_mean, kind_of
from dsa.domain.parties import PARTY_ATTRIBUTES, Answers, Party, own_answer, rows_of

MAX_DEPTH = 12
OPERATORS = ("is", "is_not", "in", "includes", "includes_any", "answered", "at_least", "at_most")
SUBJECTS = ("question", "column", "party")


@dataclass(frozen=True, slots=True)
class Situation:
    """What a condition is judged on: the answers, the parties, and (inside one) the party or table row at hand."""

    answers: Answers
    parties: tuple[Party, ...] = ()
    per_party: frozenset[str] = frozenset()
    party: Party | None = None
    row: Mapping[str, Any] | None = None

    def of(self, party: Party) -> Situation:
        """The same situation seen from one party."""
        return replace(self, party=party)


class Condition:
    """Something that holds or does not in a situation."""

    __slots__ = ()

    def holds(self, at: Situation) -> bool:
        """Whether the condition is true there."""
        raise TypeError("a condition says when it holds")


@dataclass(frozen=True, slots=True)
class Constant(Condition):
    """Always or never."""

    value: bool

    def holds(self, at: Situation) -> bool:
        """The constant."""
        return self.value


ALWAYS, NEVER = Constant(True), Constant(False)


@dataclass(frozen=True, slots=True)
class Every(Condition):
    """All parts hold."""

    parts: tuple[Condition, ...]

    def holds(self, at: Situation) -> bool:
        """Whether every part holds."""
        return all(part.holds(at) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Some(Condition):
    """At least one part holds."""

    parts: tuple[Condition, ...]

    def holds(self, at: Situation) -> bool:
        """Whether any part holds."""
        return any(part.holds(at) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """The part does not hold."""

    part: Condition

    def holds(self, at: Situation) -> bool:
        """Whether the part fails."""
        return not self.part.holds(at)


@dataclass(frozen=True, slots=True)
class Compare(Condition):
    """A question's answer, a column of the row at hand, or an attribute of the party at hand, against a value."""

    subject: str
    key: str
    operator: str
    operand: Any
    field: str = ""

    def holds(self, at: Situation) -> bool:
        """Whether the comparison is true; for a per-party question outside a party, whether it is for any party."""
        if self.subject == "column":
            return _compare(self.operator, (at.row or {}).get(self.key), self.operand)
        if self.subject == "party":
            return at.party is not None and _compare(self.operator, at.party.attribute(self.key), self.operand)
        value = at.answers.get(self.key)
        if self.key not in at.per_party:
            return _compare(self.operator, self._part(value), self.operand)
        seen_from = (at.party,) if at.party else at.parties
        return any(_compare(self.operator, self._part(own_answer(value, party)), self.operand) for party in seen_from)

    def _part(self, value: Any) -> Any:
        if not self.field:
            return value
        return value.get(self.field) if isinstance(value, Mapping) else None


@dataclass(frozen=True, slots=True)
class AnyRow(Condition):
    """Some row of a table answer meets a condition on its columns."""

    key: str
    part: Condition

    def holds(self, at: Situation) -> bool:
        """Whether any row meets it."""
        return any(self.part.holds(replace(at, row=row)) for row in rows_of(at.answers.get(self.key)))


@dataclass(frozen=True, slots=True)
class OfParties(Condition):
    """How many parties meet a condition: at least so many, or (`every`) all of them."""

    part: Condition
    at_least: int = 1
    every: bool = False

    def holds(self, at: Situation) -> bool:
        """Whether enough parties meet it."""
        met = sum(self.part.holds(at.of(party)) for party in at.parties)
        return met == len(at.parties) > 0 if self.every else met >= self.at_least


def answered(value: object) -> bool:
    """Whether a value is an answer at all: not nothing, not empty, not only empty parts."""
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, Mapping):
        return any(answered(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(answered(part) for part in value)
    return value is not None


def _compare(operator: str, value: Any, operand: Any) -> bool:
    if operator == "answered":
        return answered(value) is bool(operand)
    if not answered(value):
        return False
    if operator == "is":
        return bool(type(value) is type(operand) and value == operand)
    if operator == "is_not":
        return bool(value != operand)
    if operator == "in":
        return value in operand
    if operator == "includes":
        return operand in value if isinstance(value, list | tuple) else bool(value == operand)
    if operator == "includes_any":
        return any(_compare("includes", value, one) for one in operand)
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return bool(value >= operand) if operator == "at_least" else bool(value <= operand)


@dataclass(slots=True)
class ConditionReader:
    """Reads conditions of one file; remembers every question that they mention so that the form can check it."""

    book: Book
    named: dict[str, Condition] = field(default_factory=dict)
    mentions: list[tuple[Path, str, str, str, Any]] = field(default_factory=list)  # place, subject, key, field, operand

    def read(self, data: object, path: Path, *, depth: int = 0) -> Condition:
        """The condition at a place; a problem is recorded and read as "never"."""
        if isinstance(data, str):
            return self._named(data, path)
        if data is None or isinstance(data, bool):
            return ALWAYS if data else NEVER
        if not isinstance(data, Mapping) or not data:
            self.book.say(path, f"a condition is a set of keys, or the name of one, not {kind_of(data)}.")
            return NEVER
        if depth > MAX_DEPTH:
            self.book.say(path, f"conditions are nested more than {MAX_DEPTH} deep.")
            return NEVER
        return self._operation(data, path, depth)

    def _named(self, name: str, path: Path) -> Condition:
        if name in self.named:
            return self.named[name]
        self.book.say(path, f'there is no condition called "{name}" above this line.{did_you_mean(name, self.named)}')
        return NEVER

    def _operation(self, data: Mapping[str, Any], path: Path, depth: int) -> Condition:
        if any(subject in data for subject in SUBJECTS):
            return self._comparison(data, path, depth)
        known = ("all", "any", "not", "any_party", "all_parties", "this_party", "parties_at_least",
                 "public_bodies_at_least")  # fmt: skip
        if len(data) != 1 or next(iter(data)) not in known:
            word = next((str(key) for key in data if key not in known), str(next(iter(data))))
            self.book.say(
                (*path, word), f'"{word}" is not part of a condition.{did_you_mean(word, (*known, *SUBJECTS))}'
            )
            return NEVER
        word, inner = next(iter(data.items()))
        place = (*path, word)
        if word in ("all", "any"):
            return self._several(word, inner, place, depth)
        if word == "not":
            return Not(self.read(inner, place, depth=depth + 1))
        if word in ("any_party", "all_parties"):
            return OfParties(self._of_party(inner, place, depth), every=word == "all_parties")
        if word == "this_party":
            return self._of_party(inner, place, depth)
        return self._counted(word, inner, place)

    def _several(self, word: str, inner: object, place: Path, depth: int) -> Condition:
        if not isinstance(inner, list) or not inner:
            self.book.say(place, f'"{word}" takes a list of conditions.')
            return NEVER
        parts = tuple(self.read(part, (*place, number), depth=depth + 1) for number, part in enumerate(inner))
        return Every(parts) if word == "all" else Some(parts)

    def _counted(self, word: str, inner: object, place: Path) -> Condition:
        if not isinstance(inner, int) or isinstance(inner, bool) or inner < 1:
            self.book.say(place, f'"{word}" takes a whole number of 1 or more.')
            return NEVER
        part: Condition = ALWAYS if word == "parties_at_least" else Compare("party", "public", "is", True)
        return OfParties(part, at_least=inner)

    def _of_party(self, inner: object, place: Path, depth: int) -> Condition:
        """Either a whole condition, or the short form {role: recipient, nation: [SCT, NIR]}."""
        operations = ("all", "any", "not", *SUBJECTS)
        if not isinstance(inner, Mapping) or not inner or any(key in operations for key in inner):
            return self.read(inner, place, depth=depth + 1)
        parts = []
        for key, wanted in inner.items():
            subject = "party" if key in PARTY_ATTRIBUTES else "question"
            operator = "includes_any" if isinstance(wanted, list) else "includes"
            if subject == "question":
                self.mentions.append(((*place, key), subject, str(key), "", wanted))
            parts.append(Compare(subject, str(key), operator, wanted))
        return Every(tuple(parts))

    def _comparison(self, data: Mapping[str, Any], path: Path, depth: int) -> Condition:
        subject = next(one for one in SUBJECTS if one in data)
        key, part = data[subject], data.get("field", "")
        if not isinstance(key, str) or not isinstance(part, str):
            self.book.say((*path, subject), f'"{subject}" takes the key of a {subject}.')
            return NEVER
        rest = [word for word in data if word not in (subject, "field")]
        if rest == ["any_row"] and subject == "question":
            self.mentions.append((path, subject, key, "", None))
            return AnyRow(key, self.read(data["any_row"], (*path, "any_row"), depth=depth + 1))
        if len(rest) != 1 or rest[0] not in OPERATORS:
            word = next((str(one) for one in rest if one not in OPERATORS), "")
            what = f'"{word}" is not a comparison.' if word else "a condition needs exactly one comparison."
            self.book.say((*path, word) if word else path, what + did_you_mean(word, OPERATORS))
            return NEVER
        if subject == "party" and key not in PARTY_ATTRIBUTES:
            self.book.say((*path, subject), f'a party has no "{key}".{did_you_mean(key, PARTY_ATTRIBUTES)}')
        return self._checked(subject, key, part, rest[0], data[rest[0]], path)

    def _checked(self, subject: str, key: str, part: str, operator: str, operand: Any, path: Path) -> Condition:
        place = (*path, operator)
        if operator in ("in", "includes_any") and not isinstance(operand, list):
            self.book.say(place, f'"{operator}" takes a list.')
            return NEVER
        if operator in ("at_least", "at_most") and (not isinstance(operand, int) or isinstance(operand, bool)):
            self.book.say(place, f'"{operator}" takes a whole number.')
            return NEVER
        if operator == "answered" and not isinstance(operand, bool):
            self.book.say(place, '"answered" takes true or false.')
            return NEVER
        if operator in ("is", "is_not", "includes") and not isinstance(operand, str | int | bool):
            self.book.say(place, f'"{operator}" takes one value.')
            return NEVER
        checkable = operand if operator not in ("answered", "at_least", "at_most") else None
        self.mentions.append((path, subject, key, part, checkable))
        return Compare(subject, key, operator, operand, part)
