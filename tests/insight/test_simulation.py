"""The simulated process against exact answers, and what changes to it save."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dsa.domain.errors import BadInput
from dsa.insight import whatif
from dsa.insight.simulation import Draws, LogNormal, Observed, Phase, Process, Task, draw, play

REVIEWS = ("legal", "security", "data protection")
PROCESS = Process(
    phases=(
        Phase("first look", (Task("first look", "desk"),)),
        Phase("reviews", tuple(Task(name, name) for name in REVIEWS), at_once=False, returns_to="reviews"),
        Phase("signing", (Task("sign one"), Task("sign other"))),
    ),
    people={"desk": 3, "legal": 9, "security": 6, "data protection": 5},
    return_share=0.25,
)
LENGTHS = {
    "first look": LogNormal(1.6, 0.8),
    "legal": LogNormal(4.5, 0.7),
    "security": LogNormal(2.7, 0.7),
    "data protection": LogNormal(2.2, 0.7),
    "sign one": LogNormal(6.7, 0.9),
    "sign other": LogNormal(6.7, 0.9),
}


def luck(seed: int, *, agreements: int = 400, process: Process = PROCESS) -> Draws:
    return draw(process, LENGTHS, per_day=1.0, agreements=agreements, chance=np.random.default_rng(seed))


def by_simpy(process: Process, draws: Draws) -> np.ndarray:
    simpy: Any = pytest.importorskip("simpy", reason="simpy, the oracle of the simulation, is not installed")
    env = simpy.Environment()
    pools = {pool: simpy.Resource(env, people) for pool, people in process.people.items()}
    ended = np.zeros(len(draws.arrivals))
    order = [phase.name for phase in process.phases]

    def work(case: int, task: Task, done_before: int) -> Iterator[Any]:
        length = draws.lengths[task.name][case, done_before]
        if np.isnan(length):
            return
        if task.pool is None:
            yield env.timeout(length)
            return
        with pools[task.pool].request() as mine:
            yield mine
            yield env.timeout(length)

    def agreement(case: int) -> Iterator[Any]:
        yield env.timeout(draws.arrivals[case])
        at, back = 0, 0
        while at < len(order):
            phase = process.phases[at]
            if phase.at_once:
                yield simpy.AllOf(env, [env.process(work(case, task, back)) for task in phase.tasks])
            else:
                for task in phase.tasks:
                    yield env.process(work(case, task, back))
            if phase.returns_to and back < process.most_returns and draws.returns[case, back] < process.return_share:
                back, at = back + 1, order.index(phase.returns_to)
            else:
                at += 1
        ended[case] = env.now

    for case in range(len(draws.arrivals)):
        env.process(agreement(case))
    env.run()
    return ended - draws.arrivals


@pytest.mark.parametrize("at_once", [True, False])
def test_it_equals_simpy_on_the_same_luck(at_once: bool) -> None:
    process = whatif.at_once("reviews").apply(PROCESS, luck(1))[0] if at_once else PROCESS
    np.testing.assert_allclose(play(process, luck(1)).days, by_simpy(process, luck(1)), rtol=0, atol=1e-9)
    spared = whatif.not_needed("security", share=0.3).apply(process, luck(2))
    np.testing.assert_allclose(play(*spared).days, by_simpy(*spared), rtol=0, atol=1e-9)


def test_with_people_enough_the_days_are_the_lengths_alone() -> None:
    """No queue: one after another adds up, at once takes the longest, and a return does the reviews again."""
    plenty = replace(PROCESS, people=dict.fromkeys(PROCESS.people, 10_000))
    draws = luck(4)
    names, size = np.stack([draws.lengths[name] for name in REVIEWS]), np.arange(400)
    back = np.logical_and.accumulate(draws.returns < 0.25, axis=1).sum(axis=1)
    rounds = np.arange(4) <= back[:, None]
    signing = np.maximum(draws.lengths["sign one"][size, back], draws.lengths["sign other"][size, back])
    for process, once in (
        (plenty, names.sum(axis=0)),
        (whatif.at_once("reviews").apply(plenty, draws)[0], names.max(axis=0)),
    ):
        expected = draws.lengths["first look"][:, 0] + (once * rounds).sum(axis=1) + signing
        played = play(process, draws)
        np.testing.assert_allclose(played.days, expected, atol=1e-8)
        assert set(played.waits.values()) == {0.0}


def test_a_queue_is_first_come_first_served() -> None:
    """Two people, exactly: each agreement begins when the earlier free one is free (Kiefer and Wolfowitz)."""
    process = Process((Phase("look", (Task("look", "desk"),)),), people={"desk": 2})
    draws = draw(process, {"look": LogNormal(1.8, 0.9)}, per_day=1.0, agreements=300, chance=np.random.default_rng(5))
    free, expected = [0.0, 0.0], []
    for at, length in zip(draws.arrivals, draws.lengths["look"][:, 0], strict=True):
        begins = max(at, min(free))
        free[free.index(min(free))] = begins + length
        expected.append(begins + length - at)
    played = play(process, draws)
    np.testing.assert_allclose(played.days, expected, atol=1e-9)
    assert played.waits["desk"] > 0


def test_the_same_seed_is_the_same_to_the_bit() -> None:
    np.testing.assert_array_equal(play(PROCESS, luck(6)).days, play(PROCESS, luck(6)).days)
    assert not np.array_equal(luck(6).arrivals, luck(7).arrivals)


def test_lengths_can_be_those_that_were_seen() -> None:
    seen = Observed(np.array([1.0, 5.0]), np.array([3.0, 1.0]))
    drawn = seen.draw(np.random.default_rng(1), (4000, 1))
    assert set(np.unique(drawn)) == {1.0, 5.0}
    assert (drawn == 1.0).mean() == pytest.approx(0.75, abs=0.03)


def seeded() -> np.random.Generator:
    return np.random.default_rng(1)


CHANGES = (
    whatif.at_once("reviews"),
    whatif.fewer_returns(0),
    whatif.capped(["sign one", "sign other"], days=10),
    whatif.one_more("legal"),
    whatif.one_more("desk"),
    whatif.lane(REVIEWS, share=0.3, times=0.5),
    whatif.not_needed("security", share=0.3),
    whatif.merged("security", "data protection"),
)


@pytest.fixture(scope="module")
def answer() -> whatif.WhatIf:
    return whatif.what_if(PROCESS, LENGTHS, CHANGES, per_day=1.0, agreements=500, runs=6, chance=seeded())


def test_each_change_that_takes_work_away_saves_days(answer: whatif.WhatIf) -> None:
    saved = {one.name: one for one in answer.savings}
    for change in CHANGES[:3]:
        assert saved[change.name].certain
        assert saved[change.name].low > 0
    assert saved["reviews: all at once"].saved > saved["no security for 30%"].saved
    assert answer.most_within > answer.half_within
    assert all(one.low <= one.saved <= one.high and one.assumes for one in answer.savings)
    assert any("at random" in one for one in answer.assumptions)


def test_a_freshly_seeded_chance_gives_the_same_savings() -> None:
    found = [
        whatif.what_if(PROCESS, LENGTHS, CHANGES[:1], per_day=1.0, agreements=60, runs=5, chance=seeded()).savings
        for _ in range(2)
    ]
    assert found[0] == found[1]
    assert found[0][0].low < found[0][0].high  # each run has luck of its own


def test_nothing_is_ranked_above_what_its_interval_overlaps(answer: whatif.WhatIf) -> None:
    for better in answer.savings:
        for worse in answer.savings:
            if better.rank < worse.rank:
                assert better.low > worse.high
    assert answer.savings[0].rank == 1


def test_the_same_luck_makes_intervals_narrow() -> None:
    """The same change on other luck: its interval must be several times as wide."""
    paired, unpaired = [], []
    faster = whatif.capped(["sign one"], days=10)
    for run in range(8):
        base = play(PROCESS, luck(run)).days.mean()
        paired.append(base - play(*faster.apply(PROCESS, luck(run))).days.mean())
        unpaired.append(base - play(*faster.apply(PROCESS, luck(run + 100))).days.mean())
    assert np.std(unpaired) > 3 * np.std(paired)


def test_no_change_saves_nothing_exactly() -> None:
    same = whatif.fewer_returns(1.0)
    found = whatif.what_if(PROCESS, LENGTHS, [same], per_day=1.0, agreements=100, runs=5, chance=seeded()).savings[0]
    assert (found.saved, found.low, found.high, found.certain) == (0.0, 0.0, 0.0, False)


def test_a_process_that_cannot_run_is_refused() -> None:
    with pytest.raises(BadInput, match="Nobody is in the pool “desk”"):
        replace(PROCESS, people={**PROCESS.people, "desk": 0})
    with pytest.raises(BadInput, match="no earlier phase"):
        Process((Phase("a", (Task("a"),), returns_to="b"), Phase("b", (Task("b"),))), people={})
    with pytest.raises(BadInput, match="one name"):
        Process((Phase("a", (Task("a"), Task("a"))),), people={})
    with pytest.raises(BadInput, match="At least 5 runs"):
        whatif.what_if(PROCESS, LENGTHS, [], per_day=1.0, runs=2, chance=seeded())
