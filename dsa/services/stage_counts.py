"""How long one stage takes, from counts of its stays. One rule: a stay that is still open counts for as long as it has
lasted, and where too few are finished nothing is estimated.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dsa.insight.counted import reached_by
from dsa.timekeeping.calendar import calendar_for

FEW = 5  # finished stays without which nothing is estimated
HALF, MOST = 0.5, 0.85
STAY, PASSED, OPEN = "stay", "stage", "open"  # the topics of the tallies that a stage's figures are made of


@dataclass
class StageCounts:
    """What the tallies of a stage come to: stays that ended by their working days, open ones by nation of the lead and
    day of entry (ordinal), agreements that passed, and that were late.
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

    def add(self, kept: "Kept") -> None:
        """Add others, as ``read`` gives them."""
        ended, still, passed, late = kept
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

    def figures(self, today: date) -> dict[str, Any]:
        """Half and 85 of 100, with the open stays counted for as long as they have lasted until today."""
        still = self._lasted(today)
        closed, open_ = self.ended.total(), self.still.total()
        half = most = None
        at_risk = 0
        if closed >= FEW:
            (half, _), (most, at_risk) = reached_by(self.ended, still, (HALF, MOST))
            if most is None:
                last = max(*self.ended, *still)
                at_risk = self.ended[last] + still[last]
        return {"closed": closed, "open": open_, "passed": self.passed, "late": self.late, "half": half, "most": most,
                "at_risk": at_risk}  # fmt: skip

    def _lasted(self, today: date) -> Counter[int]:
        """The open stays by the working days since their entry, on the calendar of the lead's nation. Those of day 0
        are there since nobody knows when: they are open, and say nothing about how long it takes."""
        found: Counter[int] = Counter()
        for (nation, day), n in self.still.items():
            if not day:
                continue
            entered = date.fromordinal(day)
            found[calendar_for(nation).working_days(entered, today) if entered < today else 0] += n
        return found


Kept = tuple[Sequence[tuple[int, int]], Sequence[tuple[str, int, int]], int, int]


def read(text: str) -> Kept:
    """Counts as they are kept."""
    ended, still, passed, late = json.loads(text)
    return ended, still, passed, late


def by_stage(rows: Iterable[Any], today: date) -> dict[str, dict[str, Any]]:
    """The figures of each stage from rows (stage, counts as they are kept) of blocks of months."""
    found: dict[str, StageCounts] = defaultdict(StageCounts)
    for row in rows:
        found[row.stage].add(read(row.counts))
    return {stage: counts.figures(today) for stage, counts in found.items()}
