"""Invariant 1: the spells of an agreement never overlap, leave no gap, and sum to its elapsed time to the minute."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsa.domain import reasons
from dsa.timekeeping.calendar import WorkingCalendar, calendar_for
from dsa.timekeeping.instants import clock_minute
from dsa.timekeeping.ledger import Amount, Holder, LedgerEnded, Spell, current, hand_over, problems, totals

START = datetime(2025, 3, 3, 10, tzinfo=UTC)
OWNERS = {"DWP": "ENG", "SLC": "SCT", "NISRA": "NIR"}
OUTSIDE = {"Review Board"}

holders = (
    st.builds(
        Holder,
        owner=st.sampled_from(sorted(OWNERS)),
        outside=st.just(False),
        stage=st.sampled_from(["drafting", "review", "sign_off"]),
        role=st.sampled_from(["drafter", "legal"]),
        reason=st.sampled_from(sorted(reasons.CODES - {reasons.BEFORE})),
    )
    | st.builds(
        Holder,
        owner=st.sampled_from(sorted(OUTSIDE)),
        outside=st.just(True),
        stage=st.just("board"),
        role=st.just("board_secretary"),
        reason=st.just("BOARD"),
    )
    | st.builds(
        Holder,
        owner=st.just(reasons.NOT_KNOWN),
        outside=st.just(False),
        stage=st.just("review"),
        role=st.just(""),
        reason=st.just(reasons.BEFORE),
    )
)
# Mostly forward, sometimes at the same moment or back in time, down to the second.
moves = st.lists(st.tuples(holders, st.integers(-40_000, 400_000) | st.just(0)), min_size=1, max_size=25)


def calendar_of(holder: Holder) -> WorkingCalendar:
    return calendar_for(OWNERS.get(holder.owner, "ENG"))


def holder(owner: str = "DWP", *, reason: str = "drafting", stage: str = "drafting", outside: bool = False) -> Holder:
    return Holder(owner, outside, stage, "drafter", reason)


def faults(spells: tuple[Spell, ...]) -> list[str]:
    return problems(spells, owners=set(OWNERS), outside=OUTSIDE, reasons=reasons.CODES)


def played(steps: list[tuple[Holder, int]]) -> tuple[tuple[Spell, ...], datetime]:
    spells: tuple[Spell, ...] = ()
    at = latest = START
    for to, seconds in steps:
        at += timedelta(seconds=seconds)
        latest = max(latest, at)
        spells = hand_over(spells, to=to, at=at)
    return spells, latest


@settings(max_examples=200, deadline=None)
@given(moves, st.integers(0, 10**6), st.booleans())
def test_any_sequence_of_hand_overs_gives_every_minute_one_owner(
    steps: list[tuple[Holder, int]], later: int, ended: bool
) -> None:
    spells, latest = played(steps)
    now = latest + timedelta(seconds=later)
    if ended:
        spells = hand_over(spells, to=None, at=now)
    assert faults(spells) == []
    for earlier, following in pairwise(spells):
        assert earlier.ended_at == following.started_at
        assert earlier.started_at < following.started_at
    found = totals(spells, now=now, calendar_of=calendar_of)
    elapsed = clock_minute(now) - clock_minute(spells[0].started_at) if spells else 0
    assert found.elapsed.calendar == elapsed
    for grouped in (found.by_owner, found.by_reason, found.by_stage, found.by_stage_and_owner):
        assert sum(amount.calendar for amount in grouped.values()) == elapsed
        assert sum(amount.working for amount in grouped.values()) == found.elapsed.working
    for grouped in (found.waiting, found.waiting_on):
        assert sum(amount.calendar for amount in grouped.values()) == found.waited.calendar
    assert found.owned.calendar + found.waited.calendar + found.not_known.calendar == elapsed
    assert found.owned.working + found.waited.working + found.not_known.working == found.elapsed.working
    assert found.by_owner.get(reasons.NOT_KNOWN, Amount(0, 0)) == found.not_known
    assert reasons.NOT_KNOWN not in found.waiting_on


@settings(deadline=None)
@given(moves, st.integers(0, 10**6))
def test_looking_back_at_an_earlier_moment_counts_only_what_had_passed(
    steps: list[tuple[Holder, int]], back: int
) -> None:
    spells, latest = played(steps)
    now = max(spells[0].started_at, latest - timedelta(seconds=back))
    found = totals(spells, now=now, calendar_of=calendar_of)
    assert found.elapsed.calendar == clock_minute(now) - clock_minute(spells[0].started_at)


@settings(deadline=None)
@given(moves.filter(lambda steps: len(steps) > 3), st.data())
def test_a_planted_gap_overlap_or_stranger_is_reported(steps: list[tuple[Holder, int]], data: st.DataObject) -> None:
    spells, _ = played(steps)
    if len(spells) < 2:
        return
    index = data.draw(st.integers(0, len(spells) - 2))
    first, second = spells[index], spells[index + 1]
    assert first.ended_at is not None

    def planted(*pair: Spell) -> list[str]:
        return faults((*spells[:index], *pair, *spells[index + 2 :]))

    minute = timedelta(minutes=1)
    assert any("Nobody has it" in said for said in planted(replace(first, ended_at=first.ended_at - minute), second))
    assert any("two have it" in said for said in planted(replace(first, ended_at=first.ended_at + minute), second))
    assert any("has no end" in said for said in planted(replace(first, ended_at=None), second))
    unowned = replace(first, holder=replace(first.holder, owner=reasons.NOT_KNOWN, outside=False, reason="drafting"))
    assert any("followed here, and only then" in said for said in planted(unowned, second))
    for name in ("system", "System", "unknown", " "):
        stranger = replace(first, holder=replace(first.holder, owner=name))
        assert any("nobody" in said for said in planted(stranger, second))
    other = replace(first, holder=replace(first.holder, owner="HMRC", outside=False))
    assert any("not an organisation of this agreement" in said for said in planted(other, second))
    body = replace(first, holder=replace(first.holder, owner="A panel", outside=True))
    assert any("not a named outside body" in said for said in planted(body, second))
    why = replace(first, holder=replace(first.holder, reason="BECAUSE"))
    assert any("not on the list" in said for said in planted(why, second))


def test_system_is_nobody_even_where_it_is_listed() -> None:
    spells = hand_over((), to=holder("system"), at=START)
    assert problems(spells, owners={"system"}, outside=set(), reasons=reasons.CODES) != []


def test_a_spell_that_ends_before_it_begins_or_has_no_length_is_reported() -> None:
    assert "before it begins" in faults((Spell(holder(), START, START - timedelta(minutes=1)),))[0]
    assert "has no length" in faults((Spell(holder(), START, START),))[0]


def test_handing_over_closes_one_spell_and_opens_the_next() -> None:
    first = hand_over((), to=holder(), at=START)
    later = START + timedelta(hours=2)
    second = hand_over(first, to=holder("SLC"), at=later)
    assert second == (Spell(holder(), START, later), Spell(holder("SLC"), later, None))
    assert current(second) == second[-1]


def test_handing_over_to_the_same_holder_changes_nothing() -> None:
    spells = hand_over((), to=holder(), at=START)
    assert hand_over(spells, to=holder(), at=START + timedelta(days=1)) is spells


def test_handing_over_in_the_past_happens_at_the_start_of_the_open_spell_and_drops_it() -> None:
    spells = hand_over((), to=holder(), at=START)
    spells = hand_over(spells, to=holder("SLC"), at=START + timedelta(hours=1))
    spells = hand_over(spells, to=holder("NISRA"), at=START - timedelta(days=1))
    assert [spell.holder.owner for spell in spells] == ["DWP", "NISRA"]
    assert faults(spells) == []


def test_an_ended_ledger_stays_ended_and_nobody_can_be_given_it() -> None:
    spells = hand_over((), to=holder(), at=START)
    ended = hand_over(spells, to=None, at=START + timedelta(hours=1))
    assert current(ended) is None
    assert hand_over(ended, to=None, at=START + timedelta(hours=5)) is ended
    with pytest.raises(LedgerEnded, match="ended at 2025-03-03 11:00 UTC"):
        hand_over(ended, to=holder("SLC"), at=START + timedelta(hours=2))
    late = totals(ended, now=START + timedelta(days=30), calendar_of=calendar_of)
    assert late.elapsed == Amount(60, 60)


def test_a_ledger_that_never_began_is_empty() -> None:
    assert hand_over((), to=None, at=START) == ()
    assert current(()) is None
    assert totals((), now=START, calendar_of=calendar_of).elapsed == Amount(0, 0)


def test_instants_are_kept_in_utc_and_need_a_time_zone() -> None:
    spells = hand_over((), to=holder(), at=START.astimezone(timezone(timedelta(hours=5))))
    assert spells[0].started_at.tzinfo is UTC
    with pytest.raises(TypeError, match="time zone"):
        hand_over(spells, to=None, at=datetime(2025, 3, 4))


def test_each_holder_is_measured_on_their_own_calendar() -> None:
    sunday_before = datetime(2026, 6, 14, 12, tzinfo=UTC)  # the day after is a bank holiday in Scotland only
    now = sunday_before + timedelta(days=2)
    english = totals(hand_over((), to=holder("DWP"), at=sunday_before), now=now, calendar_of=calendar_of)
    scottish = totals(hand_over((), to=holder("SLC"), at=sunday_before), now=now, calendar_of=calendar_of)
    assert english.elapsed.working - scottish.elapsed.working == 480
    assert english.elapsed.calendar == scottish.elapsed.calendar


def test_work_and_waiting_are_told_apart_and_waiting_says_on_whom() -> None:
    spells: tuple[Spell, ...] = ()
    board = Holder("Review Board", True, "board", "board_secretary", "BOARD")
    for days, to in enumerate([holder(), holder("SLC", reason="RESOURCE", stage="review"), board]):
        spells = hand_over(spells, to=to, at=START + timedelta(days=days))
    found = totals(spells, now=START + timedelta(days=3), calendar_of=calendar_of)
    assert found.owned == Amount(480, 1440)
    assert found.waited == Amount(960, 2880)
    assert found.waiting == {"RESOURCE": Amount(480, 1440), "BOARD": Amount(480, 1440)}
    assert set(found.waiting_on) == {"SLC", "Review Board"}
    assert found.by_stage_and_owner["review", "SLC"] == Amount(480, 1440)


# The reasons


def test_there_are_fifteen_delay_codes_and_two_extra() -> None:
    assert len(reasons.DELAYS) == 15
    assert {reason.code for reason in reasons.EXTRA_DELAYS} == {"POLICY", "PUBLIC"}
    assert len(reasons.REASONS) == 15 + 2 + len(reasons.WORKING) + 2


def test_every_reason_has_a_label_of_its_own_and_a_definition() -> None:
    labels = [reasons.label(code) for code in reasons.CODES]
    assert len(set(labels)) == len(labels)
    assert all(reasons.definition(code).endswith(".") for code in reasons.CODES)
    assert all(reason.typical_owner for reason in (*reasons.DELAYS, *reasons.EXTRA_DELAYS))


def test_no_reason_hides_behind_a_word_for_nobody() -> None:
    assert not reasons.is_reason("system")
    assert not reasons.is_reason("unknown")
    assert reasons.is_reason(reasons.NOT_GIVEN)
    assert not reasons.is_delay(reasons.NOT_GIVEN)
    assert reasons.is_delay("BOARD")
    assert not reasons.is_delay("board")
