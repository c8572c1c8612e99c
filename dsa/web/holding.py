"""Holds, contests, conditions: forms beside the agreement. One rule: a hold says why, for whom, until when."""

from datetime import date

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from dsa.domain.errors import BadInput
from dsa.domain.reasons import REASONS, is_delay
from dsa.services import holding, obligations, record_page, timeline_page
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.addresses import row_number
from dsa.web.forms import DateParts, Submitted
from dsa.web.page import page, say
from dsa.web.wording import gettext

blueprint = Blueprint("holding", __name__)
Answer = Response | tuple[str, int]
_AT = "/agreements/<reference>"
OUTSIDE = "outside"


@blueprint.get(f"{_AT}/hold")
@signed_in
def ask(reference: str) -> Answer:
    """Why, who is awaited, until when."""
    return _hold_page(reference, Submitted.tidied(request.form), DateParts())


@blueprint.post(f"{_AT}/hold")
@signed_in
def begin(reference: str) -> Answer:
    """Put the agreement on hold."""
    sent = Submitted.tidied(request.form)
    codes = [code for code in REASONS if is_delay(code)]
    code = sent.choice("code", codes, required=gettext("Choose why it has to wait"))
    awaited = sent.text(
        "awaited", label=gettext("Who is awaited"), required=gettext("Choose who is awaited"), limit=200
    )
    outside = awaited == OUTSIDE
    if outside:
        awaited = sent.text(
            "body", label=gettext("Name of the body"), required=gettext("Enter the name of the body outside"), limit=200
        )
    until = sent.date("until", label=gettext("The day"), required=gettext("Enter until when you wait"))
    note = sent.text("note", label=gettext("Note"), limit=4_000)
    if not sent.errors and until.value is not None and code is not None:
        problem = _begun(reference, code, awaited, until.value, note, outside=outside)
        if problem is None:
            return redirect(f"/agreements/{reference}?done=hold", 303)
        sent.wrong("awaited", problem)
    return _hold_page(reference, sent, until)


def _begun(reference: str, code: str, awaited: str, until: date, note: str, *, outside: bool) -> str | None:
    seen = request.form.get("seen", type=int) or 0
    try:
        holding.begin_hold(
            context(),
            actor(),
            reference,
            code=code,
            awaited=awaited,
            outside=outside,
            until=until,
            note=note,
            seen=seen,
        )
    except BadInput as problem:
        return say(problem.refusal)
    return None


def _hold_page(reference: str, sent: Submitted, until: DateParts) -> Answer:
    found = record_page.hold_page(context(), actor(), reference)
    return page(
        "holding/hold.html",
        found=found,
        agreement=found.header,
        refusal=say(found.refusal) if found.refusal is not None else "",
        reasons=[
            (code, gettext(reason.label).capitalize(), gettext(reason.definition))
            for code, reason in REASONS.items()
            if is_delay(code)
        ],
        sent=sent,
        until=until,
        errors=sent.errors,
    )


@blueprint.get(f"{_AT}/hold/end")
@signed_in
def ask_end(reference: str) -> Answer:
    """What the hold waits for."""
    found = record_page.hold_page(context(), actor(), reference)
    refusal = say(found.refusal) if found.refusal is not None else ""
    return page("holding/end.html", found=found, agreement=found.header, refusal=refusal)


@blueprint.post(f"{_AT}/hold/end")
@signed_in
def end(reference: str) -> Answer:
    """End the hold."""
    holding.end_hold(context(), actor(), reference, seen=request.form.get("seen", type=int) or 0)
    return redirect(f"/agreements/{reference}?done=resumed", 303)


@blueprint.get(f"{_AT}/contest")
@signed_in
def ask_contest(reference: str) -> Answer:
    """The spell that is contested."""
    return _contest_page(reference, Submitted.tidied(request.form))


@blueprint.post(f"{_AT}/contest")
@signed_in
def contest(reference: str) -> Answer:
    """Say that somebody else had it: shown beside the ledger."""
    sent = Submitted.tidied(request.form)
    spell = sent.whole_number("spell", label=gettext("Entry"), required=gettext("Choose the entry of the ledger"))
    text = sent.text(
        "text", label=gettext("What you contest"), required=gettext("Say who had it, and why"), limit=2_000
    )
    if not sent.errors and spell is not None:
        timeline_page.demand_spell(context(), actor(), reference, spell)
        holding.contest(context(), actor(), reference, spell_seq=spell, text=text)
        return redirect(f"/agreements/{reference}/timeline?done=contested#ledger", 303)
    return _contest_page(reference, sent)


def _contest_page(reference: str, sent: Submitted) -> Answer:
    found = timeline_page.timeline(context(), actor(), reference)
    chosen = request.values.get("spell", type=row_number)
    return page(
        "holding/contest.html",
        found=found,
        agreement=found.header,
        sent=sent,
        errors=sent.errors,
        spell=next((each for each in found.ledger if each.seq == chosen), None),
    )


@blueprint.get(f"{_AT}/conditions/<int:condition>")
@signed_in
def ask_condition(reference: str, condition: int) -> Answer:
    """The condition, and how it was met."""
    return _condition_page(reference, condition, Submitted.tidied(request.form))


@blueprint.post(f"{_AT}/conditions/<int:condition>")
@signed_in
def meet_condition(reference: str, condition: int) -> Answer:
    """Record how a condition was met."""
    sent = Submitted.tidied(request.form)
    asked = gettext("Say how it was met, or where that can be seen")
    evidence = sent.text("evidence", label=gettext("How it was met"), required=asked, limit=4_000)
    if not sent.errors:
        try:
            obligations.meet_condition(context(), actor(), reference, condition, evidence)
        except BadInput as problem:
            sent.wrong("evidence", say(problem.refusal))
        else:
            return redirect(f"/agreements/{reference}?done=condition#conditions", 303)
    return _condition_page(reference, condition, sent)


def _condition_page(reference: str, condition: int, sent: Submitted) -> Answer:
    found = record_page.condition_page(context(), actor(), reference, condition)
    refusal = say(found.refusal) if found.refusal is not None else ""
    return page(
        "holding/condition.html",
        found=found,
        agreement=found.header,
        refusal=refusal,
        sent=sent,
        errors=sent.errors,
    )
