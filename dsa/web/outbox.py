"""The mails that the service sent or would send. One rule: outside a demonstration each person sees only their own."""

from flask import Blueprint, request

from dsa.services import outbox_page
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.addresses import row_number
from dsa.web.page import page

blueprint = Blueprint("outbox", __name__)


@blueprint.get("/outbox")
@signed_in
def show() -> tuple[str, int]:
    """Mails, newest first."""
    before = request.args.get("before", type=row_number)
    found = outbox_page.mails(context(), actor(), before=before if before and 0 < before < 2**31 else None)
    return page("outbox/outbox.html", found=found)
