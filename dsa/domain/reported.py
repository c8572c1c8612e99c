"""Agreements as a spreadsheet reports them: columns, dates and words read into cases, each value with how sure it is.

One rule: nothing is guessed. A date that can be read two ways and a word that is not known become questions for a
person; what cannot be read is a problem with its row and column.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made_of
from datetime import date

OPEN, SIGNED, WITHDRAWN, REJECTED = "open", "signed", "withdrawn", "rejected"
STATUSES = (OPEN, SIGNED, WITHDRAWN, REJECTED)
EARLIEST, DAY_FIRST, MONTH_FIRST, EACH = date(1990, 1, 1), "day", "month", "each"
LATEST_DUE_YEARS = 20
FAR_DUE_DAYS = 3 * 366  # a due day farther ahead is most likely a typing error: it is asked about, not refused
LAST_HEADING = 15  # of the rows that hold something, headings are looked for among so many
# How sure a value is: as it was typed, written in another way, chosen by a person, from a merged cell, not there.
TYPED, NORMALISED, CHOSEN, MERGED, MISSING = "typed", "normalised", "chosen", "merged", "missing"
# What a word of the stage column may mean beside a stage: how it ended, that it is on hold, not to be taken.
ENDED_AS: Mapping[str, str] = {"+signed": SIGNED, "+withdrawn": WITHDRAWN, "+rejected": REJECTED}
ON_HOLD, OUT = "+held", "+out"
# What a row may leave open, so that a person is asked: how it ended, who has it.
HOW, HOLDER = "how", "holder"


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a column can say. ``heads`` are words of a heading that suggest it."""

    label: str
    hint: str
    heads: tuple[str, ...]
    is_date: bool = False
    required: bool = False


FIELDS: Mapping[str, Field] = {
    "reference": Field("Your reference", "The number or code that you know it by", ("reference", "ref", "id")),
    "title": Field("Title", "What is shared, in a few words", ("title", "name", "agreement", "subject", "description")),
    "parties": Field(
        "Other organisations",
        "Names or codes, with semicolons between them",
        ("parties", "party", "organisations", "organisation", "partners", "partner", "shared with", "agreement with"),
    ),
    "status": Field("Status", "Whether it is open, and how it ended", ("status", "state", "outcome", "result")),
    "stage": Field("Stage", "Where an open one stands", ("stage", "step", "phase", "where")),
    "holder": Field(
        "Who has it", "The organisation that must act next", ("holder", "owner", "waiting", "with", "who", "held")
    ),
    "started": Field(
        "Started",
        "The day of the first contact",
        ("started", "start", "begun", "opened", "received"),
        is_date=True,
        required=True,
    ),
    "since": Field(
        "In this stage since", "The day on which it came to where it stands", ("since", "entered"), is_date=True
    ),
    "due": Field(
        "Due", "The day by which the present stage should be done", ("due", "deadline", "target"), is_date=True
    ),
    "ended": Field(
        "Ended",
        "The day of the last signature, or of the withdrawal",
        ("ended", "end", "signed", "completed", "closed", "finished"),
        is_date=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something wrong with a row: the field, a sentence with parameters, and whether the row cannot be taken."""

    line: int
    field: str
    message: str
    params: Mapping[str, object] = made_of(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TwoWays:
    """A date that can be read two ways. ``number``: a spreadsheet's own number, which is ``day_first`` or no date."""

    line: int
    field: str
    typed: str
    day_first: date
    month_first: date
    number: bool = False


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A row that leaves open how it ended or who has it (``HOW``, ``HOLDER``): a person says so."""

    kind: str
    line: int
    title: str


@dataclass(frozen=True, slots=True)
class Left:
    """A row that is not taken: ``typed`` is what it says first, ``why`` a sentence."""

    line: int
    typed: str
    why: str


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the sheet that a person gives its meaning: ``kind`` is status, stage, held (the stage of what is on
    hold) or organisation.
    """

    kind: str
    typed: str
    count: int
    guess: str


@dataclass(frozen=True, slots=True)
class Case:
    """One agreement as reported. ``stage``, ``holder``, ``since`` and ``due`` matter for open ones.

    ``parties`` are (code or "", name). ``holder`` is (code or "", name); None: our own organisation. ``sure`` says how
    sure each value is.
    """

    line: int
    reference: str
    title: str
    parties: tuple[tuple[str, str], ...]
    status: str
    stage: str
    holder: tuple[str, str] | None
    started: date
    since: date | None
    due: date | None
    ended: date | None
    sure: Mapping[str, str]
    on_hold: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is still being worked on."""
        return self.status == OPEN


@dataclass(frozen=True, slots=True)
class Reading:
    """What a sheet comes to: the cases, what is wrong, what a person must say first, and what is no agreement.

    ``waiting`` are the rows that only wait for an answer. ``mixed`` are the fields whose dates are certainly written
    with the day first in one row and with the month first in another, with such a row and date of each.
    """

    cases: tuple[Case, ...]
    troubles: tuple[Trouble, ...]
    two_ways: tuple[TwoWays, ...]
    words: tuple[Word, ...]
    unsaid: tuple[Unsaid, ...] = ()
    left_out: tuple[Left, ...] = ()
    waiting: frozenset[int] = frozenset()
    mixed: Mapping[str, tuple[tuple[int, str], tuple[int, str]]] = made_of(default_factory=dict)

    @property
    def bad_lines(self) -> frozenset[int]:
        """The rows that cannot be taken as they are."""
        return frozenset(trouble.line for trouble in self.troubles)


def far_years(due: date | None, today: date) -> int:
    """How many years (rounded) a due day lies ahead where that is so far that its year should be looked at; else 0."""
    ahead = 0 if due is None else (due - today).days
    return round(ahead / 365.25) if ahead > FAR_DUE_DAYS else 0


def likely_sheet(sheets: Sequence[Sequence[tuple[int, Sequence[str]]]]) -> int:
    """The place of the worksheet (given by its rows) that probably holds the list: the first with most known headings.

    A person may take another one. Where no worksheet has two known headings above a row, it is the first.
    """
    known = [_known_headings(rows) for rows in sheets]
    return known.index(max(known)) if max(known) > 1 else 0


def _known_headings(rows: Sequence[tuple[int, Sequence[str]]]) -> int:
    if not rows:
        return 0
    at = guess_heading(rows)
    return next((len(guess_columns(cells)) for line, cells in rows[:-1] if line == at), 0)


def guess_columns(headings: Sequence[str]) -> dict[str, int]:
    """Which column each field probably is, by its heading; a person confirms it. No column twice.

    A heading that is a known word alone goes first; then dates, whose headings name other things too.
    """
    words = [" ".join(word for word in re.split(r"[^a-z]+", heading.lower()) if word) for heading in headings]
    found: dict[str, int] = {}

    def look(name: str, fits: Callable[[str, str], bool]) -> None:
        for head in FIELDS[name].heads if name not in found else ():
            place = next((n for n, have in enumerate(words) if fits(head, have) and n not in found.values()), None)
            if place is not None:
                found[name] = place
                return

    for name in FIELDS:
        look(name, lambda head, have: head == have)
    for name in sorted(FIELDS, key=lambda name: not FIELDS[name].is_date):
        look(name, lambda head, have: f" {head} " in f" {have} ")
    return {name: found[name] for name in FIELDS if name in found}


def guess_heading(rows: Sequence[tuple[int, Sequence[str]]]) -> int:
    """The line of the row that probably holds the headings: of the first rows, the one with most known words."""
    known = {line: len(guess_columns(cells)) for line, cells in rows[:LAST_HEADING]}
    best = max(known, key=lambda line: known[line])
    if known[best] > 1:
        return best
    return next((line for line, cells in rows[:LAST_HEADING] if sum(map(bool, cells)) > 1), rows[0][0])


@dataclass(frozen=True, slots=True)
class Known:
    """What the sheet is read against: organisations by code, stages by id, today, and our own organisation's code.

    ``resting`` are the stages in which nobody has to act.
    """

    organisations: Mapping[str, str]
    stages: Mapping[str, str]
    today: date
    own: str
    resting: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person said: which column is which field; how to read dates; what words mean.

    ``dates``: field to day, month or each; "field#" to day or no for a spreadsheet's own numbers. ``each``:
    "line:field" to day or month, "line:how" and "line:holder" to what is said of that row. ``words``: kind to word to
    meaning (None before they were asked). ``asked``: how and holder to what is said of all such rows, or each.
    ``merged`` are the places (line, column) that a merged cell covers.
    """

    columns: Mapping[str, int]
    dates: Mapping[str, str] = made_of(default_factory=dict)
    each: Mapping[str, str] = made_of(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] | None = None
    asked: Mapping[str, str] = made_of(default_factory=dict)
    merged: frozenset[tuple[int, int]] = frozenset()
