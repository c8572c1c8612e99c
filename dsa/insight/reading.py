"""Reads an event log of any kind: CSV, XES or OCEL 2.0 JSON, packed with gzip or not.

One rule: the kind is found by what the file begins with, not by its name; it is read to the end before anything is said
about it, so that nothing is ever half-read.
"""

import gzip
import io
import zlib
from typing import BinaryIO, cast

from dsa.domain.errors import BadInput, Problem
from dsa.insight.eventlog import Columns, EventLog
from dsa.insight.read_csv import read_csv
from dsa.insight.read_ocel import read_ocel
from dsa.insight.read_xes import read_xes

LARGEST = 4 << 30  # bytes, unpacked: some twenty million events
_GZIP = b"\x1f\x8b"
_STANDARD = Columns()


def read_log(stream: BinaryIO, *, name: str, columns: Columns = _STANDARD) -> EventLog:
    """The event log in ``stream`` (seekable, binary); ``name`` is what sentences call it.

    For OCEL ``columns.case``, where it is not the standard name, is the type of object that is the case.
    BadInput that names file and place where it cannot be read.
    """
    packed = stream.read(2) == _GZIP
    stream.seek(0)
    plain = cast(BinaryIO, gzip.GzipFile(fileobj=stream) if packed else stream)
    limited = cast(io.BufferedReader, io.BufferedReader(_Limited(plain), 1 << 18))
    try:
        beginning = _beginning(limited)
    except Problem as problem:
        raise BadInput("%(file)s, line 1: %(why)s", file=name, why=str(problem)) from None
    source = cast(BinaryIO, limited)
    if beginning.startswith(b"<"):
        return read_xes(source, columns=columns, name=name)
    if name.lower().removesuffix(".gz").endswith(".xes"):
        raise BadInput("%(file)s, line 1: This is no XES file: it does not begin with “<”. Export it again.", file=name)
    if beginning.startswith(b"{"):
        case_type = columns.case if columns.case != _STANDARD.case else None
        return read_ocel(source, columns=columns, name=name, case_type=case_type)
    return read_csv(source, columns=columns, name=name)


def _beginning(stream: io.BufferedReader) -> bytes:
    """The first bytes that are not blank, without taking them."""
    beginning = stream.peek(4096)[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not beginning:
        raise BadInput("The file is empty.")
    if beginning.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadInput("The text is in UTF-16. Save it as UTF-8.")
    return beginning


class _Limited(io.RawIOBase):
    """A stream that refuses to give more than LARGEST bytes: a small packed file can hold an endless one."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream, self._given = stream, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._given = self._stream.seek(offset, whence)
        return self._given

    def tell(self) -> int:
        return self._given

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            got = self._stream.read(len(buffer))
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise BadInput("Here the packed file is damaged or ends in the middle. Get it again.") from None
        self._given += len(got)
        if self._given > LARGEST:
            raise BadInput("The file holds more than %(gb)s GB. Split it.", gb=LARGEST >> 30)
        buffer[: len(got)] = got
        return len(got)
