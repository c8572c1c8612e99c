"""Throughput, open work and the wait to expect. One rule: teams in the order of their names; people are not shown."""

from flask import Blueprint, Response

from dsa.services import time_teams_page
from dsa.services.time_teams_page import Team, TeamsPage, Week
from dsa.timekeeping.weeks import monday
from dsa.web import time_charts
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.addresses import asked_words
from dsa.web.csv_answer import csv_answer
from dsa.web.page import day
from dsa.web.time_filters import Links, asked, csv_address, time_page
from dsa.web.time_words import days
from dsa.web.wording import gettext, ngettext

blueprint = Blueprint("time_teams", __name__)


@blueprint.get("/time/teams")
@signed_in
def show() -> tuple[str, int]:
    """The weeks of all, then the teams."""
    found = _found()
    return time_page(
        "teams",
        found,
        finding(found),
        team_link=Links(found.scope, narrowed=False),
        done_since=monday(found.done_since).isoformat(),
        wait=_wait,
        week_day=lambda week: day(monday(week.number)),
        week_id=lambda week: monday(week.number).isoformat(),
        chart=_chart(found),
        weeks_csv=csv_address("/time/weeks.csv", found.scope),
        teams_csv=csv_address("/time/teams.csv", found.scope),
        next_address=csv_address("/time/teams", found.scope, after=found.after) if found.after else None,
    )


@blueprint.get("/time/teams.csv")
@signed_in
def as_file() -> Response:
    """Every team, page by page."""
    return csv_answer(
        "teams.csv",
        ("Organisation", "Role", "Open tasks", "Finished in twelve weeks", "Working days to expect"),
        (
            (team.organisation, team.role_title, team.open, team.done, "" if team.wait is None else round(team.wait, 1))
            for team in _all_teams()
        ),
    )


@blueprint.get("/time/weeks.csv")
@signed_in
def weeks_file() -> Response:
    """Started, signed and under way, by week."""
    columns = ("Week of", "Started", "Signed", "In use or over", "Under way at its end")
    rows = ((monday(w.number).isoformat(), w.started, w.signed, w.settled, w.open) for w in _found().weeks)
    return csv_answer("weeks.csv", columns, rows)


def _found() -> TeamsPage:
    return time_teams_page.teams_page(context(), actor(), asked(), after=asked_words("after", most=80))


def _all_teams() -> list[Team]:
    found: list[Team] = []
    after = ""
    while True:
        here = time_teams_page.teams_page(context(), actor(), asked(), after=after)
        found += here.teams
        if here.after is None:
            return found
        after = here.after


def finding(found: TeamsPage) -> str:
    """The sentence that the page begins with."""
    if not found.weeks:
        return gettext("Nothing has been started yet.")
    under_way = found.weeks[-1].open
    words = ngettext("%(num)d agreement is under way", "%(num)d agreements are under way", under_way)
    signed = sum(week.signed for week in found.weeks)
    words += ngettext("; %(num)d was signed in half a year.", "; %(num)d were signed in half a year.", signed)
    if found.fullest is not None:
        team = found.fullest
        most = gettext("Most open tasks: %(role)s, %(organisation)s, %(count)s.") % {
            "role": gettext(team.role_title), "organisation": team.organisation, "count": f"{team.open:,}",
        }  # fmt: skip
        return f"{words} {most}"
    return words


def _wait(team: Team) -> str:
    if team.wait is None:
        return gettext("too few finished to say") if team.open else gettext("none")
    return gettext("none") if not team.open else days(round(team.wait, 1) if team.wait < 10 else round(team.wait))


def _chart(found: TeamsPage) -> time_charts.Columns | None:
    if not found.weeks:
        return None
    rows = [(_short(week), week.started, week.signed) for week in found.weeks]
    started, signed = sum(row[1] for row in rows), sum(row[2] for row in rows)
    describes = gettext(
        "In these weeks %(started)s were started and %(signed)s signed.", started=started, signed=signed
    )
    return time_charts.columns(gettext("Agreements started and signed, by week"), describes, rows)


def _short(week: Week) -> str:
    first = monday(week.number)
    return f"{first.day}/{first.month}"
