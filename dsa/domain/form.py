"""What a form is: sections of questions, each with the shape of its answer and the conditions under which it is asked.

One rule: a form is read-only data. The same form, answers and parties always ask the same questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dsa.domain.conditions import ALWAYS, NEVER, Condition, Situation
from dsa.domain.parties import Answers, Party

SIMPLE_TYPES = (
    "text", "long", "choice", "multi", "date", "number", "yesno", "party", "organisation", "duration", "reference",
    "link",
)  # fmt: skip
TYPES = (*SIMPLE_TYPES, "people", "table", "record")


@dataclass(frozen=True, slots=True)
class Option:
    """One possible choice: the stored value, and what people read."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """What an answer looks like. Lengths are in characters, `max_words` in words; `many` allows several parties."""

    type: str
    options: tuple[Option, ...] = ()
    columns: tuple[Column, ...] = ()
    required_options: tuple[str, ...] = ()
    max_length: int = 0
    max_words: int = 0
    minimum: int | None = None
    maximum: int | None = None
    min_rows: int = 0
    max_rows: int = 0
    many: bool = False
    relative: bool = False
    unit: str = ""

    def option(self, value: object) -> Option | None:
        """The option with that value, or None."""
        return next((option for option in self.options if option.value == value), None)

    def column(self, key: str) -> Column | None:
        """The column (or field of a record) with that key, or None."""
        return next((column for column in self.columns if column.key == key), None)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, or a field of a record. `shown` false keeps it off the document; a column that
    `identifies` holds a short name by which other answers refer to the row; a `private` one never enters a version."""

    key: str
    label: str
    shape: Shape
    hint: str = ""
    required: bool = False
    required_when: Condition = NEVER
    shown: bool = True
    identifies: bool = False
    private: bool = False

    @property
    def type(self) -> str:
        """The type of the answers in this column."""
        return self.shape.type

    def is_required(self, row: Mapping[str, Any], at: Situation) -> bool:
        """Whether this cell must be filled in that row."""
        if self.required:
            return True
        return self.required_when.holds(Situation(at.answers, at.parties, at.per_party, at.party, row))


@dataclass(frozen=True, slots=True)
class MustHave:
    """A row that a table must contain, and the sentence for when it does not."""

    row: Condition
    says: str


@dataclass(frozen=True, slots=True)
class Stop:
    """An answer after which nothing may go further here, and the sentence that says why."""

    when: Condition
    says: str


@dataclass(frozen=True, slots=True)
class Fill:
    """What a start question fills in the agreement: a question, by value, with fixed parts (a role)."""

    question: str
    values: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `required` means: whenever it is asked; `held_in` names the table column that holds its answer;
    a `private` answer stays with the side that gave it and never enters a version."""

    key: str
    wording: str
    shape: Shape
    section: str = ""
    hint: str = ""
    why: str = ""
    source: str = ""
    example: str = ""
    per_party: bool = False
    required: bool = False
    system: bool = False
    private: bool = False
    asked_when: Condition = ALWAYS
    required_when: Condition = NEVER
    must_have: tuple[MustHave, ...] = ()
    held_in: str = ""
    stops: tuple[Stop, ...] = ()
    fills: Fill | None = None

    @property
    def type(self) -> str:
        """The type of the answer."""
        return self.shape.type

    @property
    def options(self) -> tuple[Option, ...]:
        """The choices, where there are any."""
        return self.shape.options

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a table or fields of a record."""
        return self.shape.columns


@dataclass(frozen=True, slots=True)
class Section:
    """A page of questions; `letter` is how people speak of it, `key` is how everything refers to it."""

    key: str
    letter: str
    title: str
    intro: str = ""
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Form:
    """A published form. Question keys are unique across all sections."""

    id: str
    version: int
    title: str
    sections: tuple[Section, ...]
    _by_key: dict[str, Question] = field(default_factory=dict, repr=False, compare=False)
    _per_party: set[str] = field(default_factory=set, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_key.update({question.key: question for question in self.questions()})
        self._per_party.update(question.key for question in self.questions() if question.per_party)

    def questions(self) -> Iterator[Question]:
        """Every question in the order in which it is asked."""
        for section in self.sections:
            yield from section.questions

    def question(self, key: str) -> Question | None:
        """The question with that key, or None."""
        return self._by_key.get(key)

    def section(self, key: str) -> Section | None:
        """The section with that key, or None."""
        return next((section for section in self.sections if section.key == key), None)

    def situation(self, answers: Answers, parties: tuple[Party, ...]) -> Situation:
        """What this form's conditions are judged on."""
        return Situation(answers, tuple(parties), frozenset(self._per_party))

    def sectioned(self, answers: Answers) -> dict[str, dict[str, Any]]:
        """Flat answers arranged by section, in the order of the form; keys the form does not have are left out."""
        return {
            section.key: {q.key: answers[q.key] for q in section.questions if q.key in answers}
            for section in self.sections
        }


def is_asked(question: Question, at: Situation) -> bool:
    """Whether a question is asked in a situation (for one party, when the situation is seen from a party).

    A per-party question outside any party is asked when some party is asked it.
    """
    if question.system or question.held_in:
        return False
    if question.per_party and at.party is None:
        return any(question.asked_when.holds(at.of(party)) for party in at.parties)
    return question.asked_when.holds(at)


def is_required(question: Question, at: Situation) -> bool:
    """Whether an answer must be given before the agreement can be submitted."""
    if question.per_party and at.party is None:
        return any(is_required(question, at.of(party)) for party in at.parties)
    return is_asked(question, at) and (question.required or question.required_when.holds(at))


def asked_of(question: Question, at: Situation) -> tuple[Party, ...]:
    """The parties that a per-party question is asked of."""
    return tuple(party for party in at.parties if is_asked(question, at.of(party)))
