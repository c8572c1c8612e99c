"""Conditions of the approvals, and the people beside the text. One rule: neither page changes the signed text."""

from dataclasses import dataclass

from flask import Blueprint, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from dsa.domain.errors import BadInput
from dsa.services import obligations, obligations_page
from dsa.services.obligations_page import ConditionListed, ConditionsPage, ContactsPage
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.forms import Submitted
from dsa.web.page import day, page, say, today, working_distance
from dsa.web.record import note_look
from dsa.web.wording import gettext

blueprint = Blueprint("obligations", __name__)
Answer = Response | tuple[str, int]
_AT = "/agreements/<reference>"


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """A condition with its day in words, and whether that has passed."""

    condition: ConditionListed
    due: str
    late: bool


@blueprint.get(f"{_AT}/conditions")
@signed_in
def conditions(reference: str) -> Answer:
    """What the approvals were subject to, and what of it is met."""
    note_look(reference, "conditions")
    found = obligations_page.conditions_page(context(), actor(), reference)
    return page(
        "obligations/conditions.html",
        found=found,
        agreement=found.header,
        rows=[_row(condition, found) for condition in found.conditions],
        refusal=say(found.refusal) if found.refusal is not None else "",
        back=_back(reference),
    )


def _row(condition: ConditionListed, found: ConditionsPage) -> ConditionRow:
    due = condition.due_on
    if due is None:
        return ConditionRow(condition, "", late=False)
    late = condition.met_at is None and due < today()
    distance = working_distance(due, today=today(), calendar=found.calendar)
    return ConditionRow(condition, gettext("%(day)s, %(distance)s", day=day(due), distance=distance), late)


@blueprint.get(f"{_AT}/contacts")
@signed_in
def contacts(reference: str) -> Answer:
    """Who does what for each party."""
    note_look(reference, "contacts")
    return _contacts_page(reference, Submitted(MultiDict()))


@blueprint.post(f"{_AT}/contacts")
@signed_in
def replace_contact(reference: str) -> Answer:
    """Replace a contact of one's own organisation, or name the first."""
    found = obligations_page.contacts_page(context(), actor(), reference)
    sent = Submitted.tidied(request.form)
    most = obligations.LONGEST_LINE
    duty = sent.choice("duty", _duties(found), required=gettext("Choose the duty"))
    post = sent.text("post", label=gettext("Post"), required=gettext("Enter the post"), limit=most)
    name = sent.text("name", label=gettext("Name"), limit=most)
    details = sent.text("details", label=gettext("How to reach them"), limit=most)
    party = request.form.get("party", "") or next((key for key, _ in found.own), "")
    if sent.errors or duty is None:
        return _contacts_page(reference, sent)
    try:
        obligations.replace_contact(
            context(), actor(), reference, party=party, duty=duty, post=post, name=name, details=details
        )
    except BadInput as problem:
        sent.wrong("duty", say(problem.refusal))
        return _contacts_page(reference, sent)
    return redirect(url_for("obligations.contacts", reference=reference, done="replaced"), 303)


def _duties(found: ContactsPage) -> list[str]:
    """The duties that may be chosen: those of the form, and others that somebody does already."""
    others = sorted({duty.name for party in found.parties for duty in party.duties} - set(found.offered))
    return [*found.offered, *others]


def _contacts_page(reference: str, sent: Submitted) -> Answer:
    found = obligations_page.contacts_page(context(), actor(), reference)
    replaced = request.args.get("done") == "replaced"
    return page(
        "obligations/contacts.html",
        found=found,
        agreement=found.header,
        duties=[(duty, gettext(duty)) for duty in _duties(found)],
        refusal=say(found.refusal) if found.refusal is not None else "",
        sent=sent,
        errors=sent.errors,
        done=gettext("The contact is replaced. The text and its signatures are as they were.") if replaced else "",
        back=_back(reference),
    )


def _back(reference: str) -> tuple[str, str]:
    return f"/agreements/{reference}", gettext("Back to the agreement")
