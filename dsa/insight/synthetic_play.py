"""The synthetic world played through: agreements queue for the reviewers of each organisation and role.

One rule: queues are first come, first served, and all chance lies in the luck (``synthetic.Luck``): the same luck and
pools give the same world, to the bit. Times are working days from the start of the period.
"""

from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from dsa.insight.synthetic import (
    AFTER,
    BEFORE,
    DAYS_A_YEAR,
    MOST_RETURNS,
    ORGANISATIONS,
    PERIOD,
    REVIEWS,
    Floats,
    Luck,
    season,
    unhurried,
)

STEPS = ("first_look", "draft", "hold", *REVIEWS, "redraft", "sign_off")
FIRST_LOOK, DRAFT, HOLD, LEGAL, SECURITY, DATA_PROTECTION, REDRAFT, SIGN_OFF = range(len(STEPS))
_GO_ON = -1
_SPARE = 1.2  # reviewers for each that is busy on average over the period, and
_BUFFER = 1.0  # so many times the square root of that besides


@dataclass(frozen=True, slots=True)
class World:
    """What happened: one row for each piece of work, by agreement and in order of beginning.

    ``offered`` is when it could have begun, ``began`` when somebody was free, ``ended`` when it was done (or given up).
    ``ends``: when each agreement was signed or withdrawn, whether or not that lies beyond the period.
    """

    luck: Luck
    agreement: NDArray[np.int64]
    step: NDArray[np.int64]
    party: NDArray[np.int64]
    round: NDArray[np.int64]
    offered: Floats
    began: Floats
    ended: Floats
    ends: Floats
    withdrawn: NDArray[np.bool_]
    people: NDArray[np.int64]

    @property
    def days(self) -> Floats:
        """Working days from beginning to end."""
        return self.ends - self.luck.begins

    @property
    def open(self) -> NDArray[np.bool_]:
        """Which ones are neither signed nor withdrawn when the period is over."""
        return self.ends > PERIOD

    @property
    def shares(self) -> dict[str, float]:
        """Which part of the time of those that are signed goes where; reviews at once count once."""
        counts = self.signed[self.agreement]
        review = (self.step >= LEGAL) & (self.step <= DATA_PROTECTION)
        found = {}
        kinds = [(STEPS[step], self.step == step) for step in (FIRST_LOOK, DRAFT, HOLD, REDRAFT, SIGN_OFF)]
        for name, which in (*kinds, ("review", review)):
            rows = np.flatnonzero(which & counts)
            group = self.agreement[rows] * (MOST_RETURNS + 1) + self.round[rows]
            _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
            last = np.full(len(first), -np.inf)
            np.maximum.at(last, inverse, self.ended[rows])
            found[name] = float((last - self.offered[rows][first]).sum() / self.days[self.signed].sum())
        return found

    @property
    def signed(self) -> NDArray[np.bool_]:
        """Which ones come to a signature, now or later."""
        return ~self.withdrawn


def play_world(luck: Luck, *, first_day: float = 0.0, more: int = 0) -> World:
    """Play every agreement to its end. ``first_day``: which working day of the year the period begins on; ``more``: so
    many reviewers in each pool beyond what the work needs.
    """
    people = _people(luck) + more
    run = _Run(luck, people, _seasons(first_day))
    run.play()
    columns = np.array(run.rows, dtype=np.float64).reshape(-1, 7)
    order = np.lexsort((columns[:, 4], columns[:, 0]))
    columns = columns[order]
    whole = columns[:, :4].astype(np.int64)
    return World(
        luck, whole[:, 0], whole[:, 1], whole[:, 2], whole[:, 3], columns[:, 4], columns[:, 5], columns[:, 6],
        np.array(run.ends), ~np.isnan(luck.gives_up) & np.array(run.gave_up), people,
    )  # fmt: skip


def _seasons(first_day: float) -> list[float]:
    days = np.arange(DAYS_A_YEAR, dtype=np.float64) + first_day
    found: list[float] = season(days % DAYS_A_YEAR).tolist()
    return found


def _people(luck: Luck) -> NDArray[np.int64]:
    """Reviewers of each (role, organisation): enough for the work of the period, with little to spare."""
    work = np.zeros((len(REVIEWS), ORGANISATIONS))
    rounds = np.arange(luck.legal.shape[1]) <= luck.returns[:, None]
    np.add.at(work[0], luck.parties[:, 1], (luck.legal * rounds).sum(axis=1))
    np.add.at(work[1], luck.parties[:, 1], (luck.security * rounds).sum(axis=1))
    theirs = np.nansum(luck.data_protection * rounds[:, :, None], axis=1)
    there = luck.parties >= 0
    np.add.at(work[2], luck.parties[there], theirs[there])
    busy = work / PERIOD
    found: NDArray[np.int64] = np.ceil(_SPARE * busy + _BUFFER * np.sqrt(busy)).astype(np.int64)
    return np.maximum(found, 1)


@dataclass(slots=True)
class _Run:
    """The state of one run. An agreement waits for ``left`` pieces of work of its group; groups follow each other."""

    luck: Luck
    people: NDArray[np.int64]
    seasons: list[float]
    rows: list[tuple[float, ...]] = field(default_factory=list)
    ends: list[float] = field(init=False)
    gave_up: list[bool] = field(init=False)
    stops: list[float] = field(init=False)
    parties: list[list[int]] = field(init=False)
    after: list[bool] = field(init=False)
    returns: list[int] = field(init=False)
    round: list[int] = field(init=False)
    group: list[int] = field(init=False)
    left: list[int] = field(init=False)
    free: list[int] = field(init=False)
    queues: list[deque[tuple[float, int, int, int]]] = field(init=False)
    events: list[tuple[float, int, int, int, int]] = field(default_factory=list)
    number: int = 0

    def __post_init__(self) -> None:
        luck, size = self.luck, self.luck.count
        self.ends, self.gave_up = [0.0] * size, [False] * size
        stops = luck.begins + luck.gives_up * unhurried(luck)
        self.stops = np.where(np.isnan(stops), np.inf, stops).tolist()
        self.parties = [[p for p in row if p >= 0] for row in luck.parties.tolist()]
        self.after, self.returns = luck.after.tolist(), luck.returns.tolist()
        self.round, self.group, self.left = [0] * size, [0] * size, [0] * size
        self.free = self.people.reshape(-1).tolist()
        self.queues = [deque() for _ in self.free]

    def play(self) -> None:
        for case, begins in enumerate(self.luck.begins.tolist()):
            self.open(case, begins)
        events = self.events
        while events:
            at, _, case, step, party = heappop(events)
            if step == _GO_ON:
                self.offer_group(at, case)
                continue
            self.release(at, self.pool(case, step, party))
            self.left[case] -= 1
            if not self.left[case]:
                self.next_group(at, case)

    def open(self, case: int, at: float) -> None:
        """What comes before the first review: nobody queues for it."""
        luck = self.luck
        for step, length in ((FIRST_LOOK, luck.first_look), (DRAFT, luck.draft), (HOLD, luck.hold)):
            days = float(length[case])
            if days:
                at = self.work(case, step, 0, at, at, days * self.slower(at))
        if at < self.stops[case]:
            self.push(at, case, _GO_ON, 0)

    def slower(self, at: float) -> float:
        return self.seasons[int(at) % DAYS_A_YEAR]

    def work(self, case: int, step: int, party: int, offered: float, began: float, days: float) -> float:
        """Keep a piece of work as done; returns when it ends, for an agreement that is given up not later than that."""
        stops = self.stops[case]
        if began >= stops:
            self.stop(case)
            return began
        ended = began + days
        if ended >= stops:
            ended = stops
            self.stop(case)
        self.rows.append((case, step, party, self.round[case], offered, began, ended))
        return ended

    def stop(self, case: int) -> None:
        self.gave_up[case], self.ends[case] = True, self.stops[case]

    def push(self, at: float, case: int, step: int, party: int) -> None:
        self.number += 1
        heappush(self.events, (at, self.number, case, step, party))

    def groups(self, case: int) -> list[list[tuple[int, int]]]:
        """The reviews of one round: at once, or one group after another."""
        advice = [(DATA_PROTECTION, party) for party in range(len(self.parties[case]))]
        if (AFTER if self.after[case] else BEFORE).reviews_at_once:
            return [[(LEGAL, 1), (SECURITY, 1), *advice]]
        return [[(LEGAL, 1)], [(SECURITY, 1)], advice]

    def offer_group(self, at: float, case: int) -> None:
        if at >= self.stops[case]:
            self.stop(case)
            return
        wanted = self.groups(case)[self.group[case]]
        self.left[case] = len(wanted)
        for step, party in wanted:
            pool = self.pool(case, step, party)
            if self.free[pool]:
                self.free[pool] -= 1
                self.begin(at, at, case, step, party)
            else:
                self.queues[pool].append((at, case, step, party))

    def pool(self, case: int, step: int, party: int) -> int:
        return (step - LEGAL) * ORGANISATIONS + self.parties[case][party]

    def begin(self, offered: float, at: float, case: int, step: int, party: int) -> None:
        luck, seen = self.luck, self.round[case]
        if step == DATA_PROTECTION:
            days = float(luck.data_protection[case, seen, party])
        else:
            days = float((luck.legal if step == LEGAL else luck.security)[case, seen])
        self.push(self.work(case, step, party, offered, at, days * self.slower(at)), case, step, party)

    def release(self, at: float, pool: int) -> None:
        """Somebody is free: the first in the queue that was not given up meanwhile is next."""
        queue = self.queues[pool]
        while queue:
            offered, case, step, party = queue.popleft()
            if at < self.stops[case]:
                self.begin(offered, at, case, step, party)
                return
            self.stop(case)
        self.free[pool] += 1

    def next_group(self, at: float, case: int) -> None:
        """A group is over: the next one, the draft comes back, or it is signed."""
        if at >= self.stops[case]:
            return
        self.group[case] += 1
        if self.group[case] < len(self.groups(case)):
            self.offer_group(at, case)
        elif self.round[case] < self.returns[case]:
            self.round[case] += 1
            self.group[case] = 0
            days = float(self.luck.redraft[case, self.round[case] - 1]) * self.slower(at)
            self.push(self.work(case, REDRAFT, 0, at, at, days), case, _GO_ON, 0)
        else:
            self.sign(at, case)

    def sign(self, at: float, case: int) -> None:
        """The signatures: at once, or each after the one before."""
        at_once = (AFTER if self.after[case] else BEFORE).signatures_at_once
        last = at
        for party in range(len(self.parties[case])):
            begins = at if at_once else last
            days = float(self.luck.sign_off[case, party]) * self.slower(begins)
            last = max(last, self.work(case, SIGN_OFF, party, begins, begins, days))
        if not self.gave_up[case]:
            self.ends[case] = last
