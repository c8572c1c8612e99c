"""Signatures made outside this service. One rule: one person enters it, another confirms it, and both are shown."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from dsa.domain.errors import BadInput
from dsa.services import outside_signing
from dsa.services.outside_signing import WrongDay
from dsa.services.signing_days import WAYS
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.forms import DateParts, Submitted
from dsa.web.page import page, say
from dsa.web.record import note_look
from dsa.web.wording import gettext

blueprint = Blueprint("outside_signing", __name__)
Answer = Response | tuple[str, int]
_AT = "/agreements/<reference>/outside-signatures"


@blueprint.get(_AT)
@signed_in
def index(reference: str) -> Answer:
    """What was entered, and a form for another."""
    note_look(reference, "signatures from outside")
    return _page(reference, Submitted(MultiDict()), DateParts())


@blueprint.post(_AT)
@signed_in
def enter(reference: str) -> Answer:
    """Enter a signature with its copy."""
    sent = Submitted.tidied(request.form)
    places = [key for key, _ in outside_signing.outside_page(context(), actor(), reference).places]
    place = sent.choice("place", places, required=gettext("Choose whose signature it is"))
    how = sent.choice("how", list(WAYS), required=gettext("Say how it was signed"))
    on = sent.date("signed_on", label=gettext("The day"), required=gettext("Enter the day on which it was signed"))
    file = request.files.get("copy")
    data = file.read(outside_signing.MOST_BYTES + 1) if file is not None else b""
    if not data:
        sent.wrong("copy", gettext("Choose the file with the signed page"))
    if not sent.errors and place is not None and how is not None and on.value is not None:
        try:
            outside_signing.upload(context(), actor(), reference, place, data=data, how=how, signed_on=on.value)
        except BadInput as problem:
            sent.wrong("signed_on-day" if isinstance(problem, WrongDay) else "copy", say(problem.refusal))
        else:
            return redirect(url_for("outside_signing.index", reference=reference), 303)
    return _page(reference, sent, on)


@blueprint.post(f"{_AT}/<int:number>/confirm")
@signed_in
def confirm(reference: str, number: int) -> Answer:
    """Confirm one."""
    outside_signing.confirm(context(), actor(), reference, number)
    return redirect(url_for("documents.receipt", reference=reference), 303)


@blueprint.post(f"{_AT}/<int:number>/refuse")
@signed_in
def refuse(reference: str, number: int) -> Answer:
    """Refuse one, with the reason."""
    sent = Submitted.tidied(request.form)
    reason = sent.text("reason", label=gettext("Reason"), required=gettext("Say why it does not count"), limit=2_000)
    if sent.errors:
        return _page(reference, sent, DateParts())
    outside_signing.refuse(context(), actor(), reference, number, reason=reason)
    return redirect(url_for("outside_signing.index", reference=reference), 303)


@blueprint.get(f"{_AT}/<int:number>/confirm")
@blueprint.get(f"{_AT}/<int:number>/refuse")
@signed_in
def show_decision(reference: str, number: int) -> Answer:
    """It is a part of the page."""
    return redirect(url_for("outside_signing.index", reference=reference), 303)


@blueprint.get(f"{_AT}/<int:number>/copy")
@signed_in
def copy(reference: str, number: int) -> Answer:
    """The copy that was uploaded."""
    note_look(reference, "copy of a signature")
    data, media_type, name = outside_signing.copy_of(context(), actor(), reference, number)
    answer = Response(data, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _page(reference: str, sent: Submitted, on: DateParts) -> Answer:
    found = outside_signing.outside_page(context(), actor(), reference)
    return page(
        "outside_signing/outside.html",
        found=found,
        agreement=found.header,
        refusal=say(found.refusal) if found.refusal is not None else "",
        ways=[(key, gettext(words).capitalize()) for key, words in WAYS.items()],
        sent=sent,
        signed_on=on,
        errors=sent.errors,
        back=(f"/agreements/{reference}/document", gettext("Back to the document")),
    )
