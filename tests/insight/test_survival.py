"""Survival statistics against lifelines and against figures worked out by hand."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from dsa.domain.errors import BadInput
from dsa.insight.eventlog import DAY
from dsa.insight.measures import Cases
from dsa.insight.reading import read_log
from dsa.insight.survival import compare, incidence, jump_weights, survival_curve

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from lifelines import AalenJohansenFitter, KaplanMeierFitter
    from lifelines.statistics import logrank_test
    from lifelines.utils import qth_survival_time

EQUAL = {"rtol": 0, "atol": 1e-9}


def world(seed: int, *, size: int = 300, ties: bool = True) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    true, seen = chance.lognormal(4, 0.8, size), chance.uniform(10, 200, size)
    durations = np.minimum(true, seen)
    return (np.ceil(durations) if ties else durations), true <= seen


@pytest.mark.parametrize("seed", range(5))
def test_the_curve_and_its_interval_equal_lifelines(seed: int) -> None:
    durations, ended = world(seed)
    ours, theirs = survival_curve(durations, ended), KaplanMeierFitter().fit(durations, ended)
    np.testing.assert_allclose(ours.going_on, theirs.survival_function_at_times(ours.times), **EQUAL)
    band = theirs.confidence_interval_.loc[ours.times]
    np.testing.assert_allclose(ours.low, band.iloc[:, 0], **EQUAL)
    np.testing.assert_allclose(ours.high, band.iloc[:, 1], **EQUAL)
    np.testing.assert_array_equal(ours.at_risk, theirs.event_table.loc[ours.times, "at_risk"])
    for share in (0.25, 0.5, 0.75):
        assert ours.reached(share).value == pytest.approx(qth_survival_time(1 - share, theirs.survival_function_))


@pytest.mark.parametrize("seed", range(5))
def test_signed_by_month_equals_lifelines_where_withdrawals_compete(seed: int) -> None:
    durations, ended = world(seed, ties=False)
    endings = np.where(ended, np.random.default_rng(seed + 50).choice([1, 2], len(ended), p=[0.8, 0.2]), 0)
    ours = incidence(durations, endings, of=1)
    theirs = AalenJohansenFitter(seed=1).fit(durations, endings, event_of_interest=1)
    np.testing.assert_allclose(ours.share, theirs.cumulative_density_.iloc[1:, 0], **EQUAL)
    band = theirs.confidence_interval_.iloc[1:]
    inside = (ours.share > 0) & (ours.share < 1)
    np.testing.assert_allclose(ours.low[inside], band.iloc[inside.nonzero()[0], 0], **EQUAL)
    np.testing.assert_allclose(ours.high[inside], band.iloc[inside.nonzero()[0], 1], **EQUAL)


def test_counting_withdrawals_as_open_would_overstate_signing() -> None:
    endings = np.array([1, 2, 1, 2, 1, 0])
    durations = np.array([1.0, 1, 2, 2, 3, 3])
    honest = incidence(durations, endings, of=1)
    # 1/6; then 4/6 go on and 1 of 4 signs; then 2 of 6 go on and 1 of 2 signs
    np.testing.assert_allclose(honest.share, [1 / 6, 1 / 6 + 4 / 6 / 4, 1 / 6 + 1 / 6 + 1 / 6], **EQUAL)
    assert 1 - survival_curve(durations, endings == 1).going_on[-1] > honest.share[-1] + 0.1
    assert honest.reached(0.5) == 3.0
    assert honest.reached(0.6) is None


@pytest.mark.parametrize("seed", range(5))
def test_the_comparison_of_two_cohorts_equals_lifelines(seed: int) -> None:
    before, after = world(seed), world(seed + 100, size=200)
    faster = (np.ceil(after[0] * 0.7), after[1])
    ours = compare((list(before[0]), list(before[1])), (list(faster[0]), list(faster[1])))
    theirs = logrank_test(before[0], faster[0], before[1], faster[1])
    assert ours.statistic == pytest.approx(theirs.test_statistic, rel=1e-9)
    assert ours.p_value == pytest.approx(theirs.p_value, rel=1e-7, abs=1e-12)
    assert ours.pace_low < ours.pace < ours.pace_high
    assert ours.pace > 1


@pytest.mark.parametrize("name", ["receipt", "helpdesk", "BPIC2020_DomesticDeclarations"])
def test_on_the_shared_logs_with_their_open_cases_everything_equals_lifelines(shared: Path, name: str) -> None:
    with (shared / "eventlogs" / f"{name}.xes.gz").open("rb") as stream:
        cases = Cases(read_log(stream, name=name))
    at = int(np.quantile(cases.start, 0.6))
    started = cases.start <= at
    ended = cases.end[started] <= at
    durations = (np.minimum(cases.end[started], at) - cases.start[started]) / DAY
    early = cases.start[started] < np.quantile(cases.start[started], 0.5)
    ours, theirs = survival_curve(durations, ended), KaplanMeierFitter().fit(durations, ended)
    np.testing.assert_allclose(ours.going_on, theirs.survival_function_at_times(ours.times), **EQUAL)
    groups = [(durations[each], ended[each]) for each in (early, ~early)]
    found = compare(*((days.tolist(), over.tolist()) for days, over in groups))
    test = logrank_test(groups[0][0], groups[1][0], groups[0][1], groups[1][1])
    assert found.statistic == pytest.approx(test.test_statistic, abs=1e-9, rel=1e-9)
    assert found.p_value == pytest.approx(test.p_value, abs=1e-9)


def test_where_everything_has_ended_one_way_the_interval_closes_and_nothing_overflows() -> None:
    for size in range(1, 60):  # the share comes to one but for the rounding of a sum
        found = incidence(np.arange(1.0, size + 1), np.ones(size, int), of=1)
        assert found.low[-1] == pytest.approx(1)
        assert found.high[-1] == pytest.approx(1)
        assert np.isfinite([found.low, found.high]).all()


def test_nothing_is_said_to_be_reached_that_was_not() -> None:
    curve = survival_curve([1, 2, 3, 4], [True, False, False, False])
    assert curve.reached(0.5).value is None
    assert curve.reached(0.5).at_risk == 0
    assert curve.reached(0.25).value == 1
    assert curve.reached(0.25).at_risk == 4
    assert curve.number_at_risk(2.5) == 2
    assert curve.share_going_on(0.5) == 1.0


def test_the_open_ones_lengthen_the_median() -> None:
    """Of eight, four ended by day 4 and the open ones are older: the ended alone would say 2.5."""
    curve = survival_curve([1, 2, 3, 4, 9, 9, 9, 9], [True] * 4 + [False] * 4)
    assert curve.reached(0.5).value == 4


def test_an_empty_history_gives_an_empty_curve() -> None:
    assert survival_curve([], []).reached(0.5).value is None


@pytest.mark.parametrize(("durations", "ended"), [([1.0], [True, False]), ([-1.0], [True]), ([float("nan")], [True])])
def test_what_is_no_duration_is_refused(durations: list[float], ended: list[bool]) -> None:
    with pytest.raises(BadInput):
        survival_curve(durations, ended)


def test_two_cohorts_without_ends_cannot_be_compared() -> None:
    with pytest.raises(BadInput, match="Too few"):
        compare(([1.0, 2.0], [False, False]), ([1.0], [False]))


def test_weights_are_the_jumps_of_the_curve() -> None:
    durations, ended = world(3)
    weights = jump_weights(durations, ended)
    curve = survival_curve(durations, ended)
    for time in curve.times[:-1]:
        assert 1 - weights[durations <= time].sum() == pytest.approx(curve.share_going_on(time), abs=1e-9)
    assert weights.sum() == pytest.approx(1.0)
