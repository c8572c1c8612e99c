"""Control charts: few false alarms, real changes seen, and nothing said from too little."""

import numpy as np
import pytest

from dsa.domain.errors import BadInput
from dsa.insight.control import control_chart, medians


def days(seed: int, size: int, *, times: float = 1.0) -> list[float]:
    return list(np.random.default_rng(seed).lognormal(2.0, 0.8, size) * times)


def test_a_chart_by_hand() -> None:
    """Days alternating between e and e squared: middle e^1.5, moving range 1, limits 2.66 away in log days."""
    chart = control_chart([np.e, np.e**2] * 10 + [np.e**4.2])
    values = [1, 2] * 10 + [4.2]
    middle, reach = np.mean(values), 2.66 * np.mean(np.abs(np.diff(values)))
    assert chart.middle == pytest.approx(np.exp(middle))
    assert (chart.lower, chart.upper) == pytest.approx((np.exp(middle - reach), np.exp(middle + reach)))
    fixed = control_chart([np.e, np.e**2] * 10 + [np.e**4.2], baseline=20)
    assert (fixed.middle, fixed.upper) == pytest.approx((np.exp(1.5), np.exp(4.16)))
    assert fixed.outside == (20,)
    assert fixed.reading == "unusual_points"


def test_ordinary_variation_is_seldom_called_unusual() -> None:
    """0.61 % of points was measured on log days; on raw days it would be 3.67 %."""
    calm = [control_chart(days(seed, 64), baseline=40) for seed in range(300)]
    share = sum(sum(point >= 40 for point in chart.outside) for chart in calm) / (300 * 24)
    assert 0.002 < share < 0.012


def test_a_lasting_change_is_seen_mostly_by_its_run() -> None:
    changed = [control_chart(days(seed, 40) + days(seed + 999, 24, times=2.0), baseline=40) for seed in range(100)]
    seen = [any(run.stop > 40 for run in chart.runs) or any(p >= 40 for p in chart.outside) for chart in changed]
    assert sum(seen) > 70
    assert sum(chart.reading == "slower" for chart in changed) > 3 * sum(chart.reading == "faster" for chart in changed)


def test_seven_on_one_side_are_no_run_and_eight_are() -> None:
    steady = [4.0, 16.0] * 10
    assert control_chart([*steady, 4.0, *[9.0] * 7], baseline=20).reading == "steady"
    slower = control_chart([*steady, 4.0, *[9.0] * 8], baseline=20)
    assert slower.runs == (range(21, 29),)
    assert slower.reading == "slower"
    assert control_chart([*steady, 16.0, *[7.0] * 8], baseline=20).reading == "faster"


def test_too_few_points_give_no_chart() -> None:
    with pytest.raises(BadInput, match="at least 20 ended cases; there are 19"):
        control_chart([1.0] * 19)
    assert control_chart([0.0] * 20).outside == ()


def test_busy_stages_are_drawn_by_the_medians_of_weeks() -> None:
    assert medians([1.0, 9.0, 2.0, 4.0], periods=[2, 2, 1, 2]) == [(1, 2.0, 1), (2, 4.0, 3)]
