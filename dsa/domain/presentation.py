"""How a version reads: sections and answers in words, the same on the screen and in the PDF.

One rule: what is shown comes from the frozen content alone, and everything answered there is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dsa.domain.answered import whole, word, words
from dsa.domain.catalogue import PERSONAL_KINDS
from dsa.domain.conditions import answered
from dsa.domain.form import Form, Question, Shape
from dsa.domain.parties import Party, flatten, groups_of, parties_from_content, rows_of
from dsa.domain.values import counted, date_text, duration_text


@dataclass(frozen=True, slots=True)
class PresentedAnswer:
    """One answer in words. `kind` is text, long, list, table or party; `rows` of "party" are (party, answer)."""

    key: str
    question: str
    kind: str
    text: str | None = None
    items: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class PresentedSection:
    """A section with the answers that were given."""

    key: str
    title: str
    answers: tuple[PresentedAnswer, ...]


def present(form: Form, content: Mapping[str, Any]) -> tuple[PresentedSection, ...]:
    """The whole agreement in words. Questions without an answer are left out, and so are sections without any."""
    writer = _Writer(content)
    sections = (
        PresentedSection(section.key, section.title, tuple(writer.answers(section.questions)))
        for section in form.sections
    )
    return tuple(section for section in sections if section.answers)


class _Writer:
    """Turns stored answers into words; knows the parties' names."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.given = flatten(content.get("answers", {}))
        self.parties = parties_from_content(content)
        self.names = _names(self.parties)
        self.assumed = {re.split(r"[.\[]", str(path))[0] for path in content.get("assumed", ())}

    def answers(self, questions: Iterable[Question]) -> Iterable[PresentedAnswer]:
        for question in questions:
            value = self.given.get(question.key)
            if answered(value) and not question.private and not question.system:
                yield self.answer(question, value)

    def answer(self, question: Question, value: Any) -> PresentedAnswer:
        assumed = question.key in self.assumed
        kind, shape = question.type, question.shape
        if question.per_party:
            return PresentedAnswer(
                question.key, question.wording, "party", rows=self._party_rows(shape, value), assumed=assumed
            )
        if kind == "table":
            columns, rows = self._table(shape, value)
            return PresentedAnswer(question.key, question.wording, "table", columns=columns, rows=rows, assumed=assumed)
        if kind in ("record", "people") or isinstance(value, list):
            items = tuple(self._items(shape, value))
            return PresentedAnswer(question.key, question.wording, "list", items=items, assumed=assumed)
        text = self._text(shape, value)
        return PresentedAnswer(
            question.key, question.wording, "long" if kind == "long" else "text", text, assumed=assumed
        )

    def _party_rows(self, shape: Shape, value: Any) -> tuple[tuple[str, ...], ...]:
        if not isinstance(value, Mapping):
            return (("", self._text(shape, value)),)
        order = list(self.names)
        keys = sorted(value, key=lambda key: order.index(key) if key in order else len(order))
        return tuple((self.names.get(key, key), self._text(shape, value[key])) for key in keys if answered(value[key]))

    def _table(self, shape: Shape, value: Any) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """Titles and cells; a column that is empty in every row is left out."""
        rows = rows_of(value)
        used = [one for one in shape.columns if one.shown and any(answered(row.get(one.key)) for row in rows)]
        cells = tuple(tuple(self._text(column.shape, row.get(column.key)) for column in used) for row in rows)
        return tuple(column.label for column in used), cells

    def _items(self, shape: Shape, value: Any) -> Iterable[str]:
        if isinstance(value, list):
            yield from (self._text(shape, one) for one in value)
        elif isinstance(value, Mapping):
            parts = [(option.value, option.label, Shape("text")) for option in shape.options]
            parts += [(column.key, column.label, column.shape) for column in shape.columns]
            for key, label, part in parts:
                if answered(value.get(key)):
                    yield f"{label}: {self._text(part, value[key])}"
        else:
            yield str(value)

    def _text(self, shape: Shape, value: Any) -> str:
        if not answered(value):
            return ""
        if isinstance(value, bool):
            return "Yes" if value else "No"
        if shape.type in ("record", "people"):
            return "; ".join(self._items(shape, value))
        if isinstance(value, list):
            return ", ".join(self._text(shape, one) for one in value)
        if shape.type in ("choice", "multi"):
            option = shape.option(value)
            return option.label if option else str(value)
        if shape.type == "number" and isinstance(value, int):
            return f"{value:,} {shape.unit}".strip()
        return self._word(shape.type, value)

    def _word(self, kind: str, value: Any) -> str:
        if kind == "date":
            return date_text(value)
        if kind == "duration":
            return duration_text(str(value))
        if kind == "party":
            return self.names.get(str(value), str(value))
        if kind == "reference" and isinstance(value, Mapping):
            return _reference_text(value)
        return str(value)


def _reference_text(value: Mapping[str, Any]) -> str:
    parts = [str(value.get("reference") or "")]
    if value.get("version"):
        parts.append(f"version {value['version']}")
    if value.get("date"):
        parts.append(date_text(value["date"]))
    if value.get("link"):
        parts.append(str(value["link"]))
    return ", ".join(part for part in parts if part)


def _names(parties: Iterable[Party]) -> dict[str, str]:
    """Party and group keys with the names people read, in the order of the parties."""
    known = tuple(parties)
    names = {party.key: party.name for party in known}
    for group, members in groups_of(known).items():
        names.setdefault(group, f"{group.replace('-', ' ').replace('_', ' ').capitalize()} ({len(members)} parties)")
    return names


Sentence = tuple[str, dict[str, str]]

OFTEN = {
    "once": "once", "real_time": "in real time", "hourly": "every hour", "daily": "every day",
    "weekly": "every week", "monthly": "every month", "termly": "every term", "quarterly": "every quarter",
    "six_monthly": "every 6 months", "annually": "every year", "on_demand": "on demand",
    "event_driven": "when something happens", "one_off": "once", "recurring_bulk": "regularly",
    "ad_hoc": "case by case", "access_in_place": "by access to a system",
}  # fmt: skip
HOW_MANY = {
    "under_100": "fewer than 100", "100_999": "100 to 999", "1000_9999": "1,000 to 9,999",
    "10000_99999": "10,000 to 99,999", "100000_999999": "100,000 to 999,999", "1m_plus": "1 million or more",
    "unknown": "an unknown number of",
}  # fmt: skip
AT_THE_END = {
    "secure_deletion": "deleted after", "cryptographic_erase": "deleted after", "return": "returned after",
    "anonymise": "made anonymous after", "archive": "archived after",
}  # fmt: skip


def data_line(content: Mapping[str, Any]) -> Sentence:
    """The data in one line: a message id and its parameters, already in words.

    "6 fields about 40,000 people, once, deleted after 6 months"
    """
    given = flatten(content.get("answers", {}))
    params = {
        "fields": _how_much(given),
        "volume": _volume(given),
        "frequency": OFTEN.get(word(given, "frequency") or word(given, "nature"), "how often is not said"),
        "ending": AT_THE_END.get(word(given, "disposal"), "kept for"),
        "period": _retention(given),
    }
    if not params["period"]:
        return "%(fields)s about %(volume)s, %(frequency)s, no time for deletion yet", params
    return "%(fields)s about %(volume)s, %(frequency)s, %(ending)s %(period)s", params


def power_line(content: Mapping[str, Any]) -> Sentence:
    """The powers in one line: a message id and its parameters. "Digital Economy Act 2017, section 56"."""
    given = flatten(content.get("answers", {}))
    named = dict.fromkeys(_power_name(row) for row in rows_of(given.get("powers")) if row.get("instrument"))
    if not named:
        return "The legal power is not known yet", {}
    return "%(powers)s", {"powers": "; ".join(named)}


def _power_name(row: Mapping[str, Any]) -> str:
    section = str(row.get("section") or "").strip()
    if section and section[0].isdigit():
        section = f"section {section}"
    return f"{row['instrument']}, {section}" if section else str(row["instrument"])


def _how_much(given: Mapping[str, Any]) -> str:
    items, sets = rows_of(given.get("data_items")), rows_of(given.get("datasets"))
    if items:
        return counted(len(items), "field")
    return counted(len(sets), "data set") if sets else "data not listed yet"


def _volume(given: Mapping[str, Any]) -> str:
    """The largest data set's estimate (the same people may be in several), else the band that was chosen."""
    noun = "people" if PERSONAL_KINDS.intersection(words(given.get("data_kind"))) else "records"
    estimates = (whole(row.get("records")) for row in rows_of(given.get("datasets")))
    known = [number for number in estimates if number is not None]
    number = f"{max(known):,}" if known else HOW_MANY.get(word(given, "volume_band"), HOW_MANY["unknown"])
    return f"{number} {noun}"


def _retention(given: Mapping[str, Any]) -> str:
    periods = dict.fromkeys(str(row.get("period")) for row in rows_of(given.get("retention")) if row.get("period"))
    return " or ".join(duration_text(period) for period in periods)
