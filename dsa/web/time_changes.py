"""What would bring agreements forward. One rule: always called simulated, with intervals and what is assumed."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Answer

from dsa.domain.workflow import ROLES
from dsa.insight import levers
from dsa.insight.process_fit import BUSY, FEWEST
from dsa.services import changes_ahead
from dsa.services.agreements_list import Filters
from dsa.services.changes_ahead import ChangesPage
from dsa.web import change_words as words
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.agreements import address
from dsa.web.csv_answer import csv_answer
from dsa.web.page import page
from dsa.web.record import note_look
from dsa.web.time_words import days
from dsa.web.wording import gettext

blueprint = Blueprint("time_changes", __name__)


@blueprint.get("/time/changes")
@signed_in
def show() -> tuple[str, int]:
    """The changes to our own process and what each would save, as last worked out."""
    found = changes_ahead.changes_page(context(), actor(), scope=_scope())
    result = found.result
    return page(
        "time/changes.html",
        wide=True,
        found=found,
        finding=finding(found),
        rows=_rows(found),
        days=days,
        seen=[_seen(result.half, result.seen_half), _seen(result.most, result.seen_most)] if result else [],
        pools=[
            (gettext(ROLES.get(pool, pool)), people, days(round(result.waits.get(pool, 0.0), 1)))
            for pool, people in result.people.items()
        ]
        if result
        else [],
        whose=_whose(found),
        rests_on_address=_rests_on_address(found),
        fewest=FEWEST,
        busy=round(100 * BUSY),
        asked=request.args.get("asked") == "yes",
        runs=changes_ahead.RUNS,
        agreements=changes_ahead.AGREEMENTS,
        csv_address=f"/time/changes.csv?organisation={found.scope}",
    )


@blueprint.get("/time/changes.csv")
@signed_in
def as_file() -> Response:
    """The same as a CSV file."""
    found = changes_ahead.changes_page(context(), actor(), scope=_scope())
    columns = ("Simulated", "Process of", "Change", "Working days saved", "Low", "High", "Rank", "Assumes")
    result = found.result
    rows = (
        (
            gettext("yes"), _whose(found), words.title(one, found.rules), round(one.saved, 2), round(one.low, 2),
            round(one.high, 2), one.rank, words.assumes(one),
        )
        for one in (result.savings if result is not None else ())
    )  # fmt: skip
    return csv_answer("changes.csv", columns, rows)


@blueprint.post("/time/changes")
@signed_in
def compute() -> Answer:
    """Ask for the figures anew; a job works them out."""
    scope = request.form.get("organisation", "")[:60]
    changes_ahead.ask(context(), actor(), scope)
    return redirect(f"/time/changes?organisation={scope}&asked=yes", 303)


@blueprint.get("/agreements/<reference>/bring-forward")
@signed_in
def of_agreement(reference: str) -> tuple[str, int]:
    """The single moves that would shorten one agreement most, from where it stands."""
    note_look(reference, "what would bring it forward")
    found = changes_ahead.changes_for(context(), actor(), reference)
    return page(
        "time/agreement_changes.html",
        found=found,
        agreement=found.header,
        days=days,
        rows=[
            (one.rank, words.title(one, found.rules, found.standing, of_one=True), words.saved(one), words.assumes(one))
            for one in found.savings
        ],
        fewest=FEWEST,
        runs=levers.RUNS,
        walks=levers.WALKS,
    )


def finding(found: ChangesPage) -> str:
    """The sentence that the page begins with."""
    if found.result is None:
        if found.too_few:
            return gettext("Too few agreements have been signed to simulate the process.")
        if found.failed_at is not None:
            return gettext("This could not be worked out.")
        return gettext("This has not been worked out yet.")
    best = [one for one in found.result.savings if one.rank == 1 and one.certain and one.saved > 0]
    if not best:
        return gettext("Simulated: no single change would certainly save time.")
    if len(best) > 1:
        names = "; ".join(words.title(one, found.rules) for one in best)
        return gettext("Simulated: these would save most, and which of them saves more is not certain: %(names)s.",
                       names=names)  # fmt: skip
    return gettext(
        "Simulated: what would save most is “%(name)s”: %(saved)s for each agreement.",
        name=words.title(best[0], found.rules),
        saved=words.saved(best[0]),
    )


def _rows(found: ChangesPage) -> list[tuple[int, str, str, str]]:
    if found.result is None:
        return []
    return [
        (one.rank, words.title(one, found.rules), words.saved(one), words.assumes(one)) for one in found.result.savings
    ]


def _whose(found: ChangesPage) -> str:
    return gettext("every organisation here") if found.instead else found.name


def _rests_on_address(found: ChangesPage) -> str:
    """Where the number of signed agreements leads: to exactly those, where the reader may see them all."""
    if found.signed_at is None:
        return ""
    scope, at = found.signed_at
    return address(Filters(simulated=f"{scope}:{int(at.timestamp())}"))


def _seen(model: float, seen: float | None) -> tuple[str, str]:
    return days(round(model)), gettext("not reached") if seen is None else days(round(seen))


def _scope() -> str:
    return "".join(c for c in request.args.get("organisation", "")[:60] if c.isascii() and (c.isalnum() or c in "-_"))
