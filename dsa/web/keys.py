"""The keys of the service, for administrators. One rule: it shows what there is; keys change on the command line."""

from flask import Blueprint

from dsa.composition import InstallationKeys
from dsa.services import keys_page
from dsa.web.access import requires
from dsa.web.acting import context
from dsa.web.composition import services
from dsa.web.page import page
from dsa.web.wording import mark

blueprint = Blueprint("keys", __name__)

# status -> (words, kind of the mark)
STATUS = {
    "in use": (mark("In use"), "good"),
    "apart": (mark("Still on this machine"), "late"),
    "not here": (mark("Not on this machine"), "good"),
    "retired": (mark("Retired"), "quiet"),
}


@blueprint.get("/keys")
@requires("administrator")
def show() -> tuple[str, int]:
    """Every key: what, algorithm, created, expires, rotate by, where it is kept."""
    given = services()
    found = keys_page.keys_page(context(), InstallationKeys(given.settings), true_now=given.true_clock())
    return page("keys/keys.html", wide=True, found=found, marks=STATUS)
