"""Responding to reviewers: requests for changes, and questions. One rule: each response goes to its own request."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from dsa.domain.errors import BadInput
from dsa.services import drafting, reviewing
from dsa.services.section_page import ChangesPage, changes_page, question_page
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.answers_form import anchor_of
from dsa.web.forms import FieldError, Submitted
from dsa.web.page import page
from dsa.web.wording import gettext

blueprint = Blueprint("changes", __name__)
Answer = Response | tuple[str, int]
LONGEST = 4_000


@blueprint.get("/agreements/<reference>/changes")
@signed_in
def changes(reference: str) -> Answer:
    """Every request for changes, with what was answered."""
    return _listed(changes_page(context(), actor(), reference))


@blueprint.post("/agreements/<reference>/changes")
@signed_in
def respond(reference: str) -> Answer:
    """Respond to one request: what was changed, or why not."""
    wanted = request.form.get("request", "")
    if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 10):
        raise BadInput("The page did not say which request you respond to. Go back and try again.")
    number, name, sent = int(wanted), f"response-{wanted}", Submitted(request.form)
    required = gettext("Write what you changed, or why you did not.")
    text = sent.text(name, label=gettext("Your response"), required=required, limit=LONGEST)
    if sent.errors:
        return _listed(changes_page(context(), actor(), reference), number, text, sent.errors)
    drafting.respond(context(), actor(), reference, number, text)
    return redirect(url_for(".changes", reference=reference, _anchor=f"request-{number}"), 303)


def _listed(found: ChangesPage, number: int = 0, typed: str = "", errors: list[FieldError] | None = None) -> Answer:
    return page("changes/changes.html", found=found, number=number, typed=typed, errors=errors or [],
                anchor_of=anchor_of, limit=LONGEST)  # fmt: skip


@blueprint.get("/agreements/<reference>/questions/<int:number>")
@signed_in
def question(reference: str, number: int) -> Answer:
    """A reviewer's question, with its answer where it has one."""
    return page("changes/question.html", found=question_page(context(), actor(), reference, number), typed="",
                limit=LONGEST)  # fmt: skip


@blueprint.post("/agreements/<reference>/questions/<int:number>")
@signed_in
def answer(reference: str, number: int) -> Answer:
    """Answer a reviewer's question."""
    sent = Submitted(request.form)
    required = gettext("Write your answer.")
    text = sent.text("answer", label=gettext("Your answer"), required=required, limit=LONGEST)
    if sent.errors:
        found = question_page(context(), actor(), reference, number)
        return page("changes/question.html", found=found, typed=text, errors=sent.errors, limit=LONGEST)
    reviewing.answer_question(context(), actor(), reference, number, text)
    return redirect(url_for(".question", reference=reference, number=number), 303)
