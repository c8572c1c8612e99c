"""The start page: write one, decide one, check one. One rule: it is for everybody, signed in or not."""

from flask import Blueprint, request

from dsa.services import lists
from dsa.services.demo_clock import STEPS
from dsa.web.access import public
from dsa.web.acting import actor_or_none, context
from dsa.web.page import page, utc_now
from dsa.web.page_dates import install_dates
from dsa.web.tasks import rows_of

blueprint = Blueprint("home", __name__)
install_dates(blueprint)


@blueprint.get("/")
@public("it says what the service is for; what waits for a person is shown only to that person")
def start() -> tuple[str, int]:
    """The three doors, the most urgent of my tasks, and the demonstration's clock."""
    who = actor_or_none()
    found = lists.my_tasks(context(), who) if who is not None else None
    moved = request.args.get("moved", type=int)
    return page(
        "home/home.html",
        steps=STEPS,
        now=utc_now(),
        found=found,
        top=rows_of(found.first) if found is not None else [],
        late=len(found.overdue) if found is not None else 0,
        administrator=who is not None and who.holding(["administrator"]) is not None,
        drafts=who is not None and who.holding(["drafter"]) is not None,
        moved=moved if moved in STEPS else None,
    )
