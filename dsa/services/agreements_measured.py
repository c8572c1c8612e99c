"""What a filter of the list asks of lengths and of finished work. One rule: what cannot be understood is said, and
finds nothing rather than all.
"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import BadInput
from dsa.insight.forecast import FEWEST_DONE
from dsa.persistence import forecasts, heads, queries_history, visibility
from dsa.persistence.queries_agreements_measured import ENDINGS, Measured, as_many_signed
from dsa.services.agreements_past import day_began, day_of
from dsa.services.context import Context
from dsa.services.how_long import lasting
from dsa.services.past_stays import one_in
from dsa.timekeeping.calendar import LONDON

if TYPE_CHECKING:
    from dsa.services.agreements_list import Filters

_DAYS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,24})?")
_FIRST, _LAST = date(1971, 1, 1), date(9998, 12, 31)  # a day beyond is as good as these: nothing began there


def measured_of(ctx: Context, session: Session, actor: Actor, filters: "Filters") -> Measured:
    """The conditions that the filters of an address stand for; of what is not understood one that nothing fulfils."""
    try:
        asked = read_measured(filters)
    except BadInput:
        return Measured(nothing=True)
    if filters.forecast_of:
        asked = _behind_forecast(session, actor, filters.forecast_of, asked)
    if not filters.lasted:
        return asked
    every = max(asked.one_in, one_in(queries_history.how_many(session, actor)))
    ids = lasting(ctx, session, actor, float(filters.lasted), one_in=every)
    return replace(asked, one_in=every, ids=ids)


def read_measured(filters: "Filters") -> Measured:
    """Read what needs no database. Raises BadInput for what is no ending, day, number, version or team with a day."""
    if filters.ended and filters.ended not in ENDINGS:
        raise BadInput(
            "“%(text)s” is no way to end. Choose signed, withdrawn, open, or known for all.", text=filters.ended[:40]
        )
    if filters.lasted and not _DAYS.fullmatch(filters.lasted):
        raise BadInput(
            "“%(text)s” is not a number of working days. Write it as 63 or as 34.5.", text=filters.lasted[:40]
        )
    return Measured(
        ended=filters.ended,
        begun_from=_day(filters.begun_from),
        begun_before=_day(filters.begun_before),
        version_from=_version(filters.version_from),
        version_before=_version(filters.version_before),
        one_in=_sample(filters.one_in),
        done_by=_team(filters.done_by),
        open_with=_open_with(filters.team),
    )


def parts_of_team(text: str) -> tuple[str, str, date] | None:
    """(organisation, role, day) of ``HMRC:legal:2026-08-31``; None for anything else."""
    code, _, rest = text.partition(":")
    role, _, since = rest.partition(":")
    day = day_of(since)
    return (code, role, day) if code and role and day is not None else None


def _behind_forecast(session: Session, actor: Actor, reference: str, asked: Measured) -> Measured:
    """The signed ones that the newest forecast of an agreement rests on: on its route where enough were signed there,
    else on all, as ``forecasting`` has it. Nothing where the actor may not see that agreement, or it has none."""
    loaded = heads.load(session, reference)
    row = forecasts.newest(session, loaded.head.id) if loaded and visibility.may_see(actor, loaded) else None
    if loaded is None or row is None:
        return replace(asked, nothing=True)
    every, route = one_in(queries_history.how_many(session)), loaded.head.route
    own = as_many_signed(session, by=row.made_at, route=route, one_in=every, least=FEWEST_DONE)
    every = max(asked.one_in, every)
    return replace(asked, signed_by=row.made_at, signed_route=route if own else "", one_in=every)


def _day(text: str) -> tuple[date, datetime] | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadInput("“%(text)s” is not a day. Write it as 2026-11-23.", text=text[:40]) from None
    day = min(max(day, _FIRST), _LAST)
    return day, datetime.combine(day, time(), LONDON).astimezone(UTC)


def _version(text: str) -> int | None:
    if text and not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise BadInput("“%(text)s” is not a version of a workflow. Choose one of the list.", text=text[:40])
    return int(text) if text else None


def _sample(text: str) -> int:
    if text and not (text.isascii() and text.isdecimal() and len(text) < 6 and int(text)):
        raise BadInput("“%(text)s” is not a number of agreements. Write it as 3.", text=text[:40])
    return int(text) if text else 1


def _team(text: str) -> tuple[str, str, datetime] | None:
    if not text:
        return None
    parts = parts_of_team(text)
    if parts is None:
        raise BadInput("“%(text)s” is not a team with a day. Write it as HMRC:legal:2026-08-31.", text=text[:80])
    code, role, day = parts
    return code, role, day_began(day)


def _open_with(text: str) -> tuple[str, str] | None:
    code, _, role = text.rpartition(":")
    return (code, role) if text else None
