"""The product's own history: what was known on a day, and forecasts made again for past days."""

from dataclasses import replace

import numpy as np

from dsa.insight.eventlog import DAY
from dsa.insight.forecast import forecast
from dsa.insight.history import GIVEN_UP, NEVER, History, known_on
from dsa.insight.stays import ENDED, STILL_THERE, stays_on
from dsa.insight.track_record import LARGEST
from dsa.insight.walk_forward import Made, _factor, _judged, replay
from tests.insight.test_forecast import world

SECONDS = 86_400


def history_of(seed: int, *, size: int = 400, given_up: float = 0.0) -> History:
    """The known world as a history on a clock that always runs; some cases given up half-way through a stay."""
    log = world(seed, size=size, back=0.3)
    at = log.at // (DAY // SECONDS)
    last = np.append(log.case[1:] != log.case[:-1], True)
    left = np.where(last, at, np.append(at[1:], 0))
    next_stage = np.where(last, ENDED, np.append(log.activity[1:], 0))
    chance, kept = np.random.default_rng(seed), np.ones(len(at), bool)
    for case in np.flatnonzero(chance.random(size) < given_up):
        rows = np.flatnonzero(log.case == case)
        stop = rows[len(rows) // 2 - 1]
        left[stop] = (at[stop] + left[stop]) // 2
        next_stage[stop] = GIVEN_UP
        kept[rows[rows > stop]] = False
    days = [moments / SECONDS for moments in (at, left)]
    return History(log.case, log.activity, at, left, *days, next_stage).only(kept)


def clock_of(history: History):  # type: ignore[no-untyped-def]
    return lambda at: np.full(len(history), at / SECONDS)


def test_the_same_stays_as_from_a_log() -> None:
    history, log = history_of(3), world(3, back=0.3)
    ours = known_on(history, at=600 * SECONDS, day=np.full(len(history), 600.0))
    theirs, _ = stays_on(log, at=600 * DAY)
    for name in ("case", "stage", "entered", "stayed", "next_stage", "to_end", "done"):
        np.testing.assert_allclose(getattr(ours.stays, name), getattr(theirs, name), atol=2e-4)
    np.testing.assert_allclose(ours.running.elapsed, theirs.now_open().elapsed, atol=2e-4)


def test_nothing_that_happened_after_the_day_is_known() -> None:
    history = history_of(4)
    cut = 500 * SECONDS
    later = replace(
        history,
        left=np.where(history.left > cut, history.left + 7_000_000, history.left),
        to_day=np.where(history.left > cut, history.to_day + 81.0, history.to_day),
        next_stage=np.where(history.left > cut, (history.next_stage + 1) % 3, history.next_stage),
    )
    day = np.full(len(history), 500.0)
    one, other = known_on(history, at=cut, day=day), known_on(later, at=cut, day=day)
    for name in one.stays.__slots__:
        np.testing.assert_array_equal(getattr(one.stays, name), getattr(other.stays, name))


def test_what_was_given_up_counts_as_going_on_until_then_and_is_not_open() -> None:
    history = History(
        case=np.array([1, 1, 2, 3]), stage=np.array([0, 1, 0, 0]), entered=np.array([0, 10, 0, 0]) * SECONDS,
        left=np.array([10 * SECONDS, 10 * SECONDS, 4 * SECONDS, NEVER]), from_day=np.array([0.0, 10, 0, 0]),
        to_day=np.array([10.0, 10, 4, 0]), next_stage=np.array([1, ENDED, GIVEN_UP, STILL_THERE]),
    )  # fmt: skip
    known = known_on(history, at=20 * SECONDS, day=np.full(4, 20.0))
    assert known.running.case.tolist() == [3]
    assert known.running.age.tolist() == [20.0]
    assert known.stays.stayed.tolist() == [10.0, 0.0, 4.0, 20.0]
    assert known.stays.next_stage.tolist() == [1, ENDED, STILL_THERE, STILL_THERE]
    assert known.stays.totals()[1].tolist() == [True, False, False]
    before = known_on(history, at=3 * SECONDS, day=np.full(4, 3.0))
    assert before.running.case.tolist() == [1, 2, 3]


def test_forecasts_made_again_for_past_days_are_met_about_as_often_as_they_promise() -> None:
    history = history_of(8, size=1500, given_up=0.1)
    found = replay(history, clock=clock_of(history), now=1200 * SECONDS, chance=np.random.default_rng(1))
    assert found.said > 500
    assert 0.78 <= found.met / found.said <= 0.92
    assert 0.40 <= found.likely_met / found.likely_said <= 0.62
    assert 0.5 <= found.factor <= 1.6


def test_one_given_up_before_its_day_is_not_judged_and_one_given_up_after_it_was_missed() -> None:
    nothing = np.full(5, np.nan)
    took, gone_after = np.array([5.0, 12.0, np.nan, np.nan, np.nan]), np.array([np.nan, np.nan, 4.0, 15.0, np.nan])
    said = np.full(5, 10.0)
    made = Made(0, said, said, took, np.full(5, NEVER), np.full(5, NEVER), gone_after, nothing, np.arange(5))
    assert _judged(made, said, np.full(5, 20.0)).tolist() == [4, 1, 1]
    assert _judged(made, said, np.full(5, 9.0)).tolist() == [0, 0, 0]  # no day has come
    history = history_of(8, size=600, given_up=0.4)
    found = replay(history, clock=clock_of(history), now=1200 * SECONDS, chance=np.random.default_rng(1))
    assert found.gone > 20
    assert found.met <= found.said


def test_the_factor_and_the_record_of_a_day_do_not_know_what_came_after_it() -> None:
    history = history_of(5, size=600)
    cut = 650 * SECONDS
    cropped = history.only(history.entered <= cut)
    later = cropped.left > cut
    cropped = replace(
        cropped, left=np.where(later, NEVER, cropped.left), to_day=np.where(later, cropped.from_day, cropped.to_day),
        next_stage=np.where(later, STILL_THERE, cropped.next_stage),
    )  # fmt: skip
    started = np.isin(history.case, cropped.case)
    whole = history.only(started)
    one, other = (
        replay(each, clock=clock_of(each), now=cut, chance=np.random.default_rng(2)) for each in (whole, cropped)
    )
    assert one == other


def test_there_is_no_record_before_there_is_a_history() -> None:
    history = history_of(6, size=10)
    assert replay(history, clock=clock_of(history), now=900 * SECONDS, chance=np.random.default_rng(1)).said == 0
    known = known_on(history, at=-1, day=np.zeros(len(history)))
    assert len(forecast(known.stays, known.running, chance=np.random.default_rng(1)).likely) == 0


def test_a_forecast_that_was_missed_before_its_case_was_given_up_teaches_that_it_was_missed() -> None:
    size, given_up = 100, np.arange(100) % 4 == 0
    made = Made(
        at=0, likely=np.full(size, 5.0), very_likely=np.full(size, 10.0),
        took=np.where(given_up, np.nan, np.linspace(1.0, 12.0, size)),
        signed_at=np.where(given_up, NEVER, 50), gone=np.where(given_up, 60, NEVER),
        gone_after=np.where(given_up, 30.0, np.nan), then=np.zeros(size), rows=np.arange(size),
    )  # fmt: skip
    learned = _factor([made], 100, np.full(size, 100.0))
    assert learned == LARGEST  # a quarter of them had not been signed after three times the day that was said
    before_it_was_known = _factor([made], 55, np.full(size, 100.0))
    assert before_it_was_known == LARGEST
    early = replace(made, gone_after=np.where(given_up, 0.5, np.nan))
    assert 0.9 < _factor([early], 100, np.full(size, 100.0)) < 1.2
