"""How long agreements take, and whether it has become less. One rule: what was not reached is said, never guessed."""

from urllib.parse import urlencode

import numpy as np
from flask import Blueprint, Response, request

from dsa.domain.errors import BadInput
from dsa.insight.cohorts import FEWEST, By, Change
from dsa.insight.survival import Floats
from dsa.services import how_long
from dsa.services.agreements_list import ROUTES
from dsa.services.how_long import DAYS_A_MONTH, Group, HowLong, Month
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.addresses import asked_words
from dsa.web.csv_answer import csv_answer
from dsa.web.how_long_links import KNOWN, Behind, Number, behind
from dsa.web.page import day, page, say
from dsa.web.page_curves import Curves, Series, curves
from dsa.web.time_words import days
from dsa.web.wording import gettext, ngettext

blueprint = Blueprint("time_how_long", __name__)
_NOTHING: Floats = np.zeros(0)


@blueprint.get("/time/how-long")
@signed_in
def show() -> tuple[str, int]:
    """The curve of all that I may see, and where a day or a version is given, before and after it."""
    route, changed_on, version = _asked()
    reported = _with_reported()
    problem = ""
    try:
        split = how_long.read_split(changed_on, version)
    except BadInput as bad:
        split, problem = how_long.Split(), say(bad.refusal)
    found = how_long.how_long(context(), actor(), route=route, split=split, reported=reported)
    whole, before, after = behind(found, split, route=route)
    asked = {"route": route, "changed_on": changed_on, "version": version, "reported": "" if reported else "no"}
    return page(
        "time/how_long.html",
        status=422 if problem else 200,
        wide=True,
        found=found,
        finding=finding(found.whole),
        of_sheets=of_sheets(found, asked=reported),
        reported=reported,
        chart=_chart(found),
        total=whole.all(),
        ended=whole.ended(),
        cohorts=_cohorts(before, after),
        compared=compared(found),
        split_words=_split_words(split),
        by=[(round(100 * share), by_words(by), whole.lasted(by.day)) for share, by in found.whole.by],
        by_group=_side_by_side(before, after),
        months=[_cells(month, whole) for month in found.whole.months],
        route=route,
        routes=ROUTES,
        changed_on=changed_on,
        version=version,
        versions=[(str(each), str(each)) for each in found.versions[1:]],
        problem=problem,
        a_month=DAYS_A_MONTH,
        few=FEWEST,
        csv_address=f"/time/how-long.csv?{urlencode(asked)}",
    )


@blueprint.get("/time/how-long.csv")
@signed_in
def as_file() -> Response:
    """The table by months as a CSV file; with before and after where a day or a version is given."""
    route, changed_on, version = _asked()
    split = how_long.read_split(changed_on, version)
    found = how_long.how_long(context(), actor(), route=route, split=split, reported=_with_reported())
    columns = (
        "Group", "Month", "Signed of 100", "Low", "High", "Withdrawn or rejected of 100", "Still watched",
        "Still watched of imported sheets", "Agreements", "Agreements of imported sheets",
    )  # fmt: skip
    groups = [("All", found.whole), ("Before", found.before), ("After", found.after)]
    rows = (
        (
            name, month.month, *(round(100 * one, 2) for one in (month.signed, month.low, month.high, month.given_up)),
            month.at_risk, month.reported, group.agreements, group.reported,
        )
        for name, group in groups
        if group is not None
        for month in group.months
    )  # fmt: skip
    return csv_answer("how-long.csv", columns, rows)


def _side_by_side(before: Behind | None, after: Behind | None) -> list[tuple[str | Number, ...]]:
    """By month what was signed of 100 before and after, each with between which figures that lies: the two curves."""
    if before is None or after is None or before.group.few or after.group.few:
        return []
    last = max(len(before.group.months), len(after.group.months))
    groups = [(each, {month.month: month for month in each.group.months}) for each in (before, after)]
    return [
        (str(number), *(cell for each, months in groups for cell in _of_100(each, months.get(number))))
        for number in range(1, last + 1)
    ]


def _of_100(of: Behind, month: Month | None) -> tuple[str, str, str | Number]:
    if month is None:
        return gettext("not reached"), "", "0"
    low, high = round(100 * month.low), round(100 * month.high)
    between = gettext("%(low)s to %(high)s", low=low, high=high)
    return f"{100 * month.signed:.0f}", between, of.lasted(float(month.month * DAYS_A_MONTH))


def finding(group: Group) -> str:
    """The sentence that the page begins with."""
    if group.few:
        return gettext("Too few agreements have been signed to say how long it takes.")
    half = group.half()
    if half.day is None:
        return gettext("Not reached: fewer than half of the agreements have been signed so far.")
    return gettext(
        "Of 100 agreements, 50 are signed by month %(month)s (%(days)s).",
        month=max(1, -(-int(half.day) // DAYS_A_MONTH)),
        days=days(round(half.day)),
    )


def of_sheets(found: HowLong, *, asked: bool) -> str:
    """How many of them imported sheets reported, or why none of those counts here; empty where there are none."""
    if found.whole.reported:
        return ngettext(
            "Of these, %(num)d is a past agreement of an imported sheet, with dates as reported.",
            "Of these, %(num)d are past agreements of imported sheets, with dates as reported.",
            found.whole.reported,
        )
    if not found.imported:
        return ""
    left_out = ngettext(
        "%(num)d past agreement of an imported sheet is not counted",
        "%(num)d past agreements of imported sheets are not counted",
        found.imported,
    )
    why = (
        gettext("a sheet says neither the route nor the version of the workflow")
        if asked
        else gettext("you chose to leave them out")
    )
    return gettext("%(left_out)s: %(why)s.", left_out=left_out, why=why)


def by_words(by: By) -> str:
    """``120 working days (95 to 150)``; what was not reached is said."""
    if by.day is None:
        return gettext("not reached")
    low = "0" if by.low is None else f"{by.low:,.0f}"
    high = gettext("not known") if by.high is None else f"{by.high:,.0f}"
    return gettext("%(days)s (%(low)s to %(high)s)", days=days(round(by.day)), low=low, high=high)


def compared(found: HowLong) -> str:
    """What the comparison says, in a sentence; empty where none was asked for."""
    if found.before is None or found.after is None:
        return ""
    change = found.change
    if change is None:
        return gettext("Too few of one group have been signed to compare the two.")
    if change.saved is None:
        words = gettext("Not reached: of one group fewer than half have been signed so far. The curves stand below.")
        return f"{words} {_sure(change)}".rstrip()
    return f"{_saved(change)} {_sure(change)}"


def _saved(change: Change) -> str:
    saved = change.saved or 0.0
    words = (
        gettext("Half of those begun after are signed %(days)s sooner", days=days(abs(round(saved))))
        if saved >= 0
        else gettext("Half of those begun after are signed %(days)s later", days=days(abs(round(saved))))
    )
    if change.low is None or change.high is None:
        return gettext("%(words)s; too few are known to say between which figures it lies.", words=words)
    return gettext(
        "%(words)s: between %(low)s and %(high)s, as far as chance goes.",
        words=words,
        low=_sooner(change.low),
        high=_sooner(change.high),
    )


def _sooner(saved: float) -> str:
    shown = days(abs(round(saved)))
    return gettext("%(days)s sooner", days=shown) if saved >= 0 else gettext("%(days)s later", days=shown)


def _sure(change: Change) -> str:
    if change.test is None:
        return ""
    if change.test.p_value < 0.05:
        return gettext("The two curves differ by more than chance would make them.")
    return gettext("The two curves differ by no more than chance may make them.")


def _split_words(split: how_long.Split) -> str:
    if split.on is not None:
        return gettext("begun before %(day)s, and on it or after", day=day(split.on))
    if split.version is not None:
        return gettext("on an earlier version of the workflow than %(number)s, and on that or later",
                       number=split.version)  # fmt: skip
    return ""


def _cohorts(*groups: Behind | None) -> list[tuple[str, Group, tuple[Number, ...], str, str]]:
    """(name, group, numbers, by when half, by when 85 of 100) of the two groups."""
    return [
        (
            name, each.group, tuple(each.bare(one) for one in (KNOWN, "signed", "open", "withdrawn")),
            by_words(each.group.half()), by_words(dict(each.group.by)[0.85]),
        )
        for name, each in zip((gettext("Before"), gettext("After")), groups, strict=True)
        if each is not None
    ]  # fmt: skip


def _cells(month: Month, whole: Behind) -> tuple[str | Number, ...]:
    return (
        str(month.month), f"{100 * month.signed:.0f}", f"{100 * month.low:.0f}", f"{100 * month.high:.0f}",
        f"{100 * month.given_up:.0f}", whole.lasted(float(month.month * DAYS_A_MONTH)), f"{month.reported:,}",
    )  # fmt: skip


def _chart(found: HowLong) -> Curves | None:
    if found.whole.few:
        return None
    if found.before is not None and found.after is not None and not (found.before.few or found.after.few):
        shown = [(found.before, "0", gettext("Signed, begun before")), (found.after, "1", gettext("Signed, after"))]
    else:
        shown = [(found.whole, "0", gettext("Signed"))]
    series = [
        Series(group.curve.signed.times, group.curve.signed.share, group.curve.signed.low, group.curve.signed.high,
               look, words)
        for group, look, words in shown
    ]  # fmt: skip
    if len(shown) == 1:
        gone = found.whole.curve.given_up
        series.append(Series(gone.times, gone.share, _NOTHING, _NOTHING, "5", gettext("Withdrawn or rejected")))
    describes = "; ".join(
        gettext("month %(month)s: %(signed)s of 100 signed", month=month.month, signed=round(100 * month.signed))
        for month in found.whole.months[::3]
    )
    count = ngettext("%(num)d agreement", "%(num)d agreements", found.whole.agreements)
    title = gettext("How many of 100 agreements are signed by each month")
    months = len(found.whole.months)
    return curves(title, f"{describes} ({count}).", series, months=months, days_a_month=DAYS_A_MONTH)


def _with_reported() -> bool:
    return request.args.get("reported", "") != "no"


def _asked() -> tuple[str, str, str]:
    route = request.args.get("route", "")
    return route if route in ROUTES else "", asked_words("changed_on", most=40), asked_words("version", most=40)
