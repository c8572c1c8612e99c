"""From the plain dictionaries of a form file to a Form, or to a list of everything that is wrong with it.

One rule: a form with any problem is not used at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dsa.domain.conditions import ALWAYS, NEVER, Condition, ConditionReader
from dsa.domain.definition import Book, DefinitionError, DefinitionProblem, Lines, Sheet, did_you_mean
from dsa.domain.form import SIMPLE_TYPES, TYPES, Column, Fill, Form, MustHave, Option, Question, Section, Shape, Stop

KEY = re.compile(r"[a-z][a-z0-9_]{0,59}\Z")
OPTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,59}\Z")
DEFAULT_LENGTH = {"text": 300, "long": 6000, "link": 500, "reference": 500}
DEFAULT_ROWS = 200


def build_form(data: object, *, lines: Lines | None = None) -> Form:
    """The form that the data describes; raises DefinitionError with every problem when it describes none."""
    form, problems = read_form(data, lines=lines)
    if form is None or problems:
        raise DefinitionError(problems)
    return form


def read_form(data: object, *, lines: Lines | None = None) -> tuple[Form | None, tuple[DefinitionProblem, ...]]:
    """The form and the problems found in it; the form is None where there is any problem."""
    book = Book(lines or {})
    reader = _FormReader(Sheet(data, (), book))
    form = reader.form()
    return (None if book.problems else form), tuple(book.problems)


class _FormReader:
    """Reads one form file; holds the named lists and conditions that its questions use."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet, self.book = sheet, sheet.book
        self.conditions = ConditionReader(self.book)
        self.lists: dict[str, tuple[Option, ...]] = {}
        self.seen: dict[str, Question] = {}

    def form(self) -> Form:
        """The whole form."""
        sheet = self.sheet
        form_id, title = sheet.text("form", required=True), sheet.text("title", required=True)
        version = sheet.number("version")
        if version is None or version < 1:
            sheet.say("version", '"version" should be a whole number from 1 up.')
        self._read_lists()
        self._read_conditions()
        sections = tuple(self._section(one) for one in sheet.sheets("sections"))
        if not sections:
            sheet.say(None, "a form needs at least one section.")
        self._unique([(section.key, number) for number, section in enumerate(sections)])
        sheet.finish()
        self._check_mentions()
        return Form(form_id, version or 1, title, sections)

    def _read_lists(self) -> None:
        lists = self.sheet.sheet("lists")
        if lists is not None:
            self.lists.update({str(name): self._options(lists, str(name)) for name in lists.data})

    def _read_conditions(self) -> None:
        named = self.sheet.sheet("conditions")
        if named is None:
            return
        for name, condition in named.data.items():
            self.conditions.named[str(name)] = self.conditions.read(condition, (*named.path, str(name)))

    def _unique(self, keys: list[tuple[str, int]]) -> None:
        known: set[str] = set()
        for key, number in keys:
            if key in known:
                self.book.say(("sections", number, "section"), f'there are two sections called "{key}".')
            known.add(key)

    def _section(self, sheet: Sheet) -> Section:
        key = self._key(sheet, "section")
        questions = tuple(self._question(one, key) for one in sheet.sheets("questions"))
        if not questions:
            sheet.say(None, "a section needs at least one question.")
        section = Section(
            key, sheet.text("letter", required=True), sheet.text("title", required=True), sheet.text("intro"), questions
        )
        sheet.finish()
        return section

    def _key(self, sheet: Sheet, word: str) -> str:
        key = sheet.text(word, required=True)
        if key and not KEY.match(key):
            sheet.say(word, f'"{key}" should be lower-case letters, digits and underscores, beginning with a letter.')
        return key

    def _question(self, sheet: Sheet, section: str) -> Question:
        key = self._key(sheet, "key")
        question = Question(
            key=key,
            wording=sheet.text("wording", required=True),
            shape=self._shape(sheet, TYPES),
            section=section,
            hint=sheet.text("hint"),
            why=sheet.text("why"),
            source=sheet.text("source"),
            example=sheet.text("example"),
            per_party=sheet.flag("per_party"),
            required=sheet.flag("required"),
            system=sheet.flag("system"),
            private=sheet.flag("private"),
            asked_when=self._condition(sheet, "asked_when", ALWAYS),
            required_when=self._condition(sheet, "required_when", NEVER),
            must_have=tuple(self._must_have(one) for one in sheet.sheets("must_have")),
            held_in=sheet.text("held_in"),
            stops=tuple(self._stop(one) for one in sheet.sheets("stops")),
            fills=self._fill(sheet),
        )
        if key in self.seen:
            sheet.say("key", f'there are two questions with the key "{key}".')
        self.seen[key] = question
        sheet.finish()
        return question

    def _condition(self, sheet: Sheet, key: str, default: Condition) -> Condition:
        if not sheet.has(key):
            return default
        return self.conditions.read(sheet.raw(key), (*sheet.path, key))

    def _must_have(self, sheet: Sheet) -> MustHave:
        found = MustHave(self._condition(sheet, "row", NEVER), sheet.text("says", required=True))
        sheet.finish()
        return found

    def _stop(self, sheet: Sheet) -> Stop:
        found = Stop(self._condition(sheet, "when", NEVER), sheet.text("says", required=True))
        sheet.finish()
        return found

    def _fill(self, sheet: Sheet) -> Fill | None:
        key = sheet.text("fills")
        values, fixed = sheet.raw("fill_values"), sheet.raw("fills_with")
        for name, part in (("fill_values", values), ("fills_with", fixed)):
            if part is not None and not isinstance(part, Mapping):
                sheet.say(name, f'"{name}" should be a set of keys and values.')
                return None
        return Fill(key, dict(values or {}), dict(fixed or {})) if key else None

    def _shape(self, sheet: Sheet, allowed: tuple[str, ...]) -> Shape:
        kind = sheet.text("type", required=True)
        if kind and kind not in allowed:
            sheet.say("type", f'"{kind}" is not a type of answer here.{did_you_mean(kind, allowed)}')
        columns = tuple(self._column(one) for one in sheet.sheets("columns"))
        shape = Shape(
            type=kind,
            options=self._all_options(sheet),
            columns=columns,
            required_options=sheet.texts("required_options"),
            max_length=sheet.number("max_length") or DEFAULT_LENGTH.get(kind, 0),
            max_words=sheet.number("max_words") or 0,
            minimum=sheet.number("minimum"),
            maximum=sheet.number("maximum"),
            min_rows=sheet.number("min_rows") or 0,
            max_rows=sheet.number("max_rows") or (DEFAULT_ROWS if kind == "table" else 0),
            many=sheet.flag("many"),
            relative=sheet.flag("relative"),
            unit=sheet.text("unit"),
        )
        self._fits(sheet, shape)
        return shape

    def _fits(self, sheet: Sheet, shape: Shape) -> None:
        needs_options, needs_columns = shape.type in ("choice", "multi", "people"), shape.type in ("table", "record")
        if needs_options and not shape.options:
            sheet.say("type", f'a question of type "{shape.type}" needs options.')
        if shape.options and not needs_options:
            sheet.say("options", f'a question of type "{shape.type}" takes no options.')
        if needs_columns and not shape.columns:
            sheet.say("type", f'a question of type "{shape.type}" needs columns.')
        if shape.columns and not needs_columns:
            sheet.say("columns", f'a question of type "{shape.type}" takes no columns.')
        for value in shape.required_options:
            if not shape.option(value):
                sheet.say("required_options", f'"{value}" is not one of the options.')

    def _all_options(self, sheet: Sheet) -> tuple[Option, ...]:
        name = sheet.text("options_from")
        if name and name not in self.lists:
            sheet.say("options_from", f'there is no list called "{name}".{did_you_mean(name, self.lists)}')
        return (*self.lists.get(name, ()), *self._options(sheet, "options"))

    def _options(self, sheet: Sheet, key: str) -> tuple[Option, ...]:
        value = sheet.raw(key)
        if value is None:
            return ()
        if not isinstance(value, Mapping):
            sheet.say(key, f'"{key}" should be a set of values with their labels.')
            return ()
        found = []
        for name, label in value.items():
            place = (*sheet.path, key, str(name))
            text, hint = self._label(label, place)
            if not isinstance(name, str) or not OPTION.match(name):
                self.book.say(place, f'"{name}" cannot be the value of an option: use letters, digits and underscores.')
            found.append(Option(str(name), text, hint))
        return tuple(found)

    def _label(self, label: Any, place: tuple[str | int, ...]) -> tuple[str, str]:
        if isinstance(label, str) and label.strip():
            return label.strip(), ""
        if not isinstance(label, Mapping):
            self.book.say(place, "an option needs a label.")
            return "", ""
        sheet = Sheet(label, place, self.book)
        found = sheet.text("label", required=True), sheet.text("hint")
        sheet.finish()
        return found

    def _column(self, sheet: Sheet) -> Column:
        column = Column(
            key=self._key(sheet, "key"),
            label=sheet.text("label", required=True),
            shape=self._shape(sheet, SIMPLE_TYPES),
            hint=sheet.text("hint"),
            required=sheet.flag("required"),
            required_when=self._condition(sheet, "required_when", NEVER),
            shown=not sheet.flag("hidden"),
            identifies=sheet.flag("identifies"),
            private=sheet.flag("private"),
        )
        sheet.finish()
        return column

    def _check_mentions(self) -> None:
        """Every question, field, and option that a condition names must exist."""
        for path, subject, key, part, operand in self.conditions.mentions:
            if subject != "question":
                continue
            question = self.seen.get(key)
            if question is None:
                self.book.say(path, f'there is no question "{key}".{did_you_mean(key, self.seen)}')
                continue
            self._check_operand(path, question, part, operand)
        for question in self.seen.values():
            table, _, column = question.held_in.partition(".")
            if table and (table not in self.seen or not self.seen[table].shape.column(column)):
                self.book.say((), f'"{question.key}" is held in "{question.held_in}", which is not a column.')

    def _check_operand(self, path: tuple[str | int, ...], question: Question, part: str, operand: Any) -> None:
        shape = question.shape
        if part:
            column = shape.column(part)
            if column is None:
                known = [one.key for one in shape.columns]
                self.book.say(path, f'"{question.key}" has no field "{part}".{did_you_mean(part, known)}')
                return
            shape = column.shape
        if not shape.options:
            return
        for value in operand if isinstance(operand, list) else [operand]:
            if value is not None and not shape.option(value):
                known = [option.value for option in shape.options]
                self.book.say(path, f'"{value}" is not an answer to "{question.key}".{did_you_mean(str(value), known)}')
