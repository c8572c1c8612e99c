"""Whether an agreement is in force: the stage and the term together."""

from datetime import date

import pytest

from dsa.domain.force import bound_parties, in_force

START, END = date(2027, 1, 4), date(2027, 12, 31)


@pytest.mark.parametrize(
    ("stage", "today", "state"),
    [
        ("review", date(2027, 6, 1), "not_yet"),
        ("sign_off", date(2027, 6, 1), "not_yet"),
        ("signed", date(2027, 1, 3), "not_yet"),
        ("signed", date(2027, 1, 4), "yes"),
        ("preparing", date(2027, 1, 3), "not_yet"),
        ("preparing", date(2027, 6, 1), "yes"),
        ("preparing", date(2028, 1, 1), "ended"),
        ("in_use", date(2027, 1, 3), "not_yet"),
        ("in_use", date(2027, 1, 4), "yes"),
        ("in_use", date(2027, 12, 31), "yes"),
        ("in_use", date(2028, 1, 1), "ended"),
        ("review_due", date(2027, 6, 1), "yes"),
        ("suspended", date(2027, 6, 1), "suspended"),
        ("suspended", date(2028, 1, 1), "ended"),
        ("superseded", date(2027, 6, 1), "varied"),
        ("superseded", date(2028, 1, 1), "varied"),
        ("ended", date(2027, 6, 1), "ended"),
        ("data_destroyed", date(2027, 6, 1), "ended"),
        ("closed", date(2027, 6, 1), "ended"),
        ("withdrawn", date(2027, 6, 1), "never"),
        ("rejected", date(2027, 6, 1), "never"),
    ],
)
def test_the_state_on_a_day(stage: str, today: date, state: str) -> None:
    assert in_force(stage, locked=True, newest=True, start=START, end=END, today=today).state == state


def test_only_the_newest_locked_text_can_be_in_force() -> None:
    asked = {"start": None, "end": None, "today": date(2027, 6, 1)}
    assert in_force("in_use", locked=True, newest=True, **asked).state == "yes"  # type: ignore[arg-type]
    assert in_force("in_use", locked=True, newest=False, **asked).state == "varied"  # type: ignore[arg-type]
    assert in_force("in_use", locked=False, newest=False, **asked).state == "not_yet"  # type: ignore[arg-type]


def test_each_state_has_a_sentence_of_its_own() -> None:
    by_state: dict[str, set[str]] = {}
    for stage in ("sign_off", "in_use", "suspended", "superseded", "ended", "withdrawn"):
        found = in_force(stage, locked=True, newest=True, start=None, end=None, today=START)
        by_state.setdefault(found.state, set()).add(found.says)
    assert len(by_state) == 6


def test_after_the_last_signature_it_is_in_force_though_no_data_is_shared_yet() -> None:
    for stage in ("signed", "preparing"):
        found = in_force(stage, locked=True, newest=True, start=None, end=None, today=START)
        assert found.says == "Yes, it is in force today; no data is shared until the preparations are done."


ASKED = [("lead", 1), ("lead", 2), ("one", 1), ("two", 1)]


@pytest.mark.parametrize(
    ("signed", "bound"),
    [
        ([], 0),
        ([("one", 1), ("two", 1)], 0),
        ([("lead", 1), ("one", 1)], 0),
        ([("lead", 1), ("lead", 2)], 1),
        ([("lead", 1), ("lead", 2), ("two", 1)], 2),
        (ASKED, 3),
    ],
)
def test_where_each_party_is_bound_by_itself_the_lead_parties_come_first(
    signed: list[tuple[str, int]], bound: int
) -> None:
    assert bound_parties(ASKED, signed, ["lead"]) == (bound, 3)


@pytest.mark.parametrize(
    ("by_party", "today", "state"),
    [
        (None, date(2027, 6, 1), "not_yet"),
        ((0, 3), date(2027, 6, 1), "not_yet"),
        ((2, 3), date(2027, 6, 1), "partly"),
        ((2, 3), date(2027, 1, 3), "not_yet"),
        ((2, 3), date(2028, 1, 1), "ended"),
    ],
)
def test_during_sign_off_it_binds_those_who_signed_where_the_text_says_so(
    by_party: tuple[int, int] | None, today: date, state: str
) -> None:
    found = in_force("sign_off", locked=True, newest=True, start=START, end=END, today=today, by_party=by_party)
    assert found.state == state
    if state == "partly":
        assert (found.bound, found.parties) == by_party
