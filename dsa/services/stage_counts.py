"""How long one stage takes, from counts of its stays. One rule: a stay that is still open counts for as long as it has
lasted, and where too few are finished nothing is estimated.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dsa.insight.counted import reached_by
from dsa.timekeeping.calendar import calendar_for

FEW = 5  # finished stays without which nothing is estimated
HALF, MOST = 0.5, 0.85
STAY, PASSED, OPEN = "stay", "stage", "open"  # the topics of the tallies that a stage's figures are made of


@dataclass
class MonthCounts:
    """What the tallies of a stage come to in some months: stays that ended by their working days, open ones by nation
    and day of entry (ordinal), agreements that passed, and that were late.
    """

    ended: Counter[int] = field(default_factory=Counter)
    still: Counter[tuple[str, int]] = field(default_factory=Counter)
    passed: int = 0
    late: int = 0

    def change(self, topic: str, detail: str, span: int, n: int, amount: int) -> None:
        """Add what a tally is, or what it changed by."""
        if topic == STAY:
            self.ended[span] += n
        elif topic == OPEN:
            self.still[detail, span] += n
        else:
            self.passed += n
            self.late += amount

    def add(self, text: str) -> None:
        """Add others, as they are kept."""
        ended, still, passed, late = json.loads(text)
        for span, n in ended:
            self.ended[span] += n
        for nation, day, n in still:
            self.still[nation, day] += n
        self.passed += passed
        self.late += late

    def text(self) -> str:
        """As they are kept; empty where nothing is left."""
        ended = [(span, n) for span, n in sorted(self.ended.items()) if n]
        still = [(nation, day, n) for (nation, day), n in sorted(self.still.items()) if n]
        if not (ended or still or self.passed or self.late):
            return ""
        return json.dumps((ended, still, self.passed, self.late), separators=(",", ":"))


@dataclass
class StageCounts:
    """Stays of one stage by their working days, ended and open; agreements that passed, and that were late."""

    ended: Counter[int] = field(default_factory=Counter)
    still: Counter[int] = field(default_factory=Counter)
    passed: int = 0
    late: int = 0

    def add(self, topic: str, row: Any) -> None:
        """Count a tally (span, n, amount) of ``STAY`` or ``PASSED``."""
        if topic == STAY:
            self.ended[row.span] += row.n
        else:
            self.passed += row.n
            self.late += row.amount

    def add_open(self, nation: str, entered_on: int, n: int, today: date) -> None:
        """Count so many open stays since a day (ordinal), on the calendar of the lead's nation."""
        entered = date.fromordinal(entered_on)
        self.still[calendar_for(nation).working_days(entered, today) if entered < today else 0] += n

    def figures(self) -> dict[str, Any]:
        """Half and 85 of 100, with the open stays counted for as long as they have lasted."""
        closed, still = self.ended.total(), self.still.total()
        half = most = None
        at_risk = 0
        if closed >= FEW:
            (half, _), (most, at_risk) = reached_by(self.ended, self.still, (HALF, MOST))
            if most is None:
                last = max(*self.ended, *self.still)
                at_risk = self.ended[last] + self.still[last]
        return {"closed": closed, "open": still, "passed": self.passed, "late": self.late, "half": half, "most": most,
                "at_risk": at_risk}  # fmt: skip


def by_stage(rows: Iterable[Any], today: date) -> dict[str, dict[str, Any]]:
    """The figures of each stage from rows (stage, counts as they are kept) of blocks of months."""
    kept: dict[str, MonthCounts] = defaultdict(MonthCounts)
    for row in rows:
        kept[row.stage].add(row.counts)
    found = {}
    for stage, month in kept.items():
        counts = StageCounts(month.ended, passed=month.passed, late=month.late)
        for (nation, entered_on), n in month.still.items():
            counts.add_open(nation, entered_on, n, today)
        found[stage] = counts.figures()
    return found
