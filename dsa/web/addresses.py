"""What an address says: words, numbers, the place to go on from. One rule: nonsense is told, never a fault."""

from datetime import UTC, datetime
from typing import Any

from flask import request
from werkzeug.routing import IntegerConverter, Map

from dsa.domain.errors import BadInput

_MOST = 2**63 - 1  # what a database takes for a number of a row


class RowNumber(IntegerConverter):
    """A number in an address (``<int:name>``); what is too large for a database leads nowhere."""

    def __init__(self, map: Map, *args: Any, **given: Any) -> None:
        super().__init__(map, *args, **{"max": _MOST, **given})


def row_number(text: str) -> int:
    """The number of a row as sent. Raises ValueError for what is none, or too large for a database."""
    found = int(text)
    if not -_MOST <= found <= _MOST:
        raise ValueError(f"{text[:40]} is too large")
    return found


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
