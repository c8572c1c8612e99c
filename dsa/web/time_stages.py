"""How long each stage takes, against its target. One rule: a sentence and a number first, and links to act."""

from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Answer

from dsa.services import bottlenecks_page
from dsa.services.agreements_list import ROUTES
from dsa.services.bottlenecks_page import BottlenecksPage, StageTimes
from dsa.web import page_charts
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.csv_answer import csv_answer
from dsa.web.page import page
from dsa.web.time_words import days
from dsa.web.wording import gettext, ngettext

blueprint = Blueprint("time_stages", __name__)


@blueprint.get("/time")
@signed_in
def show() -> tuple[str, int]:
    """How long each stage takes, against its target."""
    workflow, route = _filters()
    found = bottlenecks_page.bottlenecks(context(), actor(), workflow=workflow, route=route)
    return page(
        "time/stages.html",
        wide=True,
        found=found,
        finding=finding(found),
        chart=_chart(found),
        days=days,
        few=bottlenecks_page.FEW,
        workflow=workflow,
        route=route,
        routes=ROUTES,
        csv_address=f"/time/stages.csv?workflow={workflow}&route={route}",
    )


@blueprint.get("/bottlenecks")
@signed_in
def old_address() -> Answer:
    """Where this page was before."""
    query = urlencode(list(request.args.items(multi=True)))
    return redirect(f"/time?{query}" if query else "/time", 301)


@blueprint.get("/time/stages.csv")
@signed_in
def as_file() -> Response:
    """The table as a CSV file."""
    workflow, route = _filters()
    found = bottlenecks_page.bottlenecks(context(), actor(), workflow=workflow, route=route)
    columns = ("Stage", "Target", "Half within", "Nine in ten within", "Closed", "Open", "Over target", "Rests on")
    rows = (
        (
            stage.title,
            stage.target if stage.target is not None else "",
            _number(stage.half, stage),
            _number(stage.nine_in_ten, stage),
            stage.closed,
            stage.open,
            stage.over_target,
            stage.at_risk,
        )
        for stage in found.stages
    )
    return csv_answer("stages.csv", columns, rows)


def finding(found: BottlenecksPage) -> str:
    """The sentence that the page begins with."""
    worst = found.worst
    if worst is None or worst.half is None:
        return gettext("Too few agreements have finished a stage to compare stages yet.")
    words = gettext("%(stage)s takes longest against its target: half take %(half)s or more, target %(target)s.")
    return words % {"stage": gettext(worst.title), "half": days(round(worst.half, 1)), "target": f"{worst.target}"}


def _filters() -> tuple[str, str]:
    """Workflow and route of the address, in the letters that ids have."""
    return _id_in("workflow"), _id_in("route")


def _id_in(name: str) -> str:
    return "".join(c for c in request.args.get(name, "")[:60] if c.isascii() and (c.isalnum() or c in "-_"))


def _number(value: float | None, stage: StageTimes) -> str:
    if value is None:
        return gettext("too few") if stage.few else gettext("not reached")
    return f"{value:g}"


def _chart(found: BottlenecksPage) -> page_charts.Bars | None:
    rows = [
        (
            gettext(stage.title),
            stage.half,
            float(stage.target) if stage.target is not None else None,
            days(round(stage.half, 1)) if stage.half is not None else _number(None, stage),
        )
        for stage in found.stages
        if not stage.few
    ]
    if not rows:
        return None
    title = gettext("Working days within which half are done, and the target (broken line)")
    describes = "; ".join(f"{label}: {words}" for label, _, _, words in rows)
    count = ngettext("%(num)d stay", "%(num)d stays", found.stays)
    return page_charts.bars(title, f"{describes} ({count}).", rows)
