"""The list of agreements, and the same as a file. One rule: the address says what is shown, so that it can be sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from dsa.domain.errors import BadInput
from dsa.domain.reasons import REASONS
from dsa.domain.workflow import ROLES
from dsa.services import agreements_list, agreements_measured, agreements_past
from dsa.services.agreements_list import ROUTES, Filters, ListPage, Row
from dsa.web import outlook_words
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.addresses import place_after, printable
from dsa.web.csv_answer import csv_answer
from dsa.web.page import day, local, page, say
from dsa.web.page_dates import told
from dsa.web.time_words import days, finish_cells, finish_words, hold_words, month_words, number, waited_for
from dsa.web.wording import gettext, mark, ngettext

blueprint = Blueprint("agreements", __name__)
_OF_A_LINE = ("working days", "target", "reached", "by the targets", "agreed for")
COLUMNS = (
    *("Reference", "Title", "Stage", "Route", "Who has it", "Why", "Since", "Due", "Overdue", "Working days"),
    *("Working days of work", "Working days of waiting", "Waited for", "On hold until", "Hold overrun"),
    *(f"Signature: {each}" for each in _OF_A_LINE),
    *(f"First data: {each}" for each in _OF_A_LINE),
    *("Likely by", "Very likely by"),
    *("Dates as reported", "Working days before it was followed here"),
)

LABELS = {
    "q": mark("Search"),
    "stage": mark("Stage"),
    "organisation": mark("Organisation"),
    "owner": mark("Who has it"),
    "route": mark("Route"),
    "overdue": mark("Overdue only"),
    "mine": mark("Mine only"),
    "open": mark("Not in use yet"),
    "workflow": mark("Workflow"),
    "been": mark("Has been through"),
    "late_in": mark("Was late in"),
    "in_week": mark("In the week of"),
    "held_by": mark("Has been with"),
    "because": mark("Has spent time on"),
    "started": mark("Started in the week of"),
    "started_from": mark("Started in or after"),
    "started_to": mark("Started in or before"),
    "signed": mark("Signed in the week of"),
    "asked": mark("A change was asked for in"),
    "asked_because": mark("A change was asked for because"),
    "review": mark("Review"),
    "team": mark("Waits for the team"),
    "entered_before": mark("In its stage since before"),
    "worth": mark("Benefit a month"),
    "forecast": mark("Forecast"),
    "simulated": mark("Signed ones that the simulation rests on"),
    "ended": mark("How it ended"),
    "lasted": mark("Lasted at least"),
    "begun_from": mark("Begun on or after"),
    "begun_before": mark("Begun before"),
    "version_from": mark("Version of the workflow from"),
    "version_before": mark("Version of the workflow before"),
    "one_in": mark("One measured of so many"),
    "done_by": mark("A task was finished by"),
    "forecast_of": mark("Signed ones that the forecast rests on of"),
}
_WORDS = {
    "first_time": mark("came through the first time"),
    "returned": mark("came through after a return"),
    "through": mark("came through"),
    "known": mark("known"),
    "unknown": mark("not known"),
    "dated": mark("with a date"),
    "undated": mark("without a date"),
    "late": mark("likely too late"),
    "maybe_late": mark("perhaps too late"),
}
ENDINGS = {
    "signed": mark("signed on a day that is known"),
    "withdrawn": mark("withdrawn or rejected before it was signed"),
    "open": mark("not yet, it is still open"),
    "known": mark("any way, or still open, but not signed on a day that is not known"),
}
_TEXTS = (
    "q", "stage", "organisation", "owner", "route", "workflow", "been", "late_in", "in_week", "held_by", "because",
    "started", "started_from", "started_to", "signed", "asked", "asked_because", "review", "team", "entered_before",
    "worth", "forecast", "simulated", "ended", "lasted", "begun_from", "begun_before", "version_from",
    "version_before", "one_in", "done_by", "forecast_of",
)  # fmt: skip


@blueprint.get("/agreements")
@signed_in
def index() -> tuple[str, int]:
    """A page of the agreements that I may see."""
    filters = read_filters()
    problem = ""
    try:
        agreements_measured.read_measured(filters)
    except BadInput as bad:
        problem = say(bad.refusal)
    found = agreements_list.agreements_page(context(), actor(), filters, after=place_after(gettext("Agreements")))
    return page(
        "agreements/agreements.html",
        status=422 if problem else 200,
        wide=True,
        problem=problem,
        found=found,
        drafts=actor().holding(["drafter"]) is not None,
        filters=filters,
        heading_words=_heading(found),
        tasks=_tasks(found),
        chips=_chips(filters, found),
        kept=[(name, str(getattr(filters, name))) for name in filters.active() if name in _TEXTS[5:]],
        rows=[_cells(row) for row in found.rows],
        routes=ROUTES,
        record=outlook_words.record_words(found.record),
        csv_address=address(filters, path="/agreements.csv"),
        export_address=address(filters, path="/exports"),
        next_address=address(filters, after=found.after) if found.after else None,
        easing=[(gettext(LABELS[name]), address(filters.without(name)), count) for name, count in found.easing],
    )


@blueprint.get("/agreements.csv")
@signed_in
def as_file() -> Response:
    """The whole list with its filters, as a CSV file."""
    filters = read_filters()
    agreements_measured.read_measured(filters)
    rows = agreements_list.agreements_file(context(), actor(), filters)
    return csv_answer("agreements.csv", COLUMNS, (_plain(row) for row in rows))


def read_filters() -> Filters:
    """The filters of the address."""
    return filters_from(request.args)


def filters_from(given: Mapping[str, str]) -> Filters:
    """The filters of an address or a form; what does not exist finds nothing rather than failing."""
    marked = {name for name in ("overdue", "mine", "open") if given.get(name) == "yes"}
    texts = {name: printable(given.get(name, "")) for name in _TEXTS}
    return Filters(**texts, overdue="overdue" in marked, mine="mine" in marked, open="open" in marked)


def address(filters: Filters, *, path: str = "/agreements", after: str | None = None) -> str:
    """The address of the list with these filters."""
    query: list[tuple[str, str]] = []
    for name in filters.active():
        value = getattr(filters, name)
        query.append((name, "yes" if value is True else value))
    if after:
        query.append(("after", after))
    return f"{path}?{urlencode(query)}" if query else path


def _heading(found: ListPage) -> str:
    if not found.counted_all:
        return gettext("More than %(count)s agreements", count=f"{found.count:,}")
    return ngettext("%(num)d agreement", "%(num)d agreements", found.count)


def _tasks(found: ListPage) -> str:
    """``14 tasks of the team in 12 agreements.`` where a team is asked for, else nothing."""
    if not found.tasks:
        return ""
    tasks = ngettext("%(num)d task", "%(num)d tasks", found.tasks)
    if not found.counted_all:
        tasks = gettext("More than %(count)s tasks", count=f"{found.tasks:,}")
    within = gettext("%(tasks)s of the team in %(agreements)s.", tasks=tasks, agreements=_heading(found))
    return f"{within} {gettext('Tasks are counted one by one, agreements once.')}"


def _chips(filters: Filters, found: ListPage) -> list[tuple[str, str]]:
    """(words, address without it) for each filter that narrows the list."""
    chips = []
    for name in filters.active():
        value = getattr(filters, name)
        shown = _shown(name, str(value), found)
        label = gettext(LABELS[name])
        words = label if value is True else gettext("%(label)s: %(value)s", label=label, value=shown)
        chips.append((words, address(filters.without(name))))
    return chips


def _shown(name: str, value: str, found: ListPage) -> str:
    """A filter's value as people say it."""
    if name in ("stage", "been", "late_in"):
        return gettext(found.stages.get(value, value))
    if name in ("organisation", "owner", "held_by"):
        return dict(found.organisations).get(value, value)
    if name in ("because", "asked_because"):
        reason = REASONS.get(value)
        return gettext(reason.label) if reason is not None else value
    if name == "team":
        code, _, role = value.rpartition(":")
        return f"{gettext(ROLES.get(role, role))}, {dict(found.organisations).get(code, code)}"
    if name == "simulated":
        code = value.partition(":")[0]
        return dict(found.organisations).get(code, gettext("every organisation here") if code == "all" else code)
    if name in ("review", "worth", "forecast", "ended"):
        words = ENDINGS if name == "ended" else _WORDS
        return gettext(words[value]) if value in words else value
    if name in ("started_from", "started_to"):
        return month_words(value)
    if name == "entered_before" and value == agreements_past.UNSEEN:
        return gettext("a day that is not known")
    if name in ("started", "signed", "in_week", "entered_before"):
        on = agreements_past.day_of(value)
        return value if on is None else day(on)
    return gettext(ROUTES.get(value, value)) if name == "route" else _measured_words(name, value, found)


def _measured_words(name: str, value: str, found: ListPage) -> str:
    """A filter of ``agreements_measured`` as people say it; what is not understood as it is."""
    alone: dict[str, Any] = {name: value}
    try:
        agreements_measured.read_measured(Filters(**alone))
    except BadInput:
        return value
    if name in ("begun_from", "begun_before"):
        return day(date.fromisoformat(value))
    if name == "lasted":
        return days(float(value))
    team = agreements_measured.parts_of_team(value) if name == "done_by" else None
    if team is None:
        return value
    code, role, since = team
    who, body = gettext(ROLES.get(role, role)), dict(found.organisations).get(code, code)
    return gettext("%(role)s, %(organisation)s, since %(day)s", role=who, organisation=body, day=day(since))


@dataclass(frozen=True, slots=True)
class Cells:
    """A row as the template prints it, so that it has nothing to work out."""

    reference: str
    title: str
    stage: str
    who: str
    why: str
    since: str
    late: bool
    due: str
    hold: str
    total: str
    work: str
    waited: list[str]
    finish: list[tuple[str, bool]]
    signed_by: str


def _with_whom(row: Row) -> str:
    """Who has it and how far they are: ``Legal adviser, Department for Work and Pensions, day 6 of 10``."""
    if not row.who:
        return gettext("Nobody: it is over")
    return f"{row.who}, {told(row.progress)}" if row.progress is not None else row.who


def _cells(row: Row) -> Cells:
    due = ""
    if row.due_at is not None and row.distance is not None:
        due = gettext("%(day)s, %(distance)s", day=day(row.due_at), distance=told(row.distance))
    figures = row.figures
    before = [gettext("%(days)s before it was followed here", days=number(figures.not_known))]
    before = before if figures.not_known else []
    return Cells(
        row.reference,
        row.title,
        _stage(row),
        _with_whom(row),
        gettext(row.reason) if row.reason else "",
        _since(row),
        row.late,
        due,
        hold_words(row.hold) if row.hold is not None else "",
        gettext("%(days)s in total", days=number(figures.elapsed)),
        gettext("%(days)s at work", days=number(figures.owned)),
        [gettext("%(days)s for %(who)s", days=number(amount), who=who) for who, amount in figures.waiting_on] + before,
        [(finish_words(line), line.over) for line in (row.signature, row.first_data)],
        outlook_words.dates(row.likely_on, row.very_likely_on),
    )


def _since(row: Row) -> str:
    if not row.who:
        return ""
    if row.since is None:
        return gettext("since when is not known")
    return gettext("since %(on)s", on=day(row.since))


def _stage(row: Row) -> str:
    words = gettext(row.stage) + (f" ({gettext('on hold')})" if row.hold else "")
    return gettext("%(stage)s, dates as reported", stage=words) if row.reported else words


def _plain(row: Row) -> tuple[object, ...]:
    since = local(row.since).date().isoformat() if row.since is not None else ""
    due = local(row.due_at).date().isoformat() if row.due_at is not None else ""
    until = local(row.hold.until).date().isoformat() if row.hold is not None else ""
    figures = row.figures
    return (
        *(row.reference, row.title, row.stage, row.route, row.who, row.reason, since, due, _yes(row.late)),
        *(round(figures.elapsed, 2), round(figures.owned, 2), round(figures.waited, 2)),
        "; ".join(waited_for(figures)),
        until,
        _yes(row.hold is not None and row.hold.overrun),
        *finish_cells(row.signature),
        *finish_cells(row.first_data),
        *(on.isoformat() if on is not None else "" for on in (row.likely_on, row.very_likely_on)),
        *(_yes(row.reported), round(figures.not_known, 2)),
    )


def _yes(holds: bool) -> str:
    return gettext("yes") if holds else gettext("no")
