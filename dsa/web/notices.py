"""What I am told, and how. One rule: a signature that is asked of somebody, and escalation, are always told."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from dsa.domain.errors import BadInput
from dsa.services import noticing
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.forms import Submitted
from dsa.web.page import page, say
from dsa.web.wording import gettext, mark

blueprint = Blueprint("notices", __name__)
_WORDS = {
    noticing.NOW: mark("At once"),
    noticing.DIGEST: mark("In the daily digest"),
    noticing.NEVER: mark("Not by mail"),
}


@blueprint.get("/notices")
@signed_in
def show() -> tuple[str, int]:
    """How I am told of each kind of thing."""
    return _page(Submitted.tidied(request.form))


@blueprint.post("/notices")
@signed_in
def save() -> Response | tuple[str, int]:
    """Keep what I chose."""
    sent = Submitted.tidied(request.form)
    try:
        noticing.choose(context(), actor(), {kind: sent.form.get(kind, "") for kind in noticing.KINDS})
    except BadInput as problem:
        for notice in noticing.notices_page(context(), actor()):
            sent.choice(notice.kind, notice.choices, required=say(problem.refusal))
        return _page(sent)
    return redirect("/notices?done=saved", 303)


def _page(sent: Submitted) -> tuple[str, int]:
    shown = [
        (
            notice.kind,
            gettext(notice.about),
            [(choice, gettext(_WORDS[choice])) for choice in notice.choices],
            sent.form.get(notice.kind, notice.choice),
            sent.error_at(notice.kind),
        )
        for notice in noticing.notices_page(context(), actor())
    ]
    done = request.args.get("done") == "saved"
    return page("notices/notices.html", shown=shown, errors=sent.errors, done=done)
