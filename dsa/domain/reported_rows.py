"""The rows of a sheet read into cases, troubles and questions. One rule: what a row leaves open is asked, not filled.

Where a row has an end day, only a word of it or a person says whether it was signed.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from dsa.domain.reported import (
    CHOSEN,
    DAY_FIRST,
    EACH,
    EARLIEST,
    ENDED_AS,
    FIELDS,
    HOLDER,
    HOW,
    LATEST_DUE_YEARS,
    MERGED,
    MISSING,
    MONTH_FIRST,
    NORMALISED,
    ON_HOLD,
    OPEN,
    OUT,
    REJECTED,
    SIGNED,
    STATUSES,
    TYPED,
    WITHDRAWN,
    Case,
    Choices,
    Known,
    Left,
    Reading,
    Trouble,
    TwoWays,
    Unsaid,
    Word,
)
from dsa.domain.reported_days import ISO, certain_order, read_day, serial_day

# "Closed" says that it is over, not how: it is asked.
_STATUS_WORDS = {
    OPEN: ("open", "in progress", "ongoing", "active", "live negotiation", "pending", "draft", "drafting", "on hold"),
    SIGNED: ("signed", "complete", "completed", "in force", "in place", "agreed", "done", "live"),
    WITHDRAWN: ("withdrawn", "abandoned", "cancelled", "canceled", "stopped", "dropped", "given up"),
    REJECTED: ("rejected", "refused", "declined", "not approved"),
}
_HELD_WORDS = frozenset({"on hold", "hold", "held", "paused", "parked"})
_NOBODY = frozenset({"", "-", "n/a", "na", "none", "nobody", "unknown", "tbc", "system", "?"})
_SUMS = re.compile(r"(grand |sub-?)?(totals?|sum|count)\b", re.IGNORECASE)
# A row of a wide sheet with no more cells than this and no date is a heading, a note or a sum.
_FEW_CELLS, _WIDE = 2, 4


def read_rows(rows: Iterable[tuple[int, Sequence[str]]], choices: Choices, known: Known) -> Reading:
    """Every row (line number and cells) as a case, a trouble, a question, or as no agreement."""
    sheet = _Sheet(choices, known)
    for line, cells in rows:
        sheet.take(line, cells)
    return sheet.reading()


@dataclass(slots=True)
class _Row:
    """A row while it is read: what is typed, how sure each value is, and whether it waits for an answer."""

    line: int
    typed: Mapping[str, str]
    sure: dict[str, str]
    days: dict[str, date | None] = field(default_factory=dict)
    waits: bool = False

    @property
    def title(self) -> str:
        return self.typed.get("title") or self.typed.get("reference", "")


class _Sheet:
    """Reads row after row; knows what was seen before."""

    def __init__(self, choices: Choices, known: Known) -> None:
        self._choices, self._known = choices, known
        self._cases: list[Case] = []
        self._troubles: list[Trouble] = []
        self._two_ways: list[TwoWays] = []
        self._unsaid: list[Unsaid] = []
        self._left: list[Left] = []
        self._waiting: set[int] = set()
        self._seen: dict[str, int] = {}
        self._words: Counter[tuple[str, str]] = Counter()
        self._orders: dict[tuple[str, str], tuple[int, str]] = {}
        self._by_name = {name.casefold(): code for code, name in known.organisations.items()}
        self._by_name |= {code.casefold(): code for code in known.organisations}

    def reading(self) -> Reading:
        """What the rows so far come to."""
        bad = {trouble.line for trouble in self._troubles}
        mixed = {
            name: (self._orders[name, DAY_FIRST], self._orders[name, MONTH_FIRST])
            for name in FIELDS
            if (name, DAY_FIRST) in self._orders and (name, MONTH_FIRST) in self._orders
        }
        words = (Word(kind, typed, count, self._guess(kind, typed)) for (kind, typed), count in self._words.items())
        return Reading(
            tuple(self._cases), tuple(self._troubles), tuple(self._two_ways), tuple(words), tuple(self._unsaid),
            tuple(self._left), frozenset(self._waiting - bad), mixed,
        )  # fmt: skip

    def take(self, line: int, cells: Sequence[str]) -> None:
        """One row."""
        columns = self._choices.columns
        typed = {name: cells[at].strip() if at < len(cells) else "" for name, at in columns.items()}
        if not any(typed.values()):
            return
        if why := _no_agreement(typed, cells):
            self._left.append(Left(line, next(cell.strip() for cell in cells if cell.strip())[:100], why))
            return
        merged = {name for name, at in columns.items() if (line, at) in self._choices.merged}
        sure = {name: (MERGED if name in merged else TYPED) if typed.get(name) else MISSING for name in FIELDS}
        row, troubles, asked = _Row(line, typed, sure), len(self._troubles), (len(self._two_ways), len(self._unsaid))
        if any(text.startswith("=") for text in typed.values()):
            self._formulas(row)
            return
        case = self._case(row)
        if case is None:
            del self._troubles[troubles:], self._two_ways[asked[0] :], self._unsaid[asked[1] :]
            self._left.append(Left(line, row.title[:100], "You said that such rows are left out."))
        elif row.waits:
            self._waiting.add(line)
        elif len(self._troubles) == troubles:
            self._cases.append(case)

    def _case(self, row: _Row) -> Case | None:
        """The row as a case, which counts only where nothing is wrong and nothing waits; None: it is left out."""
        row.days = {name: self._day(row, name) for name in FIELDS if FIELDS[name].is_date}
        status, stage, on_hold = self._stands(row)
        if status == OUT:
            return None
        parties = tuple(self._organisation(name, row, "parties") for name in _names(row.typed.get("parties", "")))
        if not row.typed.get("title"):
            row.sure["title"] = NORMALISED if row.title else MISSING
        if not row.waits:
            self._check(row, status, stage)
        held_by: tuple[str, str] | None = None
        if status == OPEN and stage not in self._known.resting:
            code, name = self._holder(row)
            if code == OUT:
                return None
            held_by = None if code == self._known.own else (code, name)
        started = row.days["started"] or self._known.today  # without one the row is in trouble, or waits
        return Case(
            row.line, row.typed.get("reference", "")[:100], row.title[:300], parties, status, stage, held_by, started,
            row.days["since"], row.days["due"], row.days["ended"], row.sure, on_hold,
        )  # fmt: skip

    # Values

    def _formulas(self, row: _Row) -> None:
        for name, text in row.typed.items():
            if text.startswith("="):
                message = "The cell holds a formula without a value. Open the sheet, save it again, and send that file."
                self._wrong(row.line, name, message)

    def _day(self, row: _Row, name: str) -> date | None:
        typed = row.typed.get(name, "")
        if not typed:
            return None
        if order := certain_order(typed):
            self._orders.setdefault((name, order), (row.line, typed[:20]))
        found = read_day(typed)
        if found is None:
            return self._number(row, name, typed)
        if not isinstance(found, tuple):
            if row.sure[name] == TYPED and not ISO.match(typed):
                row.sure[name] = NORMALISED
            return found
        way = self._choices.dates.get(name, "")
        way = self._choices.each.get(f"{row.line}:{name}", "") if way == EACH else way
        if way not in (DAY_FIRST, MONTH_FIRST):
            self._two_ways.append(TwoWays(row.line, name, typed, *found))
            row.waits = True
            return None
        row.sure[name] = CHOSEN
        return found[0] if way == DAY_FIRST else found[1]

    def _number(self, row: _Row, name: str, typed: str) -> date | None:
        """A number as a spreadsheet counts days, where a person says so."""
        number, said = serial_day(typed), self._choices.dates.get(f"{name}#", "")
        if number is not None and said == DAY_FIRST:
            row.sure[name] = CHOSEN
            return number
        if number is not None and not said:
            self._two_ways.append(TwoWays(row.line, name, typed, number, number, number=True))
            row.waits = True
            return None
        message = "“%(typed)s” is not a date. Write it as 2026-04-03 or 3 April 2026."
        self._wrong(row.line, name, message, typed=typed[:60])
        return None

    def _stands(self, row: _Row) -> tuple[str, str, bool]:
        """(status, stage of an open one, is it on hold); ``OUT`` as the status of what is left out."""
        word, at = row.typed.get("status", ""), row.typed.get("stage", "")
        status = self._meaning("status", word, row)
        over = status in (SIGNED, WITHDRAWN, REJECTED)
        stage = self._meaning("stage", at, row) if not over or self._guess("stage", at) in ENDED_AS else ""
        if OUT in (status, stage):
            return OUT, "", False
        ends = ENDED_AS.get(stage, "")
        if ends and status and ends != status:
            message = "The status says “%(status)s” and the stage says “%(stage)s”. Correct one of the two."
            self._wrong(row.line, "stage", message, status=word[:60], stage=at[:60])
        if over:
            return status, "", False
        if ends:
            row.sure["status"] = row.sure["stage"]
            return ends, "", False
        if not word:
            row.sure["status"] = NORMALISED
            if row.typed.get("ended"):
                return self._said_of(row, HOW, otherwise=SIGNED), "", False
        held = stage == ON_HOLD or word.casefold() in _HELD_WORDS
        return OPEN, self._meaning("held", at, row) if stage == ON_HOLD else stage, held

    def _said_of(self, row: _Row, kind: str, *, otherwise: str) -> str:
        """What a person said of this row, or of all such rows; ``otherwise`` while nobody has, or where it is wrong."""
        said = self._choices.asked.get(kind, "")
        said = self._choices.each.get(f"{row.line}:{kind}", "") if said == EACH else said
        if said in ((SIGNED, WITHDRAWN, REJECTED, OUT) if kind == HOW else (*self._known.organisations, OUT)):
            row.sure["status" if kind == HOW else kind] = CHOSEN
            return said
        if all(trouble.line != row.line for trouble in self._troubles):
            self._unsaid.append(Unsaid(kind, row.line, row.title[:100]))
            row.waits = True
        return otherwise

    def _holder(self, row: _Row) -> tuple[str, str]:
        typed = row.typed.get("holder", "")
        if typed.lower() not in _NOBODY:
            return self._organisation(typed, row, "holder")
        code = self._said_of(row, HOLDER, otherwise=self._known.own)
        return code, self._known.organisations.get(code, code)

    def _meaning(self, kind: str, word: str, row: _Row) -> str:
        """What a person said that a word means; its guess before they said anything."""
        if not word:
            return ""
        self._words[kind, word] += 1
        said = (self._choices.words or {}).get(kind, {}).get(word)
        if said is None or not self._allows(kind, said):
            guess = self._guess(kind, word)
            row.waits |= not guess and kind != "organisation"
            return guess
        if kind in row.sure and row.sure[kind] != MERGED:
            row.sure[kind] = TYPED if said.casefold() == word.casefold() else CHOSEN
        return said

    def _allows(self, kind: str, meaning: str) -> bool:
        """Whether this is one of the meanings that were offered for a word of the kind."""
        if kind == "organisation":
            return not meaning or meaning in self._known.organisations
        if kind == "status":
            return meaning in (*STATUSES, OUT)
        return meaning in self._known.stages or (kind == "stage" and meaning in (*ENDED_AS, ON_HOLD, OUT))

    def _organisation(self, name: str, row: _Row, of: str) -> tuple[str, str]:
        code = self._by_name.get(name.casefold())
        if code is None:
            code = self._meaning("organisation", name, row)
            row.sure[of] = CHOSEN
        return code, self._known.organisations.get(code, name[:200])

    def _guess(self, kind: str, word: str) -> str:
        low = word.casefold()
        ends = next((status for status, words in _STATUS_WORDS.items() if low in words), "")
        if kind == "status":
            return ends
        if kind == "stage":
            if low in _HELD_WORDS:
                return ON_HOLD
            ended = next((meaning for meaning, status in ENDED_AS.items() if status == ends), "")
            return ended or next((i for i, title in self._known.stages.items() if low in (i, title.casefold())), "")
        return ""

    # What makes a row one that can be taken

    def _check(self, row: _Row, status: str, stage: str) -> None:
        line, reference = row.line, row.typed.get("reference", "").casefold()
        if not row.title:
            self._wrong(line, "title", "There is neither a title nor a reference.")
        if reference and reference in self._seen:
            said = {"other": self._seen[reference]}
            self._wrong(line, "reference", "The same reference stands in row %(other)s. Keep one of them.", **said)
        elif reference:
            self._seen[reference] = line
        self._check_days(line, status, row.days, {each.field for each in self._troubles if each.line == line})
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
        self._troubles.append(Trouble(line, name, message, params))


def _names(typed: str) -> list[str]:
    """Names of organisations: apart by semicolon, bar or line; a comma may be part of a name."""
    return list(dict.fromkeys(name.strip() for name in re.split(r"[;|\n]", typed) if name.strip()))


def _no_agreement(typed: Mapping[str, str], cells: Sequence[str]) -> str:
    """Why a row is no agreement: a sum, or a heading or note that fills a cell or two; "" for all others."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not typed.get("started") and any(_SUMS.match(cell) for cell in filled[:1]):
        return "It adds up other rows."
    dates = any(typed.get(name) for name, each in FIELDS.items() if each.is_date)
    if len(typed) >= _WIDE and len(filled) <= _FEW_CELLS and not dates:
        return "It has no date, and only a cell or two is filled: a heading or a note."
    return ""
