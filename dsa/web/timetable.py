"""The joint timetable: seen by all, answered by each party, moved with a reason. One rule: one form does one thing."""

from datetime import date

from flask import Blueprint, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from dsa.domain.errors import BadInput
from dsa.domain.reasons import REASONS, is_delay
from dsa.domain.timetable import Dates
from dsa.services import explaining, timetable_page, timetabling
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.addresses import row_number
from dsa.web.forms import DateParts, Submitted, read_date
from dsa.web.page import page, say
from dsa.web.record import note_look
from dsa.web.time_words import slip_words, state_words
from dsa.web.wording import gettext, mark

blueprint = Blueprint("timetable", __name__)
Answer = Response | tuple[str, int]
_AT = "/agreements/<reference>/timetable"
DONE = {
    "proposed": mark("The dates are proposed. Every signing party is to answer."),
    "accepted": mark("You have accepted the dates."),
    "refused": mark("The other dates are refused. What was agreed stands."),
    "explained": mark("Why the day was missed stands beside it."),
    "taken_back": mark("The other dates are taken back. What was agreed stands."),
}


@blueprint.app_template_filter("boxes")
def boxes(day: date) -> DateParts:
    """A day as the three boxes of a date are filled with it."""
    return DateParts.of(day)


@blueprint.get(_AT)
@signed_in
def show(reference: str) -> Answer:
    """What was agreed, what waits for whom, and every slip."""
    note_look(reference, "timetable")
    return _show(reference, Submitted(MultiDict()))


@blueprint.get(f"{_AT}/propose")
@signed_in
def ask(reference: str) -> Answer:
    """The dates to propose, filled in from what is agreed, proposed or suggested."""
    return _propose_page(reference, Submitted(MultiDict()))


@blueprint.post(f"{_AT}/propose")
@signed_in
def propose(reference: str) -> Answer:
    """Propose a timetable, or other dates of one that binds."""
    found = timetable_page.timetable_page(context(), actor(), reference)
    sent = Submitted.tidied(request.form)
    dates = read_dates(sent, [(stage, title) for stage, title, _ in found.dates])
    code, owner, why = "", "", ""
    if found.shown.binds:
        code, owner, why = _reason(sent, [party for party, _ in found.parties])
    if not sent.errors:
        try:
            if found.shown.binds:
                timetabling.propose_change(context(), actor(), reference, dates, code=code, owner=owner, why=why)
            else:
                timetabling.propose(
                    context(), actor(), reference, dates, seen_proposal=request.form.get("proposal", type=row_number)
                )
        except BadInput as problem:
            sent.wrong(f"day-{found.dates[0][0]}-day" if found.dates else "why", say(problem.refusal))
        else:
            return _on(reference, "proposed")
    return _propose_page(reference, sent)


@blueprint.get(f"{_AT}/accept")
@blueprint.get(f"{_AT}/refuse", endpoint="show_refuse")
@signed_in
def show_accept(reference: str) -> Response:
    """These are parts of the timetable's page."""
    return redirect(url_for(".show", reference=reference), 303)


@blueprint.post(f"{_AT}/accept")
@signed_in
def accept(reference: str) -> Answer:
    """Accept the proposed dates for one's party."""
    timetabling.accept(context(), actor(), reference, _proposal())
    return _on(reference, "accepted")


@blueprint.post(f"{_AT}/refuse")
@signed_in
def refuse(reference: str) -> Answer:
    """Refuse other dates, or take one's own back."""
    sent = Submitted.tidied(request.form)
    reason = sent.text("reason", label=gettext("Your reason"), limit=2_000)
    own = timetable_page.timetable_page(context(), actor(), reference).takes_back
    if not sent.errors:
        try:
            timetabling.refuse_change(context(), actor(), reference, _proposal(), reason)
        except BadInput as problem:
            sent.wrong("reason", say(problem.refusal))
        else:
            return _on(reference, "taken_back" if own else "refused")
    return _show(reference, sent)


@blueprint.get(f"{_AT}/why")
@signed_in
def ask_why(reference: str) -> Answer:
    """Why a stage missed its day."""
    return _why_page(reference, Submitted(MultiDict()))


@blueprint.post(f"{_AT}/why")
@signed_in
def explain(reference: str) -> Answer:
    """Say why, for the party that had it."""
    sent = Submitted.tidied(request.form)
    codes = [code for code in REASONS if is_delay(code)]
    code = sent.choice("code", codes, required=gettext("Choose why the day was missed"))
    why = sent.text("why", label=gettext("In your words"), required=gettext("Say it in your words"), limit=2_000)
    if sent.errors or code is None:
        return _why_page(reference, sent)
    stage = request.form.get("stage", "")
    explaining.explain_slip(context(), actor(), reference, stage=stage, code=code, why=why)
    return _on(reference, "explained")


def _why_page(reference: str, sent: Submitted) -> Answer:
    found = timetable_page.timetable_page(context(), actor(), reference)
    asked = request.values.get("stage", "")
    stage = next((each for each in found.shown.stages if each.id == asked and each.late is not None), None)
    return page(
        "timetable/why.html",
        agreement=found.header,
        stage=stage,
        slip=slip_words(stage.late) if stage is not None and stage.late is not None else "",
        may=stage is not None and stage.id in found.explains,
        reasons=[(code, gettext(each.label).capitalize()) for code, each in REASONS.items() if is_delay(code)],
        sent=sent,
        errors=sent.errors,
        back=(f"/agreements/{reference}/timetable", gettext("Back to the timetable")),
    )


def read_dates(sent: Submitted, stages: list[tuple[str, str]]) -> Dates:
    """The day typed for each stage; one that was left out or cannot be read is noted as a mistake."""
    found: dict[str, date] = {}
    for stage, title in stages:
        required = gettext("Enter the day for “%(stage)s”", stage=gettext(title))
        typed = sent.date(f"day-{stage}", label=gettext(title), required=required)
        if typed.value is not None:
            found[stage] = typed.value
    return found


def _reason(sent: Submitted, parties: list[str]) -> tuple[str, str, str]:
    codes = [code for code in REASONS if is_delay(code)]
    code = sent.choice("code", codes, required=gettext("Choose why other dates are needed"))
    owner = sent.choice("owner", parties, required=gettext("Choose whose reason it is"))
    why = sent.text("why", label=gettext("In your words"), limit=2_000)
    return code or "", owner or "", why


def _proposal() -> int:
    return request.form.get("proposal", type=row_number) or 0


def _on(reference: str, done: str) -> Response:
    return redirect(url_for(".show", reference=reference, done=done), 303)


def _show(reference: str, sent: Submitted) -> Answer:
    found = timetable_page.timetable_page(context(), actor(), reference)
    done = DONE.get(request.args.get("done", ""))
    return page(
        "timetable/timetable.html",
        wide=True,
        found=found,
        agreement=found.header,
        state=state_words(found.shown),
        slip_words=slip_words,
        refusal=say(found.refusal) if found.refusal is not None else "",
        sent=sent,
        errors=sent.errors,
        done=gettext(done) if done else "",
        back=(f"/agreements/{reference}", gettext("Back to the agreement")),
    )


def _propose_page(reference: str, sent: Submitted) -> Answer:
    found = timetable_page.timetable_page(context(), actor(), reference)
    typed = bool(sent.form)
    pending = found.shown.pending
    return page(
        "timetable/propose.html",
        found=found,
        agreement=found.header,
        refusal=say(found.refusal) if found.refusal is not None else "",
        rows=[
            (stage, title, read_date(sent.form, f"day-{stage}", label=title) if typed else DateParts.of(day))
            for stage, title, day in found.dates
        ],
        proposal=pending.seq if pending is not None and not pending.change else "",
        reasons=[(code, gettext(each.label).capitalize()) for code, each in REASONS.items() if is_delay(code)],
        sent=sent,
        errors=sent.errors,
        back=(f"/agreements/{reference}/timetable", gettext("Back to the timetable")),
    )
