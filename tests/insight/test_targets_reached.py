"""The targets on the synthetic world: every lever is taken away once, on the same draws, and reported as it is."""

import numpy as np
import pytest

from dsa.insight.targets_reached import LEVERS, Reached, reached


@pytest.fixture(scope="module")
def found() -> dict[str, Reached]:
    return reached(1500, chance=np.random.default_rng(1))


def test_all_levers_together_reach_the_targets_and_the_process_of_before_reaches_none(
    found: dict[str, Reached],
) -> None:
    for name, goal in Reached.GOALS:
        assert getattr(found["before"], name) > goal
        assert getattr(found["all"], name) <= goal * 1.05, name


def test_every_lever_is_taken_away_once_and_none_of_them_helps_by_being_absent(found: dict[str, Reached]) -> None:
    assert set(found) == {"before", "all", *LEVERS}
    for lever in LEVERS:
        for name, _ in Reached.GOALS:
            assert getattr(found[lever], name) >= getattr(found["all"], name) * 0.97, (lever, name)
    assert found["signatures within their target"].standard_p85 > 1.3 * found["all"].standard_p85


def test_the_same_seed_gives_the_same_figures() -> None:
    one, other = (reached(200, chance=np.random.default_rng(3)) for _ in range(2))
    assert one == other
