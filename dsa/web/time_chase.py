"""Which to chase today. One rule: a list of things to act on, each with who has it; the chart is beside it."""

from flask import Blueprint, Response

from dsa.services import time_chase_page
from dsa.services.time_chase_page import CHASED, EVERYBODYS, TARGET, ChasePage, StageAges
from dsa.web import time_charts
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.csv_answer import csv_answer
from dsa.web.time_filters import asked, csv_address, time_page
from dsa.web.time_words import days, late_words
from dsa.web.wording import gettext, ngettext

blueprint = Blueprint("time_chase", __name__)


@blueprint.get("/time/chase")
@signed_in
def show() -> tuple[str, int]:
    """Open agreements by their age in the stage, and what is overdue."""
    found = time_chase_page.chase_page(context(), actor(), asked())
    return time_page(
        "chase",
        found,
        finding(found),
        days=days,
        late=late_words,
        chased=CHASED,
        measured=measured,
        chart=_chart(found),
        key=_key(),
        ages_csv=csv_address("/time/chase.csv", found.scope),
        overdue_csv=csv_address("/time/overdue.csv", found.scope),
    )


@blueprint.get("/time/chase.csv")
@signed_in
def as_file() -> Response:
    """The dots of the chart."""
    found = time_chase_page.chase_page(context(), actor(), asked())
    columns = ("Stage", "Reference", "Title", "Working days in the stage", "Half within", "85 of 100 within",
               "Past the line", "Who has it", "Target", "Measured by")  # fmt: skip
    rows = (
        (stage.title, dot.reference, dot.title, dot.days, _cell(stage.half), _cell(stage.most),
         "yes" if dot.past else "no", dot.who, _cell(stage.target), stage.measured)
        for stage in found.stages
        for dot in stage.dots
    )  # fmt: skip
    return csv_answer("chase.csv", columns, rows)


@blueprint.get("/time/overdue.csv")
@signed_in
def overdue_file() -> Response:
    """What is overdue."""
    found = time_chase_page.chase_page(context(), actor(), asked())
    columns = ("Reference", "Title", "Stage", "Working days late", "With")
    return csv_answer("overdue.csv", columns, ((o.reference, o.title, o.stage, o.days, o.who) for o in found.overdue))


def _cell(value: float | None) -> object:
    return "" if value is None else value


def measured(stage: StageAges) -> str:
    """What the ages in a stage are measured by, in words."""
    if stage.line is None:
        return gettext("too few have finished it to say, and it has no target")
    if stage.measured == TARGET:
        return gettext("its target of %(days)s, because too few have finished it", days=days(stage.line))
    if stage.measured == EVERYBODYS:
        return gettext("85 of 100 of all organisations leave within %(days)s; too few of yours", days=days(stage.line))
    return gettext("85 of 100 leave within %(days)s", days=days(stage.line))


def finding(found: ChasePage) -> str:
    """The sentence that the page begins with."""
    if found.chase:
        words = ngettext(
            "Chase %(num)d agreement today: it has been in its stage longer than 85 of 100 stay there, or than the "
            "target where too few have finished the stage.",
            "Chase %(num)d agreements today: they have been in their stage longer than 85 of 100 stay there, or than "
            "the target where too few have finished the stage.",
            found.past,
        )
        first, _ = found.chase[0]
        return f"{words} " + gettext("First: %(title)s, %(days)s.", title=first.title, days=days(first.days))
    if found.overdue:
        return ngettext(
            "%(num)d agreement is overdue in its stage.",
            "%(num)d agreements are overdue in their stage.",
            found.overdue_count,
        )
    return gettext("There is nothing to chase today.")


def _key() -> list[tuple[str, str]]:
    return [
        ("dot", gettext("an open agreement")),
        ("past", gettext("one that is past the line")),
        ("likely", gettext("likely: half have left by then")),
        ("target", gettext("very likely: 85 of 100 have left by then; else the target, as said there")),
    ]


def _label(stage: StageAges) -> str:
    """The title of a stage in the chart, and what its line is where that is not the usual one."""
    said = {
        TARGET: gettext("%(stage)s: too few finished, so the line is its target"),
        EVERYBODYS: gettext("%(stage)s: lines of all organisations"),
        "": gettext("%(stage)s: too few finished for a line"),
    }
    return said.get(stage.measured, "%(stage)s") % {"stage": gettext(stage.title)}


def _chart(found: ChasePage) -> time_charts.Dots | None:
    rows = [
        (_label(stage), [(dot.days, dot.past) for dot in stage.dots], stage.half, stage.line)
        for stage in found.stages
        if stage.dots
    ]
    if not rows:
        return None
    told = (f"{stage.title}: {stage.open}, {stage.past}" for stage in found.stages if stage.dots)
    describes = gettext("Open agreements, and those past the second line, by stage: %(rows)s.", rows="; ".join(told))
    return time_charts.dots(gettext("Working days in the stage, up to now"), describes, rows)
