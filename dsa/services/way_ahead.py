"""The way that an agreement goes when nobody asks for a change. One rule: a board is on it only where one is needed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from dsa.domain.machine import Flow
from dsa.domain.workflow import Stage
from dsa.services.next_step import forward_move
from dsa.timekeeping import targets
from dsa.timekeeping.calendar import Pause, WorkingCalendar
from dsa.timekeeping.nations import BeyondCalendar

SIGNED, FIRST_DATA = "signed", "in_use"  # the two finish lines are crossed by entering these stages


class Coming(NamedTuple):
    """A stage to come: when it should begin and end (UTC) if each stage from here on takes its target."""

    stage: Stage
    begins_at: datetime
    ends_at: datetime


def stages_after(flow: Flow, stage: str, *, board: bool) -> list[Stage]:
    """The stages that follow, up to and with the first use of the data; empty from there on."""
    found: list[Stage] = []
    while stage != FIRST_DATA and len(found) < len(flow.stages):
        following = _following(flow, flow.stages[stage], board=board)
        if following is None or flow.stages[following].final or any(s.id == following for s in found):
            break
        found.append(flow.stages[following])
        stage = following
    return found


def whole_way(flow: Flow, *, board: bool) -> list[Stage]:
    """Every stage from the first up to and with the first use of the data."""
    first = flow.workflow.first
    return [first, *stages_after(flow, first.id, board=board)]


def target_on(stage: Stage, route: str) -> int | None:
    """The stage's target in working days on a route; None where it has none."""
    return stage.targets.get(route, next(iter(stage.targets.values()), None))


def stages_to_come(
    flow: Flow,
    head: Any,
    stays: Sequence[Any],
    pauses: Sequence[Pause],
    calendar: WorkingCalendar,
    *,
    now: datetime,
    board: bool,
) -> tuple[Coming, ...]:
    """The stages to come of an agreement, after the present one is due (or now, if that is later).

    ``head`` is its row, ``stays`` its stays in stages, ``pauses`` its holds. Empty where it is over or data flows, and
    cut off where the calendar ends.
    """
    if head.finished_at is not None or not stays:
        return ()
    here, found = stays[-1], []
    held = [pause for pause in pauses if pause[1] > here.entered_at]
    try:
        due = targets.due_at(calendar, entered=here.entered_at, target_days=here.target_days, pauses=held)
        at = max(due or now, now)
        for stage in stages_after(flow, head.stage, board=board):
            # the use of the data has no end that anybody waits for
            ends = at if stage.id == FIRST_DATA else calendar.due_at(at, target_on(stage, head.route) or 0)
            found.append(Coming(stage, at, ends))
            at = ends
    except BeyondCalendar:
        pass
    return tuple(found)


def _following(flow: Flow, stage: Stage, *, board: bool) -> str | None:
    for onward in stage.then:
        if onward.rework or flow.stages[onward.to].final or ("board_needed" in onward.when and not board):
            continue
        return onward.to
    move = forward_move(flow, stage.id)
    return move.to if move is not None else None
