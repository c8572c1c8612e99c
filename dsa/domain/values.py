"""Reading single values - text, dates, numbers, choices - from JSON or from a web form's fields.

One rule: reading never fails. A value that cannot be right comes back as it was, made safe to store, with a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from dsa.domain.form import Option, Shape

HARD_LENGTH = 20_000
MAX_KEPT_DEPTH = 6
MAX_KEPT_ITEMS = 500
LARGEST = 2**53 - 1
FIRST_YEAR, LAST_YEAR = 1900, 2200
RELATIVE_TO = {"last_signature": "the last party signs", "start": "the agreement starts"}
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip

_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DURATION = re.compile(r"P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?\Z")
_SAID_DURATION = re.compile(r"(\d{1,4}) *(year|month|week|day)s?\Z", re.IGNORECASE)
_UNITS = ("year", "month", "week", "day")


class Mistaken(ValueError):
    """A value is not what it should be; the message is a sentence for the person who gave it."""


def tidy(text: str) -> str:
    """Text without characters that nobody sees, with plain line ends and no space around it."""
    whole = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    return _UNSEEN.sub("", whole).strip()


def storable(value: object, depth: int = 0) -> Any:
    """A mistaken value in a form that can be kept: text cut, numbers within bounds, nothing deeply nested."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= LARGEST else "a very large number"
    if isinstance(value, str):
        return tidy(value)[:HARD_LENGTH]
    if isinstance(value, float):
        return str(value)
    if depth >= MAX_KEPT_DEPTH:
        return None
    if isinstance(value, Mapping):
        kept = ((key, part) for key, part in list(value.items())[:MAX_KEPT_ITEMS])
        return {key: storable(part, depth + 1) for key, part in kept if isinstance(key, str) and plain_key(key)}
    if isinstance(value, list | tuple):
        return [storable(part, depth + 1) for part in value[:MAX_KEPT_ITEMS]]
    return None


def plain_key(key: str) -> bool:
    """Whether a key can stand in an answer: short, printable ASCII."""
    return 0 < len(key) <= 80 and key.isascii() and key.isprintable()


def read_text(raw: object, shape: Shape) -> str | None:
    """One line or several of text."""
    if not isinstance(raw, str):
        raise Mistaken("should be text")
    text = tidy(raw)
    if shape.type != "long":
        text = " ".join(text.split())
    if shape.max_length and len(text) > shape.max_length:
        raise Mistaken(f"is {len(text):,} characters long; the most is {shape.max_length:,}")
    words = len(text.split())
    if shape.max_words and words > shape.max_words:
        raise Mistaken(f"is {words} words long; the most is {shape.max_words}")
    return text or None


def read_choice(raw: object, shape: Shape) -> str | None:
    """One of the options, by its value or by what people read."""
    if isinstance(raw, bool):
        raw = "yes" if raw else "no"
    if not isinstance(raw, str):
        raise Mistaken(f"should be one of: {_listed(shape.options)}")
    text = tidy(raw)[:200]
    if not text:
        return None
    option = shape.option(text) or _by_label(text, shape.options)
    if option is None:
        raise Mistaken(f'cannot be "{text[:60]}". Choose one of: {_listed(shape.options)}')
    return option.value


def read_multi(raw: object, shape: Shape) -> list[str] | None:
    """Several of the options, in the order of the form and each once."""
    items = raw if isinstance(raw, list | tuple) else [raw]
    if len(items) > MAX_KEPT_ITEMS:
        raise Mistaken("has too many choices")
    chosen = {value for value in (read_choice(item, shape) for item in items) if value}
    return [option.value for option in shape.options if option.value in chosen] or None


def _by_label(text: str, options: Iterable[Option]) -> Option | None:
    wanted = _slug(text)
    return next((one for one in options if wanted and wanted in (_slug(one.value), _slug(one.label))), None)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _listed(options: tuple[Option, ...]) -> str:
    names = [option.label for option in options]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def read_number(raw: object, shape: Shape) -> int | None:
    """A whole number within the bounds of the question."""
    if isinstance(raw, str):
        text = tidy(raw).replace(",", "").replace(" ", "")
        if not text:
            return None
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise Mistaken("should be a whole number, such as 40000")
        raw = int(text)
    if isinstance(raw, float) and raw.is_integer() and abs(raw) <= LARGEST:
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise Mistaken("should be a whole number, such as 40000")
    least = shape.minimum if shape.minimum is not None else 0
    most = shape.maximum if shape.maximum is not None else 10**12
    if not least <= raw <= most:
        raise Mistaken(f"should be between {least:,} and {most:,}")
    return raw


def read_yesno(raw: object, shape: Shape) -> bool | None:
    """Yes or no."""
    if isinstance(raw, bool):
        return raw
    text = tidy(raw).lower() if isinstance(raw, str) else None
    if text in ("yes", "true"):
        return True
    if text in ("no", "false"):
        return False
    if text == "":
        return None
    raise Mistaken("should be yes or no")


def read_date(raw: object, shape: Shape) -> str | dict[str, Any] | None:
    """A date as ISO text, or (where the question allows it) one counted from an event."""
    if isinstance(raw, str):
        return _iso_date(tidy(raw))
    if not isinstance(raw, Mapping):
        raise Mistaken("should be a date, such as 2027-03-27")
    if "after" in raw:
        return _relative_date(raw, shape)
    parts = [_short(raw.get(part)) for part in ("year", "month", "day")]
    if not any(parts):
        return None
    for part, name in zip(reversed(parts), ("day", "month", "year"), strict=True):
        if not part:
            raise Mistaken(f"must include a {name}")
    if not all(re.fullmatch("[0-9]{1,4}", part) for part in parts):
        raise Mistaken("should be a date in numbers, such as 27 3 2027")
    return _real_date(*(int(part) for part in parts))


def _short(part: object) -> str:
    """A part of a date or a length of time as text; what cannot be one stands as a question mark."""
    if part is None or isinstance(part, str):
        return tidy(part or "")[:40]
    return str(part) if isinstance(part, int) and abs(part) < 10**9 else "?"


def _iso_date(text: str) -> str | None:
    if not text:
        return None
    found = re.fullmatch(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", text)
    if not found:
        raise Mistaken(f'should be a date such as 2027-03-27, not "{text[:40]}"')
    return _real_date(*(int(part) for part in found.groups()))


def _real_date(year: int, month: int, day: int) -> str:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Mistaken(f"should have a year between {FIRST_YEAR} and {LAST_YEAR}")
    try:
        return date(year, month, day).isoformat()
    except ValueError as error:
        name = MONTHS[month - 1] if 1 <= month <= 12 else f"month {month}"
        raise Mistaken(f"cannot be {day} {name} {year}: there is no such day") from error


def _relative_date(raw: Mapping[str, Any], shape: Shape) -> dict[str, Any] | None:
    event = raw.get("after")
    if not shape.relative:
        raise Mistaken("should be a fixed date, such as 2027-03-27")
    if event in (None, ""):
        return None
    if not isinstance(event, str) or event not in RELATIVE_TO:
        raise Mistaken(f"can be counted only from: {', '.join(RELATIVE_TO)}")
    unknown = [str(key) for key in raw if key not in ("after", "months", "days")]
    if unknown:
        raise Mistaken(f'has "{unknown[0][:40]}", which is not part of a date: give "months" or "days"')
    found: dict[str, Any] = {"after": event}
    for unit, most in (("months", 1200), ("days", 36500)):
        number = read_number(raw[unit], Shape("number", maximum=most)) if raw.get(unit) is not None else None
        if number is not None:
            found[unit] = number
    return found


def read_duration(raw: object, shape: Shape) -> str | None:
    """A length of time as ISO 8601 text; "6 months" is understood too."""
    if isinstance(raw, Mapping):
        raw = f"{_short(raw.get('number'))} {_short(raw.get('unit'))}"
    if not isinstance(raw, str):
        raise Mistaken("should be a length of time, such as P6M or 6 months")
    text = tidy(raw)
    if not text:
        return None
    said = _SAID_DURATION.match(text)
    if said:
        text = f"P{int(said[1])}{said[2][0].upper()}"
    if not _DURATION.match(text.upper()):
        raise Mistaken("should be a length of time, such as P6M or 6 months")
    return text.upper()


def duration_text(value: str) -> str:
    """A stored length of time in words: "6 months"; anything else as it stands."""
    found = _DURATION.match(value)
    if not found:
        return value
    parts = [counted(int(number), unit) for number, unit in zip(found.groups(), _UNITS, strict=True) if number]
    return " and ".join(parts)


def duration_days(value: object) -> int | None:
    """A stored length of time in days, at 365 days a year and 30 a month (for comparison only); None if it is none."""
    found = _DURATION.match(value) if isinstance(value, str) else None
    if not found:
        return None
    return sum(int(number or 0) * days for number, days in zip(found.groups(), (365, 30, 7, 1), strict=True))


def counted(number: int, noun: str) -> str:
    """A number with its noun, singular or plural."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def date_text(value: object) -> str:
    """A stored date in words: "2 November 2026", or "12 months after the last party signs"."""
    if isinstance(value, Mapping):
        event = RELATIVE_TO.get(str(value.get("after")), str(value.get("after")))
        parts = [counted(int(value[unit]), unit[:-1]) for unit in ("months", "days") if value.get(unit)]
        return f"{' and '.join(parts)} after {event}" if parts else f"the day {event}"
    fixed = fixed_date(value)
    return f"{fixed.day} {MONTHS[fixed.month - 1]} {fixed.year}" if fixed else str(value)


def fixed_date(value: object) -> date | None:
    """The date that a stored answer fixes, or None where it is relative or mistaken."""
    if not isinstance(value, str):
        return None
    try:
        found = date.fromisoformat(value)
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def read_link(raw: object, shape: Shape) -> str | None:
    """A web address, or the reference of a document."""
    text = read_text(raw, shape)
    scheme = re.match(r"\s*([a-zA-Z][a-zA-Z0-9+.\-]*):", text) if text else None
    if scheme and scheme[1].lower() not in ("http", "https"):
        raise Mistaken("should be a web address that begins with https://, or a reference")
    return text


def read_reference(raw: object, shape: Shape) -> dict[str, str] | None:
    """Where a document can be found: a reference, with its version and date if they are known."""
    if isinstance(raw, str):
        raw = {"reference": raw}
    if not isinstance(raw, Mapping):
        raise Mistaken("should be a reference to a document")
    unknown = [str(key) for key in raw if key not in ("reference", "version", "date", "link")]
    if unknown:
        raise Mistaken(f'has "{unknown[0][:40]}"; a reference has "reference", "version", "date" and "link"')
    found: dict[str, str] = {}
    for key in ("reference", "version", "link"):
        text = (read_link if key == "link" else read_text)(raw.get(key) or "", shape)
        if text:
            found[key] = text
    day = read_date(raw.get("date") or "", Shape("date"))
    if isinstance(day, str):
        found["date"] = day
    return found or None
