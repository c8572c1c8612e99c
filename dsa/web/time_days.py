"""Where the days went. One rule: the sum first, then by whom and by why, then the agreements themselves."""

from flask import Blueprint, Response, request

from dsa.services import time_days_page
from dsa.services.counting import days_of
from dsa.services.time_days_page import DaysPage, Share
from dsa.web import time_charts
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.csv_answer import csv_answer
from dsa.web.time_filters import asked, csv_address, in_days, time_page
from dsa.web.wording import gettext, ngettext

blueprint = Blueprint("time_days", __name__)
_SHOWN = 15


@blueprint.get("/time/days")
@signed_in
def show() -> tuple[str, int]:
    """Where the days went, by whom and by why."""
    found = _found()
    return time_page(
        "days",
        found,
        finding(found),
        before=before(found),
        number=_number,
        share=lambda share: _percent(share.minutes, found.minutes),
        tables=_tables(found),
        chart=_chart(found),
        bars_csv=csv_address("/time/days/agreements.csv", found.scope, by=found.by),
    )


@blueprint.get("/time/days.csv")
@signed_in
def as_file() -> Response:
    """The sums by owner and by reason."""
    found = _found()
    columns = ("Kind", "Owner or reason", "Working days", "Agreements")
    rows = [("owner", s.label, round(days_of(s.minutes), 2), s.agreements) for s in found.owners]
    rows += [("reason", s.label, round(days_of(s.minutes), 2), s.agreements) for s in found.reasons]
    if (rest := found.before) is not None:
        rows.append(("not known", rest.label, round(days_of(rest.minutes), 2), rest.agreements))
    return csv_answer("days.csv", columns, rows)


@blueprint.get("/time/days/agreements.csv")
@signed_in
def bars_file() -> Response:
    """The bars of single agreements."""
    columns = ("Reference", "Title", "Owner or reason", "Working days")
    rows = (
        (bar.reference, bar.title, name, round(days_of(minutes), 2))
        for bar in _found().bars
        for name, minutes, _ in bar.parts
    )
    return csv_answer("days-of-agreements.csv", columns, rows)


def _found() -> DaysPage:
    by = "reason" if request.args.get("by") == "reason" else "owner"
    return time_days_page.days_page(context(), actor(), asked(), by=by)


def finding(found: DaysPage) -> str:
    """The sentence that the page begins with."""
    waits = [share for share in found.reasons if share.waiting]
    if not found.minutes:
        return gettext("No time has been spent yet.")
    if not waits or not found.waited:
        return gettext("None of the %(total)s were spent waiting.", total=in_days(found.minutes))
    words = gettext("Of %(total)s, %(waited)s (%(share)s in 100) were spent waiting; most of all: %(reason)s.")
    return words % {
        "total": in_days(found.minutes),
        "waited": in_days(found.waited),
        "share": _percent(found.waited, found.minutes),
        "reason": gettext(waits[0].label),
    }


def before(found: DaysPage) -> str:
    """What is left out because whose it was is not known; "" where nothing is."""
    if found.before is None or not found.before.minutes:
        return ""
    return ngettext(
        "%(days)s of %(num)d agreement, from before it was followed here, are left out: who had it then is not known.",
        "%(days)s of %(num)d agreements, from before they were followed here, are left out: who had them is not known.",
        found.before.agreements,
        days=in_days(found.before.minutes),
    )


def _number(minutes: int) -> str:
    amount = days_of(minutes)
    return f"{amount:,.1f}" if amount < 10 else f"{round(amount):,}"


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def _tables(found: DaysPage) -> list[tuple[str, str, str, tuple[Share, ...], bool]]:
    """(heading, heading of the first column, filter of the list, rows, are the rows all)."""
    return [
        (gettext("By whom"), gettext("Who had it"), "held_by", found.owners[:_SHOWN], len(found.owners) <= _SHOWN),
        (gettext("By why"), gettext("Reason"), "because", found.reasons, True),
    ]


def _chart(found: DaysPage) -> time_charts.StackedRows | None:
    if not found.bars:
        return None
    rows = []
    for bar in found.bars:
        parts = [(gettext(name), float(minutes)) for name, minutes, _ in bar.parts]
        rows.append((f"{bar.reference} {_short(bar.title)}", parts, in_days(bar.minutes)))
    title = gettext("Where the days of the most overdue agreements went")
    describes = "; ".join(f"{label}: {words}" for label, _, words in rows)
    return time_charts.stacked_rows(title, f"{describes}.", rows, rest=gettext("others"))


def _short(title: str) -> str:
    return title if len(title) <= 70 else f"{title[:69].rstrip()}…"
