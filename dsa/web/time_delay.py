"""What waiting costs. One rule: what nobody has said is listed apart, as not known, and never counted as nothing."""

from flask import Blueprint, Response

from dsa.services import time_delay_page
from dsa.services.time_delay_page import DelayPage, Waiting
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.csv_answer import csv_answer
from dsa.web.page_charts import Bars, bars
from dsa.web.time_filters import asked, csv_address, time_page
from dsa.web.time_words import days
from dsa.web.wording import gettext, ngettext

blueprint = Blueprint("time_delay", __name__)


@blueprint.get("/time/delay")
@signed_in
def show() -> tuple[str, int]:
    """The benefit a month of what waits, the most for each remaining day first."""
    found = time_delay_page.delay_page(context(), actor(), asked())
    return time_page(
        "delay",
        found,
        finding(found),
        narrowed=False,
        money=money,
        remains=_remains,
        chart=_chart(found),
        csv_address=csv_address("/time/delay.csv", found.scope),
    )


@blueprint.get("/time/delay.csv")
@signed_in
def as_file() -> Response:
    """What is ranked, then what is not known."""
    found = time_delay_page.delay_page(context(), actor(), asked())
    columns = ("Reference", "Title", "Stage", "With", "Pounds a month", "Working days to signature", "Remaining by")
    rows = (
        (each.reference, each.title, each.stage, each.who, "not known" if each.monthly is None else each.monthly,
         each.remaining, "forecast" if each.by_forecast else "targets")
        for each in (*found.ranked, *found.unknown)
    )  # fmt: skip
    return csv_answer("delay.csv", columns, rows)


def money(pounds: int) -> str:
    """Whole pounds."""
    return f"£{pounds:,}"


def finding(found: DelayPage) -> str:
    """The sentence that the page begins with."""
    unknown = ngettext(
        "Of %(num)d agreement under way nobody has said what it is worth.",
        "Of %(num)d agreements under way nobody has said what they are worth.",
        found.unknown_count,
    )
    if not found.known_count:
        return unknown if found.unknown_count else gettext("Nothing is under way.")
    words = ngettext(
        "Each month of waiting costs %(money)s, by what is known of %(num)d agreement under way.",
        "Each month of waiting costs %(money)s, by what is known of %(num)d agreements under way.",
        found.known_count,
        money=money(found.monthly),
    )
    return f"{words} {unknown}" if found.unknown_count else words


def _remains(each: Waiting) -> str:
    how = gettext("by the forecast") if each.by_forecast else gettext("by the targets")
    return f"{days(each.remaining)}, {how}"


def _chart(found: DelayPage) -> Bars | None:
    rows = [
        (each.title, float(each.monthly or 0) / max(each.remaining, 1), None, money(each.monthly or 0))
        for each in found.ranked[:10]
    ]
    if not rows:
        return None
    describes = "; ".join(f"{label}: {words}" for label, _, _, words in rows)
    title = gettext("Pounds a month for each working day until the last signature (beside each bar: pounds a month)")
    return bars(title, f"{describes}.", rows)
