"""The record of one agreement. One rule: an auditor's look is recorded before anything is shown."""

from flask import Blueprint, request

from dsa.services import auditing, record_page
from dsa.services.permitting import Choice
from dsa.services.record_page import RecordPage
from dsa.services.task_reviews import Review
from dsa.web import outlook_links
from dsa.web.access import bookkeeping, current, signed_in
from dsa.web.acting import actor, context
from dsa.web.outcome_words import decided
from dsa.web.page import page, say
from dsa.web.time_words import days, finish_words, hold_words, slips_words, state_words, waited_for
from dsa.web.wording import gettext, mark

blueprint = Blueprint("record", __name__)

ROLES_OF_PARTIES = {
    "discloser": mark("gives data"),
    "recipient": mark("receives data"),
    "both": mark("gives and receives data"),
    "processor": mark("processes for others"),
}
# Moves whose work is done on a page of their own.
_OWN_PAGES = {"submit": "check"}


@blueprint.get("/agreements/<reference>")
@signed_in
def show(reference: str) -> tuple[str, int]:
    """Who is next, what it is, what was decided, what may be done."""
    note_look(reference, "record")
    found = record_page.record(context(), actor(), reference)
    return page(
        "record/record.html",
        found=found,
        agreement=found.header,
        mine=_mine(found),
        rows=[_task(review) for review in found.reviews],
        choices=[_choice(found, choice) for choice in found.choices],
        roles_of_parties=ROLES_OF_PARTIES,
        days=days,
        finish_words=finish_words,
        hold_words=hold_words,
        timetable_words=state_words(found.timetable),
        slips=slips_words(found.timetable),
        waited_for=waited_for(found.figures),
        done=_done(found),
        outlook=outlook_links.shown(found.outlook, reference),
    )


def note_look(reference: str, what: str) -> None:
    """Record an auditor's look; nothing for those who take part."""
    with bookkeeping("an auditor's look is recorded"):
        auditing.record_look(context(), actor(), reference, what)


def _mine(found: RecordPage) -> tuple[str, str] | None:
    """The reader's own next step (words, address): the one green button."""
    who = current()
    for step in found.next:
        if who is not None and who.person_id in step.person_ids:
            return gettext(step.what), step.url
    return None


def _task(review: Review) -> tuple[Review, str, str]:
    """A task, its outcome in words, and how it stands out."""
    if review.status == "open":
        return review, gettext("waiting"), "waiting"
    kind = "good" if review.outcome not in ("changes", "blocker", "no", "against", "declined") else "late"
    words = decided(review.outcome, review.kind)
    if review.status == "standing":
        words = gettext("%(outcome)s, still stands", outcome=words)
    return review, words, kind


def _choice(found: RecordPage, choice: Choice) -> tuple[str, str, str, str]:
    """(title, what it does, address or empty, what stands in the way)."""
    base = f"/agreements/{found.header.reference}"
    where = _OWN_PAGES.get(choice.move.id, f"moves/{choice.move.id}")
    refusal = say(choice.refusal) if choice.refusal is not None else ""
    return gettext(choice.move.title), gettext(choice.move.explains), f"{base}/{where}", refusal


def _done(found: RecordPage) -> str:
    """What was just done, where the address says so; words only of a known kind."""
    known = {
        "move": gettext(
            "Done. The agreement is now in the stage “%(stage)s”.", stage=gettext(found.header.stage_title)
        ),
        "hold": gettext("The agreement is on hold."),
        "resumed": gettext("The hold has ended."),
        "contested": gettext("What you contest stands beside the ledger."),
        "reported": gettext("How it stands is recorded."),
        "joined": gettext("The agreement has joined the workflow."),
        "attached": gettext("The paper is attached."),
        "condition": gettext("The condition is recorded as met."),
    }
    return known.get(request.args.get("done", ""), "")
