"""What an address says: words, numbers, the place to go on from. One rule: nonsense is told, never a fault."""

from datetime import UTC, datetime

from flask import request
from werkzeug.routing import IntegerConverter

from dsa.domain.errors import BadInput

_MOST = 2**31 - 1  # what every database takes for a number of a row


class RowNumber(IntegerConverter):
    """A number in an address (``<int:name>``); one too large for a database is a row that there will never be."""

    def to_python(self, value: str) -> int:
        """The number that the address names."""
        return row_number(value)


def row_number(text: str) -> int:
    """The number of a row as sent, at most what a database takes. Raises ValueError for what is no number."""
    return max(-_MOST, min(_MOST, int(text[:40])))  # a text of thousands of digits is no number to Python


def printable(text: str, *, most: int = 200) -> str:
    """Words as typed, without control characters: databases and pages refuse those."""
    return "".join(c for c in text.strip()[:most] if c.isprintable())


def asked_words(name: str, *, most: int = 200) -> str:
    """A parameter of the address as words; empty where it is not there."""
    return printable(request.args.get(name, ""), most=most)


def place_after(page: str) -> tuple[datetime, int] | None:
    """The place (moment, row) to go on from, as the link of the page before names it in ``after``; None at the start.

    Raises BadInput with the name of the ``page`` where it is no place.
    """
    text = request.args.get("after", "")
    if not text:
        return None
    at, _, row = text.partition("-")
    try:
        if not (text.isascii() and at.isdecimal() and row.isdecimal() and len(text) <= 40 and int(row) <= _MOST):
            raise ValueError
        return datetime.fromtimestamp(int(at), UTC), int(row)
    except (ValueError, OverflowError, OSError) as problem:
        raise BadInput(
            "This address does not lead to a page of the list. Open “%(page)s” again.", page=page
        ) from problem
