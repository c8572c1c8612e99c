"""When will it be signed: what the forecast says, where it says nothing, and how good it would have been."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dsa.insight.backtest import backtest
from dsa.insight.eventlog import DAY, EventLog
from dsa.insight.forecast import Forecasts, Reach, by_each_method, forecast
from dsa.insight.measures import Cases
from dsa.insight.reading import read_log
from dsa.insight.stays import Running, stays_on
from dsa.insight.track_record import learned_factor, track_record

ASK, LOOK, SIGN = 0, 1, 2


def world(seed: int, *, size: int = 400, back: float = 0.0) -> EventLog:
    """Agreements that begin over 800 days, are asked for, looked at (now and then again) and signed."""
    chance = np.random.default_rng(seed)
    case, activity, at = [], [], []
    for one in range(size):
        clock, stage = float(chance.uniform(0, 800)), ASK
        while True:
            case.append(one)
            activity.append(stage)
            at.append(int(clock * DAY))
            if stage == SIGN:
                break
            clock += float(chance.lognormal(2.5 + stage / 2, 0.8))
            stage = LOOK if stage == ASK or chance.random() < back else SIGN
    none = np.full(len(at), -1, np.int64)
    return EventLog(
        case_ids=[str(one) for one in range(size)],
        activities=["ask", "look", "sign"],
        resources=[],
        lifecycles=[],
        case=np.array(case),
        activity=np.array(activity),
        at=np.array(at),
        started=np.full(len(at), np.iinfo(np.int64).min),
        resource=none,
        lifecycle=none,
        open_cases=None,
    )


def asked(log: EventLog, day: int, *, stage: int, age: float, elapsed: float) -> Forecasts:
    stays, _ = stays_on(log, at=day * DAY)
    one = Running(np.array([0]), np.array([stage]), np.array([age]), np.array([elapsed]))
    return forecast(stays, one, chance=np.random.default_rng(7))


def test_nothing_later_than_the_day_goes_into_a_forecast() -> None:
    log = world(1)
    later = replace(log, at=np.where(log.at > 600 * DAY, log.at + 500 * DAY, log.at))
    (stays, truth), (again, moved) = stays_on(log, at=600 * DAY), stays_on(later, at=600 * DAY)
    assert not np.array_equal(truth, moved)
    said = by_each_method(stays, stays.now_open(), chance=np.random.default_rng(3)).both
    np.testing.assert_array_equal(said, by_each_method(again, again.now_open(), chance=np.random.default_rng(3)).both)


def test_the_same_seed_gives_the_same_dates_and_another_nearly_the_same() -> None:
    stays, _ = stays_on(world(2), at=600 * DAY)
    first, same, other = (
        forecast(stays, stays.now_open(), chance=np.random.default_rng(seed)).likely for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert np.nanmedian(np.abs(first / other - 1)) < 0.15


def test_walks_recover_how_long_it_really_takes() -> None:
    """Of a case that has just been asked for: the median of the sum of two log-normal stages, by drawing it."""
    log = world(3, size=3000)
    chance = np.random.default_rng(0)
    true = np.quantile(chance.lognormal(2.5, 0.8, 200_000) + chance.lognormal(3.0, 0.8, 200_000), [0.5, 0.85])
    stays, _ = stays_on(log, at=700 * DAY)
    fresh = Running(np.array([0] * 20), np.array([ASK] * 20), np.zeros(20), np.zeros(20))
    said = by_each_method(stays, fresh, chance=chance)
    np.testing.assert_allclose(said.walks.mean(axis=0), true, rtol=0.07)
    np.testing.assert_allclose(said.landmark.mean(axis=0), true, rtol=0.25)  # a hundred cases only


def test_time_already_spent_counts() -> None:
    log, looks = world(4, size=3000), np.random.default_rng(0).lognormal(3.0, 0.8, 400_000)
    stays, _ = stays_on(log, at=750 * DAY)
    for age in (0.5, 20.0):
        alike = Running(np.arange(20), np.full(20, LOOK), np.full(20, age), np.full(20, age + 12))
        said = by_each_method(stays, alike, chance=np.random.default_rng(1)).walks.mean(axis=0)
        np.testing.assert_allclose(said, np.quantile(looks[looks > age] - age, [0.5, 0.85]), rtol=0.15)


def test_no_date_below_a_floor_of_history() -> None:
    few = asked(world(5), 30, stage=ASK, age=1, elapsed=1)
    assert few.reach[0] == Reach.TOO_LITTLE_HISTORY
    assert np.isnan([few.likely[0], few.very_likely[0]]).all()


def test_no_date_for_what_is_older_than_anything_that_ever_finished() -> None:
    for stage, age, elapsed in ((LOOK, 5000, 5010), (LOOK, 3, 5000), (ASK, 5000, 5000)):
        said = asked(world(6), 700, stage=stage, age=age, elapsed=elapsed)
        assert said.reach[0] == Reach.OLDER_THAN_ANYTHING
        assert np.isnan(said.likely[0])


def test_the_factor_only_moves_the_very_likely_day() -> None:
    stays, _ = stays_on(world(7), at=600 * DAY)
    plain, longer = (
        forecast(stays, stays.now_open(), chance=np.random.default_rng(1), factor=factor) for factor in (1.0, 2.0)
    )
    np.testing.assert_array_equal(plain.likely, longer.likely)
    assert np.nanmedian(longer.very_likely / plain.very_likely) == pytest.approx(2.0)


def test_the_factor_is_learned_from_what_was_missed_open_ones_counted() -> None:
    ratio = np.linspace(0.02, 2.0, 100)
    assert learned_factor(ratio, np.ones(100, bool)) == pytest.approx(1.7)
    assert learned_factor(ratio, ratio <= 1.0) == 4.0  # half are open and late already
    assert learned_factor(ratio[:19], np.ones(19, bool)) == 1.0
    assert learned_factor(ratio / 100, np.ones(100, bool)) == 0.5


def test_a_forecast_is_judged_when_its_day_has_come() -> None:
    record = track_record(
        np.array([10.0, 10, 10, 50]), passed=np.array([20.0, 20, 20, 20]), took=np.array([5.0, 15, np.nan, 3])
    )
    assert (record.judged, record.met) == (3, 1)
    assert track_record(np.array([1.0]), passed=np.zeros(1), took=np.zeros(1)).share is None


def test_on_a_known_world_very_likely_is_met_about_85_times_of_100() -> None:
    found = backtest(world(8, size=1200, back=0.3), chance=np.random.default_rng(1))
    assert found.shown.judged > 150
    assert 0.78 <= found.shown.met_corrected <= 0.92
    assert found.scores["both"].mean_error < 0.85 * found.scores["naive"].mean_error


@pytest.mark.parametrize(
    ("name", "naive", "at_most"),
    [("receipt", None, 43.1), ("helpdesk", 7.1, 9.25), ("BPIC2020_DomesticDeclarations", 10.2, 6.7)],
)
def test_the_back_test_of_public_logs_is_no_worse_than_the_measured_method(
    shared: Path, name: str, naive: float | None, at_most: float
) -> None:
    with (shared / "eventlogs" / f"{name}.xes.gz").open("rb") as stream:
        log = read_log(stream, name=name)
    found = backtest(log, chance=np.random.default_rng(1))
    if naive is not None:  # the protocol is the same: the method without any model errs by the published days
        assert found.scores["naive"].mean_error == pytest.approx(naive, abs=0.05)
    assert found.scores["walks"].mean_error <= at_most
    assert found.scores["both"].mean_error <= at_most
    assert 0.80 <= found.shown.met_corrected <= 0.90
    assert len(Cases(log)) > found.no_date
