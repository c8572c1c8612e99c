"""Figures of time and finish lines in words. One rule: the record, the timeline and the lists use the same words."""

from dsa.services.finish_lines import FinishLine
from dsa.services.whose_time import Figures, HoldNow
from dsa.web.page import day, local
from dsa.web.wording import gettext


def number(value: float) -> str:
    """Working days with one decimal where there is one: ``1``, ``12.5``, ``1,204``."""
    return f"{value:,.1f}".removesuffix(".0")


def days(value: float) -> str:
    """``1 working day``, ``12.5 working days``."""
    shown = number(value)
    return gettext("1 working day") if shown == "1" else gettext("%(days)s working days", days=shown)


def waited_for(figures: Figures) -> list[str]:
    """``The minister: 2 working days`` for each who was waited for, the longest first."""
    return [gettext("%(who)s: %(days)s", who=who, days=days(amount)) for who, amount in figures.waiting_on]


def hold_words(hold: HoldNow) -> str:
    """Who is awaited and until when; that the day has passed, where it has."""
    words = gettext("waits for %(who)s until %(on)s", who=hold.awaited, on=day(hold.until))
    return gettext("%(words)s: that day has passed", words=words) if hold.overrun else words


def finish_words(line: FinishLine) -> str:
    """How far along a finish line is: reached, expected, or never to be reached."""
    if line.reached_at is not None:
        return gettext(
            "%(days)s, target %(target)s: %(on)s", days=days(line.days), target=line.target, on=day(line.reached_at)
        )
    if line.expected_at is not None:
        return gettext(
            "day %(days)s of %(target)s, expected %(on)s", days=line.days, target=line.target, on=day(line.expected_at)
        )
    return gettext("not reached")


def finish_cells(line: FinishLine) -> tuple[object, ...]:
    """A finish line as a file has it: working days, target, the day it was reached, the day it is expected."""
    reached = local(line.reached_at).date().isoformat() if line.reached_at is not None else ""
    expected = local(line.expected_at).date().isoformat() if line.expected_at is not None else ""
    return line.days, line.target, reached, expected
