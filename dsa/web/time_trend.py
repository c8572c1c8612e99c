"""Quicker or slower. One rule: one sentence says what the chart says, so that nobody has to know how to read it."""

from flask import Blueprint, Response

from dsa.insight.control import BASELINE
from dsa.services import time_trend_page
from dsa.services.time_trend_page import TrendPage
from dsa.timekeeping.weeks import monday
from dsa.web import time_charts
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.csv_answer import csv_answer
from dsa.web.page import day
from dsa.web.time_filters import asked, csv_address, id_in, time_page
from dsa.web.time_words import days
from dsa.web.wording import gettext

blueprint = Blueprint("time_trend", __name__)


@blueprint.get("/time/trend")
@signed_in
def show() -> tuple[str, int]:
    """The weeks of one stage, with what is no ordinary variation."""
    found = _found()
    return time_page(
        "trend",
        found,
        finding(found),
        narrowed=False,
        chart=_chart(found),
        key=_key(found),
        unusual=_unusual(found),
        week_day=lambda point: day(monday(point.week)),
        week_id=lambda point: monday(point.week).isoformat(),
        fewest=BASELINE,
        csv_address=csv_address("/time/trend.csv", found.scope, stage=found.stage),
    )


@blueprint.get("/time/trend.csv")
@signed_in
def as_file() -> Response:
    """The points of the chart."""
    found = _found()
    columns = ("Week of", "Stays that ended", "Half within (working days)", "Unusual")
    unusual = _unusual(found)
    rows = (
        (monday(point.week).isoformat(), point.n, point.half, "yes" if place in unusual else "no")
        for place, point in enumerate(found.points)
    )
    return csv_answer("trend.csv", columns, rows)


def _found() -> TrendPage:
    return time_trend_page.trend_page(context(), actor(), asked(), stage=id_in("stage"))


def _unusual(found: TrendPage) -> frozenset[int]:
    if found.chart is None or found.thin:
        return frozenset()
    return frozenset(found.chart.outside) | {place for run in found.chart.runs for place in run}


def finding(found: TrendPage) -> str:
    """The sentence that the page begins with."""
    chart = found.chart
    if chart is None:
        return gettext("Too few weeks to say whether anything has become quicker or slower.")
    if found.thin:
        words = gettext(
            "%(stage)s varies too much for a reading by weeks, because few stays end in each. Usually half take "
            "%(middle)s."
        )
        return words % {"stage": gettext(found.title), "middle": _rounded(chart.middle)}
    said = {
        "steady": gettext("%(stage)s only varies: no week is out of the ordinary, usually half take %(middle)s."),
        "slower": gettext("%(stage)s has become slower: week after week it lies above its usual %(middle)s."),
        "faster": gettext("%(stage)s has become quicker: week after week it lies below its usual %(middle)s."),
        "unusual_points": gettext(
            "%(stage)s: usually half take %(middle)s, but some weeks were out of the ordinary: ask what happened."
        ),
    }[chart.reading]
    return said % {"stage": gettext(found.title), "middle": _rounded(chart.middle)}


def _rounded(value: float) -> str:
    return days(round(value, 1) if value < 10 else round(value))


def _key(found: TrendPage) -> list[tuple[str, str]]:
    if found.chart is None:
        return []
    limits = gettext("ordinary weeks lie between %(low)s and %(high)s")
    if found.thin:
        limits = gettext("from %(low)s to %(high)s: too wide to call a week out of the ordinary")
    return [
        ("dot", gettext("a week")),
        ("past", gettext("a week out of the ordinary")),
        ("middle", gettext("the usual: %(days)s", days=_rounded(found.chart.middle))),
        ("target", limits % {"low": f"{found.chart.lower:.1f}", "high": _rounded(found.chart.upper)}),
    ]


def _chart(found: TrendPage) -> time_charts.ControlLine | None:
    chart = found.chart
    if chart is None:
        return None
    title = gettext("Working days within which half of the stays ended, week by week")
    describes = gettext(
        "%(weeks)s weeks, from %(first)s to %(last)s. %(finding)s",
        weeks=len(found.points),
        first=day(monday(found.points[0].week)),
        last=day(monday(found.points[-1].week)),
        finding=finding(found),
    )
    return time_charts.control_line(
        title,
        describes,
        [point.half for point in found.points],
        middle=chart.middle,
        lower=chart.lower,
        upper=chart.upper,
        outside=_unusual(found),
    )
