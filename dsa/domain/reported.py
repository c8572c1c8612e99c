"""Agreements as a spreadsheet reports them: columns, dates and words read into cases, each value with how sure it is.

One rule: nothing is guessed. A date that can be read two ways and a word that is not known become questions for a
person; what cannot be read is a problem with its row and column.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made_of
from datetime import date
from typing import Any

OPEN, SIGNED, WITHDRAWN, REJECTED = "open", "signed", "withdrawn", "rejected"
STATUSES = (OPEN, SIGNED, WITHDRAWN, REJECTED)
EARLIEST, DAY_FIRST, MONTH_FIRST, EACH = date(1990, 1, 1), "day", "month", "each"
LATEST_DUE_YEARS = 20
# How sure a value is: as it was typed, written in another way, chosen by a person, not there.
TYPED, NORMALISED, CHOSEN, MISSING = "typed", "normalised", "chosen", "missing"


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
        ("parties", "party", "organisations", "organisation", "with", "partners", "partner"),
    ),
    "status": Field("Status", "Whether it is open, and how it ended", ("status", "state", "outcome")),
    "stage": Field("Stage", "Where an open one stands", ("stage", "step", "phase", "where")),
    "holder": Field("Who has it", "The organisation that must act next", ("holder", "owner", "who", "waiting")),
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
_STATUS_WORDS = {
    OPEN: ("open", "in progress", "ongoing", "active", "live negotiation", "pending", "draft", "drafting", "on hold"),
    SIGNED: ("signed", "complete", "completed", "in force", "in place", "agreed", "closed", "done", "live"),
    WITHDRAWN: ("withdrawn", "abandoned", "cancelled", "stopped", "dropped"),
    REJECTED: ("rejected", "refused", "declined"),
}
_NOBODY = frozenset({"", "-", "n/a", "na", "none", "nobody", "unknown", "tbc", "system", "?"})
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{2}:\d{2}.*)?\Z")
_NUMBERS = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})\Z")
_WORDS = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?[ \-]([a-z]+)|([a-z]+) (\d{1,2})(?:st|nd|rd|th)?),?[ \-](\d{4}|\d{2})\Z"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Told:
    """A value with how sure it is (``TYPED`` and so on)."""

    value: Any
    sure: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something wrong with a row: the field, a sentence with parameters, and whether the row cannot be taken."""

    line: int
    field: str
    message: str
    params: Mapping[str, object] = made_of(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TwoWays:
    """A date that can be read two ways."""

    line: int
    field: str
    typed: str
    day_first: date
    month_first: date


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the sheet that a person gives its meaning: ``kind`` is status, stage or organisation."""

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

    @property
    def is_open(self) -> bool:
        """Whether it is still being worked on."""
        return self.status == OPEN


@dataclass(frozen=True, slots=True)
class Reading:
    """What a sheet comes to: the cases, what is wrong, and what a person must say first."""

    cases: tuple[Case, ...]
    troubles: tuple[Trouble, ...]
    two_ways: tuple[TwoWays, ...]
    words: tuple[Word, ...]

    @property
    def bad_lines(self) -> frozenset[int]:
        """The rows that cannot be taken as they are."""
        return frozenset(trouble.line for trouble in self.troubles)


def guess_columns(headings: Sequence[str]) -> dict[str, int]:
    """Which column each field probably is, by its heading; a person confirms it. No column twice."""
    words = [[word for word in re.split(r"[^a-z]+", heading.lower()) if word] for heading in headings]
    found: dict[str, int] = {}
    for name, wanted in FIELDS.items():
        for head in wanted.heads:
            place = next((n for n, have in enumerate(words) if head in have and n not in found.values()), None)
            if place is not None:
                found[name] = place
                break
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """What the sheet is read against: organisations by code, stages by id, today, and our own organisation's code."""

    organisations: Mapping[str, str]
    stages: Mapping[str, str]
    today: date
    own: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person said: which column is which field; how to read dates; what words mean.

    ``dates``: field to day, month or each. ``each``: "line:field" to day or month. ``words``: kind to word to meaning
    (None before they were asked).
    """

    columns: Mapping[str, int]
    dates: Mapping[str, str] = made_of(default_factory=dict)
    each: Mapping[str, str] = made_of(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] | None = None


def read_sheet(rows: Iterable[tuple[int, Sequence[str]]], choices: Choices, known: Known) -> Reading:
    """Every row (line number and cells) as a case, a trouble, or a question."""
    sheet = _Sheet(choices, known)
    for line, cells in rows:
        sheet.take(line, cells)
    return Reading(tuple(sheet.cases), tuple(sheet.troubles), tuple(sheet.two_ways), tuple(sheet.words()))


def read_day(typed: str) -> date | tuple[date, date] | None:
    """The day that a text says; two (day first, month first) where it can be read two ways; None where it is none.

    Two-digit years are of this century. Numbers with no separators are no dates: which day they count from is a guess.
    """
    text = " ".join(typed.strip().lower().split())
    if match := _ISO.match(text):
        return _real(int(match[1]), int(match[2]), int(match[3]))
    if match := _WORDS.match(text):
        month = (match[2] or match[3])[:3]
        if month not in _MONTHS or not _is_month_name(match[2] or match[3]):
            return None
        return _real(_year(match[5]), _MONTHS.index(month) + 1, int(match[1] or match[4]))
    if match := _NUMBERS.match(text):
        first, second, year = int(match[1]), int(match[2]), _year(match[3])
        day_first, month_first = _real(year, second, first), _real(year, first, second)
        if day_first and month_first and day_first != month_first:
            return day_first, month_first
        return day_first or month_first
    return None


_LONG = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
         "december")  # fmt: skip


def _is_month_name(word: str) -> bool:
    return word == "sept" or any(word in (name, name[:3]) for name in _LONG)


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


class _Sheet:
    """Reads row after row; knows what was seen before."""

    def __init__(self, choices: Choices, known: Known) -> None:
        self._choices, self._known = choices, known
        self.cases: list[Case] = []
        self.troubles: list[Trouble] = []
        self.two_ways: list[TwoWays] = []
        self._seen: dict[str, int] = {}
        self._words: Counter[tuple[str, str]] = Counter()
        self._by_name = {name.casefold(): code for code, name in known.organisations.items()}
        self._by_name |= {code.casefold(): code for code in known.organisations}

    def take(self, line: int, cells: Sequence[str]) -> None:
        """One row."""
        before = len(self.troubles)
        typed = {name: cells[at].strip() if at < len(cells) else "" for name, at in self._choices.columns.items()}
        if not any(typed.values()):
            return
        sure = {name: TYPED if typed.get(name) else MISSING for name in FIELDS}
        asked = len(self.two_ways)
        days = {name: self._day(line, name, typed.get(name, ""), sure) for name in FIELDS if FIELDS[name].is_date}
        status = self._status(typed, days, sure)
        stage = self._meaning("stage", typed.get("stage", ""), sure) if status == OPEN else ""
        parties = tuple(self._organisation(name, sure, "parties") for name in _names(typed.get("parties", "")))
        holder = typed.get("holder", "") if status == OPEN else ""
        held_by = None if holder.lower() in _NOBODY else self._organisation(holder, sure, "holder")
        title = typed.get("title") or typed.get("reference", "")
        if not typed.get("title"):
            sure["title"] = NORMALISED if title else MISSING
        if len(self.two_ways) == asked:
            self._check(line, typed, title, status, stage, days)
        if len(self.troubles) > before or len(self.two_ways) > asked:
            return
        started = days["started"]
        assert started is not None  # noqa: S101 - _check refuses a row without it
        self.cases.append(
            Case(
                line, typed.get("reference", "")[:100], title[:300], parties, status, stage, held_by, started,
                days["since"], days["due"], days["ended"], sure,
            )
        )  # fmt: skip

    def words(self) -> Iterable[Word]:
        """The words that a person gives a meaning, each once, with a guess."""
        for (kind, typed), count in self._words.items():
            yield Word(kind, typed, count, self._guess(kind, typed))

    # Values

    def _day(self, line: int, name: str, typed: str, sure: dict[str, str]) -> date | None:
        if not typed:
            return None
        found = read_day(typed)
        if found is None:
            message = "“%(typed)s” is not a date. Write it as 2026-04-03 or 3 April 2026."
            self.troubles.append(Trouble(line, name, message, {"typed": typed[:60]}))
        elif isinstance(found, tuple):
            way = self._choices.dates.get(name, "")
            way = self._choices.each.get(f"{line}:{name}", "") if way == EACH else way
            if way not in (DAY_FIRST, MONTH_FIRST):
                self.two_ways.append(TwoWays(line, name, typed, *found))
                return None
            sure[name] = CHOSEN
            return found[0] if way == DAY_FIRST else found[1]
        else:
            sure[name] = TYPED if _ISO.match(typed) else NORMALISED
            return found
        return None

    def _status(self, typed: Mapping[str, str], days: Mapping[str, date | None], sure: dict[str, str]) -> str:
        word = typed.get("status", "")
        if not word:
            sure["status"] = NORMALISED
            return SIGNED if typed.get("ended") else OPEN
        return self._meaning("status", word, sure)

    def _meaning(self, kind: str, word: str, sure: dict[str, str]) -> str:
        """What a person said that a word means; their guess before they said anything."""
        if not word:
            return ""
        self._words[kind, word] += 1
        said = (self._choices.words or {}).get(kind, {}).get(word)
        if said is None:
            return self._guess(kind, word)
        sure[kind] = TYPED if said.casefold() == word.casefold() else CHOSEN
        return said

    def _organisation(self, name: str, sure: dict[str, str], of: str) -> tuple[str, str]:
        code = self._by_name.get(name.casefold())
        if code is None:
            code = self._meaning("organisation", name, sure)
            sure[of] = CHOSEN
        return code, self._known.organisations.get(code, name[:200])

    def _guess(self, kind: str, word: str) -> str:
        low = word.casefold()
        if kind == "status":
            return next((status for status, words in _STATUS_WORDS.items() if low in words), "")
        if kind == "stage":
            return next((i for i, title in self._known.stages.items() if low in (i, title.casefold())), "")
        return ""

    # What makes a row one that can be taken

    def _check(
        self, line: int, typed: Mapping[str, str], title: str, status: str, stage: str, days: Mapping[str, date | None]
    ) -> None:
        reference = typed.get("reference", "").casefold()
        if not title:
            self._wrong(line, "title", "There is neither a title nor a reference.")
        if reference and reference in self._seen:
            said = {"other": self._seen[reference]}
            self._wrong(line, "reference", "The same reference stands in row %(other)s. Keep one of them.", **said)
        elif reference:
            self._seen[reference] = line
        if status not in STATUSES:
            self._wrong(line, "status", "Say what “%(word)s” means.", word=typed.get("status", "")[:60])
        self._check_days(line, status, days, {problem.field for problem in self.troubles if problem.line == line})
        if status == OPEN and not stage:
            self._wrong(line, "stage", "It is open, and the row does not say where it stands.")

    def _check_days(self, line: int, status: str, days: Mapping[str, date | None], bad: set[str]) -> None:
        started, ended, since, today = days["started"], days["ended"], days["since"], self._known.today
        if started is None and "started" not in bad:
            self._wrong(line, "started", "The day on which it started is missing.")
        if status != OPEN and ended is None and "ended" not in bad:
            self._wrong(line, "ended", "It is over, and the row does not say when it ended.")
        if status == OPEN and ended is not None:
            self._wrong(line, "ended", "It is open, and has a day on which it ended. Correct one of the two.")
        for name, found in (("started", started), ("since", since), ("ended", ended)):
            if found is not None and not EARLIEST <= found <= today:
                self._wrong(line, name, "%(day)s is in the future or before 1990.", day=found.isoformat())
        due = days["due"]
        if due is not None and not EARLIEST <= due <= date(today.year + LATEST_DUE_YEARS, 1, 1):
            self._wrong(line, "due", "%(day)s cannot be right.", day=due.isoformat())
        for name, found in (("since", since), ("ended", ended)):
            if found is not None and started is not None and found < started:
                said = {"day": found.isoformat(), "started": started.isoformat()}
                self._wrong(line, name, "%(day)s is before it started (%(started)s).", **said)

    def _wrong(self, line: int, name: str, message: str, **params: object) -> None:
        self.troubles.append(Trouble(line, name, message, params))


def _names(typed: str) -> list[str]:
    """Names of organisations: apart by semicolon, bar or line; a comma may be part of a name."""
    return list(dict.fromkeys(name.strip() for name in re.split(r"[;|\n]", typed) if name.strip()))
