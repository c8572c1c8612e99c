"""The approver's pages: one task, decided in three steps from the link. One rule: what a page offers, a service allows.

A person who was too late gets the page again, with what happened meanwhile and with everything that they typed.
"""

from datetime import date
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from dsa.domain.errors import BadInput, Conflict, Refusal
from dsa.domain.reasons import REASONS
from dsa.domain.tracking import TASK as REPORT_TASK
from dsa.services import reviewing, task_page
from dsa.services.task_page import TaskPage
from dsa.web import decision_form
from dsa.web.access import bookkeeping, signed_in
from dsa.web.acting import actor, context
from dsa.web.addresses import row_number
from dsa.web.decision_form import Choice
from dsa.web.forms import FieldError, Submitted, read_date
from dsa.web.outcome_words import ASK, PASS_ON, decided, offered
from dsa.web.page import day, page, say, today
from dsa.web.record import note_look
from dsa.web.wording import gettext

blueprint = Blueprint("reviewing", __name__)
Answer = Response | tuple[str, int]
_TASK = "/agreements/<reference>/tasks/<key>"


@blueprint.app_template_filter("brief")
def brief(text: str, most: int) -> str:
    """At most so many words of a text; what is cut ends in an ellipsis."""
    words = text.split()
    return text if len(words) <= most else f"{' '.join(words[:most])}…"


@blueprint.app_template_filter("sentence")
def sentence(message: tuple[str, dict[str, str]]) -> str:
    """A message of the domain with its parameters, in the reader's language."""
    return say(Refusal(message[0], message[1]))


@blueprint.app_template_filter("iso_day")
def iso_day(text: str) -> str:
    """An ISO date as people write it; anything else as it is."""
    try:
        return day(date.fromisoformat(text))
    except ValueError:
        return text


@blueprint.app_template_filter("reason")
def reason(code: str) -> str:
    """What to call a delay code."""
    return REASONS[code].label if code in REASONS else code


@blueprint.get(f"{_TASK}/recorded")
@signed_in
def recorded(reference: str, key: str) -> Answer:
    """What was recorded, and what happens next."""
    note_look(reference, "task")
    shown = task_page.task_page(context(), actor(), reference, key)
    what = request.args.get("what", "")
    return page(
        "task/done.html",
        task=shown,
        what=what if what in (ASK, PASS_ON, "claimed", "taken_back") else "",
        decided=decided,
        back=(url_for("reviewing.show", reference=reference, key=key), gettext("Back to the task")),
    )


@blueprint.get(f"{_TASK}/take-back")
@signed_in
def ask_take_back(reference: str, key: str) -> Answer:
    """Ask why an approval is taken back."""
    return _take_back_page(task_page.task_page(context(), actor(), reference, key))


@blueprint.post(f"{_TASK}/take-back")
@signed_in
def take_back(reference: str, key: str) -> Answer:
    """Take one's approval back."""
    form = Submitted(request.form)
    reason = form.text("reason", label=gettext("Your reason"), required=gettext("Say why you take it back"))
    if form.errors:
        return _take_back_page(task_page.task_page(context(), actor(), reference, key), form)
    try:
        reviewing.take_approval_back(context(), actor(), reference, key, reason, seen=_seen())
    except Conflict as conflict:
        return too_late(reference, key, conflict)
    return _on(reference, key, "taken_back")


@blueprint.post(f"{_TASK}/claim")
@signed_in
def claim(reference: str, key: str) -> Answer:
    """Take the task for oneself."""
    reviewing.claim(context(), actor(), reference, key)
    return _on(reference, key, "claimed")


@blueprint.post(f"{_TASK}/ask")
@signed_in
def ask(reference: str, key: str) -> Answer:
    """Ask the drafter a question."""
    return _decided(reference, key, only=ASK)


@blueprint.post(f"{_TASK}/pass-on")
@signed_in
def pass_on(reference: str, key: str) -> Answer:
    """Pass the task on."""
    return _decided(reference, key, only=PASS_ON)


@blueprint.get(f"{_TASK}/ask")
@blueprint.get(f"{_TASK}/pass-on", endpoint="show_pass_on")
@blueprint.get(f"{_TASK}/claim", endpoint="show_claim")
@signed_in
def show_ask(reference: str, key: str) -> Answer:
    """These are parts of the task's page."""
    return redirect(url_for("reviewing.show", reference=reference, key=key), 303)


@blueprint.get(_TASK)
@signed_in
def show(reference: str, key: str) -> Answer:
    """The task: what to decide, or what was decided."""
    note_look(reference, "task")
    shown = task_page.task_page(context(), actor(), reference, key)
    if shown.rule.id == REPORT_TASK and shown.is_open:
        return redirect(url_for("tracked.ask_stands", reference=reference), 303)
    if shown.kind == "signature" and shown.is_open:
        return redirect(url_for("signing.show", reference=reference, key=key), 303)
    if not shown.is_open:
        return page("task/done.html", task=shown, what="", decided=decided, back=_back(shown))
    if shown.first_look and shown.refusal is None:
        with bookkeeping("that the person has looked at this version, for “what changed since I last looked”"):
            task_page.keep_look(context(), actor(), reference)
    return _decide_page(shown, Submitted(MultiDict()))


@blueprint.post(_TASK)
@signed_in
def decide(reference: str, key: str) -> Answer:
    """Record the decision."""
    return _decided(reference, key)


def _decided(reference: str, key: str, *, only: str = "") -> Answer:
    shown = task_page.task_page(context(), actor(), reference, key)
    sent = request.form.copy()
    if only:
        sent.setlist("outcome", [only])
    form = Submitted(sent)
    try:
        if not shown.is_open:
            raise Conflict("This task is done or no longer needed. Look at the agreement to see what happened.")
        choice = decision_form.read(form, shown, today=today())
        if choice is None or form.errors:
            return _decide_page(shown, form)
        _record(reference, key, choice)
    except BadInput as problem:
        form.wrong("outcome", say(problem.refusal))
        return _decide_page(shown, form)
    except Conflict as conflict:
        return too_late(reference, key, conflict, form)
    task_page.keep_look(context(), actor(), reference)
    return _on(reference, key, choice.outcome if choice.verdict is None else "")


def _record(reference: str, key: str, choice: Choice) -> None:
    if choice.verdict is not None:
        reviewing.decide_task(context(), actor(), reference, key, choice.verdict, seen=_seen())
    elif choice.outcome == ASK:
        reviewing.ask_question(context(), actor(), reference, key, choice.question, seen=_seen())
    else:
        reviewing.pass_on(context(), actor(), reference, key, choice.to_person, seen=_seen())


def _seen() -> int:
    """The version that the person saw; a form without it is as good as one that saw nothing."""
    return request.form.get("seen", type=int) or 0


def _on(reference: str, key: str, what: str) -> Response:
    return redirect(url_for("reviewing.recorded", reference=reference, key=key, what=what or None), 303)


def too_late(reference: str, key: str, conflict: Conflict, form: Submitted | None = None) -> Answer:
    """Status 409: what happened; and where the task is still open, the form again with what was typed."""
    shown = task_page.task_page(context(), actor(), reference, key)
    seq = request.form.get("seq", type=row_number)
    happened = task_page.since(context(), actor(), reference, shown.seq - 1 if seq is None else min(seq, shown.seq))
    if form is not None and shown.is_open and shown.refusal is None:
        form.errors.clear()
        return _decide_page(shown, form, status=409, happened=happened, conflict=conflict.refusal)
    return page(
        "task/too_late.html", 409, task=shown, happened=happened, conflict=conflict.refusal, decided=decided,
        back=_back(shown),
    )  # fmt: skip


def _decide_page(shown: TaskPage, form: Submitted, *, status: int = 200, **more: Any) -> Answer:
    given: dict[str, Any] = {"happened": (), "conflict": None, **more}
    return page(
        "task/decide.html",
        status,
        task=shown,
        values=form.form,
        chosen=form.form.get("outcome", ""),
        wrong=form.error_at,
        errors=form.errors,
        options=offered(shown.kind, may_ask=shown.may_ask, may_pass_on=shown.may_pass_on),
        colleagues=decision_form.colleagues(shown),
        codes=decision_form.codes(),
        date_of=lambda name: read_date(form.form, name, label=""),
        condition_rows=range(1, decision_form.CONDITION_ROWS + 1),
        decided=decided,
        back=_back(shown),
        **given,
    )


def _take_back_page(shown: TaskPage, form: Submitted | None = None) -> Answer:
    errors: list[FieldError] = form.errors if form is not None else []
    refusal = None if shown.may_take_back else Refusal(
        "This decision cannot be taken back: the text is locked, it was not an approval, or it is not yours."
    )  # fmt: skip
    return page("task/take_back.html", task=shown, errors=errors, refusal=refusal, decided=decided, back=_back(shown))


def _back(shown: TaskPage) -> tuple[str, str]:
    return (f"/agreements/{shown.header.reference}", gettext("Back to the agreement"))
