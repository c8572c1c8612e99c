"""The draft: its list of sections, the check, sending and sharing it. One rule: one green button, for what is next."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from dsa.domain.errors import BadInput, Refused
from dsa.services import drafting, moves, routing
from dsa.services.draft_page import SUBMIT, Blocker, check_page, draft_page
from dsa.services.first_look import ask_first_look
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.answers_form import anchor_of
from dsa.web.answers_shown import shown_sections
from dsa.web.forms import FieldError
from dsa.web.page import page, say
from dsa.web.wording import gettext, mark

blueprint = Blueprint("drafting", __name__)
Answer = Response | tuple[str, int]

STATUSES = {
    "not_started": (mark("Not started"), "plain"),
    "in_progress": (mark("In progress"), "waiting"),
    "completed": (mark("Completed"), "good"),
    "problem": (mark("There is a problem"), "late"),
    "cannot_start": (mark("Cannot start yet"), "quiet"),
    "not_needed": (mark("Nothing to answer"), "quiet"),
}
ROUTE_NAMES = {"fast": mark("fast route"), "standard": mark("standard route")}
EARLY = {
    "no_blocker": (mark("No blocker"), "good"),
    "needs": (mark("Needs something"), "waiting"),
    "blocker": (mark("Blocker"), "late"),
    None: (mark("Not in yet"), "quiet"),
}
DONE = {
    "shared": mark("The draft is shared. The other parties can read it and add their own answers."),
    "route": mark("The agreement is on the other route now."),
    "first_look": mark("The other parties are asked for a first look. You can go on drafting."),
}


@blueprint.get("/agreements/<reference>/draft")
@signed_in
def draft(reference: str) -> Answer:
    """The list of sections with their status, and what is next."""
    found = draft_page(context(), actor(), reference)
    done = DONE.get(request.args.get("done", ""))
    return page("draft/draft.html", found=found, statuses=STATUSES, early=EARLY, routes=ROUTE_NAMES,
                link=link_of, done=gettext(done) if done else "")  # fmt: skip


@blueprint.post("/agreements/<reference>/draft")
@signed_in
def onward(reference: str) -> Answer:
    """Ask for a first look, or move the draft to the other route."""
    do, seen = request.form.get("do", ""), seen_version()
    if do == "first_look":
        ask_first_look(context(), actor(), reference, seen=seen)
        return redirect(url_for(".draft", reference=reference, done="first_look"), 303)
    if do == "route":
        routing.change_route(context(), actor(), reference, request.form.get("route", ""), seen=seen)
        return redirect(url_for(".draft", reference=reference, done="route"), 303)
    raise BadInput("The page did not say what to do. Go back to the draft and use one of its buttons.")


@blueprint.post("/agreements/<reference>/share")
@signed_in
def share(reference: str) -> Answer:
    """Let the other parties read the draft and add their own answers."""
    drafting.share_draft(context(), actor(), reference, seen=seen_version())
    return redirect(url_for(".draft", reference=reference, done="shared"), 303)


@blueprint.get("/agreements/<reference>/check")
@signed_in
def check(reference: str) -> Answer:
    """The whole draft as it will read, with what stops it; once it is sent, who has it."""
    return _checked(reference)


@blueprint.post("/agreements/<reference>/check")
@signed_in
def send(reference: str) -> Answer:
    """Send the draft for checking; where something stops it, say what."""
    try:
        moves.move(context(), actor(), reference, SUBMIT, seen=seen_version())
    except Refused as problem:
        return _checked(reference, [FieldError("blocked", say(problem.refusal))])
    return redirect(url_for(".check", reference=reference), 303)


def _checked(reference: str, errors: list[FieldError] | None = None) -> Answer:
    found = check_page(context(), actor(), reference)
    return page(
        "check/check.html",
        found=found,
        sections=shown_sections(found.view, found.problems),
        link=link_of,
        routes=ROUTE_NAMES,
        errors=errors or [],
    )


def link_of(reference: str, blocker: Blocker, back: str | None = None) -> str:
    """Where a blocker is put right: the input itself, the page of requests, or the list of sections."""
    if blocker.kind == "request":
        return url_for("changes.changes", reference=reference)
    if blocker.kind == "route":
        return url_for(".draft", reference=reference, _anchor="route")
    if not blocker.section:
        return url_for(".draft", reference=reference)
    anchor = anchor_of(blocker.path) if blocker.path else None
    return url_for("sections.section", reference=reference, key=blocker.section, back=back, _anchor=anchor)


def seen_version() -> int:
    """The version of the agreement that the page showed. A page that does not say so is refused."""
    text = request.form.get("seen", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise BadInput("The page did not say which version you saw. Go back, reload the page and try again.")
    return int(text)
