"""The two finish lines: the last signature, and the first data. One rule: what is not reached yet has
the day on which the targets would have it, and is never called a forecast."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dsa.domain.machine import Flow
from dsa.services.way_ahead import FIRST_DATA, SIGNED, Coming, target_on, whole_way
from dsa.timekeeping.calendar import WorkingCalendar


@dataclass(frozen=True, slots=True)
class FinishLine:
    """One finish line of an agreement, in working days on the lead's calendar since its clock started.

    ``days``: until it was crossed, else so far. ``target``: what the stages on the way there may take together.
    ``expected_at`` (UTC) where it is still to come: the day if this stage and each after it keeps its target; None too
    where the agreement ended before. ``late``: this stage is past its target already, so that it can no more be kept
    and the day may lie behind. ``agreed_on``: the day that the parties agreed for it in their timetable.
    """

    reached_at: datetime | None
    days: int
    target: int
    expected_at: datetime | None
    late: bool
    agreed_on: date | None = None

    @property
    def over(self) -> bool:
        """Whether it took, or has taken so far, longer than its target."""
        return self.days > self.target


def finish_lines(
    flow: Flow,
    head: Any,
    stays: Sequence[Any],
    ahead: Sequence[Coming],
    calendar: WorkingCalendar,
    *,
    start: datetime,
    now: datetime,
    board: bool,
    agreed: Mapping[str, date],
) -> tuple[FinishLine, FinishLine]:
    """Signature and first data of an agreement whose clock started at ``start``, as it stands at ``now``.

    ``stays`` are its stays in stages, ``ahead`` the stages to come. ``board``: a board or minister has to decide.
    ``agreed`` are the days of a timetable that binds, by stage.
    """
    way = whole_way(flow, board=board)
    late = head.stage_due_at is not None and head.stage_due_at < now
    expected = _by_the_targets(head, ahead, calendar) if late else {each.stage.id: each.begins_at for each in ahead}

    def line(stage: str) -> FinishLine:
        reached = next((stay.entered_at for stay in stays if stay.stage == stage), None)
        place = next((number for number, each in enumerate(way) if each.id == stage), 0)
        return FinishLine(
            reached,
            calendar.elapsed_days(start, reached or now),
            sum(target_on(each, head.route) or 0 for each in way[:place]),
            None if reached is not None else expected.get(stage),
            late,
            agreed.get(way[place - 1].id) if place else None,
        )

    return line(SIGNED), line(FIRST_DATA)


def _by_the_targets(head: Any, ahead: Sequence[Coming], calendar: WorkingCalendar) -> dict[str, datetime]:
    """When each stage to come would have begun if this one had ended in time and each after it kept its target."""
    at: datetime = head.stage_due_at
    found = {}
    for coming in ahead:
        found[coming.stage.id] = at
        at = calendar.due_at(at, target_on(coming.stage, head.route) or 0)
    return found
