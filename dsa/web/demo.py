"""The demonstration's helpers: move the clock on, and continue as the next person. One rule: only in demo mode."""

from urllib.parse import urlsplit

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from dsa.composition import DemoOffset
from dsa.domain.errors import BadInput, NotFound
from dsa.services import demo_clock
from dsa.web.access import public
from dsa.web.acting import context
from dsa.web.composition import services
from dsa.web.signin import safe_next, sign_in_demo

blueprint = Blueprint("demo", __name__)


@blueprint.post("/demo/clock")
@public("anybody may try the demonstration; refused outside demo mode")
def move_clock() -> Response:
    """Move the clock on by some working days."""
    days = request.form.get("days", type=int)
    if days is None:
        raise BadInput("Choose by how many working days to move the clock.")
    demo_clock.move_on(context(), days)
    DemoOffset.moved()
    onwards = safe_next(request.form.get("next"))
    marked = f"{onwards}{'&' if urlsplit(onwards).query else '?'}moved={days}" if onwards == "/" else onwards
    return redirect(marked, 303)


@blueprint.post("/demo/continue")
@public("becoming a demo person needs no sign-in; refused outside demo mode")
def continue_as() -> Response | tuple[str, int]:
    """Become the person who is next, and go where they are wanted."""
    if not services().settings.demo:
        raise NotFound("There is nobody to become here: this is not a demonstration.")
    return sign_in_demo()
