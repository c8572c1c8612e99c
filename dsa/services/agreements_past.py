"""What a filter of the list asks of the past. One rule: what cannot be understood finds nothing, rather than all."""

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from dsa.domain.errors import BadInput
from dsa.domain.workflow import Stage
from dsa.persistence.queries_agreements_past import Between, Past
from dsa.services.context import Context
from dsa.services.counting import AFTER_USE, AT_SIGNATURE, THROUGH
from dsa.timekeeping.months import Months, read_months
from dsa.timekeeping.weeks import LONDON, began_at, week_of

if TYPE_CHECKING:
    from dsa.services.agreements_list import Filters

EVERYBODY = "all"
UNSEEN = "not-known"  # instead of a day: nobody knows since when
_REVIEWS = ("through", "first_time", "returned")
_WORTH = ("known", "unknown")
_FORECAST = ("dated", "undated", "late", "maybe_late")


def past_of(ctx: Context, session: Session, filters: "Filters") -> Past:
    """The conditions that the filters of an address stand for."""
    started, signed, in_week = _week(filters.started), _week(filters.signed), _week(filters.in_week)
    before, months, simulated = day_of(filters.entered_before), _months(filters), _simulated(filters.simulated)
    code, _, role = filters.team.rpartition(":")
    stages = stages_in_use(ctx, session)
    nothing = (
        months is None
        or (bool(filters.started) and started is None)
        or (bool(filters.signed) and signed is None)
        or (bool(filters.in_week) and (in_week is None or not filters.been))
        or (bool(filters.entered_before) and before is None and filters.entered_before != UNSEEN)
        or (bool(filters.review) and filters.review not in _REVIEWS)
        or (bool(filters.worth) and filters.worth not in _WORTH)
        or (bool(filters.forecast) and filters.forecast not in _FORECAST)
        or (bool(filters.simulated) and simulated is None)
    )
    return Past(
        been=filters.been,
        late_in=filters.late_in,
        been_in=in_week,
        held_by=filters.held_by,
        because=filters.because,
        started=started,
        started_in=months.between() if months else None,
        signed=signed,
        asked=filters.asked,
        asked_because=filters.asked_because,
        review=filters.review,
        team=(code, role) if filters.team else None,
        entered_before=None if before is None else day_began(before),
        unseen=filters.entered_before == UNSEEN,
        worth=filters.worth,
        forecast=filters.forecast,
        simulated=simulated,
        nothing=nothing,
        sealing=tuple(stage.id for stage in stages if stage.reason in AT_SIGNATURE),
        through=tuple(stage.id for stage in stages if stage.reason in THROUGH and not stage.final),
        in_use=from_use_on(stages),
    )


def from_use_on(stages: list[Stage]) -> tuple[str, ...]:
    """The stages in which an agreement is in use, or that come after."""
    return tuple(stage.id for stage in stages if stage.reason in AFTER_USE or stage.final)


def stages_in_use(ctx: Context, session: Session) -> list[Stage]:
    """Every stage of the workflows in use, in order, each id once."""
    found: dict[str, Stage] = {}
    for workflow in ctx.definitions.in_use(session):
        for stage in workflow.stages:
            found.setdefault(stage.id, stage)
    return list(found.values())


def day_of(text: str) -> date | None:
    """A day as an address has it (2026-11-02), None for anything else."""
    try:
        found = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return found if found is not None and 1970 < found.year < 2100 else None


def day_began(day: date) -> datetime:
    """The instant (UTC) at which a day begins in London."""
    return datetime.combine(day, time.min, LONDON).astimezone(UTC)


def _simulated(text: str) -> tuple[str, datetime] | None:
    """Whose process (empty: of all), and when it was worked out; None for anything else."""
    code, _, at = text.rpartition(":")
    if not (code and at.isascii() and at.isdecimal() and len(at) <= 11):
        return None
    return "" if code == EVERYBODY else code, datetime.fromtimestamp(int(at), UTC)


def _months(filters: "Filters") -> Months | None:
    """The months in which it was started; None for what are no months."""
    try:
        return read_months(filters.started_from, filters.started_to)
    except BadInput:
        return None


def _week(text: str) -> Between | None:
    """From the Monday of the day's week to the next."""
    day = day_of(text)
    return None if day is None else (began_at(week_of(day)), began_at(week_of(day) + 1))
