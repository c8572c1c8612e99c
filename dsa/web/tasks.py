"""My tasks: what waits for me. One rule: the words of a row are made before the template sees it."""

from datetime import UTC, datetime

from flask import Blueprint, request

from dsa.domain.errors import BadInput
from dsa.services import lists
from dsa.services.lists import ToDo
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.page import day, page
from dsa.web.page_dates import told
from dsa.web.wording import gettext

blueprint = Blueprint("tasks", __name__)
Row = tuple[str, str, str, str, str]


def rows_of(items: tuple[ToDo, ...]) -> list[Row]:
    """Rows as the template prints them: what, address, agreement, who waits, when it is due."""
    return [
        (
            gettext(item.what),
            item.url,
            f"{item.title} ({item.reference})",
            gettext("%(who)s waits", who=item.waits) if item.waits[:4] != "the " else gettext(_WAIT[item.waits]),
            due_words(item),
        )
        for item in items
    ]


_WAIT = {"the other parties": "The other parties wait", "the reviewer": "The reviewer waits"}


def due_words(item: ToDo) -> str:
    """``Due 2 November 2026, in 3 working days``; nothing where nothing is due."""
    if item.due_at is None or item.distance is None:
        return ""
    return gettext("Due %(day)s, %(distance)s", day=day(item.due_at), distance=told(item.distance))


@blueprint.get("/tasks")
@signed_in
def mine() -> tuple[str, int]:
    """What waits for me, grouped by urgency, then what waits for others."""
    found = lists.my_tasks(context(), actor(), after=_after(request.args.get("after", "")))
    groups = [
        (gettext("Overdue"), "overdue", rows_of(found.overdue)),
        (gettext("Due this week"), "week", rows_of(found.week)),
        (gettext("Later"), "later", rows_of(found.later)),
    ]
    shown = [group for group in groups if group[2]]
    return page("tasks/tasks.html", groups=shown, found=found, continued=bool(request.args.get("after")))


def _after(text: str) -> tuple[datetime, int] | None:
    """The place to go on from, as the link of the page before names it."""
    if not text:
        return None
    due, _, identifier = text.partition("-")
    if not (due.isdecimal() and identifier.isdecimal() and len(text) <= 30):
        raise BadInput("This address does not lead to a page of your tasks. Open “My tasks” again.")
    try:
        return datetime.fromtimestamp(int(due), UTC), int(identifier)
    except (ValueError, OverflowError, OSError) as problem:
        raise BadInput("This address does not lead to a page of your tasks. Open “My tasks” again.") from problem
