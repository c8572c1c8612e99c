"""Whether it has become quicker: half-times with open and withdrawn ones counted, and how sure that is."""

import numpy as np
import pytest

from dsa.insight.cohorts import GIVEN_UP, OPEN, SIGNED, Lengths, change, cohort


def drawn(chance: np.random.Generator, *, median: float, size: int = 250, followed: float = 400.0) -> Lengths:
    """Log-normal lengths, a tenth withdrawn at some point, looked at while some are open."""
    days = chance.lognormal(np.log(median), 0.7, size)
    gone = np.where(chance.random(size) < 0.1, days * chance.random(size), np.inf)
    seen = chance.uniform(20, followed, size)
    ends = np.minimum(np.minimum(days, gone), seen)
    ending = np.where(ends == seen, OPEN, np.where(ends == gone, GIVEN_UP, SIGNED))
    return Lengths(ends, ending)


def test_half_of_all_counts_those_that_can_never_be_signed() -> None:
    days = np.array([10.0, 20, 30, 40])
    assert cohort(Lengths(days, np.array([SIGNED] * 4))).by(0.5).day == 20
    withdrawn = cohort(Lengths(days, np.array([GIVEN_UP, SIGNED, SIGNED, SIGNED])))
    assert withdrawn.by(0.5).day == 30
    assert withdrawn.by(0.5).at_risk == 2
    never = cohort(Lengths(days, np.array([GIVEN_UP, GIVEN_UP, GIVEN_UP, SIGNED]))).by(0.5)
    assert (never.day, never.at_risk) == (None, 0)


def test_the_interval_of_the_difference_holds_the_truth_about_95_times_of_100() -> None:
    """The truth by drawing without end; 150 worlds."""
    chance = np.random.default_rng(3)
    endless = [cohort(drawn(chance, median=median, size=60_000, followed=4000)).by(0.5).day for median in (120, 80)]
    assert endless[0] is not None
    assert endless[1] is not None
    truth, held, width = endless[0] - endless[1], 0, []
    for _ in range(150):
        found = change(cohort(drawn(chance, median=120)), cohort(drawn(chance, median=80)))
        if found.low is None or found.high is None:
            continue
        held += found.low <= truth <= found.high
        width.append(found.high - found.low)
    assert len(width) > 140
    assert 0.90 <= held / len(width) <= 0.995
    assert np.median(width) < 80


def test_what_half_did_not_reach_has_no_difference_but_the_curves_are_compared() -> None:
    chance = np.random.default_rng(4)
    slow, quick = drawn(chance, median=2000, followed=300), drawn(chance, median=60)
    found = change(cohort(slow), cohort(quick))
    assert found.saved is None
    assert found.test is not None
    assert found.test.p_value < 0.001
    nothing = Lengths(np.array([1.0, 2.0]), np.array([OPEN, OPEN]))
    assert change(cohort(nothing), cohort(nothing)).test is None


def test_nothing_changed_is_no_difference() -> None:
    one = cohort(drawn(np.random.default_rng(5), median=100))
    found = change(one, one)
    assert found.saved == 0
    assert found.low == pytest.approx(-found.high)
