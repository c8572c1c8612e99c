"""Checking a document, for anybody. One rule: the file is checked in memory and not kept."""

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
_WHY = "whoever holds a document may check it without an account"

# verdict -> (heading of the answer, its kind, what to do)
VERDICTS = {
    "genuine": (mark("Genuine and unchanged"), "good", ""),
    "changed": (
        mark("Changed after signing"),
        "late",
        mark("Do not rely on it. Ask whoever gave it to you for the original, and check that."),
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
    "known": (mark("The code is right"), "good", mark("To check that your own copy is unchanged, choose the file.")),
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
    sent = request.files.get("document")
    try:
        data = sent.read() if sent is not None else b""
        verifier = document_checker(services().settings)
        found = verify_page.check_upload(context(), verifier, data)
    except (BadInput, Refused) as problem:
        return _ask(FieldError("document", say(problem.refusal)))
    return _answer(found)


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
    heading, kind, advice = VERDICTS[found.verdict]
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
