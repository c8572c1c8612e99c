"""Who had it when tasks ran side by side: the ledger along the critical path.

One rule: the spells that come out cover exactly the minutes of the spells that went in. In a stay with open tasks the
time belongs to the task that decided the end (``attribution``); what was waited for stays with whoever was awaited,
until the day that the hold named has passed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from itertools import groupby
from typing import NamedTuple

from dsa.domain.reasons import NOT_GIVEN
from dsa.timekeeping.attribution import Attribution, Slack, Step, StepId, attribute
from dsa.timekeeping.calendar import Pause, WorkingCalendar
from dsa.timekeeping.ledger import Holder, Spell
from dsa.timekeeping.nations import LAST_DAY

CalendarOf = Callable[[Holder], WorkingCalendar]

_LAST = datetime.combine(LAST_DAY, time(12), UTC)


@dataclass(frozen=True, slots=True)
class Branch:
    """A task that its stage waits for, with the holder to whom its time belongs.

    ``expected_at`` (UTC) is when an open one should end, with what can only follow it. ``after`` are the ids of the
    tasks that opened it. ``asked`` are the stretches in which a question about it was open: that time is ``answers``'.
    ``lapsed``: the stage was left while it was open.
    """

    id: int
    label: str
    holder: Holder
    opened_at: datetime
    done_at: datetime | None
    expected_at: datetime
    answers: Holder
    after: tuple[int, ...] = ()
    asked: tuple[Pause, ...] = ()
    lapsed: bool = False


class Piece(NamedTuple):
    """A stretch of a spell of the ledger (UTC), with the holder to whom it belongs; ``spell`` is its place there."""

    spell: int
    holder: Holder
    started_at: datetime
    ended_at: datetime | None


class _Owned(NamedTuple):
    started_at: datetime
    ended_at: datetime
    holder: Holder


def path_of(branches: Sequence[Branch], *, now: datetime, calendar_of: CalendarOf) -> Attribution | None:
    """The critical path among the tasks of one stay at ``now``; None where none of them decided the end.

    A task that lapsed because another was decided held nothing up; one that lapsed while it alone was waited for did.
    """
    waited = _waited_for(branches)
    if not waited:
        return None
    holders = {branch.id: branch.holder for branch in waited}
    known = set(holders)
    steps = [
        Step(
            branch.id,
            branch.label,
            branch.holder.owner,
            "",
            branch.holder.reason,
            branch.opened_at,
            None if branch.done_at is None else max(branch.done_at, branch.opened_at),
            tuple(each for each in branch.after if each in known),
        )
        for branch in waited
    ]
    # Working days after the last known bank holidays are not known, so slack is counted to that day, and is no less.
    forecast: dict[StepId, datetime] = {
        branch.id: min(branch.expected_at, _LAST) for branch in waited if branch.done_at is None
    }
    latest = max(now, *(branch.opened_at for branch in waited))
    return attribute(steps, calendar_of=lambda step: calendar_of(holders[int(step.id)]), now=latest, forecast=forecast)


def slack_of(attribution: Attribution | None) -> dict[int, Slack]:
    """The slack of each task off the path, by its id."""
    return {} if attribution is None else {int(slack.step.id): slack for slack in attribution.slacks}


def along_path(
    spells: tuple[Spell, ...],
    stays: Iterable[tuple[Sequence[Branch], Attribution | None]],
    *,
    now: datetime,
    lead: str,
    overrun: Sequence[Pause] = (),
) -> tuple[Piece, ...]:
    """The ledger with parallel time given to the critical path (``path_of``) of each stay, which stands with its tasks.

    ``overrun`` are the stretches in which a hold lasted beyond the day that it named: they go back to whoever would
    have had it (``lead``, the code of the lead party, where nobody had it before), with the reason *not given*. Time on
    hold, or with a body outside, otherwise stays where it is.
    """
    found_on = (each for branches, path in stays for each in _owned(branches, path))
    owned = sorted(found_on, key=lambda each: each.started_at)
    owned_from_to = ((each.started_at, each.ended_at) for each in owned)
    edges = sorted({at for stretch in (*overrun, *owned_from_to) for at in stretch})
    found: list[Piece] = []
    before = Holder(lead, False, "", "drafter", NOT_GIVEN)
    for number, spell in enumerate(spells):
        for start, end in _cut(spell, edges, now):
            found.append(Piece(number, _belongs(spell.holder, start, owned, overrun, before), start, end))
        if not spell.holder.waiting and not spell.holder.not_known:
            before = found[-1].holder
    return tuple(_joined(found))


def _belongs(holder: Holder, at: datetime, owned: Sequence[_Owned], overrun: Sequence[Pause], before: Holder) -> Holder:
    """Whose the minute at ``at`` is that the ledger gives to ``holder``; ``before`` had it before the hold."""
    if holder.not_known:
        return holder
    if not holder.waiting:
        return _at(at, owned) or holder
    if any(begins <= at < ends for begins, ends in overrun):
        return replace(_at(at, owned) or before, stage=holder.stage, reason=NOT_GIVEN)
    return holder


def _waited_for(branches: Sequence[Branch]) -> list[Branch]:
    """The tasks that can have decided the end of their stay."""
    decided = max((b.done_at for b in branches if b.done_at is not None and not b.lapsed), default=None)
    return [b for b in branches if not b.lapsed or decided is None or (b.done_at is not None and b.done_at > decided)]


def _owned(branches: Sequence[Branch], path: Attribution | None) -> Iterator[_Owned]:
    """The stretches of a stay with the holder to whom the critical path gives each."""
    by_id = {branch.id: branch for branch in branches}
    for share in path.shares if path is not None else ():
        branch = by_id[int(share.step.id)]
        at = share.started_at
        for begins, ends in sorted(branch.asked):
            begins, ends = max(begins, at), min(ends, share.ended_at)
            if begins < ends:
                if at < begins:
                    yield _Owned(at, begins, branch.holder)
                yield _Owned(begins, ends, branch.answers)
                at = ends
        if at < share.ended_at:
            yield _Owned(at, share.ended_at, branch.holder)


def _at(at: datetime, owned: Sequence[_Owned]) -> Holder | None:
    return next((each.holder for each in owned if each.started_at <= at < each.ended_at), None)


def _cut(spell: Spell, edges: Sequence[datetime], now: datetime) -> Iterator[tuple[datetime, datetime | None]]:
    """The spell in stretches that no edge lies within; the last of one that lasts has no end."""
    until = now if spell.ended_at is None else spell.ended_at
    at = spell.started_at
    for edge in edges:
        if at < edge < until:
            yield at, edge
            at = edge
    yield at, spell.ended_at


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Stretches of one spell that follow each other and have the same holder, as one."""
    for _, same in groupby(pieces, key=lambda piece: (piece.spell, piece.holder)):
        run = list(same)
        yield run[0]._replace(ended_at=run[-1].ended_at)
