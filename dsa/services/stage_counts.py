"""How long one stage takes, from counts of its stays. One rule: a stay that is still open counts for as long as it has
lasted, and where too few are finished nothing is estimated.
"""

from collections import Counter
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


def by_stage(tallies: Iterable[Any], today: date) -> dict[str, dict[str, Any]]:
    """The figures of each stage from tallies (topic, name, detail, span, n, amount) of the three topics."""
    found: dict[str, StageCounts] = {}
    for row in tallies:
        counts = found.setdefault(row.name, StageCounts())
        if row.topic == OPEN:
            counts.add_open(row.detail, row.span, row.n, today)
        else:
            counts.add(row.topic, row)
    return {stage: counts.figures() for stage, counts in found.items()}
