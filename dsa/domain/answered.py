"""Looking into answers that may hold anything: a draft keeps its mistakes, so whoever decides on an answer looks here.

One rule: looking never fails. What is not of the expected kind is as if it had not been answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dsa.domain.parties import Answers, Party, own_answer


def word(answers: Answers, key: str) -> str:
    """A text or choice; empty when there is none."""
    value = answers.get(key)
    return value if isinstance(value, str) else ""


def words(value: object) -> list[str]:
    """The texts in a list (a single text counts as a list of one)."""
    if isinstance(value, str):
        return [value] if value else []
    return [one for one in value if isinstance(one, str)] if isinstance(value, list | tuple) else []


def part(answers: Answers, key: str, field: str) -> Any:
    """A field of a record; None when there is none."""
    return field_of(answers.get(key), field)


def own_part(answers: Answers, key: str, party: Party, field: str) -> Any:
    """A field of a party's own record."""
    return field_of(own_answer(answers.get(key), party), field)


def field_of(value: object, field: str) -> Any:
    """A field of what may be a record."""
    return value.get(field) if isinstance(value, Mapping) else None


def whole(value: object) -> int | None:
    """A whole number, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def texts(value: object, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every piece of text inside an answer, with its path."""
    if isinstance(value, str):
        yield path, value
    elif depth < 8 and isinstance(value, Mapping):
        for key, inner in value.items():
            yield from texts(inner, f"{path}.{key}", depth + 1)
    elif depth < 8 and isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from texts(inner, f"{path}[{number}]", depth + 1)
