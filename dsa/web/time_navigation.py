"""The pages under "Where the time goes". One rule: every page that is about time is in the sub-navigation.

To add a page: one line in ``TIME_PAGES`` (endpoint, words for the link, in the order in which people will look), and a
template that extends ``time/frame.html``, sets ``title`` (its h1) and fills the block ``time``: caption, h1 and
sub-navigation stand above it. The first sentence of the block is the finding, with its number.
"""

from flask import Flask, request, url_for

from dsa.web.wording import gettext, mark

TIME_PAGES = (
    ("time_stages.show", mark("Stages")),
    ("time_days.show", mark("Where the days went")),
    ("time_chase.show", mark("Chase today")),
    ("time_teams.show", mark("Teams")),
    ("time_trend.show", mark("Quicker or slower")),
    ("time_returns.show", mark("First time right")),
    ("time_delay.show", mark("Cost of delay")),
    ("time_how_long.show", mark("How long it takes")),
    ("time_forecasts.show", mark("Forecasts")),
    ("time_changes.show", mark("What would bring this forward")),
    ("stalled.show", mark("Nothing has happened")),
    ("calendar.show", mark("Working calendar")),
    ("importing.index", mark("Import")),
    ("indicators.show", mark("Public indicators")),
)


def time_navigation() -> list[tuple[str, str, bool]]:
    """(address, words, is it this page) of each page."""
    return [(url_for(endpoint), gettext(words), request.endpoint == endpoint) for endpoint, words in TIME_PAGES]


def install_time_navigation(app: Flask) -> None:
    """Give it to every template."""
    app.jinja_env.globals["time_navigation"] = time_navigation
