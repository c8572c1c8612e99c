"""Reading, checking and counting answers: from JSON and from form fields alike.

One rule: a draft always saves. A mistaken answer is kept with a sentence about it; mistakes stop submitting only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dsa.domain import values
from dsa.domain.conditions import Situation, answered
from dsa.domain.definition import did_you_mean
from dsa.domain.form import Column, Form, Question, Shape, asked_of, is_asked, is_required
from dsa.domain.parties import Answers, Party, own_answer, rows_of

PARTY_KEY = re.compile(r"[a-z0-9][a-z0-9\-]{0,39}\Z")


@dataclass(frozen=True, slots=True)
class Mistake:
    """An answer that cannot be right: where it is, and a sentence that says how to put it right."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Missing:
    """An answer that must be given before submitting. `field` is its path; `party` a party's or a group's key."""

    field: str
    section: str
    question: str
    party: str | None = None


_READERS: Mapping[str, Callable[[object, Shape], Any]] = {
    "text": values.read_text, "long": values.read_text, "organisation": values.read_text,
    "choice": values.read_choice, "multi": values.read_multi, "number": values.read_number,
    "yesno": values.read_yesno, "date": values.read_date, "duration": values.read_duration,
    "link": values.read_link, "reference": values.read_reference,
}  # fmt: skip


def read_answer(question: Question, raw: object, *, parties: Iterable[Party] = ()) -> tuple[Any, Mistake | None]:
    """The answer as it is stored, and the first thing wrong with it (None if nothing is). Never raises.

    `parties` lets answers that name a party be checked; without them any party is accepted.
    """
    value, mistakes = read_whole_answer(question, raw, parties=parties)
    return value, mistakes[0] if mistakes else None


def read_whole_answer(
    question: Question, raw: object, *, parties: Iterable[Party] = ()
) -> tuple[Any, tuple[Mistake, ...]]:
    """The answer as it is stored and everything wrong with it."""
    reading = _Reading(parties)
    if raw is None:
        return None, ()
    if question.per_party:
        value = reading.per_party(question, raw)
    else:
        value = reading.shape(question.shape, raw, question.key, question.wording)
    return value, tuple(reading.mistakes)


def read_answers(
    form: Form, raw: Mapping[str, Any], *, parties: Iterable[Party] = ()
) -> tuple[dict[str, Any], tuple[Mistake, ...]]:
    """All answers of a flat mapping; keys that the form does not have are named and left out."""
    found: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for key, given in raw.items():
        question = form.question(key)
        if question is None:
            known = (one.key for one in form.questions())
            message = f'"{key[:60]}" is not a question of this form.{did_you_mean(key[:60], known)}'
            mistakes.append(Mistake(values.tidy(key)[:60], message))
            continue
        value, wrong = read_whole_answer(question, given, parties=parties)
        mistakes.extend(wrong)
        if value is not None:
            found[key] = value
    return found, tuple(mistakes)


def mistakes_in(form: Form, answers: Answers, parties: Iterable[Party]) -> tuple[Mistake, ...]:
    """Everything wrong with stored answers, in the order of the form; hidden questions are not looked at."""
    at = form.situation(answers, tuple(parties))
    found: list[Mistake] = []
    for question in form.questions():
        if question.key in answers and is_asked(question, at):
            found.extend(read_whole_answer(question, answers[question.key], parties=at.parties)[1])
    return tuple(found)


class _Reading:
    """One reading of one answer: collects the mistakes on the way."""

    def __init__(self, parties: Iterable[Party]) -> None:
        known = tuple(parties)
        self.keys = {party.key for party in known} | {party.group for party in known if party.group}
        self.mistakes: list[Mistake] = []

    def say(self, place: str, name: str, message: str) -> None:
        self.mistakes.append(Mistake(place, f"{name.rstrip('?. ')}: this {message}."))

    def per_party(self, question: Question, raw: object) -> Any:
        if not isinstance(raw, Mapping):
            self.say(question.key, question.wording, "should have one answer for each party, by the party's short name")
            return values.storable(raw)
        found = {}
        for key, part in raw.items():
            if not isinstance(key, str) or not values.plain_key(key):
                self.say(question.key, question.wording, "names a party by something that is not plain text")
                continue
            if self.keys and key not in self.keys:
                self.say(f"{question.key}.{key}", question.wording, f'is given for "{key}", which is not a party')
            value = self.shape(question.shape, part, f"{question.key}.{key}", question.wording)
            if value is not None:
                found[key] = value
        return found or None

    def shape(self, shape: Shape, raw: object, place: str, name: str) -> Any:
        if raw is None:
            return None
        if shape.type == "table":
            return self._table(shape, raw, place, name)
        if shape.type == "record":
            return self._record(shape, raw, place, name)
        if shape.type == "people":
            return self._people(shape, raw, place, name)
        try:
            if shape.type in ("party", "organisation"):
                return self._bodies(shape, raw)
            return _READERS[shape.type](raw, shape)
        except values.Mistaken as mistake:
            self.say(place, name, str(mistake))
            return values.storable(raw)

    def _bodies(self, shape: Shape, raw: object) -> Any:
        items = raw if isinstance(raw, list | tuple) else [raw]
        if len(items) > values.MAX_KEPT_ITEMS:
            raise values.Mistaken("names too many parties")
        keys = [text for text in (values.read_text(item, Shape("text", max_length=120)) for item in items) if text]
        if len(keys) > 1 and not shape.many:
            raise values.Mistaken("should name one party only")
        for key in keys:
            if shape.type == "party" and self.keys and key not in self.keys:
                raise values.Mistaken(f'names "{key[:60]}", which is not a short name in the parties table')
        if not keys:
            return None
        return list(dict.fromkeys(keys)) if shape.many else keys[0]

    def _people(self, shape: Shape, raw: object, place: str, name: str) -> Any:
        if not isinstance(raw, Mapping):
            self.say(place, name, "should name a post for each role")
            return values.storable(raw)
        found = {}
        for key, post in raw.items():
            if not isinstance(key, str) or not shape.option(key):
                known = [option.value for option in shape.options]
                self.say(place, name, f'names the role "{str(key)[:40]}", which is not known{_hint(key, known)}')
                continue
            value = self.shape(Shape("text", max_length=300), post, f"{place}.{key}", name)
            if value is not None:
                found[key] = value
        return found or None

    def _record(self, shape: Shape, raw: object, place: str, name: str) -> Any:
        if isinstance(raw, str | bool | int | list):
            raw = {shape.columns[0].key: raw}
        if not isinstance(raw, Mapping):
            self.say(place, name, "should have named parts")
            return values.storable(raw)
        return self._columns(shape, raw, place, name) or None

    def _table(self, shape: Shape, raw: object, place: str, name: str) -> Any:
        rows = [raw] if isinstance(raw, Mapping) else raw
        if not isinstance(rows, list | tuple):
            self.say(place, name, "should be a list of rows")
            return values.storable(raw)
        if shape.max_rows and len(rows) > shape.max_rows:
            self.say(place, name, f"has {len(rows):,} rows; the most is {shape.max_rows:,}")
            rows = rows[: shape.max_rows]
        found = []
        for number, row in enumerate(rows):
            if not isinstance(row, Mapping):
                self.say(f"{place}[{number}]", name, f"has a row {number + 1} that is not a set of columns")
                continue
            cells = self._columns(shape, row, f"{place}[{number}]", name)
            if cells:
                found.append(cells)
        self._identified(shape, found, place, name)
        return found or None

    def _columns(self, shape: Shape, raw: Mapping[Any, Any], place: str, name: str) -> dict[str, Any]:
        for key in raw:
            if not isinstance(key, str) or not shape.column(key):
                known = [column.key for column in shape.columns]
                self.say(place, name, f'has "{str(key)[:40]}", which is not known here{_hint(key, known)}')
        found = {}
        for column in shape.columns:
            if column.key in raw:
                cell = self.shape(column.shape, raw[column.key], f"{place}.{column.key}", column.label)
                if cell is not None:
                    found[column.key] = cell
        return found

    def _identified(self, shape: Shape, rows: list[dict[str, Any]], place: str, name: str) -> None:
        """Columns that identify a row hold short plain names, each once."""
        for column in (one for one in shape.columns if one.identifies):
            seen: set[str] = set()
            for number, row in enumerate(rows):
                key, where = row.get(column.key), f"{place}[{number}].{column.key}"
                if not isinstance(key, str):
                    continue
                if not PARTY_KEY.match(key):
                    self.say(where, column.label, "should be small letters, digits and hyphens, such as council-01")
                elif key in seen:
                    self.say(where, column.label, f'is "{key}" twice; each row needs its own')
                seen.add(key)


def _hint(key: object, known: Iterable[str]) -> str:
    close = did_you_mean(str(key)[:40], known)
    return f";{close.rstrip('?').lower()}" if close else ""


def missing(form: Form, answers: Answers, parties: Iterable[Party]) -> list[Missing]:
    """Every answer that is still needed before submitting, in the order of the form."""
    at = form.situation(answers, tuple(parties))
    found: dict[str, Missing] = {}
    for question in form.questions():
        if not is_asked(question, at):
            continue
        for one in _missing_of_party(question, at) if question.per_party else _missing_in(question, at):
            found.setdefault(one.field, one)
    return list(found.values())


def _missing_of_party(question: Question, at: Situation) -> Iterator[Missing]:
    value = at.answers.get(question.key)
    for party in asked_of(question, at):
        own = own_answer(value, party)
        given_as = party.key if isinstance(value, Mapping) and party.key in value else (party.group or party.key)
        yield from _missing_parts(question, own, at.of(party), f"{question.key}.{given_as}", given_as)


def _missing_in(question: Question, at: Situation) -> Iterator[Missing]:
    yield from _missing_parts(question, at.answers.get(question.key), at, question.key, None)


def _missing_parts(question: Question, value: Any, at: Situation, place: str, party: str | None) -> Iterator[Missing]:
    def needed(where: str, what: str = "") -> Missing:
        return Missing(where, question.section, f"{question.wording} {what}".strip(), party)

    if not answered(value):
        if is_required(question, at):
            yield needed(place)
        return
    shape = question.shape
    if shape.type == "people" and is_required(question, at):
        posts = value if isinstance(value, Mapping) else {}
        for role in shape.required_options:
            option = shape.option(role)
            if option and not answered(posts.get(role)):
                yield needed(f"{place}.{role}", f"({option.label})")
    elif shape.type == "record" and isinstance(value, Mapping):
        for column in _empty_columns(shape, value, at):
            yield needed(f"{place}.{column.key}", f"({column.label})")
    elif shape.type == "table":
        yield from _missing_rows(question, value, at, place, needed)


def _missing_rows(
    question: Question, value: Any, at: Situation, place: str, needed: Callable[[str, str], Missing]
) -> Iterator[Missing]:
    rows = rows_of(value)
    for number, row in enumerate(rows):
        for column in _empty_columns(question.shape, row, at):
            yield needed(f"{place}[{number}].{column.key}", f"(row {number + 1}: {column.label})")
    if len(rows) < question.shape.min_rows:
        yield needed(place, f"(at least {question.shape.min_rows} rows)")
    for must in question.must_have:
        if not any(must.row.holds(Situation(at.answers, at.parties, at.per_party, at.party, row)) for row in rows):
            yield needed(f"{place}[{len(rows)}]", must.says)


def _empty_columns(shape: Shape, row: Mapping[str, Any], at: Situation) -> Iterator[Column]:
    for column in shape.columns:
        if not answered(row.get(column.key)) and column.is_required(row, at):
            yield column


def stopped(form: Form, answers: Answers, parties: Iterable[Party] = ()) -> str | None:
    """The sentence of the first answer after which nothing may go further here, or None."""
    at = form.situation(answers, tuple(parties))
    stops = (stop for question in form.questions() for stop in question.stops)
    return next((stop.says for stop in stops if stop.when.holds(at)), None)


def content_answers(form: Form, answers: Answers, parties: Iterable[Party]) -> dict[str, dict[str, Any]]:
    """The answers as they enter a version: by section, without what is not asked (any more) and what stays private."""
    at = form.situation(answers, tuple(parties))
    kept = {
        question.key: _shareable(question.shape, answers[question.key])
        for question in form.questions()
        if not question.private and is_asked(question, at) and answered(answers.get(question.key))
    }
    return form.sectioned(kept)


def _shareable(shape: Shape, value: Any) -> Any:
    """An answer without its private columns."""
    hidden = {column.key for column in shape.columns if column.private}
    if not hidden or not isinstance(value, list):
        return value
    return [{k: v for k, v in row.items() if k not in hidden} if isinstance(row, Mapping) else row for row in value]
