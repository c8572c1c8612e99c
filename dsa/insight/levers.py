"""What can be changed in a fitted process, each change named by an identifier. One rule: only what applies is offered.

The page turns the identifiers into sentences; what a change assumes stands there too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from dsa.insight import whatif
from dsa.insight.process_fit import Fitted
from dsa.insight.simulation import Draws, Floats, Phase, Played, Process, Task
from dsa.insight.whatif import Change, Saving, World, played_against

REVIEW, SIGNING = "review", "sign_off"
SIGN_CAP = 10.0
DELEGATED = 3.0
PRECEDENT_SHARE, PRECEDENT_TIMES = 0.3, 0.5
FEWER_RETURNS = 0.5
MERGED = ("security", "data_protection_advice")
OURS, THEIRS = "ours", "theirs"
RUNS, WALKS = 6, 150
_CAPS = {"cap": SIGN_CAP, "delegated": DELEGATED}


def task_name(rule: str, side: str) -> str:
    """The name of a piece of work of a rule, by whose it is."""
    return f"{rule}:{side}"


def in_phase(phase: str, name: str) -> str:
    """The name of a piece of work where an earlier phase has work of the same name."""
    return f"{phase}/{name}"


def levers(fitted: Fitted) -> list[Change]:
    """The changes that apply to the process."""
    process = fitted.process
    found: list[Change] = []
    for phase in process.phases:
        if len(phase.tasks) > 1 and not phase.at_once:
            found.append(_named(whatif.at_once(phase.name), f"at_once:{phase.name}"))
    signing, reviews = _tasks(process, SIGNING), _tasks(process, REVIEW)
    if signing:
        found.append(_named(whatif.capped(signing, days=SIGN_CAP), "cap"))
        ours = [name for name in signing if name.endswith(f":{OURS}")]
        if ours:
            found.append(_named(whatif.capped(ours, days=DELEGATED), "delegated"))
    if reviews:
        precedent = whatif.lane(reviews, share=PRECEDENT_SHARE, times=PRECEDENT_TIMES)
        found.append(_named(precedent, "precedent"))
    if process.return_share:
        found.append(_named(whatif.fewer_returns(FEWER_RETURNS), "returns"))
    found += [_named(whatif.one_more(pool), f"one_more:{pool}") for pool in process.people]
    pair = [task_name(rule, OURS) for rule in MERGED]
    if set(pair) <= set(reviews):
        found.append(_named(whatif.merged(*pair), "merged"))
    return found


def _tasks(process: Process, phase: str) -> list[str]:
    return [task.name for one in process.phases if one.name == phase for task in one.tasks]


def _named(change: Change, name: str) -> Change:
    return replace(change, name=name)


# One agreement, from where it stands


@dataclass(frozen=True, slots=True)
class Place:
    """Where one agreement stands: in ``phase``, with the stages ``behind`` it, after ``returns`` from review.

    ``standing``: the pieces of work that are open in the phase, with how many days each has lasted. ``asked``: those
    that were asked for in this stay, done ones too.
    """

    phase: str
    behind: frozenset[str]
    standing: Mapping[str, float]
    asked: frozenset[str] = frozenset()
    returns: int = 0


def worlds_of(fitted: Fitted, place: Place, *, chance: Generator) -> Iterator[World]:
    """The rest of one agreement's way, drawn ``WALKS`` times in each of ``RUNS`` runs; nobody queues for it.

    What is behind it is done; where it comes back, everything is drawn afresh. From a phase that is behind nothing
    comes back.
    """
    free = tuple(
        replace(one, tasks=tuple(replace(task, pool=None) for task in one.tasks)) for one in fitted.process.phases
    )
    process = replace(fitted.process, phases=free, people={})
    over = all(one.name in place.behind for one in process.phases if one.returns_to is not None)
    for of_run in chance.spawn(RUNS):
        luck = fitted.luck(of_run, WALKS, used=place.returns)
        lengths = dict(luck.lengths)
        for one in process.phases:
            for task in one.tasks if one.name in place.behind else _begun(one, place):
                left = lengths[task.name].copy()
                left[:, 0] = np.nan
                if one.name == place.phase and task.name in place.standing:
                    age = place.standing[task.name]
                    left[:, 0] = fitted.beyond(task.name, age, of_run, WALKS, used=place.returns)
                lengths[task.name] = left
        returns = np.ones_like(luck.returns) if over else luck.returns
        yield process, Draws(np.zeros(WALKS), lengths, returns, luck.lane)


def _begun(phase: Phase, place: Place) -> tuple[Task, ...]:
    """The work of the present phase that was asked for; where one waits for the other, the rest is still to come."""
    if phase.name != place.phase:
        return ()
    return tuple(
        task for task in phase.tasks if phase.at_once or task.name in place.asked or task.name in place.standing
    )


def moves_for(fitted: Fitted, place: Place) -> list[Change]:
    """The single moves that may shorten one agreement from where it stands."""
    ahead = [one.name for one in fitted.process.phases if one.name not in place.behind]
    found = [_now(name) for name in place.standing]
    for one in levers(fitted):
        if not _still_helps(one.name, ahead):
            continue
        days = _CAPS.get(one.name)
        if days is None or place.phase != SIGNING:
            found.append(one)
            continue
        lasted = {task: age for task, age in place.standing.items() if one.name != "delegated" or task.endswith(OURS)}
        if all(age < days for age in lasted.values()):
            found.append(_from_here(one, lasted, days))
    return found


def _from_here(change: Change, lasted: Mapping[str, float], days: float) -> Change:
    """A cap on signatures while some are asked for: the days that each of these has lasted already count."""

    def apply(process: Process, draws: Draws) -> World:
        process, capped = change.apply(process, draws)
        lengths = dict(capped.lengths)
        for task, age in lasted.items():
            left = lengths[task].copy()
            left[:, 0] = np.minimum(left[:, 0], days - age)
            lengths[task] = left
        return process, replace(capped, lengths=lengths)

    return replace(change, apply=apply)


def _still_helps(name: str, ahead: Sequence[str]) -> bool:
    kind, _, of = name.partition(":")
    if kind == "at_once":
        return of in ahead
    return (kind in ("cap", "delegated") and SIGNING in ahead) or (kind in ("returns", "merged") and REVIEW in ahead)


def _now(task: str) -> Change:
    """An open piece of work is done within a working day."""

    def apply(process: Process, draws: Draws) -> World:
        left = draws.lengths[task].copy()
        left[:, 0] = np.minimum(left[:, 0], 1.0)
        return process, replace(draws, lengths={**draws.lengths, task: left})

    return Change(f"now:{task}", "", apply)


def shorten(
    fitted: Fitted, place: Place, *, on_hold: float | None, chance: Generator
) -> tuple[float, tuple[Saving, ...]]:
    """The working days within which half of such are signed, and what each single move would save on average, the best
    first; a move that saves nothing in any run is left out.

    ``on_hold``: working days that its hold still has to run, None where it is on none; while it lasts nothing moves.
    """
    wait = on_hold or 0.0
    base, savings = played_against(
        list(worlds_of(fitted, place, chance=chance)),
        moves_for(fitted, place),
        settled=_all,
    )
    half = float(np.median(np.concatenate([one.days for one in base]))) + wait
    found = [one for one in savings if (one.saved, one.low, one.high) != (0.0, 0.0, 0.0)]
    if wait:
        found.append(Saving("end_hold", "", wait, wait, wait, 0))
    return half, whatif.ranked(found)


def _all(played: Played) -> Floats:
    return played.days


@dataclass(frozen=True, slots=True)
class Simulated:
    """What the runs of a fitted process gave, in working days: half and 85 of 100, and each change, the best first."""

    half: float
    most: float
    waits: dict[str, float]
    savings: tuple[Saving, ...]


def simulate(fitted: Fitted, *, chance: Generator, agreements: int, runs: int) -> Simulated:
    """Play the process as it is and with each change ``runs`` times, each time on the same luck."""
    worlds = [(fitted.process, fitted.luck(of_run, agreements)) for of_run in chance.spawn(runs)]
    base, savings = played_against(worlds, levers(fitted), settled=whatif.settled)
    days = np.concatenate([whatif.settled(one) for one in base])
    waits = {pool: float(np.mean([one.waits[pool] for one in base])) for pool in fitted.process.people}
    return Simulated(float(np.quantile(days, 0.5)), float(np.quantile(days, 0.85)), waits, savings)
