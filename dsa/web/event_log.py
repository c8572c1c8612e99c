"""Our history as a file for other tools. One rule: what goes out is what the reader may see, as it is written."""

from flask import Blueprint, Response

from dsa.services import event_log
from dsa.services.event_log import FORMATS
from dsa.web.access import bookkeeping, signed_in
from dsa.web.acting import actor, context
from dsa.web.limits import limited
from dsa.web.page import page
from dsa.web.record import note_look

blueprint = Blueprint("event_log", __name__)


@blueprint.get("/history")
@signed_in
def show() -> tuple[str, int]:
    """What the files are, and where to save them."""
    return page("history/history.html", count=event_log.how_many(context(), actor()))


@blueprint.get("/history.<fmt>")
@signed_in
@limited("history", times=20)
def everything(fmt: str) -> Response:
    """The history of all that I may see."""
    with bookkeeping("an auditor's look is recorded"):
        event_log.record_look_at_all(context(), actor())
    return _file(fmt, "agreements", None)


@blueprint.get("/agreements/<reference>/events.<fmt>")
@signed_in
def one(reference: str, fmt: str) -> Response:
    """The history of one agreement."""
    note_look(reference, "history file")
    return _file(fmt, reference, reference)


def _file(fmt: str, name: str, reference: str | None) -> Response:
    lines = event_log.log_lines(context(), actor(), fmt, reference=reference)
    _, media_type, ending = FORMATS[fmt]
    answer = Response(lines, content_type=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}-events.{ending}")
    return answer
