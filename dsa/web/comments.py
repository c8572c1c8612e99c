"""Comments on the text: read, add, reply, share, mark as dealt with. One rule: what is not shared stays with its side.

Every template may ask ``open_comments(reference)`` for how many there are at each section.
"""

from typing import Any

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from dsa.domain.errors import BadInput
from dsa.services import commenting, comments_page
from dsa.services.comments_page import OpenComments
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.addresses import row_number
from dsa.web.forms import Submitted
from dsa.web.page import page, say
from dsa.web.record import note_look
from dsa.web.wording import gettext

blueprint = Blueprint("comments", __name__)
Answer = Response | tuple[str, int]
_AT = "/agreements/<reference>/comments"
_ONE = f"{_AT}/<int:comment>"


@blueprint.app_template_global()
def open_comments(reference: str) -> OpenComments:
    """The open comments that the reader may see, by section; asked for once in a request."""
    known: dict[str, OpenComments] = g.setdefault("open_comments", {})
    if reference not in known:
        known[reference] = comments_page.open_comments(context(), actor(), reference)
    return known[reference]


@blueprint.get(_AT)
@signed_in
def show(reference: str) -> Answer:
    """The comments, of one section with ``section``."""
    note_look(reference, "comments")
    return _page(reference, Submitted(MultiDict()))


@blueprint.post(_AT)
@signed_in
def add(reference: str) -> Answer:
    """Comment on a section, or on a question of it."""
    sent = Submitted.tidied(request.form)
    section = sent.text("section", label=gettext("Section"), required=gettext("Choose a section"), limit=80)
    question = sent.text("question", label=gettext("Question"), limit=80)
    quote = sent.text("quote", label=gettext("The words it is about"), limit=commenting.LONGEST_QUOTE)
    text = _text(sent, "text")
    return _recorded(reference, sent, "text", text, section=section, question=question or None, quote=quote)


@blueprint.post(f"{_ONE}/reply")
@signed_in
def reply(reference: str, comment: int) -> Answer:
    """Reply to a comment."""
    sent = Submitted.tidied(request.form)
    name = f"reply-{comment}"
    comments_page.demand_readable(context(), actor(), reference, comment)
    return _recorded(reference, sent, name, _text(sent, name), section="", reply_to=comment)


@blueprint.post(f"{_ONE}/share")
@signed_in
def share(reference: str, comment: int) -> Answer:
    """Share a comment with all parties."""
    commenting.share_comment(context(), actor(), reference, comment)
    return _back(reference, "shared")


@blueprint.post(f"{_ONE}/resolve")
@signed_in
def resolve(reference: str, comment: int) -> Answer:
    """Mark a comment as dealt with."""
    commenting.resolve_comment(context(), actor(), reference, comment)
    return _back(reference, "resolved")


@blueprint.get(f"{_ONE}/<any(reply, share, resolve):step>")
@signed_in
def show_step(reference: str, comment: int, step: str) -> Answer:
    """These are parts of the list of comments."""
    return redirect(url_for("comments.show", reference=reference), 303)


def _text(sent: Submitted, name: str) -> str:
    return sent.text(
        name, label=gettext("Your comment"), required=gettext("Write your comment"), limit=commenting.LONGEST
    )


def _recorded(reference: str, sent: Submitted, at: str, text: str, **place: Any) -> Answer:
    """Record it and go back to the list; with a mistake, the list with what was typed."""
    if not sent.errors:
        version = request.form.get("version", type=row_number)
        try:
            commenting.comment(context(), actor(), reference, text, version=version, **place)
        except BadInput as problem:
            sent.wrong("section" if "section" in sent.form else at, say(problem.refusal))
        else:
            return _back(reference, "commented")
    return _page(reference, sent)


def _back(reference: str, done: str) -> Response:
    section = request.args.get("section") or None
    return redirect(url_for("comments.show", reference=reference, section=section, done=done), 303)


def _page(reference: str, sent: Submitted) -> Answer:
    found = comments_page.comments_page(context(), actor(), reference, section=request.args.get("section", ""))
    version = request.values.get("version", type=row_number)
    return page(
        "comments/comments.html",
        found=found,
        agreement=found.header,
        refusal=say(found.refusal) if found.refusal is not None else "",
        version=found.newest if version is None or not 0 <= version <= found.newest else version,
        sent=sent,
        errors=sent.errors,
        done=_done(),
        most=commenting.LONGEST,
        back=(f"/agreements/{reference}", gettext("Back to the agreement")),
    )


def _done() -> str:
    """What was just done, where the address says so; words only of a known kind."""
    known = {
        "commented": gettext("Your comment is recorded. Only your organisation sees it until you share it."),
        "shared": gettext("The comment is shared. All parties can read it."),
        "resolved": gettext("The comment is marked as dealt with."),
    }
    return known.get(request.args.get("done", ""), "")
