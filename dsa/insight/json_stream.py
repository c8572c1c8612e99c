"""Reads a large JSON object member by member, so that only one entry of a long list is in memory at a time.

One rule: one entry may not be longer than 16 MB, and every complaint says the line.
"""

import json
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Any, BinaryIO

from dsa.domain.errors import BadInput

CHUNK = 1 << 20
LONGEST_ENTRY = 1 << 24
_BLANKS = " \t\r\n"


class JsonStream:
    """The top-level object of a JSON file: ``members()`` gives (key, entry) for each entry of each list in it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._lines_before = 1
        self._ended = False

    @property
    def line(self) -> int:
        """The line that is being read, from 1."""
        return self._lines_before + self._text.count("\n", 0, self._at)

    def members(self) -> Iterator[tuple[str, Any]]:
        """(key, entry) for lists, entry by entry, and (key, value) for anything else."""
        self._expect("{")
        if self._next() == "}":
            return
        while True:
            key = self._value()
            if not isinstance(key, str):
                raise BadInput("A key of an object is a text in quotes.")
            self._expect(":")
            if self._next() == "[":
                for entry in self._entries():
                    yield key, entry
            else:
                yield key, self._value()
            if self._comma_or("}"):
                return

    def _entries(self) -> Iterator[Any]:
        self._expect("[")
        if self._next() == "]":
            self._at += 1
            return
        while True:
            yield self._value()
            if self._comma_or("]"):
                return

    def _comma_or(self, closing: str) -> bool:
        found = self._next()
        if found not in (",", closing):
            raise BadInput("“,” or “%(closing)s” is missing here.", closing=closing)
        self._at += 1
        return found == closing

    def _expect(self, wanted: str) -> None:
        if self._next() != wanted:
            raise BadInput("“%(wanted)s” is missing here.", wanted=wanted)
        self._at += 1

    def _next(self) -> str:
        """The next character that is not blank, without taking it."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANKS:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                raise BadInput("The file ends in the middle.")

    def _value(self) -> Any:
        self._next()
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
                if end < len(self._text) or not self._more():  # at the very end a number may go on
                    self._at = end
                    return value
            except json.JSONDecodeError as problem:
                if len(self._text) - self._at > LONGEST_ENTRY or not self._more():
                    self._at = min(problem.pos, len(self._text))
                    raise BadInput("This is not JSON (%(why)s).", why=problem.msg) from None
            except RecursionError:
                raise BadInput("Values are nested too deep.") from None

    def _more(self) -> bool:
        """Read on; what was taken is let go. False at the end of the file."""
        if self._ended:
            return False
        raw = self._stream.read(CHUNK)
        self._ended = not raw
        try:
            text = self._decoder.decode(raw, self._ended)
        except UnicodeDecodeError:
            raise BadInput("From here on the text is not UTF-8. Save the file as UTF-8.") from None
        self._lines_before = self.line
        self._text, self._at = self._text[self._at :] + text, 0
        return not self._ended
