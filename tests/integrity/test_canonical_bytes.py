"""Canonical bytes and hashes."""

from datetime import date

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from dsa.domain.integrity import NotCanonical, canonical, commitment, event_hash, section_hash
from dsa.domain.relative_dates import fix, fixed_dates

keys = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=20
)


@given(values)
def test_canonical_bytes_are_those_of_rfc_8785(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"a": 1.5}, "float"),
        ({"é": 1}, "ASCII"),
        ({"a": [{"b": 2**53}]}, r"\$\.a\[0\]\.b"),
        ({"a": date(2026, 1, 1)}, "date"),
        ("\ud800", "Unicode"),
    ],
)
def test_what_has_no_canonical_form_is_refused_with_its_place(value: object, says: str) -> None:
    with pytest.raises(NotCanonical, match=says):
        canonical(value)


def test_a_section_hash_depends_on_the_section_and_on_every_answer_but_not_on_their_order() -> None:
    first = section_hash("data", {"a": 1, "b": 2})
    assert first == section_hash("data", {"b": 2, "a": 1})
    assert first != section_hash("data", {"a": 1, "b": 3})
    assert first != section_hash("purpose", {"a": 1, "b": 2})


def test_an_event_hash_changes_with_the_event_before_and_with_the_body() -> None:
    assert event_hash("0" * 64, b"{}") != event_hash("1" * 64, b"{}")
    assert event_hash("0" * 64, b"{}") != event_hash("0" * 64, b"{ }")


def test_a_commitment_cannot_be_guessed_without_its_salt() -> None:
    assert commitment("a", "yes") != commitment("b", "yes")


@pytest.mark.parametrize(
    ("value", "on", "expected"),
    [
        ({"after": "last_signature"}, date(2026, 11, 23), date(2026, 11, 23)),
        ({"after": "last_signature", "months": 12}, date(2026, 11, 23), date(2027, 11, 23)),
        ({"after": "last_signature", "months": 3}, date(2026, 11, 30), date(2027, 2, 28)),
        ({"after": "last_signature", "months": 1, "days": 2}, date(2028, 1, 31), date(2028, 3, 2)),
    ],
)
def test_a_relative_date_is_fixed_from_the_day_of_the_last_signature(
    value: dict[str, object], on: date, expected: date
) -> None:
    assert fix(value, on) == expected


def test_dates_that_follow_from_the_start_follow_from_the_start_that_was_fixed() -> None:
    answers = {
        "start": {"after": "last_signature", "days": 1},
        "end": {"after": "start", "months": 12},
        "title": "Pensions",
    }
    fixed = fixed_dates(answers, last_signature=date(2026, 11, 23))
    assert fixed == {"start": "2026-11-24", "end": "2027-11-24"}
