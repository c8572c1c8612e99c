"""The start page: write one, decide one, check one. One rule: it is for everybody, signed in or not."""

from flask import Blueprint

from dsa.services.demo_clock import STEPS
from dsa.web.access import public
from dsa.web.page import page, utc_now
from dsa.web.page_dates import install_dates

blueprint = Blueprint("home", __name__)
install_dates(blueprint)


@blueprint.get("/")
@public("it says what the service is for; what waits for a person is shown only to that person")
def start() -> tuple[str, int]:
    """The three doors."""
    return page("home/home.html", steps=STEPS, now=utc_now(), top=())
