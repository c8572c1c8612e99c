"""A register as people keep it: agreements from before the service, past and open, some of its rows dirty.

One rule: it stands beside the world and is imported on screen; the agreements of the world itself keep their rules.
What is dirty is dirty in one of the ways of ``DIRT``, the same rows for the same seed.
"""

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dsa.demo.modelled import Lifeline, Period, lifelines, period_until
from dsa.insight.synthetic import PERIOD

HEADINGS = ("Ref", "Title", "Partners", "Status", "Stage", "With", "Started", "Deadline", "Closed")
# How many of a hundred rows are dirty in which way. The first three can be read, or asked about; the others cannot.
DIRT = {"two_ways": 10, "in_words": 8, "spaces": 5, "no_end": 2, "backwards": 2, "no_date": 2, "twice": 2}
_STARTED, _CLOSED = HEADINGS.index("Started"), HEADINGS.index("Closed")


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the register, and in which way it is dirty ("" for a clean one)."""

    cells: tuple[str, ...]
    dirt: str


def register(rows: int, *, seed: int, now: datetime) -> Iterator[Entry]:
    """So many rows of the process before it was changed, until now."""
    chance = random.Random(seed)  # noqa: S311 - wanted to be repeatable
    period, ways = period_until(now), list(DIRT)
    shares, before = [*DIRT.values(), 100 - sum(DIRT.values())], ""
    for line in lifelines(rows, seed=seed, era="before", now=now):
        cells = _cells(line, period)
        way = chance.choices([*ways, ""], shares)[0]
        found, dirt = _dirty(cells, way, before)
        before = before or cells[0]
        yield Entry(tuple(found), dirt)


def as_csv(entries: Iterator[Entry]) -> str:
    """The register as a CSV file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADINGS)
    writer.writerows(entry.cells for entry in entries)
    return out.getvalue()


def _cells(line: Lifeline, period: Period) -> list[str]:
    lead, *others = line.bodies
    ends, status = min((max(line.signatures), "signed"), (line.stops, "withdrawn"))
    over = ends <= PERIOD
    stage, due = ("", 0.0) if over else _stands(line)
    return [
        f"R{line.number + 1:04d}",
        f"{line.theme.title} (phase {line.phase})",
        "; ".join(body.name for body in line.bodies),
        status if over else "open",
        stage,
        "" if over else (others[0] if stage == "Review" else lead).name,
        _day(period.starts_at(line)),
        "" if over else _day(period.now + timedelta(days=due)),
        _day(period.at(ends)) if over else "",
    ]


def _stands(line: Lifeline) -> tuple[str, float]:
    """The stage in which an open one stands at the end, and in how many days that is due."""
    for stage, ends, due in (
        ("First look", line.first_look_ends, 2.0),
        ("Drafting", line.hold_ends, 10.0),
        ("Review", line.last_reviewed, 12.0),
    ):
        if not ends <= PERIOD:
            return stage, due
    return "Sign-off", 5.0


def _day(at: datetime) -> str:
    return at.date().isoformat()


def _dirty(cells: list[str], way: str, before: str) -> tuple[list[str], str]:
    """The row, dirty in that way where it can be."""
    found, started, closed = list(cells), datetime.fromisoformat(cells[_STARTED]), cells[_CLOSED]
    if way == "two_ways" and started.day <= 12 and started.day != started.month:
        found[_STARTED] = f"{started:%d/%m/%Y}"
    elif way == "in_words":
        found[_STARTED] = f"{started.day} {started:%B %Y}"
    elif way == "spaces":
        found = [f"  {cell} " for cell in found]
    elif way == "no_end" and closed:
        found[_CLOSED] = ""
    elif way == "backwards" and closed:
        found[_CLOSED] = _day(started - timedelta(days=40))
    elif way == "no_date":
        found[_STARTED] = "soon after Easter"
    elif way == "twice" and before:
        found[0] = before
    else:
        return found, ""
    return found, way
