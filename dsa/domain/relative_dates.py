"""Dates that follow from a signature. One rule: they are fixed once, by an event, when the last party signs."""

import calendar
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any


def fix(value: Mapping[str, Any], on: date) -> date:
    """The date that a relative date means when its event falls on ``on``; a 31st becomes a short month's last."""
    months = on.month - 1 + int(value.get("months") or 0)
    year, month = on.year + months // 12, months % 12 + 1
    day = min(on.day, calendar.monthrange(year, month)[1])
    return date(year, month, day) + timedelta(days=int(value.get("days") or 0))


def fixed_dates(answers: Mapping[str, Any], *, last_signature: date) -> dict[str, str]:
    """Every relative date among the answers, as ISO dates by question; "start" follows from the start's own date."""
    found: dict[str, date] = {}
    relative = {key: value for key, value in answers.items() if isinstance(value, Mapping) and value.get("after")}
    for key, value in relative.items():
        if value["after"] == "last_signature":
            found[key] = fix(value, last_signature)
    start = found.get("start") or _fixed(answers.get("start"))
    for key, value in relative.items():
        if value["after"] == "start" and start is not None:
            found[key] = fix(value, start)
    return {key: found[key].isoformat() for key in sorted(found)}


def _fixed(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
