"""Reads event logs in CSV, one row per event, as a stream.

One rule: what stands in a cell is text and stays so (a case may be called NA or 007); a row that does not fit the
heading stops the reading at its line.
"""

import csv
from collections.abc import Iterator
from typing import BinaryIO

from dsa.domain.errors import BadInput, Problem
from dsa.insight.eventlog import Columns, EventLog, LogBuilder

LONGEST_LINE = 1 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_csv(stream: BinaryIO, *, columns: Columns, name: str) -> EventLog:
    """The log in ``stream``; BadInput that names file and line where it cannot be read."""
    lines = _Lines(stream)
    try:
        header = lines.header()
        reader = csv.reader(lines, delimiter=_delimiter(header), strict=True)
        return _read(reader, columns).build()
    except csv.Error as problem:
        raise BadInput(
            "%(file)s, line %(line)s: this is not CSV (%(why)s).", file=name, line=lines.number, why=str(problem)
        ) from None
    except Problem as problem:
        raise BadInput("%(file)s, line %(line)s: %(why)s", file=name, line=lines.number, why=str(problem)) from None


class _Lines:
    """The lines of a file as text, each decoded by itself so that a wrong byte is found in its line."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.number = 0
        self.first: str | None = None

    def header(self) -> str:
        """The first line, kept to be read again."""
        self.first = next(self, "")
        return self.first

    def __iter__(self) -> Iterator[str]:
        if self.first is not None:
            yield self.first
        while (line := next(self, "")) != "":
            yield line

    def __next__(self) -> str:
        raw = self.stream.readline(LONGEST_LINE)
        if not raw:
            raise StopIteration
        self.number += 1
        if len(raw) == LONGEST_LINE:
            raise BadInput("The line is longer than 1 MB. Write one row per event.")
        if self.number == 1:
            raw = raw.removeprefix(_BYTE_ORDER_MARK)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as problem:
            raise BadInput(
                "Byte %(byte)s of the line is not UTF-8. Save the file as CSV UTF-8.", byte=problem.start + 1
            ) from None
        if "\0" in text:
            raise BadInput("The line holds a zero byte: this is not text in UTF-8. Save the file as CSV UTF-8.")
        return text


def _delimiter(header: str) -> str:
    """Comma, semicolon or tab: whichever the heading has most of."""
    return max(",;\t", key=header.count)


def _read(reader: Iterator[list[str]], columns: Columns) -> LogBuilder:
    header = next(reader, [])
    if len(set(header)) < len(header):
        raise BadInput("A column stands in the heading twice. Give each its own name.")
    where = _places(header, columns)
    builder, width = LogBuilder(), len(header)
    case, activity, time, resource, lifecycle, start, status = where
    for row in reader:
        if not row:
            continue  # an empty line
        if len(row) != width:
            raise BadInput("There are %(got)s values for %(want)s columns.", got=len(row), want=width)
        row.append("")  # what a column that is not there says
        if not row[case]:
            raise BadInput("The row names no case.")
        number = builder.cases[row[case]]
        builder.add(
            number,
            activity=row[activity],
            time=row[time],
            resource=row[resource],
            lifecycle=row[lifecycle],
            start=row[start],
        )
        if row[status]:
            builder.status(number, row[status])
    return builder


def _places(header: list[str], columns: Columns) -> tuple[int, ...]:
    """Where each column stands; the place after the last one for those that may be absent."""
    needed = {"--case": columns.case, "--activity": columns.activity, "--time": columns.time}
    absent = {option: column for option, column in needed.items() if column not in header}
    if absent:
        says = "There is no column %(absent)s." if len(absent) == 1 else "There are no columns %(absent)s."
        example = " For example: %(example)s." if len(absent) == len(needed) <= len(header) else ""
        raise BadInput(
            says + " The columns are: %(header)s. Say which to take with %(options)s." + example,
            absent=", ".join(f"“{column}”" for column in absent.values()),
            header=", ".join(header)[:500] or "none",
            options=", ".join(absent),
            example=" ".join(f'{option} "{name[:60]}"' for option, name in zip(needed, header, strict=False)),
        )
    optional = (columns.resource, columns.lifecycle, columns.start, columns.status)
    places = {column: place for place, column in enumerate(header)}
    return (*(places[column] for column in needed.values()), *(places.get(column, len(header)) for column in optional))
