"""Figures of time and finish lines in words. One rule: the record, the timeline and the lists use the same words."""

from dsa.domain.errors import BadInput
from dsa.services.finish_lines import FinishLine
from dsa.services.time_stages_page import Overdue
from dsa.services.timetable_page import Slip, TimetableShown
from dsa.services.whose_time import Figures, HoldNow
from dsa.timekeeping.months import first_day, read_months
from dsa.web.page import day, local, month
from dsa.web.wording import gettext


def number(value: float) -> str:
    """Working days with one decimal where there is one: ``1``, ``12.5``, ``1,204``."""
    return f"{value:,.1f}".removesuffix(".0")


def days(value: float) -> str:
    """``1 working day``, ``12.5 working days``."""
    shown = number(value)
    return gettext("1 working day") if shown == "1" else gettext("%(days)s working days", days=shown)


def late_words(overdue: Overdue) -> str:
    """``7 working days late``; of what no working day has passed since, when it was due."""
    if overdue.days:
        return gettext("%(days)s late", days=days(overdue.days))
    return gettext("since close of office today") if overdue.today else gettext("since the last working day")


def month_words(text: str) -> str:
    """``March 2026`` for ``2026-03``; what is no month as it is."""
    try:
        found = read_months(text, "").first
    except BadInput:
        return text
    return text if found is None else month(first_day(found))


def waited_for(figures: Figures) -> list[str]:
    """``The minister: 2 working days`` for each who was waited for, the longest first."""
    return [gettext("%(who)s: %(days)s", who=who, days=days(amount)) for who, amount in figures.waiting_on]


def hold_words(hold: HoldNow) -> str:
    """Who is awaited and until when; that the day has passed, where it has."""
    words = gettext("waits for %(who)s until %(on)s", who=hold.awaited, on=day(hold.until))
    return gettext("%(words)s: that day has passed", words=words) if hold.overrun else words


def finish_words(line: FinishLine) -> str:
    """How far along a finish line is: reached, to come by the targets, or never to be; and the day agreed for it."""
    words = _finish(line)
    if line.agreed_on is None:
        return words
    return gettext("%(words)s (agreed for %(on)s)", words=words, on=day(line.agreed_on))


def _finish(line: FinishLine) -> str:
    if line.reached_at is not None:
        return gettext(
            "%(days)s, target %(target)s: %(on)s", days=days(line.days), target=line.target, on=day(line.reached_at)
        )
    if line.expected_at is not None:
        so_far = gettext("day %(days)s of %(target)s", days=line.days, target=line.target)
        if line.late:
            return gettext("%(so_far)s; if every target had been kept: %(on)s", so_far=so_far, on=day(line.expected_at))
        return gettext("%(so_far)s; if every target is kept: %(on)s", so_far=so_far, on=day(line.expected_at))
    return gettext("not reached")


def finish_cells(line: FinishLine) -> tuple[object, ...]:
    """A finish line as a file has it: working days, target, the days it was reached, that the targets have and that is
    agreed for."""
    reached = local(line.reached_at).date().isoformat() if line.reached_at is not None else ""
    expected = local(line.expected_at).date().isoformat() if line.expected_at is not None else ""
    agreed = line.agreed_on.isoformat() if line.agreed_on is not None else ""
    return line.days, line.target, reached, expected, agreed


def slip_words(slip: Slip) -> str:
    """``5 working days late so far; no capacity: Student Loans Company had it``."""
    if slip.given:
        return gettext(
            "moved by %(days)s: %(reason)s (%(owner)s)", days=days(slip.days), reason=gettext(slip.reason),
            owner=slip.owner,
        )  # fmt: skip
    late = gettext("%(days)s late so far", days=days(slip.days)) if slip.running else (
        gettext("%(days)s late", days=days(slip.days))
    )  # fmt: skip
    words = gettext(
        "%(late)s; reason: %(reason)s; %(owner)s had it", late=late, reason=gettext(slip.reason), owner=slip.owner
    )
    if slip.said is None:
        return words
    by, reason, why = slip.said
    return f"{words}. " + gettext("%(party)s says: %(reason)s (%(why)s)", party=by, reason=gettext(reason), why=why)


def slips_words(shown: TimetableShown) -> list[str]:
    """Every slip; stages that slipped alike in one line."""
    alike: dict[str, list[str]] = {}
    for stage, slip in shown.slips:
        alike.setdefault(slip_words(slip), []).append(gettext(stage.title))
    return [gettext("%(stages)s: %(words)s", stages=", ".join(stages), words=words) for words, stages in alike.items()]


def state_words(shown: TimetableShown) -> str:
    """Where the timetable stands, in one sentence."""
    pending = shown.pending
    if pending is not None:
        waits = ", ".join(pending.waits_for)
        if pending.change:
            return gettext(
                "%(by)s proposes other dates (%(reason)s, %(owner)s). Waits for: %(waits)s. Until all accept, what was "
                "agreed stands.",
                by=pending.by, reason=gettext(pending.reason), owner=pending.owner, waits=waits,
            )  # fmt: skip
        return gettext("Proposed by %(by)s. Waits for: %(waits)s.", by=pending.by, waits=waits)
    if shown.binds:
        return gettext("Agreed by every party that signs. No side moves a date alone.")
    return gettext("No timetable is proposed.")
