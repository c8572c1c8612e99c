"""How long each stage takes, against its target. One rule: a sentence and a number first, and links to act."""

from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Answer

from dsa.domain.errors import BadInput
from dsa.services import time_stages_page
from dsa.services.stage_counts import FEW
from dsa.services.time_stages_page import StagesPage, StageTimes
from dsa.web import page_charts
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.csv_answer import csv_answer
from dsa.web.time_filters import asked_of_months, csv_address, months_typed, months_words, time_page
from dsa.web.time_words import days, late_words
from dsa.web.wording import gettext, ngettext

blueprint = Blueprint("time_stages", __name__)


@blueprint.get("/time")
@signed_in
def show() -> tuple[str, int]:
    """How long each stage takes, against its target."""
    asked, problem = asked_of_months()
    found = time_stages_page.stages_page(context(), actor(), asked)
    return time_page(
        "stages",
        found,
        finding(found),
        status=422 if problem else 200,
        problem=problem,
        months=months_typed(),
        months_words=months_words(asked.months),
        chart=_chart(found),
        days=days,
        late=late_words,
        few=FEW,
        csv_address=csv_address("/time/stages.csv", found.scope),
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
    asked, problem = asked_of_months()
    if problem:
        raise BadInput(problem)
    found = time_stages_page.stages_page(context(), actor(), asked)
    columns = ("Stage", "Target", "Half within", "85 of 100 within", "Finished", "Open", "Agreements through it",
               "Of these late", "Rests on")  # fmt: skip
    rows = (
        (
            stage.title,
            stage.target if stage.target is not None else "",
            _number(stage.half, stage),
            _number(stage.most, stage),
            stage.closed,
            stage.open,
            stage.passed,
            stage.late,
            stage.at_risk,
        )
        for stage in found.stages
    )
    return csv_answer("stages.csv", columns, rows)


def finding(found: StagesPage) -> str:
    """The sentence that the page begins with."""
    worst = found.worst
    if worst is None or worst.half is None:
        return gettext("Too few agreements have finished a stage to compare stages yet.")
    words = gettext("%(stage)s takes longest against its target: half take %(half)s or more, target %(target)s.")
    return words % {"stage": gettext(worst.title), "half": days(round(worst.half, 1)), "target": f"{worst.target}"}


def _number(value: float | None, stage: StageTimes) -> str:
    if value is None:
        return gettext("too few") if stage.few else gettext("not reached")
    return f"{value:g}"


def _chart(found: StagesPage) -> page_charts.Bars | None:
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
