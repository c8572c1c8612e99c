"""Column types. One rule: an instant is aware UTC in Python and whole epoch seconds in the database."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


def seconds_of(value: datetime | None) -> int | None:
    """Epoch seconds of an aware instant."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("An instant needs a time zone; naive datetimes are never stored.")
    return int(value.timestamp())


def instant_of(value: int | None) -> datetime | None:
    """The instant of epoch seconds."""
    return None if value is None else datetime.fromtimestamp(value, UTC)


def json_of(value: str | None) -> Any:
    """The value of a JSON text. What is empty, as most small values are, is not looked at by the parser."""
    if value is None:
        return None
    if value == "{}":
        return {}
    return [] if value == "[]" else json.loads(value)


class Instant(TypeDecorator[datetime]):
    """A moment: aware UTC ``datetime`` to the second; the same integer on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return seconds_of(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return instant_of(value)


class Json(TypeDecorator[Any]):
    """A small JSON value kept as text, the same on both databases. Never queried into: what is queried is a column."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return json_of(value)
