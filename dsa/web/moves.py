"""Making a move: what it does, a reason where one is kept, then the step. One rule: one page for every move."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from dsa.services import moves, record_page
from dsa.services.first_look import FIRST_LOOK, ask_first_look
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.forms import Submitted
from dsa.web.page import page, say
from dsa.web.wording import gettext

blueprint = Blueprint("moves", __name__)
Answer = Response | tuple[str, int]


@blueprint.get("/agreements/<reference>/moves/<move_id>")
@signed_in
def ask(reference: str, move_id: str) -> Answer:
    """What the move does, and what stands in its way."""
    return _page(reference, move_id)


@blueprint.post("/agreements/<reference>/moves/<move_id>")
@signed_in
def make(reference: str, move_id: str) -> Answer:
    """Make the move."""
    sent = Submitted.tidied(request.form)
    asked = record_page.move_page(context(), actor(), reference, move_id).move.asks_reason
    required = gettext("Say why: the reason is kept in the history") if asked else None
    reason = sent.text("reason", label=gettext("Reason"), required=required, limit=4_000)
    if sent.errors:
        return _page(reference, move_id, sent=sent, reason=reason)
    seen = request.form.get("seen", type=int) or 0
    if move_id == FIRST_LOOK:
        ask_first_look(context(), actor(), reference, seen=seen)
    else:
        moves.move(context(), actor(), reference, move_id, seen=seen, reason=reason)
    return redirect(f"/agreements/{reference}?done=move", 303)


def _page(reference: str, move_id: str, *, sent: Submitted | None = None, reason: str = "") -> Answer:
    found = record_page.move_page(context(), actor(), reference, move_id)
    return page(
        "moves/move.html",
        found=found,
        agreement=found.header,
        refusal=say(found.refusal) if found.refusal is not None else "",
        errors=sent.errors if sent is not None else [],
        reason=reason,
        reason_error=sent.error_at("reason") if sent is not None else None,
    )
