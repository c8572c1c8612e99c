"""The ledger along the critical path: nothing is lost or counted twice, whoever ran beside whom."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dsa.timekeeping.calendar import WorkingCalendar, calendar_for
from dsa.timekeeping.instants import clock_minute
from dsa.timekeeping.ledger import Holder, Spell, totals
from dsa.timekeeping.parallel import Branch, Piece, along_path, path_of, slack_of

MONDAY = datetime(2025, 6, 2, 8, tzinfo=UTC)  # 09:00 in London
LEAD = Holder("HMRC", False, "review", "drafter", "reviewing")
ANSWERING = Holder("HMRC", False, "review", "drafter", "answering")
HOLD = Holder("SLC", False, "review", "drafter", "LEGAL_DIFF")
BOARD = Holder("Review board", True, "review", "board_secretary", "BOARD")


def calendar_of(holder: Holder) -> WorkingCalendar:
    return calendar_for("SCT" if holder.owner == "SLC" else "ENG")


def at(days: float) -> datetime:
    return MONDAY + timedelta(days=days)


def of(role: str, owner: str = "SLC") -> Holder:
    return Holder(owner, False, "review", role, "reviewing")


def branch(
    number: int, role: str, opened: float, done: float | None, *, due: float = 14, owner: str = "SLC", **more: object
) -> Branch:
    end = None if done is None else at(done)
    return Branch(number, role.capitalize(), of(role, owner), at(opened), end, at(due), ANSWERING, **more)  # type: ignore[arg-type]


def pieces_of(
    spells: tuple[Spell, ...], stays: Any, *, now: datetime, calendar_of: Any, **more: Any
) -> tuple[Piece, ...]:
    measured = [(stay, path_of(stay, now=now, calendar_of=calendar_of)) for stay in stays]
    return along_path(spells, measured, now=now, **more)


def owners(pieces: tuple[Piece, ...]) -> list[tuple[str, float, float | None]]:
    def day(when: datetime | None) -> float | None:
        return None if when is None else (when - MONDAY) / timedelta(days=1)

    return [(each.holder.role, day(each.started_at), day(each.ended_at)) for each in pieces]  # type: ignore[misc]


def test_of_reviews_side_by_side_the_last_to_finish_has_the_time_whoever_was_chased() -> None:
    spells = (Spell(of("security"), at(0), at(2)), Spell(of("legal"), at(2), at(18)))
    stay = (branch(1, "security", 0, 2), branch(2, "legal", 0, 18))
    pieces = pieces_of(spells, [stay], now=at(20), calendar_of=calendar_of, lead="HMRC")
    assert owners(pieces) == [("legal", 0, 2), ("legal", 2, 18)]
    slack = slack_of(path_of(stay, now=at(20), calendar_of=calendar_of))
    assert set(slack) == {1}
    message, params = slack[1].describe()
    assert message % params == "Security finished 12 working days before Legal; hurrying it would change nothing."


def test_while_they_are_open_the_expected_finish_decides() -> None:
    spells = (Spell(of("security"), at(0), None),)
    stay = (branch(1, "security", 0, None, due=4), branch(2, "legal", 0, None, due=14))
    pieces = pieces_of(spells, [stay], now=at(1), calendar_of=calendar_of, lead="HMRC")
    assert owners(pieces) == [("legal", 0, None)]
    message, params = slack_of(path_of(stay, now=at(1), calendar_of=calendar_of))[1].describe()
    assert message % params == "Security is expected 6 working days before Legal; hurrying it would change nothing."


def test_what_follows_a_task_carries_the_path_back_to_it() -> None:
    spells = (Spell(of("legal"), at(0), at(4)), Spell(of("governance"), at(4), at(9)))
    stay = (
        branch(1, "officer", 0, 5),
        branch(2, "legal", 0, 4),
        branch(3, "governance", 5, 9, after=(1,)),
    )
    pieces = pieces_of(spells, [stay], now=at(20), calendar_of=calendar_of, lead="HMRC")
    assert owners(pieces) == [("officer", 0, 4), ("officer", 4, 5), ("governance", 5, 9)]


def test_what_lapsed_because_another_was_decided_held_nothing_up() -> None:
    spells = (Spell(of("security"), at(0), at(3)),)
    stay = (branch(1, "security", 0, 3, lapsed=True), branch(2, "legal", 0, 3))
    assert owners(pieces_of(spells, [stay], now=at(9), calendar_of=calendar_of, lead="HMRC")) == [("legal", 0, 3)]
    alone = (branch(1, "security", 0, 3, lapsed=True), branch(2, "legal", 0, 1))
    assert owners(pieces_of(spells, [alone], now=at(9), calendar_of=calendar_of, lead="HMRC")) == [("security", 0, 3)]


def test_a_question_about_the_task_on_the_path_is_the_drafters_time() -> None:
    spells = (Spell(of("legal"), at(0), at(1)), Spell(ANSWERING, at(1), at(2)), Spell(of("legal"), at(2), at(4)))
    stay = (branch(1, "legal", 0, 4, asked=((at(1), at(2)),)), branch(2, "security", 0, 3))
    pieces = pieces_of(spells, [stay], now=at(9), calendar_of=calendar_of, lead="HMRC")
    assert owners(pieces) == [("legal", 0, 1), ("drafter", 1, 2), ("legal", 2, 4)]
    off = (branch(1, "legal", 0, 3, asked=((at(1), at(2)),)), branch(2, "security", 0, 4))
    assert {each.holder.role for each in pieces_of(spells, [off], now=at(9), calendar_of=calendar_of, lead="HMRC")} == {
        "security"
    }


def test_a_hold_is_the_awaiteds_until_the_day_it_named_and_not_a_minute_longer() -> None:
    spells = (Spell(of("legal"), at(0), at(1)), Spell(HOLD, at(1), at(8)), Spell(of("legal"), at(8), None))
    stay = (branch(1, "legal", 0, None),)
    pieces = pieces_of(spells, [stay], now=at(9), calendar_of=calendar_of, lead="HMRC", overrun=[(at(4), at(8))])
    assert owners(pieces) == [("legal", 0, 1), ("drafter", 1, 4), ("legal", 4, 8), ("legal", 8, None)]
    assert pieces[1].holder == HOLD
    assert pieces[2].holder.reason == "NOT_GIVEN"
    assert not pieces[2].holder.waiting
    drafting = (Spell(LEAD, at(0), at(1)), Spell(HOLD, at(1), at(8)))
    after = pieces_of(drafting, [], now=at(9), calendar_of=calendar_of, lead="HMRC", overrun=[(at(4), at(8))])
    assert [each.holder.owner for each in after] == ["HMRC", "SLC", "HMRC"]


@st.composite
def lives(draw: st.DrawFn) -> tuple[tuple[Spell, ...], list[tuple[Branch, ...]], list[tuple[datetime, datetime]], int]:
    """A ledger without gaps, stays that follow each other with tasks anywhere within them, and holds that overran."""
    minutes = st.integers(0, 12_000)
    edges = sorted(draw(st.sets(st.integers(0, 60_000), min_size=2, max_size=9)))
    holders = [LEAD, ANSWERING, HOLD, BOARD, of("legal"), of("security", "HMRC")]
    spells = [
        Spell(draw(st.sampled_from(holders)), MONDAY + timedelta(minutes=a), MONDAY + timedelta(minutes=b))
        for a, b in pairwise(edges)
    ]
    if draw(st.booleans()):
        spells[-1] = Spell(spells[-1].holder, spells[-1].started_at, None)
    stays, number, begins = [], 0, edges[0]
    for _ in range(draw(st.integers(0, 3))):
        ends = begins + draw(minutes)
        stay = []
        for _ in range(draw(st.integers(1, 4))):
            number += 1
            opened = draw(st.integers(begins, ends))
            done = draw(st.none() | st.integers(opened, ends))
            asked = draw(st.integers(opened, ends))
            stay.append(
                Branch(
                    number, str(number), draw(st.sampled_from(holders[4:])), MONDAY + timedelta(minutes=opened),
                    None if done is None else MONDAY + timedelta(minutes=done), at(30), ANSWERING,
                    asked=((MONDAY + timedelta(minutes=asked), MONDAY + timedelta(minutes=asked + 600)),),
                    lapsed=done is not None and draw(st.booleans()),
                )
            )  # fmt: skip
        stays.append(tuple(stay))
        begins = ends
    over = [(spell.started_at + timedelta(minutes=30), spell.ended_at or at(60)) for spell in spells[::2]]
    return tuple(spells), stays, over, edges[-1]


@settings(deadline=None, max_examples=150)
@given(lives())
def test_whatever_ran_beside_what_every_minute_of_the_ledger_is_somebodys_once(
    life: tuple[tuple[Spell, ...], list[tuple[Branch, ...]], list[tuple[datetime, datetime]], int],
) -> None:
    spells, stays, overrun, last = life
    now = MONDAY + timedelta(minutes=last)
    pieces = pieces_of(spells, stays, now=now, calendar_of=calendar_of, lead="HMRC", overrun=overrun)
    assert pieces[0].started_at == spells[0].started_at
    assert pieces[-1].ended_at == spells[-1].ended_at
    assert all(one.ended_at == two.started_at for one, two in pairwise(pieces))
    before = totals(spells, now=now, calendar_of=calendar_of)
    after = totals(tuple(Spell(p.holder, p.started_at, p.ended_at) for p in pieces), now=now, calendar_of=calendar_of)
    assert (
        after.elapsed.calendar == before.elapsed.calendar == clock_minute(now) - clock_minute(MONDAY) - _start(spells)
    )
    assert sum(amount.calendar for amount in after.by_owner.values()) == after.elapsed.calendar
    assert after.owned.calendar + after.waited.calendar == after.elapsed.calendar


def _start(spells: tuple[Spell, ...]) -> int:
    return clock_minute(spells[0].started_at) - clock_minute(MONDAY)
