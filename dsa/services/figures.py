"""Keeping the figures of "Where the time goes" as rows that pages only read. One rule: a step writes none of them.

A step moves the head of its agreement on; the head then stands past what was counted, and an index holds exactly those
agreements. A job counts them again: what the agreement added before is taken back, what it adds now is added.

After rows were written past the services (a bulk load), call ``rebuild(ctx)`` once: it makes every figure anew from
events' rows, stays, spells, tasks and requests, a thousand agreements to a transaction.
"""

import gc
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.persistence import figures as stored
from dsa.persistence import figures_by_month as months_stored
from dsa.persistence.figures import Facts
from dsa.services import month_counts
from dsa.services.context import Context
from dsa.services.counting import ALL, VALUE, Counting, Part, kept_part, part_of, pressure_of
from dsa.services.stage_counts import PASSED, STAY, StageCounts, read
from dsa.timekeeping.calendar import calendar_for
from dsa.timekeeping.instants import local_day
from dsa.timekeeping.weeks import LONDON, week_of

TEAM_WEEKS = 12
NIGHT = 2  # the hour (London) from which the figures of a day are checked
BATCH = 100
_REBUILD_BATCH = 1_000
_MOST_DIFFERENCES = 20
_MOST_HELD = 200_000  # tallies held before they are written, when all is made anew
Says = Callable[[str], None]


@dataclass
class Changes:
    """What a batch changes: tallies, weeks, open work, and the scopes and stages to work out again.

    Tasks that were done before the week ``since`` are left out: no page reads them.
    """

    since: int
    tallies: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)
    weeks: dict[tuple[int, str, int], tuple[list[int], list[int]]] = field(default_factory=dict)
    open: list[dict[str, Any]] = field(default_factory=list)
    stages: set[tuple[int, str]] = field(default_factory=set)
    teams: set[int] = field(default_factory=set)

    def put(self, part: Part, sign: int) -> None:
        """Add a part (``sign`` 1) or take it back (-1)."""
        for scope in part.scopes:
            for key, (n, amount) in part.tallies.items():
                if key.topic == "done" and key.week < self.since:
                    continue
                here = self.tallies.setdefault((scope, *key), [0, 0])
                here[0] += sign * n
                here[1] += sign * amount
            for stage, week, days in part.weeks:
                out_in = self.weeks.setdefault((scope, stage, week), ([], []))
                out_in[sign > 0].append(days)
            if part.open is not None:
                self.stages.add((scope, part.open["stage"]))
                if sign > 0:
                    self.open.append({"scope": scope, **part.open})

    def settle(self) -> None:
        """Leave out what was taken back and added again, and note what must be worked out."""
        self.tallies = {key: value for key, value in self.tallies.items() if any(value)}
        kept = {}
        for key, (out, into) in self.weeks.items():
            for days in list(out):
                if days in into:
                    out.remove(days)
                    into.remove(days)
            if out or into:
                kept[key] = (out, into)
        self.weeks = kept
        self.stages |= {(key[0], key[3]) for key in self.tallies if key[1] in (STAY, PASSED)}
        self.teams |= {key[0] for key in self.tallies if key[1] in ("done", "waiting")}


def refresh(ctx: Context, *, most: int = 1_000) -> int:
    """Count again the agreements that changed, at most about ``most``; returns how many. New day: ages are worked out
    again.
    """
    done = 0
    while done < most:
        with ctx.database.reading() as session:
            idle = not stored.due(session, limit=1) and not _new_day(ctx, stored.state(session))
        if idle:
            break
        with ctx.database.writing() as session:
            state = stored.begin(session)
            if _new_day(ctx, state):
                stored.count_again(session, before=_today(ctx).toordinal())
                _work_out_all(ctx, session)
                state["day"] = _today(ctx).toordinal()
            ids = stored.due(session, limit=BATCH)
            stages, teams = _count(ctx, session, ids)
            _remaining_by_forecast(ctx, session, ids)
            _work_out(ctx, session, stages, teams)
            stored.keep_state(session, state | {"as_at": int(ctx.clock.now().timestamp())})
        done += max(len(ids), 1)
    return done


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the search for cycles: counting makes none, and the search costs more the more tallies are held."""
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()


@_uncollected()
def rebuild(ctx: Context, *, says: Says = lambda _: None) -> int:
    """Make every figure anew; returns how many agreements were counted. Call it after a bulk load.

    Steps may go on meanwhile: they are counted by the next ``refresh``. ``says`` is told how far it is.
    """
    with ctx.database.writing() as session:
        stored.begin(session)
        stored.clear(session)
    last = done = 0
    changes = Changes(_since(ctx))
    while True:
        with ctx.database.writing() as session:
            state = stored.begin(session)
            ids = stored.agreements_after(session, last, limit=_REBUILD_BATCH)
            if ids:
                _gather(ctx, session, ids, changes)
                last, done = ids[-1], done + len(ids)
                if len(changes.tallies) > _MOST_HELD:
                    stored.add_tallies(session, changes.tallies)
                    changes.tallies.clear()
                says(f"{done} agreements counted")
                continue
            stored.add_tallies(session, changes.tallies)
            stored.add_weeks(session, {at: sorted(into) for at, (_, into) in changes.weeks.items()})
            month_counts.make_anew(session)
            _work_out_all(ctx, session)
            now = ctx.clock.now()
            stored.keep_state(session, state | {"as_at": int(now.timestamp()), "day": _today(ctx).toordinal()})
            return done


def verify(ctx: Context) -> list[str]:
    """Compare every figure with the rows it was made of; returns what differs, in words, at most twenty."""
    found: list[str] = []
    sums: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    last, since = 0, _since(ctx)
    with ctx.database.reading() as session:
        while ids := stored.agreements_after(session, last, limit=_REBUILD_BATCH):
            last = ids[-1]
            waiting = stored.due_of(session, ids)
            for facts, part in _parts(ctx, session, ids, as_kept=True):
                kept = kept_part(facts.part)
                if facts.head.id not in waiting and part.text() != facts.part:
                    found.append(f"agreement {facts.head.id} is counted otherwise than its stays say")
                for key, value in kept.tallies.items():
                    if key.topic == "done" and key.week < since:
                        continue
                    for scope in kept.scopes:
                        here = sums[scope, key.topic]
                        here[0] += value[0]
                        here[1] += value[1]
        stands = stored.sums(session, since=since)
        months = month_counts.differing(session)
    for at in sorted(set(sums) | set(stands)):
        if tuple(sums.get(at, (0, 0))) != stands.get(at, (0, 0)):
            found.append(f"the sums of “{at[1]}” in scope {at[0]} are not those of its agreements")
    found += [f"the figures by month in scope {scope} are not those of its tallies" for scope in months]
    return found[:_MOST_DIFFERENCES]


def verify_nightly(ctx: Context) -> list[str]:
    """Once a day, after 2am in London: compare the figures as ``verify`` does, and make them anew where they differ.

    Returns what differed. Of several processes that ask at once, one does it; one that dies over it leaves it to the
    next night.
    """
    local = ctx.clock.now().astimezone(LONDON)
    today = local.date().toordinal()
    with ctx.database.reading() as session:
        state = stored.state(session)
    if local.hour < NIGHT or "as_at" not in state or state.get("checked") == today:
        return []
    with ctx.database.writing() as session:
        state = stored.begin(session)
        if state.get("checked") == today:
            return []
        stored.keep_state(session, state | {"checked": today})
    found = verify(ctx)
    if found:
        rebuild(ctx)
    return found


def _count(ctx: Context, session: Session, ids: list[int]) -> tuple[set[tuple[int, str]], set[int]]:
    """Count these agreements again; returns the (scope, stage) pairs and the scopes to work out."""
    changes = Changes(_since(ctx))
    _gather(ctx, session, ids, changes)
    changes.settle()
    stored.add_tallies(session, changes.tallies)
    stored.change_weeks(session, changes.weeks)
    month_counts.follow(session, changes.tallies)
    return changes.stages, changes.teams


def _gather(ctx: Context, session: Session, ids: list[int], changes: Changes) -> None:
    """Note what these agreements change, and keep what each adds now and what of it is under way."""
    rows, owned = [], []
    for facts, part in _parts(ctx, session, ids):
        changes.put(kept_part(facts.part), -1)
        changes.put(part, 1)
        one, seq = facts.head.id, facts.head.head_seq
        rows.append({"agreement_id": one, "seq": seq, "part": part.text(), "day": part.day})
        owned += [{"agreement_id": one, "topic": topic, "name": name} for topic, name in part.owned()]
    stored.replace_open(session, ids, changes.open)
    stored.replace_owned(session, ids, owned)
    changes.open = []
    if rows:
        stored.keep_parts(session, rows)


def _parts(ctx: Context, session: Session, ids: list[int], *, as_kept: bool = False) -> Iterable[tuple[Facts, Part]]:
    """The facts and the part of each agreement, as at today; ``as_kept``: as at the day for which it was counted."""
    ctx.calendars.refresh(session)
    bodies = stored.organisations(session)
    by_code = {code: one for one, (code, _) in bodies.items()}
    for facts in stored.facts(session, ids, section=VALUE[0]):
        flow = ctx.definitions.flow(session, facts.head.workflow_id, facts.head.workflow_version)
        counted_on = kept_part(facts.part).day if as_kept else None
        day = _today(ctx) if counted_on is None else date.fromordinal(counted_on)
        yield facts, part_of(facts, Counting(flow, _calendar_of(ctx, session), bodies, by_code, day))


def _calendar_of(ctx: Context, session: Session) -> Callable[[int, str], Any]:
    return lambda organisation, nation: ctx.calendars.of(session, organisation, nation)


def _today(ctx: Context) -> date:
    return local_day(ctx.clock.now())


def first_week_done(at: datetime) -> int:
    """The first of the weeks of which done tasks are counted at a moment."""
    return week_of(local_day(at)) - TEAM_WEEKS


def _since(ctx: Context) -> int:
    return first_week_done(ctx.clock.now())


def _new_day(ctx: Context, state: dict[str, Any]) -> bool:
    return bool(state.get("day") != _today(ctx).toordinal())


# From tallies to what pages read


def _work_out_all(ctx: Context, session: Session) -> None:
    stored.drop_empty(session, since=_since(ctx))
    _remaining_by_forecast(ctx, session)
    pairs = stored.scopes_and_stages(session, topic=STAY)
    _work_out(ctx, session, pairs, {scope for scope, _ in pairs})


def take_forecasts(ctx: Context) -> None:
    """Put what remains by the newest forecasts in the place of the targets; call it once some were made."""
    with ctx.database.writing() as session:
        stored.begin(session)
        _remaining_by_forecast(ctx, session)


def _remaining_by_forecast(ctx: Context, session: Session, ids: list[int] | None = None) -> None:
    """What remains until the likely day, where one is forecast for something whose benefit is known; of these
    agreements only, where they are given."""
    today, rows = _today(ctx), []
    for row in stored.forecasts_of_value(session, ids):
        left = calendar_for(row.nation).working_days(today, row.likely_on) if row.likely_on > today else 0
        presses = pressure_of(row.monthly_value, left)
        rows.append({"agreement": row.agreement_id, "left": left, "presses": presses})
    stored.keep_remaining(session, rows)


def _work_out(ctx: Context, session: Session, stages: Iterable[tuple[int, str]], teams: Iterable[int]) -> None:
    now = ctx.clock.now()
    of_scope: dict[int, list[str]] = defaultdict(list)
    for scope, stage in stages:
        of_scope[scope].append(stage)
    for scope, some in sorted(of_scope.items()):
        stored.replace_stages(session, scope, some, _stage_rows(session, scope, some, now))
    since = _since(ctx)
    for scope in sorted(teams):
        found: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: {"open": 0, "done": 0})
        for row in stored.team_sums(session, scope, since=since, done="done", waiting="waiting"):
            found[row.name, row.detail]["open" if row.topic == "waiting" else "done"] += int(row.n)
        rows = [
            {"scope": scope, "organisation": organisation, "role": role, **counts}
            for (organisation, role), counts in found.items()
            if any(counts.values())
        ]
        stored.replace_teams(session, scope, rows)


def _stage_rows(session: Session, scope: int, stages: list[str], now: datetime) -> list[dict[str, Any]]:
    """The figures of stages for every workflow and route, and for each that has something to say."""
    found: dict[tuple[str, str, str], StageCounts] = defaultdict(StageCounts)
    for row in months_stored.of_every_month(session, scope, stages):
        counts = read(row.counts)
        for workflow, route in {(row.workflow, row.route), (row.workflow, ""), ("", row.route), ("", "")}:
            found[row.stage, workflow, route].add(counts)
    today = local_day(now)
    return [
        {"scope": scope, "stage": stage, "workflow": workflow, "route": route, "worked_out_at": now,
         **each.figures(today)}
        for (stage, workflow, route), each in found.items()
    ]  # fmt: skip


def figures_state(ctx: Context, session: Session) -> tuple[datetime | None, int]:
    """When the figures were worked out (UTC, None: never), and how many agreements changed since (at most 1,000)."""
    as_at = stored.state(session).get("as_at")
    at = None if as_at is None else datetime.fromtimestamp(int(as_at), ctx.clock.now().tzinfo)
    return at, stored.due_count(session, most=1_000)


__all__ = ["ALL", "TEAM_WEEKS", "figures_state", "rebuild", "refresh", "take_forecasts", "verify", "verify_nightly"]
