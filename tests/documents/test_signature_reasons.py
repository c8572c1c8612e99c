"""What is written as the reason of a signature is read back as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsa.adapters.signature_reasons import (
    AUTHENTICATION,
    OutsideReason,
    PersonReason,
    read_outside_reason,
    read_person_reason,
)

_PIECES = st.sampled_from(
    ["Authority: ", ". (", "demo authentication)", "; account vouched for by ", "Scheme 4.2", "\n"]
)
_TEXT = st.lists(st.one_of(_PIECES, st.text(max_size=12)), max_size=5).map("".join)
_LINE = _TEXT.map(lambda text: " ".join(text.split()))


@given(_LINE, _LINE, st.sampled_from(sorted(AUTHENTICATION.values())), _LINE)
def test_a_reason_is_read_back_as_it_was_written(statement: str, authority: str, how: str, vouched: str) -> None:
    reason = PersonReason(statement, authority, how, vouched)
    assert read_person_reason(reason.text) == reason


@given(_TEXT, _TEXT)
def test_a_line_break_in_a_name_makes_no_further_line(authority: str, vouched: str) -> None:
    reason = PersonReason("I sign.", authority, "demo authentication", vouched)
    read = read_person_reason(reason.text)
    assert (read.authority, read.vouched_by) == (" ".join(authority.split()), " ".join(vouched.split()))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (
            "I sign. Authority: Scheme 4.2. (demo authentication; account vouched for by the installation)",
            ("I sign.", "Scheme 4.2", "demo authentication", "the installation"),
        ),
        ("I sign. (password confirmed at signing)", ("I sign.", "", "password confirmed at signing", "")),
        ("Something else (of another kind)", ("Something else (of another kind)", "", "", "")),
    ],
)
def test_a_document_signed_before_each_thing_had_its_line_is_read_too(text: str, read: tuple[str, ...]) -> None:
    found = read_person_reason(text)
    assert (found.statement, found.authority, found.authentication, found.vouched_by) == read


@given(_TEXT, _TEXT, _TEXT)
def test_what_a_seal_says_of_a_signature_made_outside_is_read_back(post: str, organisation: str, by: str) -> None:
    reason = OutsideReason(post, organisation, "20 November 2026, on paper", "ab" * 32, by)
    assert read_outside_reason(reason.text, post, organisation) == reason
    assert read_outside_reason(reason.text, post + " of another", organisation) is None
