"""Many agreements as one file. One rule: the page says how far it is and works without scripts."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from dsa.services import exporting
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.agreements import address, filters_from
from dsa.web.page import page
from dsa.web.wording import gettext

blueprint = Blueprint("exports", __name__)
Answer = Response | tuple[str, int]
_MEGABYTE = 1_000_000


@blueprint.get("/exports")
@signed_in
def index() -> Answer:
    """The exports that I asked for, and a new one of the list in the address."""
    filters = filters_from(request.args)
    return page(
        "exports/list.html",
        exports=exporting.mine(context(), actor()),
        filters=filters,
        narrowed=bool(filters.active()),
        address=address(filters),
        most=exporting.MOST,
        back=(address(filters), gettext("Back to the list")),
    )


@blueprint.post("/exports")
@signed_in
def ask() -> Answer:
    """Ask for the list as a file."""
    number = exporting.ask(context(), actor(), filters_from(request.form))
    return redirect(url_for("exports.one", number=number), 303)


@blueprint.get("/exports/<int:number>")
@signed_in
def one(number: int) -> Answer:
    """How far an export is."""
    found = exporting.one(context(), actor(), number)
    return page(
        "exports/export.html",
        export=found,
        size=f"{found.size / _MEGABYTE:.1f}",
        again=address(filters_from(found.filters)),
        back=(url_for("exports.index"), gettext("Your exports")),
    )


@blueprint.get("/exports/<int:number>.zip")
@signed_in
def file(number: int) -> Answer:
    """The finished file."""
    pieces, size = exporting.file(context(), actor(), number)
    answer = Response(pieces, content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="agreements-{number}.zip"'
    answer.headers["Content-Length"] = str(size)
    return answer
