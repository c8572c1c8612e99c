"""What became of the agreements of the years before: the main organisation's own past, with which its figures begin.

One rule: those that began before the reviews were asked for side by side took as long as the quantiles say; the later
ones took a share of that.
"""

import math
from datetime import datetime

from dsa.demo.fates import DAYS_A_MONTH, Fate, months_at
from dsa.demo.pace import start_before
from dsa.timekeeping.calendar import calendar_for

# How many of each; the later ones began within the last year.
EARLIER, LATER = 40, 24
_QUICKER = 0.5
# Working days ago at which the first and the last of each began.
_BEGUN = ((780, 290), (230, 60))
# Those that had just been signed longer ago than this are over by now.
_STILL_IN_USE = 230
_LONGEST_AFTER = 45
_HOLDS = ("", "LEGAL_POWER", "", "DATA_SPEC", "", "", "DPIA", "RESOURCE", "", "SECURITY")


def changed_at(now: datetime) -> datetime:
    """The moment from which agreements of the past were quicker."""
    return start_before(now, (_BEGUN[0][1] + _BEGUN[1][0]) / 2, calendar_for("ENG"))


def past_fates() -> list[Fate]:
    """Every agreement of the past, the first that began first."""
    found = []
    for count, quicker, (first, last) in ((EARLIER, 1.0, _BEGUN[0]), (LATER, _QUICKER, _BEGUN[1])):
        for number in range(count):
            begun = first - (first - last) * number / (count - 1)
            # Far apart in the order of lengths, so that long and short ones began side by side.
            share = (number * 7 % count + 0.5) / count
            found.append(_fate(number, begun, min(months_at(share) * DAYS_A_MONTH * quicker, begun - _LONGEST_AFTER)))
    return found


def _fate(number: int, begun: float, days: float) -> Fate:
    ends = "withdrawn" if number % 8 == 5 else "in_use" if begun - days < _STILL_IN_USE else "closed"
    route = "fast" if number % 6 == 3 else "standard"
    long = math.floor(days / (6 * DAYS_A_MONTH))
    hold = _HOLDS[number % len(_HOLDS)] if route == "standard" else ""
    return Fate(ends, route, returned=min(long, 2), hold=hold, begun=begun, days=days)
