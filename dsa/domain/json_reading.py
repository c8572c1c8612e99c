"""The one way in for JSON from outside: files and requests.

One rule: whatever is sent, the answer is a value or a sentence with the place; never a crash, never a deep recursion.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from dsa.domain.errors import BadInput

MAX_BYTES = 1_000_000
MAX_DEPTH = 30


def read_json(data: bytes | str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """The value of a JSON text. Raises BadInput where it is too large or too deep, malformed, or names a key twice."""
    if len(data) > max_bytes:
        raise BadInput("This is larger than %(most)s bytes. Send less at a time.", most=f"{max_bytes:,}")
    text = _text(data)
    _demand_shallow(text, max_depth)
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise BadInput(
            "Line %(line)s, column %(column)s: this is not well-formed JSON (%(what)s).",
            line=error.lineno, column=error.colno, what=error.msg.lower(),
        ) from error  # fmt: skip
    except (ValueError, RecursionError) as error:
        raise BadInput("A number in it is too large to be kept.") from error


def _text(data: bytes | str) -> str:
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInput("Line %(line)s: this is not UTF-8 text.", line=line) from error


def _demand_shallow(text: str, max_depth: int) -> None:
    """Count the brackets outside strings before anything is built."""
    depth, line, inside, escaped = 0, 1, False, False
    for letter in text:
        if letter == "\n":
            line += 1
        if inside:
            inside = escaped or letter != '"'
            escaped = letter == "\\" and not escaped
        elif letter == '"':
            inside = True
        elif letter in "[{":
            depth += 1
            if depth > max_depth:
                raise BadInput("Line %(line)s: this is nested more than %(most)s deep.", line=line, most=max_depth)
        elif letter in "]}":
            depth -= 1


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BadInput("“%(key)s” stands twice in the same place. Keep one of them.", key=key[:60])
        found[key] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise BadInput("“%(name)s” is not a value in JSON. Use a whole number or text.", name=name)
