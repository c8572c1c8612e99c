"""My tasks: what waits for me. One rule: the words of a row are made before the template sees it."""

from flask import Blueprint, request

from dsa.services import lists
from dsa.services.lists import ToDo, Waiting
from dsa.timekeeping.targets import Message
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.addresses import place_after
from dsa.web.page import day, page
from dsa.web.page_dates import told
from dsa.web.wording import gettext, mark, ngettext

blueprint = Blueprint("tasks", __name__)
Row = tuple[str, str, str, str, str]


_WAIT = {"the other parties": mark("The other parties wait"), "the reviewer": mark("The reviewer waits")}


def rows_of(items: tuple[ToDo, ...]) -> list[Row]:
    """Rows as the template prints them: what, address, agreement, who waits, when it is due."""
    said = _Said()
    return [
        (
            said.once(item.what),
            item.url,
            f"{item.title} ({item.reference})",
            said.once(_WAIT[item.waits]) if item.waits in _WAIT else said.once("%(who)s waits") % {"who": item.waits},
            said.due(item),
        )
        for item in items
    ]


class _Said:
    """Sentences of one page, each translated once: many rows say the same."""

    def __init__(self) -> None:
        self._known: dict[object, str] = {}

    def once(self, message: str) -> str:
        """The message in the reader's language, its parameters not yet put in."""
        found = self._known.get(message)
        if found is None:
            found = self._known[message] = gettext(message)
        return found

    def due(self, item: ToDo) -> str:
        """``Due 2 November 2026, in 3 working days, day 6 of 10``; nothing where nothing is due."""
        if item.due_at is None or item.distance is None:
            return ""
        key = (item.due_at, *item.distance[1].values(), item.distance[0])
        found = self._known.get(key)
        if found is None:
            words = {"day": day(item.due_at), "distance": told(item.distance)}
            found = self._known[key] = self.once("Due %(day)s, %(distance)s") % words
        return found if item.progress is None else f"{found}, {self.told(item.progress)}"

    def told(self, message: Message) -> str:
        """A message of the timekeeping room, put into words once a page."""
        key = (message[0], *message[1].values())
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = told(message)
        return found

    def waiting(self, row: Waiting) -> tuple[str, str, str]:
        """An agreement that somebody else has: its address, its name, who has it, for how long, “day 6 of 10”."""
        key = ("waiting", row.days)
        if key not in self._known:
            self._known[key] = (
                gettext("since when is not known")
                if row.days is None
                else ngettext("for %(num)d working day", "for %(num)d working days", row.days)
            )
        who = self.once("With: %(who)s") % {"who": row.who}
        lasts = self._known[key] if row.progress is None else f"{self._known[key]}, {self.told(row.progress)}"
        return f"/agreements/{row.reference}", f"{row.title} ({row.reference})", f"{who}, {lasts}"


@blueprint.get("/tasks")
@signed_in
def mine() -> tuple[str, int]:
    """What waits for me, grouped by urgency, then what waits for others."""
    found = lists.my_tasks(context(), actor(), after=place_after(gettext("My tasks")))
    groups = [
        (gettext("Overdue"), "overdue", rows_of(found.overdue)),
        (gettext("Due this week"), "week", rows_of(found.week)),
        (gettext("Later"), "later", rows_of(found.later)),
    ]
    shown = [group for group in groups if group[2]]
    said = _Said()
    return page(
        "tasks/tasks.html",
        groups=shown,
        found=found,
        others=[said.waiting(row) for row in found.waiting],
        continued=bool(request.args.get("after")),
    )
