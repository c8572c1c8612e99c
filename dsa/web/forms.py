"""What people typed, as values with errors beside them. One rule: nothing typed is lost; each error leads to its input.

``Submitted`` reads a form field by field and collects ``FieldError``s in the order of the page; ``DateParts`` keeps the
three boxes of a date as typed.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from werkzeug.datastructures import MultiDict

from dsa.domain.values import tidy
from dsa.web.wording import gettext, mark

_MONTH_NAMES = (
    ("january", "jan"),
    ("february", "feb"),
    ("march", "mar"),
    ("april", "apr"),
    ("may",),
    ("june", "jun"),
    ("july", "jul"),
    ("august", "aug"),
    ("september", "sept", "sep"),
    ("october", "oct"),
    ("november", "nov"),
    ("december", "dec"),
)
MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names}
_TOO_LONG = mark("%(label)s must be %(limit)s characters or fewer. It has %(length)s.")


class FieldError(NamedTuple):
    """A mistake in one field: ``anchor`` is the id of the first bad input, ``message`` says how to put it right."""

    anchor: str
    message: str


def element_id(name: str) -> str:
    """The id of the input of a field; the same rule as in ``components/fields.html``."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)


Option = tuple[object, str] | tuple[object, str, str]


def as_items(options: Iterable[Option], chosen: object = None, mark: str = "checked") -> list[dict[str, object]]:
    """Options ``(value, words[, hint])`` as the items of a GOV.UK component, the chosen ones marked.

    A value that is None is a divider ("or").
    """
    many = chosen if isinstance(chosen, (tuple, list, set, frozenset)) else (chosen,)
    selected = {str(value) for value in many if value is not None}
    return [_item(option, selected, mark) for option in options]


def _item(option: Option, selected: Collection[str], mark: str) -> dict[str, object]:
    if option[0] is None:
        return {"divider": option[1]}
    item: dict[str, object] = {"value": str(option[0]), "text": option[1], mark: str(option[0]) in selected}
    if len(option) == 3 and option[2]:
        item["hint"] = {"text": option[2]}
    return item


@dataclass(frozen=True, slots=True)
class DateParts:
    """A date as typed in three boxes: ``value`` where it is one; else ``error``; ``bad`` names the first bad box."""

    day: str = ""
    month: str = ""
    year: str = ""
    value: date | None = None
    error: str | None = None
    bad: str = "day"

    @classmethod
    def of(cls, value: date | None) -> "DateParts":
        """The boxes for a date that is known already."""
        return cls() if value is None else cls(str(value.day), str(value.month), str(value.year), value)

    def refused(self, error: str, bad: str) -> "DateParts":
        """The same boxes with what is wrong."""
        return replace(self, error=error, bad=bad)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.day or self.month or self.year)


def read_date(form: "MultiDict[str, str]", name: str, *, label: str) -> DateParts:
    """Read the boxes ``name-day``, ``name-month`` (number or name) and ``name-year``; empty boxes are no error here."""
    day, month_box, year_box = (form.get(f"{name}-{part}", "").strip()[:20] for part in ("day", "month", "year"))
    typed = DateParts(day, month_box, year_box)
    if typed.is_empty:
        return typed
    missing = [part for part in ("day", "month", "year") if not getattr(typed, part)]
    if missing:
        named = gettext(" and ").join(_with_article(part) for part in missing)
        return typed.refused(gettext("%(label)s must include %(parts)s", label=label, parts=named), missing[0])
    year, month = _number(typed.year), _month(typed.month)
    if len(typed.year) != 4 or year is None:
        return typed.refused(gettext("%(label)s: the year must include 4 numbers", label=label), "year")
    not_real = gettext("%(label)s must be a real date", label=label)
    if month is None:
        return typed.refused(not_real, "month")
    try:
        return replace(typed, value=date(year, month, _number(typed.day) or 0))
    except (ValueError, OverflowError):
        return typed.refused(not_real, "day")


@dataclass(slots=True)
class Submitted:
    """A form as sent. Each reader returns the value and notes an error; ``errors`` keeps the order of reading."""

    form: "MultiDict[str, str]"
    errors: list[FieldError] = field(default_factory=list)

    @classmethod
    def tidied(cls, form: "MultiDict[str, str]") -> "Submitted":
        """A form without characters that nobody sees and no page may hold, so that all of it can be shown again."""
        return cls(MultiDict((name, tidy(value)) for name, value in form.items(multi=True)))

    def text(self, name: str, *, label: str, required: str | None = None, limit: int = 10_000) -> str:
        """Text without the spaces around it. ``required`` is the sentence for an empty field."""
        value = self.form.get(name, "").replace("\r\n", "\n").strip()
        if not value and required:
            self.wrong(name, required)
        if len(value) > limit:
            self.wrong(name, gettext(_TOO_LONG, label=label, limit=limit, length=len(value)))
        return value

    def choice(self, name: str, options: Collection[str], *, required: str) -> str | None:
        """One of ``options``, or None with the sentence ``required``."""
        value = self.form.get(name, "")
        if value not in options:
            self.wrong(name, required)
            return None
        return value

    def choices(self, name: str, options: Collection[str], *, required: str | None = None) -> tuple[str, ...]:
        """Those of ``options`` that were chosen, in the order of the options."""
        sent = set(self.form.getlist(name))
        chosen = tuple(option for option in options if option in sent)
        if not chosen and required:
            self.wrong(name, required)
        return chosen

    def whole_number(self, name: str, *, label: str, required: str | None = None, least: int = 0) -> int | None:
        """A whole number, written with or without commas."""
        typed = self.form.get(name, "").strip().replace(",", "")
        if not typed:
            if required:
                self.wrong(name, required)
            return None
        value = _number(typed)
        if value is None:
            self.wrong(name, gettext("%(label)s must be a whole number, such as 40", label=label))
        elif value < least:
            self.wrong(name, gettext("%(label)s must be %(least)s or more", label=label, least=least))
        return value

    def date(self, name: str, *, label: str, required: str | None = None) -> DateParts:
        """A date in three boxes."""
        parts = read_date(self.form, name, label=label)
        if parts.error:
            self.errors.append(FieldError(f"{element_id(name)}-{parts.bad}", parts.error))
        elif parts.is_empty and required:
            self.errors.append(FieldError(f"{element_id(name)}-day", required))
        return parts

    def wrong(self, name: str, message: str) -> None:
        """Note an error at a field; the first at each field counts."""
        anchor = element_id(name)
        if all(error.anchor != anchor for error in self.errors):
            self.errors.append(FieldError(anchor, message))

    def error_at(self, name: str) -> str | None:
        """The message at a field, or at one of its boxes."""
        anchor = element_id(name)
        parts = {anchor, *(f"{anchor}-{part}" for part in ("day", "month", "year"))}
        return next((error.message for error in self.errors if error.anchor in parts), None)


def _with_article(part: str) -> str:
    return {"day": gettext("a day"), "month": gettext("a month"), "year": gettext("a year")}[part]


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= 12 else None


def _month(typed: str) -> int | None:
    number = _number(typed)
    if number is not None:
        return number if 1 <= number <= 12 else None
    return MONTHS.get(typed.casefold().rstrip("."))
