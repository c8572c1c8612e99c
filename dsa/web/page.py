"""How things are said on a page: dates, times, distances, the frame. One rule: UTC comes in, Europe/London goes out."""

from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from flask import Flask, render_template, request, url_for

from dsa.domain.errors import Refusal
from dsa.timekeeping.nations import BeyondCalendar
from dsa.web import access
from dsa.web.composition import LONDON, services
from dsa.web.forms import as_items, element_id
from dsa.web.page_headers import csp_nonce
from dsa.web.wording import gettext, mark, ngettext

_MONTHS = (
    mark("January"),
    mark("February"),
    mark("March"),
    mark("April"),
    mark("May"),
    mark("June"),
    mark("July"),
    mark("August"),
    mark("September"),
    mark("October"),
    mark("November"),
    mark("December"),
)

# What stands in the service navigation of a signed-in person: endpoint, words, path prefix that marks it as current.
NAVIGATION = (
    ("tasks.mine", mark("My tasks"), "/tasks"),
    ("agreements.index", mark("Agreements"), "/agreements"),
    ("starting.start", mark("Start an agreement"), "/start"),
    ("time_stages.show", mark("Where the time goes"), "/time"),
    ("verifying.check", mark("Check a document"), "/verify"),
)


class WorkingDays(Protocol):
    """The part of a working calendar that a page needs."""

    def working_days(self, start: date, end: date) -> int:
        """Working days after ``start`` up to and including ``end``; ``start`` is not after ``end``."""


def page(template: str, /, status: int = 200, **context: Any) -> tuple[str, int]:
    """Render a page. ``errors`` (a list of ``FieldError``) gives the summary, "Error: " in the title and status 422."""
    if context.get("errors") and status == 200:
        status = 422
    return render_template(template, **context), status


def local(at: datetime) -> datetime:
    """An aware moment as London's clocks show it."""
    return at.astimezone(LONDON)


def day(value: date | datetime) -> str:
    """``2 November 2026``; a moment is first turned into London's day."""
    shown = local(value) if isinstance(value, datetime) else value
    return f"{shown.day} {gettext(_MONTHS[shown.month - 1])} {shown.year}"


def month(value: date) -> str:
    """``November 2026``: the month of a day."""
    return f"{gettext(_MONTHS[value.month - 1])} {value.year}"


def clock_time(value: datetime) -> str:
    """``9:10am``, on London's clocks."""
    shown = local(value)
    return f"{shown.hour % 12 or 12}:{shown.minute:02d}{'am' if shown.hour < 12 else 'pm'}"


def moment(value: datetime) -> str:
    """``2 November 2026 at 9:10am``."""
    return gettext("%(day)s at %(time)s", day=day(value), time=clock_time(value))


def working_distance(due: date, *, today: date, calendar: WorkingDays) -> str:
    """How far a date is, in working days of that calendar: ``in 3 working days``, ``today``, ``2 working days ago``."""
    if due == today:
        return gettext("today")
    try:
        ahead = calendar.working_days(min(today, due), max(today, due))
    except BeyondCalendar:
        return gettext("beyond the bank holidays that are known")
    if due > today:
        return ngettext("in %(num)d working day", "in %(num)d working days", ahead)
    return ngettext("%(num)d working day ago", "%(num)d working days ago", ahead)


def say(refusal: Refusal | str) -> str:
    """A sentence of the domain in the reader's language, with its parameters put in."""
    if isinstance(refusal, str):
        return gettext(refusal) if refusal else ""
    translated = gettext(refusal.message) if refusal.message else ""
    return translated % refusal.params if refusal.params else translated


def install_page(app: Flask) -> None:
    """Give every template the filters, the frame's facts and nothing of the request's."""
    settings = app.config["DSA"]
    app.jinja_env.filters.update(
        day=day, time=clock_time, moment=moment, say=say, element_id=element_id, as_items=as_items
    )
    app.jinja_env.globals.update(
        service_name=settings.service_name,
        organisation_name=settings.organisation_name,
        demo=settings.demo,
        working_distance=working_distance,
        static_file=_static_file,
        address_of=_address_here,
    )

    @app.context_processor
    def _frame() -> dict[str, Any]:
        return {"cspNonce": csp_nonce(), "person": access.current(), "navigation": _navigation(app)}


def today() -> date:
    """London's date by the service's clock."""
    return local(services().clock()).date()


def utc_now() -> datetime:
    """The service's clock: real time, or the demo clock where that was moved."""
    return services().clock().astimezone(UTC)


def _address_here(endpoint: str) -> str:
    return _address(request.script_root, endpoint)


def _static_file(name: str) -> str:
    return _static_address(request.script_root, name)


@lru_cache(maxsize=256)
def _static_address(_root: str, name: str) -> str:
    return url_for("static", filename=name, v=_fingerprint(name))


@lru_cache(maxsize=256)
def _address(_root: str, endpoint: str) -> str:
    """An address that every page has: below the same root it is the same however often it is asked for."""
    return url_for(endpoint)


@lru_cache(maxsize=64)
def _fingerprint(name: str) -> str:
    """What changes when the file does, so that browsers may keep each version for ever."""
    return sha256((Path(__file__).parent / "static" / name).read_bytes()).hexdigest()[:12]


def _navigation(app: Flask) -> list[dict[str, object]]:
    if access.current() is None:
        shown = [item for item in NAVIGATION if item[0] == "verifying.check"]
    else:
        shown = list(NAVIGATION)
    path = request.path
    return [
        {
            "href": _address_here(endpoint),
            "text": gettext(words),
            "active": path == prefix or path.startswith(f"{prefix}/"),
        }
        for endpoint, words, prefix in shown
        if endpoint in app.view_functions
    ]
