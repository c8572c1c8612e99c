"""Pages about the service itself. One rule: they say what is true of this installation and promise nothing else."""

from flask import Blueprint

from dsa.config import HOURS_ABSOLUTE, MINUTES_IDLE
from dsa.web.access import public
from dsa.web.page import page

blueprint = Blueprint("about", __name__, url_prefix="/about")


@blueprint.get("/accessibility")
@public("everybody may read it")
def accessibility() -> tuple[str, int]:
    """The accessibility statement."""
    return page("about/accessibility.html")


@blueprint.get("/privacy")
@public("everybody may read it")
def privacy() -> tuple[str, int]:
    """What is kept about the people who use the service."""
    return page("about/privacy.html")


@blueprint.get("/cookies")
@public("everybody may read it")
def cookies() -> tuple[str, int]:
    """The two cookies and how long they last."""
    return page("about/cookies.html", idle=MINUTES_IDLE, absolute=HOURS_ABSOLUTE)
