"""Nothing has happened: what has not moved, longest first. One rule: the address says what is shown."""

from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Answered

from dsa.services import chasing, stalled_page
from dsa.services.agreements_list import ROUTES
from dsa.services.stalled_page import Asked, StillRow
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.addresses import asked_words, place_after
from dsa.web.csv_answer import csv_answer
from dsa.web.page import day, local, page, say
from dsa.web.page_dates import told
from dsa.web.wording import gettext, ngettext

blueprint = Blueprint("stalled", __name__)


@blueprint.get("/stalled")
@signed_in
def show() -> tuple[str, int]:
    """A page of what has not moved."""
    asked = _asked()
    found = stalled_page.stalled(context(), actor(), asked, after=place_after(gettext("Nothing has happened")))
    return page(
        "stalled/stalled.html",
        wide=True,
        found=found,
        rows=[_cells(row) for row in found.rows],
        finding=_finding(found.rows, first=not request.args.get("after")),
        asked=asked,
        narrowed=asked != Asked(),
        routes=ROUTES,
        csv_address=_address("/stalled.csv", asked),
        next_address=_address("/stalled", asked, after=found.after) if found.after else None,
        done=request.args.get("done", ""),
    )


@blueprint.get("/stalled.csv")
@signed_in
def as_file() -> Response:
    """The whole list with its filters, as a CSV file."""
    columns = ("Reference", "Title", "Stage", "Who has it", "Why", "Day", "Last moved", "Working days", "Last chased")
    rows = stalled_page.stalled_file(context(), actor(), _asked())
    return csv_answer("nothing-has-happened.csv", columns, (_plain(row) for row in rows))


@blueprint.get("/agreements/<reference>/chase")
@signed_in
def ask(reference: str) -> tuple[str, int]:
    """Who would get a mail, or why nobody does."""
    header, whom, refusal = chasing.chase_page(context(), actor(), reference)
    return page("stalled/chase.html", agreement=header, whom=whom, refusal=say(refusal) if refusal is not None else "")


@blueprint.post("/agreements/<reference>/chase")
@signed_in
def chase(reference: str) -> Answered:
    """Ask whoever has it to go on."""
    chasing.chase(context(), actor(), reference)
    return redirect("/stalled?done=chased", 303)


def _asked() -> Asked:
    """The filters of the address; what does not exist finds nothing rather than failing."""
    days = request.args.get("days", default=0, type=int)
    return Asked(
        max(0, min(days, stalled_page.MOST_DAYS)), asked_words("stage"), asked_words("owner"), asked_words("route")
    )


def _address(path: str, asked: Asked, *, after: str | None = None) -> str:
    query = {name: value for name in ("days", "stage", "owner", "route") if (value := getattr(asked, name))}
    return f"{path}?{urlencode(query | ({'after': after} if after else {}))}"


def _finding(rows: tuple[StillRow, ...], *, first: bool) -> str:
    """The sentence that the page begins with."""
    if not rows or not first:
        return ""
    row = rows[0]
    words = ngettext(
        "Nothing has moved %(title)s for %(num)d working day: it is with %(who)s.",
        "Nothing has moved %(title)s for %(num)d working days: it is with %(who)s.",
        row.days,
        title=row.title,
        who=row.who or gettext("nobody"),
    )
    return words if row.days else gettext("Everything moved today or on the last working day.")


def _cells(row: StillRow) -> tuple[StillRow, str, str, str, str]:
    """A row as the template prints it: what moved when, how far, when it was chased."""
    moved = gettext("%(day)s", day=day(row.moved_at))
    for_days = ngettext("%(num)d working day", "%(num)d working days", row.days)
    progress = told(row.progress) if row.progress is not None else gettext("on hold") if row.on_hold else ""
    return row, moved, for_days, progress, day(row.chased_at) if row.chased_at is not None else ""


def _plain(row: StillRow) -> tuple[object, ...]:
    progress = told(row.progress) if row.progress is not None else gettext("on hold") if row.on_hold else ""
    chased = local(row.chased_at).date().isoformat() if row.chased_at is not None else ""
    moved = local(row.moved_at).date().isoformat()
    return row.reference, row.title, row.stage, row.who, row.reason, progress, moved, row.days, chased
