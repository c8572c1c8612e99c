"""The product's own history as the statistics read it: stays in stages, in working days of whoever leads.

One rule: an agreement ends here when it is signed; what happens to it afterwards is another clock's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from dsa.insight.eventlog import Ints
from dsa.insight.history import GIVEN_UP, NEVER, History
from dsa.insight.stays import ENDED, STILL_THERE, Floats
from dsa.persistence import queries_history as queries
from dsa.services.context import Context
from dsa.services.whose_time import began
from dsa.timekeeping.working_clock import FIRST_MOMENT, working_clock

SIGNED = "signed"
MOST = 10_000  # agreements that a measurement rests on; of more, one in so many is taken


@dataclass(frozen=True, slots=True)
class PastStays:
    """The history, the names of its stages (by code), and for each row the route and the organisation that leads."""

    history: History
    stages: tuple[str, ...]
    route: NDArray[np.str_]
    lead: Ints
    nations: dict[int, str]

    def code(self, stage: str) -> int:
        """The code of a stage; -1 for one that no agreement has been in."""
        return self.stages.index(stage) if stage in self.stages else -1


def read_history(ctx: Context, session: Session) -> PastStays:
    """The history of every agreement here, or of one in so many where there are more than ``MOST``."""
    rows = queries.every_stay(session, one_in=one_in(queries.how_many(session)))
    return past_stays(ctx, session, rows)


def one_in(agreements: int) -> int:
    """Of how many agreements one is taken."""
    return max(1, -(-agreements // MOST))


def stages_before_signature(ctx: Context, session: Session) -> list[str]:
    """The stages of the workflows in use in which an agreement is still on its way to signature."""
    found: dict[str, None] = {}
    for route in ("standard", "fast"):
        for stage in ctx.definitions.for_route(session, route).workflow.stages:
            if stage.id == SIGNED:
                break
            found[stage.id] = None
    return list(found)


def past_stays(ctx: Context, session: Session, rows: Sequence[Any]) -> PastStays:
    """Rows of `queries_history` as a history, on the working clock of each agreement's lead."""
    codes: dict[str, int] = {SIGNED: 0}
    kept, after = _up_to_signature(rows)
    size = len(kept)
    case, stage, route, lead = np.zeros(size, np.int64), np.zeros(size, np.int64), [""] * size, np.zeros(size, np.int64)
    entered, left, next_stage = np.zeros(size, np.int64), np.full(size, NEVER), np.full(size, STILL_THERE)
    for place, (row, onward) in enumerate(zip(kept, after, strict=True)):
        case[place], stage[place] = row[0], codes.setdefault(_stage(row[1]), len(codes))
        entered[place], route[place], lead[place] = row[2], row[4], row[5]
        if _stage(row[1]) == SIGNED:
            left[place], next_stage[place] = row[2], ENDED
        elif row[3] is not None:
            left[place] = row[3]
            next_stage[place] = GIVEN_UP if onward is None else codes.setdefault(_stage(onward), len(codes))
    first = np.flatnonzero(np.diff(case, prepend=case[:1] - 1))
    for place in first.tolist():
        # Of one that was followed here from a later stage on, the time before belongs to stages that nobody saw.
        from_contact = entered[place] if kept[place][9] else min(entered[place], _began(kept[place]))
        entered[place] = max(FIRST_MOMENT, from_contact)
    nations = queries.nations(session)
    found = PastStays(
        History(case, stage, entered, left, np.zeros(0), np.zeros(0), next_stage),
        tuple(codes), np.array(route, dtype=np.str_), lead, nations,
    )  # fmt: skip
    from_day = on_clock(ctx, session, found, entered)
    to_day = on_clock(ctx, session, found, np.where(left == NEVER, entered, left))
    history = History(case, stage, entered, left, from_day, to_day, next_stage)
    return PastStays(history, found.stages, found.route, lead, nations)


def _up_to_signature(rows: Sequence[Any]) -> tuple[list[Any], list[str | None]]:
    """The rows up to signature with the stage after each; None where the agreement was given up, or none follows.

    A stay of no length in a final stage is not a stay: it says that the one before ended with the agreement.
    """
    kept: list[Any] = []
    after: list[str | None] = []
    over: int | None = None
    for number, row in enumerate(rows):
        if row[0] == over:
            continue
        following = rows[number + 1] if number + 1 < len(rows) and rows[number + 1][0] == row[0] else None
        if following is None and row[3] is not None and _stage(row[1]) != SIGNED and row[3] == row[2]:
            continue  # the final stage of one that was given up
        final = following is not None and _is_last(rows, number + 1) and following[3] == following[2]
        kept.append(row)
        after.append(None if following is None or (final and _stage(following[1]) != SIGNED) else following[1])
        if _stage(row[1]) == SIGNED:
            over = row[0]
    return kept, after


def _stage(name: str) -> str:
    """The stage as it counts here: whatever says that it is signed is its signature."""
    return SIGNED if name in queries.AT_SIGNATURE else name


def _is_last(rows: Sequence[Any], number: int) -> bool:
    return number + 1 >= len(rows) or rows[number + 1][0] != rows[number][0]


def _began(row: Any) -> int:
    contact: date | None = row[7]
    return int(row[6]) if contact is None else int(began(contact, datetime.min).timestamp())


def on_clock(ctx: Context, session: Session, found: PastStays, seconds: Ints) -> Floats:
    """Moments (one for each row) on the working clock of the lead of the row."""
    days = np.zeros(len(seconds))
    for organisation in np.unique(found.lead).tolist():
        mine = found.lead == organisation
        calendar = ctx.calendars.of(session, organisation, found.nations[organisation])
        days[mine] = working_clock(calendar).days_before(seconds[mine])
    return days
