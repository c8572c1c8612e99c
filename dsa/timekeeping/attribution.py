"""Who owned the elapsed time when steps ran side by side: attribution along the critical path.

One rule: exactly one owner per minute. Walking back from the end, the step that finished last owns the time back to
its start, then its last-finishing predecessor does, and so on; where two finish together the earlier id goes first.
Adding up all the steps instead would count parallel time once for each branch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dsa.domain.errors import BadInput
from dsa.timekeeping.calendar import WorkingCalendar
from dsa.timekeeping.instants import clock_minute
from dsa.timekeeping.targets import Message

StepId = int | str


@dataclass(frozen=True, slots=True)
class Step:
    """One step (UTC instants) and the ids of the steps it waited for. ``ended_at`` None: it is still going on.

    The ids of one agreement are all numbers or all text. ``nation`` names the owner's working calendar.
    """

    id: StepId
    stage: str
    owner: str
    nation: str
    reason: str
    started_at: datetime
    ended_at: datetime | None
    predecessors: tuple[StepId, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """The part of the elapsed time that a step on the critical path owns, in working and in clock minutes."""

    step: Step
    started_at: datetime
    ended_at: datetime
    working_minutes: int
    calendar_minutes: int


@dataclass(frozen=True, slots=True)
class Slack:
    """How much later a step off the path could have finished without moving the end.

    ``behind`` is the step on the path that it had to wait for; ``ends_branch`` is true of the last step of a branch.
    """

    step: Step
    behind: Step
    calendar_minutes: int
    working_days: int
    ends_branch: bool

    def describe(self) -> Message:
        """One sentence (message id and parameters) that says why hurrying this step would have changed nothing."""
        params = {"branch": self.step.stage, "days": self.working_days, "other": self.behind.stage}
        if not self.ends_branch:
            return (_TO_SPARE[min(self.working_days, 2)], params)
        if self.step.ended_at is None:
            return (_EXPECTED[min(self.working_days, 2)], params)
        if self.behind.ended_at is None:
            return (_FINISHED_FIRST[min(self.working_days, 2)], params)
        return (_FINISHED[min(self.working_days, 2)], params)


# For none, one and several working days of slack.
_FINISHED = (
    "%(branch)s finished the same working day as %(other)s.",
    "%(branch)s finished 1 working day before %(other)s; hurrying it would change nothing.",
    "%(branch)s finished %(days)s working days before %(other)s; hurrying it would change nothing.",
)
_FINISHED_FIRST = (
    "%(branch)s finished the working day on which %(other)s is expected.",
    "%(branch)s finished 1 working day before %(other)s is expected; hurrying it would change nothing.",
    "%(branch)s finished %(days)s working days before %(other)s is expected; hurrying it would change nothing.",
)
_EXPECTED = (
    "%(branch)s is expected the same working day as %(other)s.",
    "%(branch)s is expected 1 working day before %(other)s; hurrying it would change nothing.",
    "%(branch)s is expected %(days)s working days before %(other)s; hurrying it would change nothing.",
)
_TO_SPARE = (
    "%(branch)s had less than a working day to spare before %(other)s.",
    "%(branch)s had 1 working day to spare before %(other)s; hurrying it would change nothing.",
    "%(branch)s had %(days)s working days to spare before %(other)s; hurrying it would change nothing.",
)


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who owned the elapsed time. ``shares`` in order of time; ``slacks`` of the other steps, in order of id.

    ``all_steps_working_minutes`` is the plain sum over all steps, for comparison: it counts parallel time repeatedly.
    ``unowned_calendar_minutes`` is time between steps of the path in which no step of it ran.
    """

    shares: tuple[Share, ...]
    slacks: tuple[Slack, ...]
    all_steps_working_minutes: int
    unowned_calendar_minutes: int

    @property
    def critical_path(self) -> tuple[StepId, ...]:
        """Ids of the steps on the path, first to last."""
        return tuple(share.step.id for share in self.shares)

    @property
    def total_working_minutes(self) -> int:
        """Working minutes along the path, each step on its owner's calendar."""
        return sum(share.working_minutes for share in self.shares)

    def by(self, key: Callable[[Step], str]) -> dict[str, int]:
        """Owned working minutes grouped by what ``key`` gives for a step; the values add up to the total."""
        grouped: dict[str, int] = {}
        for share in self.shares:
            name = key(share.step)
            grouped[name] = grouped.get(name, 0) + share.working_minutes
        return grouped


def attribute(
    steps: Sequence[Step],
    *,
    calendar_of: Callable[[Step], WorkingCalendar],
    now: datetime | None = None,
    forecast: Mapping[StepId, datetime] | None = None,
) -> Attribution:
    """Attribute the elapsed time of one agreement.

    For an agreement still open, ``now`` is where its time ends and ``forecast`` (step id -> likely finish) decides
    which branch is critical. Raises BadInput for no steps, an id used twice, an unknown predecessor, steps that wait
    for each other, a step that ends before it begins, or an open step without ``now``.
    """
    by_id = _checked(steps)
    ends = {step.id: _end(step, now) for step in steps}
    finish = {step.id: _finish(step, ends[step.id], forecast or {}) for step in steps}
    successors = _successors(by_id)
    order = _in_order(by_id, successors)
    path = _path(by_id, finish)
    shares, unowned = _shares(path, ends, calendar_of)
    return Attribution(
        shares=shares,
        slacks=_slacks(order, path, finish, successors, calendar_of),
        all_steps_working_minutes=sum(
            calendar_of(step).working_minutes(step.started_at, ends[step.id]) for step in steps
        ),
        unowned_calendar_minutes=unowned,
    )


def _checked(steps: Sequence[Step]) -> dict[StepId, Step]:
    if not steps:
        raise BadInput("There are no steps. Give at least one.")
    by_id: dict[StepId, Step] = {}
    for step in steps:
        if step.id in by_id:
            raise BadInput("Two steps have the id %(step)s. Give each its own.", step=step.id)
        if type(step.id) is not type(steps[0].id):
            raise BadInput("Step ids must be all numbers or all text (see step %(step)s).", step=step.id)
        by_id[step.id] = step
    for step in steps:
        for predecessor in step.predecessors:
            if predecessor not in by_id:
                raise BadInput(
                    "Step %(step)s waits for step %(other)s, which is not there.", step=step.id, other=predecessor
                )
    return by_id


def _end(step: Step, now: datetime | None) -> datetime:
    """Where the time of a step ends: its end, or now while it goes on."""
    end = now if step.ended_at is None else step.ended_at
    if end is None:
        raise BadInput("Step %(step)s has no end. Say at what moment to look at it.", step=step.id)
    if end < step.started_at:
        raise BadInput("Step %(step)s ends before it begins. Correct one of the two times.", step=step.id)
    return end


def _finish(step: Step, end: datetime, forecast: Mapping[StepId, datetime]) -> datetime:
    """When a step finished or is likely to; a forecast in the past is no later than now."""
    return end if step.ended_at is not None else max(end, forecast.get(step.id, end))


def _successors(by_id: Mapping[StepId, Step]) -> dict[StepId, list[Step]]:
    successors: dict[StepId, list[Step]] = {name: [] for name in by_id}
    for step in by_id.values():
        for predecessor in dict.fromkeys(step.predecessors):
            successors[predecessor].append(step)
    return successors


def _in_order(by_id: Mapping[StepId, Step], successors: Mapping[StepId, list[Step]]) -> list[Step]:
    """The steps with each after its predecessors; BadInput where some wait for each other."""
    waits = {step.id: len(set(step.predecessors)) for step in by_id.values()}
    ready = [step for step in by_id.values() if not waits[step.id]]
    order: list[Step] = []
    while ready:
        step = ready.pop()
        order.append(step)
        for successor in successors[step.id]:
            waits[successor.id] -= 1
            if not waits[successor.id]:
                ready.append(successor)
    if len(order) < len(by_id):
        stuck = ", ".join(str(name) for name, count in waits.items() if count)
        raise BadInput("These steps wait for each other: %(steps)s. Remove one of the links.", steps=stuck[:200])
    return order


def _path(by_id: Mapping[StepId, Step], finish: Mapping[StepId, datetime]) -> list[Step]:
    """The critical path from first to last step."""

    def last_to_finish(candidates: Sequence[StepId]) -> Step:
        latest = max(finish[name] for name in candidates)
        return by_id[_lowest([name for name in candidates if finish[name] == latest])]

    path = [last_to_finish(tuple(by_id))]
    while path[-1].predecessors:
        path.append(last_to_finish(path[-1].predecessors))
    return path[::-1]


def _lowest(ids: Sequence[StepId]) -> StepId:
    return min(ids, key=_rank)


def _shares(
    path: Sequence[Step], ends: Mapping[StepId, datetime], calendar_of: Callable[[Step], WorkingCalendar]
) -> tuple[tuple[Share, ...], int]:
    """What each step of the path owns, and the clock minutes between them that none does."""
    shares: list[Share] = []
    unowned = 0
    boundary = ends[path[-1].id]
    for step in reversed(path):
        end = min(ends[step.id], boundary)
        unowned += clock_minute(boundary) - clock_minute(end)
        start = min(step.started_at, end)
        working = calendar_of(step).working_minutes(start, end)
        shares.append(Share(step, start, end, working, clock_minute(end) - clock_minute(start)))
        boundary = start
    return tuple(reversed(shares)), unowned


def _slacks(
    order: Sequence[Step],
    path: Sequence[Step],
    finish: Mapping[StepId, datetime],
    successors: Mapping[StepId, list[Step]],
    calendar_of: Callable[[Step], WorkingCalendar],
) -> tuple[Slack, ...]:
    on_path = {step.id: step for step in path}
    latest: dict[StepId, datetime] = {}
    behind: dict[StepId, Step] = {}
    found: dict[StepId, Slack] = {}
    for step in reversed(order):
        following = successors[step.id]
        latest[step.id] = min(
            (latest[later.id] - _duration(later, finish) for later in following), default=finish[path[-1].id]
        )
        joins = [on_path[name] for later in following for name in later.predecessors if name in on_path]
        behind[step.id] = joins[0] if joins else behind[following[0].id] if following else path[-1]
        if step.id in on_path:
            continue
        end, limit = finish[step.id], latest[step.id]
        found[step.id] = Slack(
            step,
            behind[step.id],
            max(0, clock_minute(limit) - clock_minute(end)),
            calendar_of(step).elapsed_days(end, limit),
            ends_branch=all(later.id in on_path or joins for later in following),
        )
    return tuple(found[step.id] for step in sorted(order, key=lambda item: _rank(item.id)) if step.id in found)


def _rank(name: StepId) -> tuple[int, str]:
    return (name, "") if isinstance(name, int) else (0, name)


def _duration(step: Step, finish: Mapping[StepId, datetime]) -> timedelta:
    return finish[step.id] - step.started_at
