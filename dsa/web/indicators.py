"""The public indicators, as a page, CSV and JSON. One rule: all three show the same cells."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as Redirect

from dsa.insight.disclosure import LEAST
from dsa.services import indicators
from dsa.services.indicators import Indicators
from dsa.web import page_charts
from dsa.web.access import public, signed_in
from dsa.web.acting import actor, context
from dsa.web.csv_answer import csv_answer
from dsa.web.page import page
from dsa.web.wording import gettext

blueprint = Blueprint("indicators", __name__)
_WHY = "how long agreements take is for everybody to read"
COLUMNS = (
    "Table", "Name", "Signed or finished", "Withdrawn or rejected", "Open", "Half within (working days)",
    "85 of 100 within (working days)", "Lasted so long", "Target (working days)", "Share within target", "Agreements",
    "Working days of delay", "Half of open at most (working days)", "85 of 100 open at most (working days)",
    "Share of delay",
)  # fmt: skip


@blueprint.get("/indicators")
@public(_WHY)
def show() -> tuple[str, int]:
    """How long agreements take."""
    found = indicators.public(context())
    return page(
        "indicators/indicators.html",
        wide=True,
        found=found,
        finding=finding(found),
        chart=_chart(found),
        cell=cell,
        days=_days,
        percent=_percent,
        capital=_capital,
        least=LEAST,
    )


@blueprint.get("/indicators.csv")
@public(_WHY)
def as_file() -> Response:
    """Every table of the page as one CSV file."""
    return csv_answer("indicators.csv", COLUMNS, _rows(indicators.public(context())))


@blueprint.get("/indicators.json")
@public(_WHY)
def as_json() -> Response:
    """The same as JSON: null where a number is not shown or was not reached."""
    found = indicators.public(context())
    return jsonify(
        made_at=None if found.made_at is None else found.made_at.isoformat(),
        synthetic=found.synthetic,
        unit="working days",
        hidden_below=LEAST,
        overall=found.overall,
        reported=found.reported,
        stages=found.stages,
        delays=found.delays,
        organisations=[{key: value for key, value in row.items() if key != "id"} for row in found.organisations],
    )


@blueprint.get("/indicators/consent")
@signed_in
def ask() -> tuple[str, int]:
    """Whether one's organisations stand on the page by name."""
    return page("indicators/consent.html", found=indicators.consents(context(), actor()))


@blueprint.post("/indicators/consent")
@signed_in
def say() -> Redirect:
    """Agree, or no longer."""
    code, agreed = request.form.get("organisation", "")[:40], request.form.get("agreed") == "yes"
    indicators.consent(context(), actor(), code, agreed=agreed)
    return redirect("/indicators/consent", 303)


def finding(found: Indicators) -> str:
    """The sentence that the page begins with."""
    overall = found.overall
    if found.made_at is None:
        return gettext("The figures are worked out every hour. They are not there yet.")
    if overall["half"] is None:
        return gettext("Fewer than half of all agreements are signed so far, or too few to say.")
    words = gettext("Half of all agreements are signed within %(half)s working days.", half=_days(overall["half"]))
    if overall["most"] is None and overall["at_risk"] is None:
        return f"{words} {gettext('Too few lasted longer to say within how many 85 of 100 are.')}"
    if overall["most"] is None:
        return f"{words} {gettext('85 of 100 are not signed yet, however long one waits.')}"
    return f"{words} {gettext('85 of 100 within %(most)s.', most=_days(overall['most']))}"


def cell(count: object) -> str:
    """A count; a word where it is too small to be shown."""
    return gettext("not shown") if count is None else f"{count:,}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _days(value: float | None) -> str:
    return gettext("not reached or not shown") if value is None else f"{value:g}"


def _percent(value: float | None) -> str:
    return gettext("not shown") if value is None else f"{value:.0%}"


def _rows(found: Indicators) -> Iterator[tuple[object, ...]]:
    yield _signed("All agreements", "", found.overall)
    yield _signed("Finished agreements as reported by organisations", "", found.reported)
    for row in found.stages:
        yield _stage("Stage", row["title"], row)
    for row in found.delays:
        yield ("Reason for delay", _capital(row["label"]), *[""] * 8, row["agreements"], row["days"], "", "", "")
    for row in found.organisations:
        yield _signed("Organisation", row["name"], row)
        for stage in row["stages"]:
            yield _stage("Stage of an organisation", f"{row['name']}: {stage['title']}", stage)
        for delay in row["delays"]:
            name = f"{row['name']}: {_capital(delay['label'])}"
            yield ("Reason for delay of an organisation", name, *[""] * 12, _percent(delay["share"]))
    if found.synthetic:
        yield ("Note", "Synthetic data: nothing here is an agreement of the bodies named.", *[""] * 13)


def _stage(table: str, name: str, row: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        table, name, row.get("closed", ""), "", row.get("open", ""), row["half"], row["most"], row.get("at_risk", ""),
        row["target"], _percent(row["within"]), *[""] * 5,
    )  # fmt: skip


def _signed(table: str, name: str, row: Mapping[str, Any]) -> tuple[object, ...]:
    counts = (row["signed"], row["given_up"], row["open"], row["half"], row["most"], row["at_risk"])
    share = _percent(row["within"]) if "within" in row else ""
    return (table, name, *counts, "", share, "", "", row.get("open_half", ""), row.get("open_most", ""), "")


def _chart(found: Indicators) -> page_charts.Bars | None:
    rows = [
        (
            gettext(row["title"]),
            row["half"],
            None if row["target"] is None else float(row["target"]),
            _days(row["half"]),
        )
        for row in found.stages
        if row["half"] is not None
    ]
    if not rows:
        return None
    title = gettext("Working days within which half of the stays in a stage end, and the target (broken line)")
    return page_charts.bars(title, "; ".join(f"{name}: {words}" for name, _, _, words in rows), rows)
