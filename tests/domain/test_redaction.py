"""Withholding words from a copy that is released."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsa.domain.redaction import EXEMPTIONS, STAFF, Wording, proposed, redact

ANSWERS = {
    "purpose": {"why": "Ask Alex Example (alex.example@dept.example.uk, 020 7946 0123) before use."},
    "rows": [{"who": "alex  EXAMPLE"}, {"who": "Alexander Examples"}],
    "count": 3,
}


def test_names_addresses_and_numbers_of_staff_are_proposed() -> None:
    found = proposed(ANSWERS, names=["Alex Example", "Al"])
    assert {(each.kind, each.words) for each in found} == {
        ("email", "alex.example@dept.example.uk"), ("phone", "020 7946 0123"), ("name", "Alex Example"),
    }  # fmt: skip
    assert {each.exemption for each in found} == {STAFF}


def test_what_is_withheld_is_gone_and_every_place_is_listed() -> None:
    left, log = redact(ANSWERS, proposed(ANSWERS, names=["Alex Example"]))
    text = json.dumps(left)
    assert "alex.example" not in text
    assert "0123" not in text
    assert "[withheld: s.40(2)]" in text
    assert left["rows"][1]["who"] == "Alexander Examples"
    assert left["count"] == 3
    assert {(each.wording.kind, each.place, each.times) for each in log} == {
        ("email", "purpose.why", 1), ("phone", "purpose.why", 1),
        ("name", "purpose.why", 1), ("name", "rows[0].who", 1),
    }  # fmt: skip


@pytest.mark.parametrize("number", ["+44 20 7946 0123", "(020) 7946 0123", "07700 900123", "01632 960 001"])
def test_telephone_numbers_are_found_however_they_are_written(number: str) -> None:
    assert [each.words for each in proposed(f"Call {number}.", names=[])] == [number]


@pytest.mark.parametrize("text", ["2026-11-24", "DSA-2026-0001", "0123456789012345", "about 1,000,000 records"])
def test_dates_references_and_amounts_are_no_telephone_numbers(text: str) -> None:
    assert proposed(text, names=[]) == ()


_WORDS = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=3, max_size=8)


@given(
    st.recursive(st.text(max_size=40) | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=3)),
    st.lists(st.builds(Wording, _WORDS, st.sampled_from(sorted(EXEMPTIONS)), st.just("chosen")), max_size=4),
)
def test_redacting_twice_withholds_nothing_more(value: object, wordings: list[Wording]) -> None:
    chosen = [each for each in wordings if each.words != "withheld"]
    once, _ = redact(value, chosen)
    again, log = redact(once, chosen)
    assert again == once
    assert log == ()
