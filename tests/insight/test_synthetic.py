"""The synthetic world has the statistics of the reference (ANALYTICS 6), within a tenth, before and after."""

import dataclasses
from functools import cache

import numpy as np
import pytest

from dsa.insight.survival import survival_curve
from dsa.insight.synthetic import (
    DAYS_A_MONTH,
    DAYS_A_YEAR,
    LENGTHS,
    NATIONS,
    ORGANISATIONS,
    PERIOD,
    RETURN_SHARE,
    draw_world,
    season,
    unhurried,
)
from dsa.insight.synthetic_play import DATA_PROTECTION, LEGAL, SECURITY, World, play_world

# Months to the signature, by percentile, of 5,000 agreements with seed 20.
BEFORE = {10: 2.7, 25: 4.0, 50: 6.3, 75: 10.0, 85: 12.8, 90: 15.1, 95: 19.1, 99: 27.9}
AFTER = {50: 3.8, 95: 10.9}
SHARES = {"review": 0.46, "sign_off": 0.21, "draft": 0.14, "hold": 0.09, "redraft": 0.06, "first_look": 0.03}


@cache
def world(agreements: int = 5000, seed: int = 20, changes_on: float = PERIOD) -> World:
    return play_world(draw_world(agreements, chance=np.random.default_rng(seed), changes_on=changes_on))


def months(of: World) -> np.ndarray:
    return of.days[of.signed] / DAYS_A_MONTH


def near(value: float, wanted: float) -> bool:
    return abs(value - wanted) <= 0.1 * wanted


@pytest.mark.parametrize(("changes_on", "wanted"), [(PERIOD, BEFORE), (0, AFTER)])
def test_the_months_to_signature_are_those_of_the_reference(changes_on: float, wanted: dict[int, float]) -> None:
    found = {at: float(np.percentile(months(world(changes_on=changes_on)), at)) for at in wanted}
    assert {at: round(value, 1) for at, value in found.items() if not near(value, wanted[at])} == {}


def test_the_long_ones_are_as_many_as_in_the_reference() -> None:
    before = months(world())
    assert near((before > 12).mean(), 0.176)
    assert near((before > 20).mean(), 0.042)
    # 6 in 1,000: of 5,000 they would be 30, and chance alone moves that by a fifth
    assert near((months(world(100_000, 1, 0)) > 20).mean(), 0.006)


def test_the_spread_the_returns_the_withdrawn_and_the_open_ones_are_those_of_the_reference() -> None:
    found = world()
    assert near(float(np.log(months(found)).std()), 0.66)
    assert near((found.luck.returns > 0).mean(), 0.32)
    assert near(found.withdrawn.mean(), 0.11)
    assert near(found.open.mean(), 0.18)


def test_the_time_goes_where_it_goes_in_the_reference() -> None:
    found = world(40_000, 1).shares
    half_a_point = 0.005  # the reference is rounded to whole per cent
    off = {name: found[name] for name, share in SHARES.items() if abs(found[name] - share) > 0.1 * share + half_a_point}
    assert off == {}
    assert sum(found.values()) == pytest.approx(1)


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not() -> None:
    again = play_world(draw_world(2000, chance=np.random.default_rng(3), changes_on=PERIOD / 2))
    first, other = world(2000, 3, PERIOD / 2), world(2000, 4, PERIOD / 2)
    for field in dataclasses.fields(World):
        if field.name != "luck":
            assert getattr(first, field.name).tobytes() == getattr(again, field.name).tobytes()
    assert first.ends.tobytes() != other.ends.tobytes()


def test_littles_law_holds_over_the_whole_world() -> None:
    found = world()
    begins, last = found.luck.begins, found.ends.max()
    days = np.arange(0, last, 0.25)
    under_way = np.searchsorted(np.sort(begins), days, "right") - np.searchsorted(np.sort(found.ends), days, "right")
    rate, length = found.luck.count / last, found.days.mean()
    assert under_way.mean() == pytest.approx(rate * length, rel=0.01)


def test_counting_the_open_ones_finds_the_true_median_where_the_finished_ones_alone_are_far_too_low() -> None:
    found = world(40_000, 1)
    today = PERIOD / 4  # young enough that the slow ones have had no time to finish
    begun = found.signed & (found.luck.begins <= today)
    days, ended = found.days[begun], found.ends[begun] <= today
    seen = np.where(ended, days, today - found.luck.begins[begun])
    truth = float(np.median(days))
    assert survival_curve(seen, ended).reached(0.5).value == pytest.approx(truth, rel=0.05)
    assert float(np.median(days[ended])) < 0.9 * truth


def test_reviewers_are_queued_for_in_order_and_never_do_more_than_they_are() -> None:
    found = world(5000, 1)
    reviews = (found.step >= LEGAL) & (found.step <= DATA_PROTECTION)
    owner = found.luck.parties[found.agreement, found.party]
    assert ((found.began - found.offered)[reviews] > 0).mean() > 0.01  # there is a queue
    assert (found.began == found.offered)[~reviews].all()
    for step in (LEGAL, SECURITY, DATA_PROTECTION):
        for body in range(ORGANISATIONS):
            mine = (found.step == step) & (owner == body)
            order = np.argsort(found.offered[mine], kind="stable")
            assert (np.diff(found.began[mine][order]) >= 0).all()
            moments = np.concatenate([found.began[mine], found.ended[mine]])
            change = np.repeat([1, -1], mine.sum())
            busy = np.cumsum(change[np.lexsort((change, moments))])
            assert busy.max() <= found.people[step - LEGAL, body]


def test_before_the_reviews_wait_for_each_other_and_after_they_do_not() -> None:
    for changes_on, at_once in ((PERIOD, False), (0, True)):
        found = world(2000, 1, changes_on)
        first = (found.round == 0) & ~found.withdrawn[found.agreement]
        legal, security = (found.offered[first & (found.step == step)] for step in (LEGAL, SECURITY))
        assert bool((legal == security).all()) is at_once


def test_nobody_is_quicker_than_its_work_and_the_withdrawn_stop_where_they_stop() -> None:
    found = world(5000, 1)
    assert (found.days[found.signed] >= unhurried(found.luck)[found.signed] - 1e-6).all()
    assert (found.ended <= found.ends[found.agreement] + 1e-9).all()


def test_a_world_with_a_change_in_the_middle_has_both_eras() -> None:
    found = world(5000, 1, PERIOD / 2)
    assert found.luck.after.sum() > found.luck.count / 2  # more and more begin
    assert (found.luck.begins[found.luck.after] >= PERIOD / 2).all()
    early, late = (months(found)[found.luck.after[found.signed] == after] for after in (False, True))
    assert np.median(late) < 0.7 * np.median(early)


def test_the_year_has_a_slow_august_and_slow_weeks_around_christmas() -> None:
    days = season(np.arange(DAYS_A_YEAR, dtype=float))
    assert ((days == 1.35).sum(), (days == 1.6).sum()) == (21, 10)


def test_the_parameters_are_those_of_the_reference() -> None:
    assert sum(NATIONS.values()) == ORGANISATIONS == 24
    assert list(RETURN_SHARE.values()) == [0.20, 0.36, 0.52]
    drawn = LENGTHS["legal"].draw(np.random.default_rng(1), 200_000)
    assert drawn.mean() == pytest.approx(LENGTHS["legal"].mean, rel=0.02)
