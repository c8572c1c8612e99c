"""Reading a definition (a form, a workflow) out of plain dictionaries, and saying where it is wrong.

One rule: nothing in a definition file is ignored. A key that nobody reads is a problem, and every problem has a place.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]
Lines = Mapping[Path, int]


@dataclass(frozen=True, slots=True)
class DefinitionProblem:
    """One thing wrong in a definition file: the line if known, the place inside the file, and a sentence."""

    message: str
    place: str = ""
    line: int | None = None

    @property
    def sentence(self) -> str:
        """The problem as one sentence that begins with where it is."""
        where = f"line {self.line}" if self.line else self.place
        return f"{where}: {self.message}" if where else self.message


class DefinitionError(ValueError):
    """A definition that cannot be used. `problems` says everything that is wrong, not only the first thing."""

    def __init__(self, problems: Iterable[DefinitionProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.sentence for problem in self.problems[:5]) or "not usable")


def path_text(path: Path) -> str:
    """A path as people write it: `sections[2].questions[0].type`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text


@dataclass(slots=True)
class Book:
    """One definition file while it is read: its line map and the problems found so far."""

    lines: Lines = field(default_factory=dict)
    problems: list[DefinitionProblem] = field(default_factory=list)

    def line(self, path: Path) -> int | None:
        """The line of a path, or of the nearest thing around it."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return self.lines.get(())

    def say(self, path: Path, message: str) -> None:
        """Record a problem at a path."""
        self.problems.append(DefinitionProblem(message, place=path_text(path), line=self.line(path)))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?` when a known word is close, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f' Did you mean "{close[0]}"?' if close else ""


class Sheet:
    """One mapping of a definition, read key by key; `finish()` names the keys that nobody asked for."""

    def __init__(self, data: object, path: Path, book: Book) -> None:
        self.path, self.book = path, book
        self.data: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        self._read: dict[str, None] = {}
        if not isinstance(data, Mapping):
            book.say(path, f"this should be a set of keys and values, not {kind_of(data)}.")

    def has(self, key: str) -> bool:
        """Whether the key is written at all."""
        return key in self.data

    def say(self, key: str | None, message: str) -> None:
        """Record a problem at one of this sheet's keys, or at the sheet itself."""
        self.book.say((*self.path, key) if key else self.path, message)

    def raw(self, key: str) -> Any:
        """The value as it stands; the caller judges it."""
        self._read[key] = None
        return self.data.get(key)

    def text(self, key: str, *, required: bool = False) -> str:
        """A text value; empty when absent."""
        value = self.raw(key)
        if value is None:
            if required:
                self.say(None, f'"{key}" is missing.')
            return ""
        if not isinstance(value, str):
            self.say(key, f'"{key}" should be text, not {kind_of(value)}.')
            return ""
        return value.strip()

    def flag(self, key: str) -> bool:
        """A true or false value; false when absent."""
        value = self.raw(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.say(key, f'"{key}" should be true or false, not {kind_of(value)}.')
        return False

    def number(self, key: str) -> int | None:
        """A whole number, or None when absent."""
        value = self.raw(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        self.say(key, f'"{key}" should be a whole number, not {kind_of(value)}.')
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty when absent."""
        value = self.raw(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.say(key, f'"{key}" should be a list of words.')
            return ()
        return tuple(value)

    def sheets(self, key: str) -> list[Sheet]:
        """A list of mappings; empty when absent."""
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.say(key, f'"{key}" should be a list, not {kind_of(value)}.')
            return []
        return [Sheet(item, (*self.path, key, number), self.book) for number, item in enumerate(value)]

    def sheet(self, key: str) -> Sheet | None:
        """A mapping, or None when absent."""
        value = self.raw(key)
        return None if value is None else Sheet(value, (*self.path, key), self.book)

    def finish(self) -> None:
        """Name every key that was not read."""
        for key in self.data:
            if key not in self._read:
                self.say(str(key), f'"{key}" is not a key that is known here.{did_you_mean(str(key), self._read)}')


def kind_of(value: object) -> str:
    """What a value is, in plain words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping):
        return "a set of keys and values"
    return "a list" if isinstance(value, Sequence) else "something else"
