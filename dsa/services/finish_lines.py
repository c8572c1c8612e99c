"""The two finish lines: the last signature, and the first data. One rule: what is not reached is called expected."""

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
    ``expected_at`` (UTC) where it is still to come: the day if each stage takes its target from here on; None too where
    the agreement ended before. ``agreed_on``: the day that the parties agreed for it in their timetable.
    """

    reached_at: datetime | None
    days: int
    target: int
    expected_at: datetime | None
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
    expected = {coming.stage.id: coming.begins_at for coming in ahead}

    def line(stage: str) -> FinishLine:
        reached = next((stay.entered_at for stay in stays if stay.stage == stage), None)
        place = next((number for number, each in enumerate(way) if each.id == stage), 0)
        return FinishLine(
            reached,
            calendar.elapsed_days(start, reached or now),
            sum(target_on(each, head.route) or 0 for each in way[:place]),
            None if reached is not None else expected.get(stage),
            agreed.get(way[place - 1].id) if place else None,
        )

    return line(SIGNED), line(FIRST_DATA)
