"""When open agreements will be signed. One rule: the address says what is shown, so that it can be sent."""

from datetime import date

from flask import Blueprint, Response, request

from dsa.domain.errors import BadInput
from dsa.services import forecasts_page
from dsa.services.agreements_list import ROUTES, Filters
from dsa.services.forecasts_page import ForecastsPage, Line
from dsa.web import outlook_words as words
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.agreements import address
from dsa.web.csv_answer import csv_answer
from dsa.web.page import day, page
from dsa.web.wording import gettext

blueprint = Blueprint("time_forecasts", __name__)


@blueprint.get("/time/forecasts")
@signed_in
def show() -> tuple[str, int]:
    """How many will be late, open agreements by their very likely day, and the record."""
    late, route = _narrowed()
    after = _after(request.args.get("after", ""))
    found = forecasts_page.forecasts_page(context(), actor(), late=late, route=route, after=after)
    query = f"route={route}{'&late=yes' if late else ''}"
    return page(
        "time/forecasts.html",
        wide=True,
        found=found,
        finding=finding(found),
        record=words.record_words(found.record),
        counted=_counted(found, route),
        calibration=calibration(found),
        rows=[cells(line) for line in found.lines],
        undated=[(line, words.refused(line.refusal)) for line in found.undated],
        more_undated=found.total - found.dated - len(found.undated),
        undated_address=address(Filters(route=route, forecast="undated")),
        late=late,
        route=route,
        routes=ROUTES,
        csv_address=f"/time/forecasts.csv?{query}",
        next_address=f"/time/forecasts?{query}&after={found.after}" if found.after else None,
    )


@blueprint.get("/time/forecasts.csv")
@signed_in
def as_file() -> Response:
    """The same as a CSV file."""
    late, route = _narrowed()
    columns = (
        "Reference", "Title", "Stage", "Route", "Led by", "Likely by", "Very likely by", "Needed by",
        "Working days too late", "No date because", "Rests on signed agreements",
    )  # fmt: skip
    rows = (
        (
            line.reference, line.title, line.stage, line.route, line.lead, _iso(line.likely_on),
            _iso(line.very_likely_on), _iso(line.needed_on), line.short_by or "",
            words.refused(line.refusal) if line.refusal else "", line.rests_on,
        )
        for line in forecasts_page.forecasts_file(context(), actor(), late=late, route=route)
    )  # fmt: skip
    return csv_answer("forecasts.csv", columns, rows)


def finding(found: ForecastsPage) -> str:
    """The sentence that the page begins with."""
    if not found.total:
        return gettext("No open agreement that you may see has a forecast yet.")
    if not found.dated:
        return gettext("No date can be given for any open agreement that you may see yet.")
    if not found.record.tested:
        return gettext(
            "%(late)s of %(dated)s open agreements with a date will likely be signed only after the day they are "
            "needed.",
            dated=f"{found.dated:,}",
            late=f"{found.late:,}",
        )
    return gettext(
        "%(late)s of %(dated)s open agreements with a date will likely be signed only after the day they are needed, "
        "and %(maybe)s more may be.",
        dated=f"{found.dated:,}",
        late=f"{found.late:,}",
        maybe=f"{found.maybe_late:,}",
    )


def _counted(found: ForecastsPage, route: str) -> list[tuple[str, str]]:
    """(words that begin with a number, where exactly those agreements are listed) for each number of the finding."""
    counts = (
        ("dated", found.dated, gettext("with a date")),
        ("late", found.late, gettext("likely too late")),
        ("maybe_late", found.maybe_late, gettext("perhaps too late")),
        ("undated", found.total - found.dated, gettext("without a date")),
    )
    return [
        (f"{number:,} {words}", address(Filters(route=route, forecast=name)))
        for name, number, words in counts
        if number
    ]


def calibration(found: ForecastsPage) -> list[tuple[str, str, str, str, str]]:
    """(day, judged, met, aim, not judged) for the likely and the very likely days."""
    record = found.record
    rows = []
    for label, met, aim in (
        (gettext("Likely by"), record.likely, 50),
        (gettext("Very likely by"), record.very_likely, 85),
    ):
        share = gettext("not known yet") if met.share is None else f"{round(100 * met.share)} %"
        rows.append((label, f"{met.said:,}", share, f"{aim} %", f"{met.gone:,}"))
    return rows


def cells(line: Line) -> tuple[Line, str, str, str, str]:
    """A line as the template prints it: likely, very likely with its distance, needed, and whether it will be late."""
    likely = words.with_distance(line.likely_on, line.likely_in) if line.likely_on else ""
    very = words.with_distance(line.very_likely_on, line.very_likely_in) if line.very_likely_on else ""
    needed = day(line.needed_on) if line.needed_on else gettext("not said")
    late = ""
    if line.short_by:
        late = gettext("Likely late") if line.likely_late else gettext("May be late")
    return line, likely, very, needed, late


def _iso(on: date | None) -> str:
    return "" if on is None else on.isoformat()


def _narrowed() -> tuple[bool, str]:
    route = request.args.get("route", "")
    return request.args.get("late") == "yes", route if route in ROUTES else ""


def _after(text: str) -> tuple[date, int] | None:
    if not text:
        return None
    on, _, place = text.partition("_")
    try:
        if not (place.isdecimal() and place.isascii() and len(place) <= 12):
            raise ValueError
        return date.fromisoformat(on), int(place)
    except ValueError as problem:
        raise BadInput("This address does not lead to a page of the forecasts. Open “Forecasts” again.") from problem
