"""Forecasts made again for past days with what was known then: what they teach, and how they did.

One rule: neither a forecast nor the factor that stretches it uses anything later than its own day. At most ``MOST``
open cases of a day are forecast again, taken evenly.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from dsa.insight.eventlog import Ints
from dsa.insight.forecast import FEWEST_DONE, forecast
from dsa.insight.history import History, end_of, given_up_at, known_on
from dsa.insight.stays import Floats, Running
from dsa.insight.track_record import learned_factor

STEP = 0.05  # of the starts, between one past day and the next
LEARN_FROM = 5  # earlier days that a factor is learned from
DAYS = tuple(round(0.5 + STEP * number, 2) for number in range(10))
MOST = 200
_MINUTE = 1 / 480

Clock = Callable[[int], Floats]
"""Gives a moment (epoch seconds) on the working clock of each row of the history."""


@dataclass(frozen=True, slots=True)
class Made:
    """Forecasts of one past day, in working days to go, and what came of them; ``took`` NaN while it is not signed.

    ``gone``: given up (epoch seconds, NEVER where not), ``gone_after`` so many days (NaN where not).
    """

    at: int
    likely: Floats
    very_likely: Floats
    took: Floats
    signed_at: np.ndarray
    gone: np.ndarray
    gone_after: Floats
    then: Floats
    rows: np.ndarray


@dataclass(frozen=True, slots=True)
class Replay:
    """The factor for today's forecasts, and how the forecasts made again did, with the factor of their own day.

    ``said`` and ``met`` are those whose very likely day has come and how many were signed by it; ``gone`` are those not
    judged because they were given up before it. ``likely_said`` and so on: the same for the likely day.
    """

    factor: float
    said: int
    met: int
    gone: int
    likely_said: int
    likely_met: int
    likely_gone: int


def replay(history: History, *, clock: Clock, now: int, chance: Generator) -> Replay:
    """Forecast again on ten past days, learn, and judge as far as it is known at ``now``."""
    starts = np.sort(history.starts())
    if len(starts) < FEWEST_DONE:
        return unjudged(1.0)
    moments = sorted({int(np.quantile(starts, share)) for share in DAYS})
    made = [_made(history, at, clock, chance) for at in moments]
    today = clock(now)
    very_likely, likely = np.zeros(3, np.int64), np.zeros(3, np.int64)
    for number, one in enumerate(made):
        factor = _factor(made[max(0, number - LEARN_FROM) : number], one.at, clock(one.at))
        stretched = np.maximum(one.likely, one.very_likely * factor)
        passed = today[one.rows] - one.then
        very_likely += _judged(one, stretched, passed)
        likely += _judged(one, one.likely, passed)
    return Replay(_factor(made[-LEARN_FROM:], now, today), *very_likely.tolist(), *likely.tolist())


def unjudged(factor: float) -> Replay:
    """A factor with no forecast judged."""
    return Replay(factor, 0, 0, 0, 0, 0, 0)


def _judged(one: Made, said: Floats, passed: Floats) -> Ints:
    """(said, met, gone) of the days whose time has come. One given up before its day is neither met nor missed; one
    given up after it was missed already."""
    due = passed >= said
    gone = due & (one.gone_after <= said)
    return np.array([(due & ~gone).sum(), (due & (one.took <= said)).sum(), gone.sum()], dtype=np.int64)


def _made(history: History, at: int, clock: Clock, chance: Generator) -> Made:
    day = clock(at)
    known = known_on(history, at=at, day=day)
    size = len(known.rows)
    some = np.unique(np.linspace(0, size - 1, min(size, MOST)).astype(np.int64)) if size else np.zeros(0, np.int64)
    open_ones = known.running
    running = Running(open_ones.case[some], open_ones.stage[some], open_ones.age[some], open_ones.elapsed[some])
    found = forecast(known.stays, running, chance=chance)
    given = ~np.isnan(found.very_likely)
    rows = known.rows[some][given]
    signed_at, signed_day = (part[rows] for part in end_of(history))
    gone_at, gone_day = (part[rows] for part in given_up_at(history))
    then = day[rows]
    return Made(
        at, found.likely[given], found.very_likely[given], signed_day - then, signed_at, gone_at,
        gone_day - then, then, rows,
    )  # fmt: skip


def _factor(earlier: list[Made], now: int, today: Floats) -> float:
    """What the forecasts of earlier days teach, as known at ``now``: one still open is missed by what has passed.

    One that was given up teaches what it lasted until then, and that it was not signed so soon. A day is said for the
    case that it is signed, so giving up is no signature and no end of the wait; to leave such cases out would forget
    those whose day had passed before they were given up, which the record counts as missed.
    """
    ratios, over = [np.zeros(0)], [np.zeros(0, bool)]
    for one in earlier:
        signed = one.signed_at <= now
        passed = np.where(one.gone <= now, one.gone_after, today[one.rows] - one.then)
        lasted = np.where(signed, one.took, passed)
        ratios.append(lasted / np.maximum(one.very_likely, _MINUTE))
        over.append(signed)
    return learned_factor(np.concatenate(ratios), np.concatenate(over))
