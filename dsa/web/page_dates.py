"""Dates with their distance in working days, for every template. One rule: a date never stands without its distance."""

from datetime import datetime

from flask import Blueprint

from dsa.timekeeping import targets
from dsa.timekeeping.calendar import WorkingCalendar, calendar_for
from dsa.timekeeping.targets import Message
from dsa.web.page import day, utc_now
from dsa.web.wording import gettext


def told(message: Message) -> str:
    """A message of the timekeeping room in the reader's language."""
    return gettext(message[0], **message[1])


def distance_of(at: datetime, nation: str | WorkingCalendar = "ENG") -> str:
    """How far a moment is, in working days of a nation's or an organisation's calendar: ``in 3 working days``."""
    calendar = calendar_for(nation) if isinstance(nation, str) else nation
    return told(targets.distance(calendar, now=utc_now(), due=at))


def working_day_of(at: datetime, nation: str | WorkingCalendar = "ENG") -> str:
    """``2 November 2026, in 3 working days``."""
    return gettext("%(day)s, %(distance)s", day=day(at), distance=distance_of(at, nation))


def is_past(at: datetime) -> bool:
    """Whether the moment lies before now."""
    return at < utc_now()


def install_dates(blueprint: Blueprint) -> None:
    """Give every template the filters ``distance``, ``working_day``, ``is_past`` and ``told``."""
    blueprint.add_app_template_filter(distance_of, "distance")
    blueprint.add_app_template_filter(working_day_of, "working_day")
    blueprint.add_app_template_filter(is_past, "is_past")
    blueprint.add_app_template_filter(told, "told")
