"""How good the forecasts would have been: made on past days with what was known then, judged by what happened.

One rule: nothing later than the day goes into a forecast, nor into the factor that corrects it. The days are those at
which 70, 75, 80, 85 and 90 % of the cases had started.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from dsa.insight.eventlog import DAY, EventLog
from dsa.insight.forecast import LIKELY, VERY_LIKELY, Methods, Reach, by_each_method, reach_of
from dsa.insight.measures import Cases
from dsa.insight.stays import Floats, Running, Stays, stays_on
from dsa.insight.survival import survival_curve
from dsa.insight.track_record import learned_factor

CUT_OFFS = (0.70, 0.75, 0.80, 0.85, 0.90)
EARLIER = (0.05, 0.10, 0.15, 0.20, 0.25)  # how much earlier the forecasts lie that the factor is learned from
METHODS = ("naive", "walks", "landmark", "both")
SHOWN = "both"


@dataclass(frozen=True, slots=True)
class Score:
    """How one method did. Errors in days; ``met`` the share of cases over by their "very likely" day."""

    mean_error: float
    met: float
    met_corrected: float
    judged: int

    def figures(self) -> dict[str, float | int | None]:
        """As JSON has it: None where no case was judged."""
        if not self.judged:
            return {"mean_error_d": None, "met": None, "met_corrected": None, "judged": 0}
        errs, met, corrected = self.mean_error, self.met, self.met_corrected
        return {"mean_error_d": errs, "met": met, "met_corrected": corrected, "judged": self.judged}


@dataclass(frozen=True, slots=True)
class Backtest:
    """What the back-test of a log found: each method over all open cases, and the average over those given a date."""

    scores: dict[str, Score]
    shown: Score
    open_cases: int
    no_date: int
    factors: tuple[float, ...]

    def figures(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "open_cases": self.open_cases,
            "no_date": self.no_date,
            "factors": list(self.factors),
            "shown": self.shown.figures(),
            "methods": {name: score.figures() for name, score in self.scores.items()},
        }


@dataclass(frozen=True, slots=True)
class _Day:
    at: int
    stays: Stays
    running: Running
    truth: Floats
    given: NDArray[np.bool_]
    found: dict[str, Floats]


def backtest(log: EventLog, *, chance: Generator) -> Backtest:
    """Forecast every case open on each of the five days, and judge; the same ``chance`` gives the same figures."""
    starts = Cases(log).start
    shares = sorted({round(cut - earlier, 2) for cut in CUT_OFFS for earlier in (0.0, *EARLIER)})
    days = {share: _day(log, int(np.quantile(starts, share)), chance) for share in shares}
    judged = [days[cut] for cut in CUT_OFFS]
    sizes = [len(day.truth) for day in judged]
    truth = np.concatenate([day.truth for day in judged])
    given = np.concatenate([day.given for day in judged])
    scores = {}
    for method in METHODS:
        to_go = np.concatenate([day.found[method] for day in judged])
        scores[method] = _score(to_go, truth, np.repeat(_factors(days, method, only_given=False), sizes))
    factors = _factors(days, SHOWN, only_given=True)
    to_go, stretch = np.concatenate([day.found[SHOWN] for day in judged]), np.repeat(factors, sizes)
    shown = _score(to_go[given], truth[given], stretch[given])
    return Backtest(scores, shown, len(truth), int((~given).sum()), tuple(factors))


def _day(log: EventLog, at: int, chance: Generator) -> _Day:
    stays, truth = stays_on(log, at=at)
    running = stays.now_open()
    said: Methods = by_each_method(stays, running, chance=chance)
    rough = _by_age(stays, running)
    found = {
        name: np.where(np.isnan(days), rough, days)
        for name, days in (("walks", said.walks), ("landmark", said.landmark), ("both", said.both))
    }
    given = reach_of(stays, running) == Reach.GIVEN
    return _Day(at, stays, running, truth, given, {"naive": _naive(stays, running), **found})


def _naive(stays: Stays, running: Running) -> Floats:
    """The median (and the 85th percentile) of the ended cases' totals, less what has passed."""
    totals, done = stays.totals()
    whole = np.quantile(totals[done], [LIKELY, VERY_LIKELY]) if done.any() else np.zeros(2)
    return np.maximum(whole[None, :] - running.elapsed[:, None], 0.0)


def _by_age(stays: Stays, running: Running) -> Floats:
    """Where no method reaches: by the age of the case alone, and beyond all history as long again as it has taken."""
    totals, done = stays.totals()
    found = np.column_stack([running.elapsed, running.elapsed * 4])
    for number, elapsed in enumerate(running.elapsed.tolist()):
        older = totals > elapsed
        if done[older].any():
            curve = survival_curve(totals[older] - elapsed, done[older])
            for place, share in enumerate((LIKELY, VERY_LIKELY)):
                value = curve.reached(share).value
                found[number, place] = float(curve.times[-1]) if value is None else value
    return found


def _factors(days: dict[float, _Day], method: str, *, only_given: bool) -> list[float]:
    """For each of the five days, what earlier forecasts teach, as known on the day.

    A forecast whose case is still open on the day counts as missed by at least what has passed: not left out.
    ``only_given``: learn only from cases that would have been given a date.
    """
    factors = []
    for cut in CUT_OFFS:
        ratios, over = [], []
        for earlier in EARLIER:
            day = days[round(cut - earlier, 2)]
            passed = (days[cut].at - day.at) / DAY
            kept = day.given if only_given else np.ones(len(day.truth), bool)
            said = np.maximum(day.found[method][kept, 1], 1 / 1440)
            ratios.append(np.minimum(day.truth[kept], passed) / said)
            over.append(day.truth[kept] <= passed)
        factors.append(learned_factor(np.concatenate(ratios), np.concatenate(over)))
    return factors


def _score(days: Floats, truth: Floats, stretch: Floats) -> Score:
    if not len(truth):
        return Score(float("nan"), float("nan"), float("nan"), 0)
    return Score(
        mean_error=float(np.abs(days[:, 0] - truth).mean()),
        met=float((truth <= days[:, 1]).mean()),
        met_corrected=float((truth <= days[:, 1] * stretch).mean()),
        judged=len(truth),
    )
