"""An agreement that is followed here: how it stands, joining, papers. One rule: papers leave as attachments only."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Redirect

from dsa.domain.errors import BadInput, Refused
from dsa.services import tracked
from dsa.services.tracked import BadReport, Report
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.forms import DateParts, FieldError, Submitted, read_date
from dsa.web.page import page, say
from dsa.web.record import note_look
from dsa.web.wording import gettext

blueprint = Blueprint("tracked", __name__)
Answer = Redirect | tuple[str, int]
_AT = "/agreements/<reference>"
OUTSIDE = "-outside"
_BOXES = {"due": "due-year", "far": "due-year", "happened": "happened-day"}


@blueprint.get(f"{_AT}/stands")
@signed_in
def ask_stands(reference: str) -> Answer:
    """Where it stands, who has it, when that is due."""
    found = tracked.stands_page(context(), actor(), reference)
    return _stands(found, Submitted.tidied(request.form), DateParts.of(found.due), DateParts())


@blueprint.post(f"{_AT}/stands")
@signed_in
def stands(reference: str) -> Answer:
    """Record how it stands."""
    sent = Submitted.tidied(request.form)
    due, happened = (
        read_date(request.form, name, label=label)
        for name, label in (("due", gettext("Due")), ("happened", gettext("The day on which this happened")))
    )
    for name, typed in (("due", due), ("happened", happened)):
        if typed.error:
            sent.wrong(f"{name}-{typed.bad}", typed.error)
    holder = request.form.get("holder", "")
    outside = sent.text("outside", label=gettext("Another body"), limit=200) if holder == OUTSIDE else ""
    note = sent.text("note", label=gettext("Note"), limit=4_000)
    asks_sure = "sure" in sent.form
    if not sent.errors:
        said = Report(
            request.form.get("stage", ""), "" if holder == OUTSIDE else holder, outside, due.value, happened.value,
            note, request.form.get("sure") == "yes",
        )  # fmt: skip
        try:
            tracked.report(context(), actor(), reference, said, seen=request.form.get("seen", type=int) or 0)
        except BadReport as problem:
            sent.wrong(_BOXES.get(problem.place, problem.place), say(problem.refusal))
            due = due.refused(say(problem.refusal), "year") if problem.place in ("due", "far") else due
            asks_sure |= problem.place == "far"
        except BadInput as problem:
            sent.wrong("due-day", say(problem.refusal))
        else:
            return redirect(f"/agreements/{reference}?done=reported", 303)
    found = tracked.stands_page(context(), actor(), reference)
    return _stands(found, sent, due, happened, asks_sure=asks_sure)


def _stands(
    found: tracked.StandsPage, sent: Submitted, due: DateParts, happened: DateParts, *, asks_sure: bool = False
) -> Answer:
    return page(
        "tracked/stands.html",
        found=found,
        agreement=found.header,
        refusal=say(found.refusal) if found.refusal is not None else "",
        stages=[(key, gettext(title)) for key, title in found.stages.items()],
        holders=[*found.parties, (OUTSIDE, gettext("Another body"))],
        sent=sent,
        due=due,
        asks_sure=asks_sure,
        happened=happened,
        errors=sent.errors,
    )


@blueprint.get(f"{_AT}/join")
@signed_in
def ask_join(reference: str) -> Answer:
    """Where it can join the workflow."""
    return _join(reference)


@blueprint.post(f"{_AT}/join")
@signed_in
def join(reference: str) -> Answer:
    """Let it join."""
    stage = request.form.get("stage", "")
    try:
        tracked.join(context(), actor(), reference, stage, seen=request.form.get("seen", type=int) or 0)
    except (BadInput, Refused) as problem:
        return _join(reference, FieldError("stage", say(problem.refusal)))
    return redirect(f"/agreements/{reference}?done=joined", 303)


def _join(reference: str, error: FieldError | None = None) -> Answer:
    found = tracked.join_page(context(), actor(), reference)
    text = gettext("Its text must be complete here.")
    return page(
        "tracked/join.html",
        found=found,
        agreement=found.header,
        refusal=say(found.refusal) if found.refusal is not None else "",
        stages=[
            (key, gettext(title), f"{gettext(explains)} {text}" if needs else gettext(explains))
            for key, title, explains, needs in found.stages
        ],
        errors=[error] if error is not None else [],
    )


@blueprint.get(f"{_AT}/papers")
@signed_in
def ask_papers(reference: str) -> Answer:
    """Choose a paper."""
    return _papers(reference)


@blueprint.post(f"{_AT}/papers")
@signed_in
def attach(reference: str) -> Answer:
    """Attach it."""
    sent = request.files.get("paper")
    data, name = (sent.read(), sent.filename or "") if sent is not None else (b"", "")
    shared, seen = request.form.get("shared"), request.form.get("seen", type=int) or 0
    if shared not in ("own", "all"):
        return _papers(reference, FieldError("shared", gettext("Choose who may read it")))
    try:
        tracked.attach(context(), actor(), reference, data, file_name=name, shared=shared == "all", seen=seen)
    except (BadInput, Refused) as problem:
        return _papers(reference, FieldError("paper", say(problem.refusal)))
    return redirect(f"/agreements/{reference}?done=attached#papers", 303)


def _papers(reference: str, error: FieldError | None = None) -> Answer:
    found = tracked.papers_page(context(), actor(), reference)
    return page(
        "tracked/papers.html",
        found=found,
        agreement=found.header,
        refusal=say(found.refusal) if found.refusal is not None else "",
        shared=request.form.get("shared"),
        errors=[error] if error is not None else [],
    )


@blueprint.get(f"{_AT}/papers/<int:number>")
@signed_in
def paper(reference: str, number: int) -> Response:
    """One paper, to save: never shown in the browser."""
    note_look(reference, "paper")
    found, data = tracked.paper(context(), actor(), reference, number)
    answer = Response(data, content_type=found.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=found.file_name)
    return answer
