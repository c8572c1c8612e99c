"""The questions of a section as fields to fill in, and the fields as answers again.

One rule: what was saved is shown as it was typed, mistakes and all, and every mistake leads to an input.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from dsa.domain.conditions import NEVER, Situation, answered
from dsa.domain.form import Column, Question, Section, Shape, asked_of, is_required
from dsa.domain.form_fields import field_name, raw_from_fields
from dsa.domain.parties import Party, groups_of, parties_of, rows_of
from dsa.domain.starting import party_key
from dsa.domain.values import RELATIVE_TO, date_text, duration_text
from dsa.web.forms import FieldError, element_id
from dsa.web.wording import gettext, mark

ASKED = "asked"  # the hidden field that says which questions the page held
_FEW = 8
_WIDTHS = {"number": 10, "duration": 20}
_YES_NO = (("yes", mark("Yes")), ("no", mark("No")))
_UNITS = (("months", mark("months")), ("days", mark("days")))


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a field."""

    value: str
    label: str
    hint: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """An input, or a group of them. ``kind`` says which part of the template prints it; ``name`` is what is sent."""

    kind: str
    name: str
    label: str
    hint: str = ""
    error: str = ""
    value: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    fields: tuple["Field", ...] = ()
    limit: int = 0
    width: int = 0
    unit: str = ""
    optional: bool = False
    spare: bool = False

    @property
    def id(self) -> str:
        """The id of the input, or of the box around several."""
        return element_id(self.name)

    @property
    def anchor(self) -> str:
        """The id of the first input: where a mistake leads."""
        if self.kind == "date":
            return f"{self.id}-day"
        return f"{self.id}-when" if self.kind == "relative" else self.id

    def within(self) -> Iterator["Field"]:
        """This field and every field inside it."""
        yield self
        for one in self.fields:
            yield from one.within()

    @property
    def wrong(self) -> bool:
        """Whether there is a mistake here or inside."""
        return any(one.error for one in self.within())


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question with its field, guidance, and what is wrong that belongs to no single input."""

    key: str
    field: Field
    why: str
    source: str
    example: str
    error: str = ""

    @property
    def anchor(self) -> str:
        """The id of the box around the question: links from other pages lead here."""
        return f"q-{self.key}"


def name_of(path: str) -> str:
    """The field's name for the path of an answer: ``data_items[1].why`` is ``data_items-1-why``."""
    return re.sub(r"\[([0-9]+)\]", r"-\1", path).replace(".", "-")


def anchor_of(path: str) -> str:
    """Where a link to an answer leads: its question's box, which is there whenever the question is asked."""
    return "q-" + element_id(re.split(r"[.\[]", path, maxsplit=1)[0])


def question_views(
    questions: Iterable[Question],
    at: Situation,
    answers: Mapping[str, Any],
    mistakes: Mapping[str, str],
    *,
    own: Party | None = None,
    spare: str = "",
) -> tuple[QuestionView, ...]:
    """The questions as fields. ``own`` confines per-party questions to one party; ``spare`` names a table that gets
    an empty row besides those that are filled in."""
    wrong = {name_of(path): message for path, message in mistakes.items()}
    return tuple(_Builder(at, wrong, own, spare).view(question, answers.get(question.key)) for question in questions)


def errors_of(views: Iterable[QuestionView]) -> list[FieldError]:
    """Every mistake in the order of the page."""
    found: list[FieldError] = []
    for view in views:
        found += [FieldError(one.anchor, one.error) for one in view.field.within() if one.error]
        if view.error:
            found.append(FieldError(view.anchor, view.error))
    return found


@dataclass(frozen=True, slots=True)
class _Builder:
    """Makes the fields of one question."""

    at: Situation
    wrong: Mapping[str, str]
    own: Party | None
    spare: str

    def view(self, question: Question, value: Any) -> QuestionView:
        optional = not is_required(question, self.at.of(self.own) if self.own else self.at)
        made = self.parties(question, value) if question.per_party else self.shape(
            question.shape, question.key, question.wording, value
        )  # fmt: skip
        made = replace(made, hint=question.hint, optional=optional, error=self.wrong.get(question.key, ""))
        known = {one.name for one in made.within()}
        strays = [m for name, m in self.wrong.items() if _belongs(name, question.key) and name not in known]
        error = "" if self.own else " ".join(strays)  # what is wrong with other parties' answers is not this reader's
        return QuestionView(question.key, made, question.why, question.source, question.example, error)

    def parties(self, question: Question, value: Any) -> Field:
        """One field for each party, or for each group of parties that answer alike."""
        given = value if isinstance(value, Mapping) else {}
        asked = (self.own,) if self.own else asked_of(question, self.at)
        fields, seen = [], set()
        for key, label in self._answering(asked, given):
            if key not in seen:
                seen.add(key)
                many = len(asked) > 4
                fields.append(self.shape(question.shape, field_name(question.key, key), label, given.get(key), many))
        return Field("parties", question.key, question.wording, fields=tuple(fields))

    def _answering(self, asked: Sequence[Party], given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        groups = groups_of(asked)
        for party in asked:
            if self.own or not party.group:
                yield party.key, party.name
                continue
            if party.key in given:
                yield party.key, party.name
            yield party.group, _group_name(party.group, len(groups[party.group]))

    def shape(self, shape: Shape, name: str, label: str, value: Any, compact: bool = False) -> Field:
        made = self._made(shape, name, label, value, compact)
        return replace(made, error=self.wrong.get(name, ""))

    def _made(self, shape: Shape, name: str, label: str, value: Any, compact: bool) -> Field:
        match shape.type:
            case "table":
                return self._table(shape, name, label, value)
            case "record":
                return Field("group", name, label, fields=tuple(self._columns(shape.columns, name, value)))
            case "people":
                return self._people(shape, name, label, value)
            case "date":
                kind = "relative" if shape.relative else "date"
                return Field(kind, name, label, parts=_date_parts(value), choices=_events(value))
            case "reference":
                return Field("reference", name, label, parts=_reference_parts(value))
            case "choice" | "multi" | "yesno" | "party":
                return self._choice(shape, name, label, value, compact)
        kind = "long" if shape.type == "long" else "text"
        text = duration_text(value) if shape.type == "duration" and isinstance(value, str) else _text(value)
        if shape.type == "duration" and " and " in text:
            text = _text(value)
        limit = shape.max_length if kind == "long" else 0
        return Field(kind, name, label, value=text, limit=limit, width=_WIDTHS.get(shape.type, 0), unit=shape.unit)

    def _choice(self, shape: Shape, name: str, label: str, value: Any, compact: bool) -> Field:
        options = tuple(self._options(shape))
        if shape.type == "yesno":
            value = {True: "yes", False: "no"}.get(value) if isinstance(value, bool) else value
        chosen = {str(one) for one in value} if isinstance(value, list) else {str(value)}
        choices = tuple(Choice(v, text, hint, v in chosen) for v, text, hint in options)
        if shape.type == "multi" or shape.many:
            return Field("folded" if len(choices) > 12 else "checkboxes", name, label, choices=choices)
        return Field("select" if compact or len(choices) > 2 * _FEW else "radios", name, label, choices=choices)

    def _options(self, shape: Shape) -> Iterator[tuple[str, str, str]]:
        if shape.type == "yesno":
            yield from ((value, gettext(words), "") for value, words in _YES_NO)
        elif shape.type == "party":
            yield from ((key, label, "") for key, label in _named(self.at.parties))
        else:
            yield from ((option.value, option.label, option.hint) for option in shape.options)

    def _people(self, shape: Shape, name: str, label: str, value: Any) -> Field:
        given = value if isinstance(value, Mapping) else {}
        fields = []
        for option in shape.options:
            where = field_name(name, option.value)
            optional = option.value not in shape.required_options
            text = _text(given.get(option.value))
            error = self.wrong.get(where, "")
            fields.append(Field("text", where, option.label, option.hint, error, text, optional=optional))
        return Field("group", name, label, fields=tuple(fields))

    def _columns(self, columns: Iterable[Column], name: str, value: Any, compact: bool = False) -> Iterator[Field]:
        given = value if isinstance(value, Mapping) else {}
        for column in columns:
            where = field_name(name, column.key)
            optional = not column.required and column.required_when is NEVER
            made = self.shape(column.shape, where, column.label, given.get(column.key), compact)
            if column.identifies and answered(given.get(column.key)):
                made = replace(made, kind="hidden", error="")
            elif column.identifies:
                continue
            yield replace(made, hint=column.hint, optional=optional)

    def _table(self, shape: Shape, name: str, label: str, value: Any) -> Field:
        given = rows_of(value)
        rows: list[Mapping[str, Any]] = list(given)
        if not given or self.spare == name:
            rows += [{}]
        fields = []
        for number, row in enumerate(rows):
            where = field_name(name, number)
            inner = tuple(self._columns(shape.columns, where, row, compact=True))
            error = next((self.wrong[one] for one in _hidden(inner) if one in self.wrong), "")
            fields.append(
                Field("row", where, gettext("Row %(number)s", number=number + 1), fields=inner, spare=not row,
                      error=error or self.wrong.get(where, ""))
            )  # fmt: skip
        return Field("table", name, label, fields=tuple(fields))


def _belongs(name: str, key: str) -> bool:
    return name == key or name.startswith(f"{key}-")


def _hidden(fields: Iterable[Field]) -> Iterator[str]:
    return (one.name for one in fields if one.kind == "hidden")


def _named(parties: Iterable[Party]) -> Iterator[tuple[str, str]]:
    known = tuple(parties)
    for group, members in groups_of(known).items():
        yield group, _group_name(group, len(members))
    yield from ((party.key, party.name) for party in known)


def _group_name(group: str, size: int) -> str:
    name = group.replace("-", " ").replace("_", " ").capitalize()
    return gettext("%(group)s (%(count)s parties, answering alike)", group=name, count=size)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool | Mapping | list):
        return ""
    return str(value)


def _date_parts(value: Any) -> dict[str, str]:
    """The boxes of a date: of a real one, of one counted from an event, or as they were typed."""
    if isinstance(value, Mapping):
        unit = "days" if value.get("days") and not value.get("months") else "months"
        typed = {part: _text(value.get(part)) for part in ("day", "month", "year")}
        return {**typed, "when": "after" if value.get("after") else "", "number": _text(value.get(unit)), "unit": unit}
    found = re.fullmatch(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", value) if isinstance(value, str) else None
    empty = {"day": "", "month": "", "year": "", "when": "", "number": "", "unit": "months"}
    if found is None:
        return {**empty, "day": _text(value)[:20]}
    year, month, day = found.groups()
    return {**empty, "day": str(int(day)), "month": str(int(month)), "year": year, "when": "fixed"}


def _events(value: Any) -> tuple[Choice, ...]:
    after = value.get("after") if isinstance(value, Mapping) else None
    return tuple(
        Choice(key, gettext("the day %(event)s", event=words), "", key == after) for key, words in RELATIVE_TO.items()
    )


def _reference_parts(value: Any) -> dict[str, str]:
    given = value if isinstance(value, Mapping) else {"reference": _text(value)}
    dates = {key: text for key, text in _date_parts(given.get("date")).items() if key in ("day", "month", "year")}
    return {**dates, **{part: _text(given.get(part)) for part in ("reference", "version", "link")}}


def units() -> list[tuple[str, str]]:
    """The units in which a date is counted from an event."""
    return [(value, gettext(words)) for value, words in _UNITS]


def as_typed(value: Any) -> str:
    """A mistaken answer in words, for a page that shows the whole draft."""
    if isinstance(value, Mapping):
        return date_text(value) if value.keys() == {"after"} else ", ".join(filter(None, map(as_typed, value.values())))
    if isinstance(value, list):
        return ", ".join(filter(None, map(as_typed, value)))
    return _text(value)


def answers_sent(
    section: Section, sent: "MultiDict[str, str]", *, answers: Mapping[str, Any], own: Party | None
) -> dict[str, Any]:
    """What a browser sent for the questions that the page held; nothing else is read.

    The answers are in the form that drafting takes. Parties that the page itself adds or removes count already.
    """
    fields = {name: values for name, values in sent.lists() if len(name) <= 200}
    fields |= _counted(fields)
    held = set(fields.get(ASKED, ()))
    raw: dict[str, Any] = {}
    for question in section.questions:
        if question.key not in held or question.system or question.held_in:
            continue
        known = parties_of({**answers, **raw})
        value = raw_from_fields(question, fields, parties=(own,) if own else known)
        raw[question.key] = identified(question, value) if question.type == "table" else value
    return raw


def _counted(fields: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Dates for which a number was written and no kind chosen are counted from an event, unless a day is there too."""
    found = {}
    for name, values in fields.items():
        base = name.removesuffix("-number")
        if base == name or not any(values) or f"{base}-after" not in fields or any(fields.get(f"{base}-when", ())):
            continue
        if not any(any(fields.get(f"{base}-{part}", ())) for part in ("day", "month", "year")):
            found[f"{base}-when"] = ["after"]
    return found


def identified(question: Question, rows: Any) -> Any:
    """The rows of a table with a short name for each row that has none: people refer to rows by their names."""
    column = next((one for one in question.columns if one.identifies), None)
    if column is None or not isinstance(rows, list):
        return rows
    taken = {row.get(column.key) for row in rows}
    for row in rows:
        if row and not row.get(column.key):
            base = party_key(str(row.get("code") or row.get("name") or "party"))
            names = (base, *(f"{base[:36]}-{number}" for number in range(2, 1_000)))
            row[column.key] = next(name for name in names if name not in taken)
            taken.add(row[column.key])
    return rows


def without_row(sent: "MultiDict[str, str]", name: str, number: str) -> "MultiDict[str, str]":
    """The fields without those of one row of a table."""
    start = f"{name}-{number}-"
    return MultiDict([(key, value) for key, value in sent.items(multi=True) if not key.startswith(start)])
