"""The working calendar: seen by everybody, changed by administrators. One rule: a change says why and who made it."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Answered

from dsa.domain.errors import BadInput
from dsa.services import calendar_changes, calendar_page
from dsa.services.calendar_changes import Closing
from dsa.services.calendar_page import ANYBODY, EVERYBODY, CalendarPage, Change, Count
from dsa.timekeeping.calendar import CountingRule
from dsa.timekeeping.nations import FREEDOM_OF_INFORMATION, NATION_NAMES
from dsa.timekeeping.office import OfficeHours, clock_minutes
from dsa.web.access import requires, signed_in
from dsa.web.acting import actor, context
from dsa.web.csv_answer import csv_answer
from dsa.web.forms import DateParts, Submitted
from dsa.web.page import day, page, say
from dsa.web.wording import gettext, mark, ngettext

blueprint = Blueprint("calendar", __name__)
Answer = Answered | tuple[str, int]

KINDS = {
    "holiday": mark("A one-off bank holiday"),
    "closure": mark("A day on which an organisation is closed"),
    "half": mark("A day on which it closes early"),
    "hours": mark("Other office hours from a day on"),
}
_TOGETHER = {
    EVERYBODY: mark("A step of all four nations: all must work"),
    ANYBODY: mark("A step of all four nations: one at work is enough"),
    FREEDOM_OF_INFORMATION: mark("Freedom of information: a bank holiday in any nation counts"),
}
_RULES = {
    CountingRule.EXCLUDE_START_INCLUDE_END: mark("From the working day after (targets count so)"),
    CountingRule.HALF_OPEN: mark("With the first day, without the last"),
    CountingRule.INCLUSIVE: mark("With both days"),
}


@blueprint.get("/calendar")
@signed_in
def show() -> tuple[str, int]:
    """Bank holidays to come, changes, office hours; a count where one is asked for."""
    found = calendar_page.calendar_page(context(), actor())
    sent = Submitted.tidied(request.args)
    start, end, counted = _count(found, sent) if "calendar" in request.args else (DateParts(), DateParts(), None)
    return page(
        "calendar/calendar.html",
        wide=True,
        found=found,
        names=_names(found),
        rules=_RULES,
        said=[(change, _said(change)) for change in found.changes],
        sent=sent,
        start=start,
        end=end,
        errors=sent.errors,
        counted=counted,
        finding=_finding(counted, _names(found)) if counted is not None else "",
        done=request.args.get("done", ""),
    )


@blueprint.get("/calendar.csv")
@signed_in
def as_file() -> Response:
    """Bank holidays to come and every change, as a CSV file."""
    found = calendar_page.calendar_page(context(), actor())
    columns = ("Day", "What", "For", "Why", "Added by", "Withdrawn by")
    coming = [
        (holiday.day.isoformat(), gettext("bank holiday"), ", ".join(holiday.nations), "", "", "")
        for holiday in found.holidays
        if not holiday.one_off
    ]
    changed = [
        (each.day.isoformat(), _said(each), each.whose, each.reason, each.added_by, each.withdrawn_by)
        for each in found.changes
    ]
    return csv_answer("working-calendar.csv", columns, sorted([*coming, *changed]))


@blueprint.get("/calendar/add")
@requires("administrator")
def ask() -> tuple[str, int]:
    """What changes, from when, and why."""
    return _add_page(Submitted.tidied(request.form), DateParts())


@blueprint.post("/calendar/add")
@requires("administrator")
def add() -> Answer:
    """Add a day or office hours."""
    sent = Submitted.tidied(request.form)
    kind = sent.choice("kind", list(KINDS), required=gettext("Choose what changes"))
    nations = sent.choices("nations", list(NATION_NAMES)) if kind == "holiday" else ()
    if kind == "holiday" and not nations:
        sent.wrong("nations", gettext("Choose the nations that keep the day"))
    organisation = ""
    if kind not in (None, "holiday"):
        codes = [body.code for body in calendar_page.calendar_page(context(), actor()).bodies if body.may_change]
        organisation = sent.choice("organisation", codes, required=gettext("Choose the organisation")) or ""
    when = sent.date("day", label=gettext("The day"), required=gettext("Enter the day"))
    opens = _time(sent, "opens") if kind == "hours" else None
    closes = _time(sent, "closes") if kind in ("half", "hours") else None
    reason = sent.text("reason", label=gettext("The reason"), required=gettext("Say why"), limit=200)
    if not sent.errors and when.value is not None:
        try:
            if kind == "holiday":
                calendar_changes.add_holiday(context(), actor(), nations=nations, day=when.value, reason=reason)
            elif kind == "hours":
                hours = OfficeHours(opens or 0, closes or 0)
                calendar_changes.set_hours(
                    context(), actor(), organisation=organisation, since=when.value, hours=hours, reason=reason
                )
            else:
                yearly = request.form.get("yearly") == "yes"
                new = Closing(organisation, when.value, reason, closes, yearly)
                calendar_changes.add_closure(context(), actor(), new)
        except BadInput as problem:
            sent.wrong("opens" if kind == "hours" else "day-day", say(problem.refusal))
        else:
            return redirect("/calendar?done=added#changes", 303)
    return _add_page(sent, when)


@blueprint.get("/calendar/<any(closure,holiday,hours):what>/<int:identifier>/withdraw")
@requires("administrator")
def ask_withdraw(what: str, identifier: int) -> tuple[str, int]:
    """The change that would be withdrawn."""
    change = calendar_page.change_to_withdraw(context(), actor(), what, _small(identifier))
    return page("calendar/withdraw.html", change=change, said=_said(change))


@blueprint.post("/calendar/<any(closure,holiday,hours):what>/<int:identifier>/withdraw")
@requires("administrator")
def withdraw(what: str, identifier: int) -> Answered:
    """Withdraw a change whose day is still to come."""
    calendar_changes.withdraw(context(), actor(), what, _small(identifier))
    return redirect("/calendar?done=withdrawn#changes", 303)


def _small(identifier: int) -> int:
    """A number that a database can look for."""
    return identifier if identifier < 2**31 else 0


def _add_page(sent: Submitted, when: DateParts) -> tuple[str, int]:
    found = calendar_page.calendar_page(context(), actor())
    return page(
        "calendar/add.html",
        kinds=[(kind, gettext(words)) for kind, words in KINDS.items()],
        nations=[(code, gettext(name)) for code, name in NATION_NAMES.items()],
        bodies=[(body.code, body.name) for body in found.bodies if body.may_change],
        sent=sent,
        when=when,
        errors=sent.errors,
    )


def _time(sent: Submitted, name: str) -> int | None:
    typed = sent.text(name, label=gettext("The time"), required=gettext("Enter the time, such as 12:30"), limit=20)
    try:
        return clock_minutes(typed) if typed else None
    except BadInput as problem:
        sent.wrong(name, say(problem.refusal))
        return None


def _count(found: CalendarPage, sent: Submitted) -> tuple[DateParts, DateParts, Count | None]:
    """The dates as typed and the count, or the mistakes beside the fields."""
    calendar = sent.choice("calendar", list(_names(found)), required=gettext("Choose a calendar"))
    start = sent.date("from", label=gettext("The first day"), required=gettext("Enter the first day"))
    end = sent.date("to", label=gettext("The last day"))
    days = sent.whole_number("days", label=gettext("Working days"))
    if end.is_empty and days is None and not sent.error_at("days"):
        sent.wrong("days", gettext("Enter the last day, or a number of working days"))
    if days is not None and days > calendar_page.MOST_DAYS:
        sent.wrong("days", gettext("Enter %(most)s working days or fewer", most=calendar_page.MOST_DAYS))
    if sent.errors or calendar is None or start.value is None:
        return start, end, None
    try:
        return start, end, calendar_page.count(context(), actor(), calendar, start.value, end.value, days)
    except BadInput as problem:
        sent.wrong("from-day", say(problem.refusal))
        return start, end, None


def _names(found: CalendarPage) -> dict[str, str]:
    return {code: gettext(_TOGETHER.get(code, whose)) for code, whose in found.calendars}


def _finding(counted: Count, names: dict[str, str]) -> str:
    """The answer in a sentence."""
    if counted.added is not None:
        words = ngettext(
            "%(num)d working day after %(start)s is %(end)s.",
            "%(num)d working days after %(start)s is %(end)s.",
            counted.added,
            start=day(counted.start),
            end=day(counted.end),
        )
    else:
        words = ngettext(
            "From %(start)s to %(end)s there is %(num)d working day, counted from the working day after.",
            "From %(start)s to %(end)s there are %(num)d working days, counted from the working day after.",
            counted.counted[CountingRule.EXCLUDE_START_INCLUDE_END],
            start=day(counted.start),
            end=day(counted.end),
        )
    return f"{words} ({names[counted.calendar]})"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _said(change: Change) -> str:
    """What a change comes to, in a few words."""
    if change.what == "holiday":
        return gettext("one-off bank holiday")
    if change.what == "hours":
        hours = OfficeHours(change.opens_at or 0, change.closes_at or 0).said
        return gettext("office hours from this day on: %(hours)s", hours=hours)
    if change.closes_at is None:
        return gettext("closed, every year") if change.yearly else gettext("closed")
    at = _clock(change.closes_at)
    return gettext("closes at %(at)s, every year", at=at) if change.yearly else gettext("closes at %(at)s", at=at)
