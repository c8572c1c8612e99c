"""``dsa worktime FILE.csv``: working time or due dates for the rows of a file, so that anyone can check a count.

One rule: every row is read and worked out before anything is written; answer columns in the file are not looked at.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import click

from dsa.domain.errors import BadInput, Problem
from dsa.timekeeping.calendar import CountingRule, Pause, WorkingCalendar, calendar_for
from dsa.timekeeping.instants import read_date, read_instant
from dsa.timekeeping.office import DEFAULT_HOURS, HalfDay, OfficeHours, clock_minutes

INTERVAL_COLUMNS = ("id", "start_utc", "end_utc", "nation", "hours_profile", "half_days", "pauses")
DUE_COLUMNS = ("id", "start_date", "nation", "add_working_days")
INTERVAL_ANSWERS = ("id", *(f"working_days_{rule.value}" for rule in CountingRule), "working_minutes")
DUE_ANSWERS = ("id", "due_date")
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,6}")

Row = dict[str, str]
Answer = tuple[str | int, ...]


@click.command("worktime")
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """Working days and minutes between two moments, or due dates, for the rows of FILE (CSV).

    \b
    Columns for intervals: id, start_utc, end_utc, nation, hours_profile, half_days, pauses.
    Columns for due dates: id, start_date, nation, add_working_days.

    Other columns are ignored. A pair whose end lies before its start counts 0.
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerows(answers(file))
    click.echo(written.getvalue(), nl=False)


def answers(file: Path) -> list[Answer]:
    """The heading and one answer per row of the file; BadInput, naming file and line, where it cannot be read."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return _answers(file.name, lines)
    except UnicodeDecodeError:
        raise BadInput("%(file)s is not text in UTF-8. Save it as CSV UTF-8.", file=file.name) from None
    except OSError as problem:
        raise BadInput("%(file)s cannot be read: %(why)s.", file=file.name, why=problem.strerror) from None


def _answers(name: str, lines: io.TextIOWrapper) -> list[Answer]:
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
        heading, work_out = _kind(name, header)
        return [heading, *_worked_out(reader, header, work_out)]
    except csv.Error as problem:
        place = {"file": name, "line": reader.line_num, "why": str(problem)}
        raise BadInput("%(file)s, line %(line)s: this is not CSV (%(why)s).", **place) from None
    except Problem as problem:
        if reader.line_num <= 1:
            raise
        place = {"file": name, "line": reader.line_num, "why": str(problem)}
        raise BadInput("%(file)s, line %(line)s: %(why)s", **place) from None


def _kind(name: str, header: list[str]) -> tuple[Answer, Callable[[Row], Answer]]:
    """What the columns ask for."""
    if len(set(header)) < len(header):
        raise BadInput("%(file)s, line 1: a column stands there twice. Give each its own name.", file=name)
    if set(INTERVAL_COLUMNS) <= set(header):
        return INTERVAL_ANSWERS, _interval
    if set(DUE_COLUMNS) <= set(header):
        return DUE_ANSWERS, _due
    raise BadInput(
        "%(file)s, line 1: the columns are neither those of intervals (%(interval)s) nor those of due dates (%(due)s).",
        file=name,
        interval=", ".join(INTERVAL_COLUMNS),
        due=", ".join(DUE_COLUMNS),
    )


def _worked_out(rows: Iterator[list[str]], header: list[str], work_out: Callable[[Row], Answer]) -> Iterator[Answer]:
    for row in rows:
        if not row:
            continue  # an empty line
        if len(row) != len(header):
            raise BadInput("There are %(got)s values for %(want)s columns.", got=len(row), want=len(header))
        yield work_out(dict(zip(header, (value.strip() for value in row), strict=True)))


def _interval(row: Row) -> Answer:
    start, end = read_instant(row["start_utc"]), read_instant(row["end_utc"])
    calendar = _calendar(row)
    first, last = calendar.local_date(start), calendar.local_date(end)
    days = (calendar.working_days(first, last, rule=rule) for rule in CountingRule)
    pauses = [_pause(text) for text in _listed(row["pauses"])]
    return row["id"], *days, calendar.working_minutes(start, end, pauses=pauses)


def _due(row: Row) -> Answer:
    days = row["add_working_days"]
    if not _WHOLE_NUMBER.fullmatch(days):
        raise BadInput("“%(text)s” is not a number of working days. Write a whole number.", text=days[:40])
    due = calendar_for(row["nation"]).add_working_days(read_date(row["start_date"]), int(days))
    return row["id"], due.isoformat()


def _calendar(row: Row) -> WorkingCalendar:
    hours = OfficeHours.read(row["hours_profile"]) if row["hours_profile"] else DEFAULT_HOURS
    half_days = tuple(_half_day(text) for text in _listed(row["half_days"]))
    return calendar_for(row["nation"], hours=hours, half_days=half_days)


def _half_day(text: str) -> HalfDay:
    day, at, closes = text.partition("@")
    if not at:
        raise BadInput("“%(text)s” is not a half day. Write it as 2026-12-24@12:30.", text=text[:40])
    return HalfDay.on(read_date(day), clock_minutes(closes))


def _pause(text: str) -> Pause:
    begins, slash, ends = text.partition("/")
    if not slash:
        raise BadInput("“%(text)s” is not a pause. Write its two moments with / between them.", text=text[:40])
    pause: tuple[datetime, datetime] = (read_instant(begins), read_instant(ends))
    return pause


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]
