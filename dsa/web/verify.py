"""Checking a document, for anybody. One rule: the file is checked in memory and not kept."""

from contextlib import closing

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from dsa.composition import document_checker
from dsa.domain.errors import BadInput, NotFound, Refused
from dsa.services import verify_page
from dsa.services.verify_page import Checked
from dsa.web.access import public
from dsa.web.acting import context
from dsa.web.composition import services
from dsa.web.forms import FieldError
from dsa.web.limits import limited
from dsa.web.page import page, say
from dsa.web.wording import gettext, mark

blueprint = Blueprint("verifying", __name__)
Answer = Response | tuple[str, int]
MOST_BYTES = 10 * 1_048_576
_WHY = "whoever holds a document may check it without an account"

# state -> (heading of the answer, its kind, what to do)
VERDICTS = {
    "genuine": (mark("Genuine and unchanged"), "good", ""),
    "changed": (
        mark("Changed after signing"),
        "late",
        mark("Do not rely on it. Ask whoever gave it to you for the original, and check that."),
    ),
    "incomplete": (
        mark("Not complete"),
        "waiting",
        mark("Ask whoever gave it to you for the whole one."),
    ),
    "not_ours": (
        mark("Not a document of this service"),
        "late",
        mark("It may be an agreement of another service. Ask its parties how to check it."),
    ),
    "unknown_authority": (
        mark("It cannot be said whether this is genuine"),
        "waiting",
        mark("This service has no signing authority yet, so it has made no documents. Ask whoever gave it to you."),
    ),
    "known": (
        mark("A document with this code exists"),
        "quiet",
        mark(
            "This says nothing about the copy in your hand: a forgery may carry the code of a genuine document. Have "
            "your copy checked."
        ),
    ),
}

# state -> (words, kind)
IN_FORCE = {
    "yes": (mark("In force"), "good"),
    "partly": (mark("In force for some parties"), "waiting"),
    "not_yet": (mark("Not yet in force"), "waiting"),
    "suspended": (mark("Suspended"), "late"),
    "varied": (mark("Varied"), "late"),
    "ended": (mark("Ended"), "late"),
    "never": (mark("Never in force"), "late"),
    "unknown": (mark("Not known"), "waiting"),
}


@blueprint.get("/verify")
@public(_WHY)
def check() -> Answer:
    """Choose a file or type a code."""
    typed = request.args.get("code", "").strip()[:100]
    if not typed:
        return _ask()
    try:
        return redirect(f"/verify/{verify_page.read_code(typed)}", 303)
    except BadInput as problem:
        return _ask(FieldError("code", say(problem.refusal)), code=typed)


@blueprint.post("/verify")
@public(_WHY)
@limited("verify", times=30)
def check_file() -> Answer:
    """Check an uploaded PDF."""
    try:
        data = _sent()
        verifier = document_checker(services().settings)
        found = verify_page.check_upload(context(), verifier, data)
    except (BadInput, Refused) as problem:
        return _ask(FieldError("document", say(problem.refusal)))
    return _answer(found)


def _sent() -> bytes:
    """The file that was sent. Raises BadInput for one that is larger than what is checked here."""
    sent = request.files.get("document")
    if sent is None:
        return b""
    with closing(sent):
        data: bytes = sent.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BadInput(
            "This file is larger than 10 MB, so it was not checked here. Check it with the command: dsa verify."
        )
    return data


@blueprint.get("/verify/<code>")
@public(_WHY)
@limited("verify", times=30)
def check_code(code: str) -> Answer:
    """What this service says of the document with a code."""
    try:
        found = verify_page.check_code(context(), verify_page.read_code(code))
    except (BadInput, NotFound) as problem:
        return _ask(FieldError("code", say(problem.refusal)), code=code[:100], status=404)
    return _answer(found)


def _ask(error: FieldError | None = None, *, code: str = "", status: int = 200) -> Answer:
    shown = "".join(character for character in code if character.isprintable())
    return page("verify/ask.html", status=status, errors=[error] if error is not None else [], code=shown)


def _answer(found: Checked) -> Answer:
    heading, kind, advice = VERDICTS[found.state]
    words, colour = IN_FORCE[found.in_force.state]
    return page(
        "verify/answer.html",
        in_force=(gettext(words), colour),
        in_force_says=gettext(found.in_force.says, bound=found.in_force.bound, parties=found.in_force.parties),
        found=found,
        verdict=gettext(heading),
        kind=kind,
        advice=gettext(advice) if advice else "",
    )
