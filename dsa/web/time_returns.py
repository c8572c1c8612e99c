"""First time right. One rule: what is asked for most is put right in the form, not in the people."""

from flask import Blueprint, Response

from dsa.services import time_returns_page
from dsa.services.time_returns_page import Returned, ReturnsPage
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.csv_answer import csv_answer
from dsa.web.page_charts import Bars, bars
from dsa.web.time_filters import agreements, asked, csv_address, time_page
from dsa.web.wording import gettext

blueprint = Blueprint("time_returns", __name__)


@blueprint.get("/time/returns")
@signed_in
def show() -> tuple[str, int]:
    """What came through review the first time, and what was asked for."""
    found = time_returns_page.returns_page(context(), actor(), asked())
    return time_page(
        "returns",
        found,
        finding(found),
        chart=_chart(found.questions),
        csv_address=csv_address("/time/returns.csv", found.scope),
    )


@blueprint.get("/time/returns.csv")
@signed_in
def as_file() -> Response:
    """Returns by question and reason."""
    found = time_returns_page.returns_page(context(), actor(), asked())
    columns = ("Question", "Reason", "Agreements", "Requests")
    rows = (*found.questions, *found.reasons, *found.both)
    return csv_answer("returns.csv", columns, ((r.words, r.reason, r.agreements, r.requests) for r in rows))


def finding(found: ReturnsPage) -> str:
    """The sentence that the page begins with."""
    if not found.through:
        return gettext("No agreement has come through review yet.")
    share = round(100 * found.first_time / found.through)
    words = gettext("%(share)s of 100 came through review without a return (%(first)s of %(all)s).") % {
        "share": share, "first": f"{found.first_time:,}", "all": agreements(found.through),
    }  # fmt: skip
    if not found.questions:
        return words
    return f"{words} " + gettext("Asked for most often: %(question)s", question=gettext(found.questions[0].words))


def _chart(rows: tuple[Returned, ...]) -> Bars | None:
    if not rows:
        return None
    drawn = [(gettext(row.words), float(row.agreements), None, agreements(row.agreements)) for row in rows[:10]]
    describes = "; ".join(f"{label} {words}" for label, _, _, words in drawn)
    return bars(gettext("Questions for which changes were asked most often"), f"{describes}.", drawn)
