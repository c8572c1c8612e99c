"""What changed between two versions is always listed, by answer and by word, and never takes long."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsa.domain.presentation import PresentedAnswer, PresentedSection, present
from dsa.domain.redline import Piece, changed_keys, compare, words
from tests.form import samples
from tests.work_done import calls_of

TEXTS = st.text("ab c\n.", max_size=30)


def text_of(**answers: str) -> tuple[PresentedSection, ...]:
    """A text of one section with these answers."""
    return (PresentedSection("s", "Section", tuple(PresentedAnswer(k, k, "long", v) for k, v in answers.items() if v)),)


def test_a_changed_word_is_shown_between_the_words_that_stayed() -> None:
    assert words("deleted after six months", "deleted after nine months") == (
        Piece("same", "deleted after"),
        Piece("removed", "six"),
        Piece("added", "nine"),
        Piece("same", "months"),
    )


def test_an_unchanged_paragraph_is_not_touched_by_a_change_in_its_neighbour() -> None:
    [section] = compare(text_of(q="One stays.\nTwo goes."), text_of(q="Zero is new.\nOne stays.\nTwo went."))
    assert section.answers[0].paragraphs == (
        (Piece("added", "Zero is new."),),
        (Piece("same", "One stays."),),
        (Piece("same", "Two"), Piece("removed", "goes."), Piece("added", "went.")),
    )


def test_an_answer_that_is_new_or_gone_says_so() -> None:
    [section] = compare(text_of(a="old"), text_of(b="new"))
    assert {answer.key: answer.kind for answer in section.answers} == {"a": "removed", "b": "added"}


def test_a_change_of_spaces_alone_is_listed_as_that() -> None:
    [section] = compare(text_of(q="one two"), text_of(q="one  two"))
    assert section.answers[0].kind == "spacing"


def test_a_row_of_a_table_is_compared_as_one_paragraph() -> None:
    was = PresentedAnswer("t", "Items", "table", columns=("Field", "Why"), rows=(("Name", "To match"),))
    now = replace(was, rows=(("Name", "To find"), ("Age", "To check")))
    [section] = compare((PresentedSection("s", "S", (was,)),), (PresentedSection("s", "S", (now,)),))
    first, second = section.answers[0].paragraphs
    assert first[0] == Piece("same", "Field: Name; Why: To")
    assert second == (Piece("added", "Field: Age; Why: To check"),)


@given(st.dictionaries(st.sampled_from("abcdef"), TEXTS), st.dictionaries(st.sampled_from("abcdef"), TEXTS))
def test_exactly_the_answers_that_differ_are_listed(before: dict[str, str], after: dict[str, str]) -> None:
    differs = {key for key in {*before, *after} if before.get(key, "") != after.get(key, "")}
    assert changed_keys(compare(text_of(**before), text_of(**after))) == differs


@given(TEXTS, TEXTS)
def test_what_is_shown_reads_as_the_old_text_without_additions_and_as_the_new_without_removals(a: str, b: str) -> None:
    pieces = words(a, b)
    assert " ".join(p.text for p in pieces if p.kind != "added").split() == a.split()
    assert " ".join(p.text for p in pieces if p.kind != "removed").split() == b.split()


def repetitive(length: int) -> tuple[str, str]:
    """Two texts of so many words, of which there are only two."""
    chance = random.Random(7)
    a, b = (" ".join(chance.choice("xy") for _ in range(length)) for _ in range(2))
    return a, b


@pytest.mark.parametrize("length", [600, 1_999, 2_001, 8_000])
def test_however_long_a_repetitive_text_is_comparing_it_is_no_more_work_than_at_the_limit(length: int) -> None:
    """Word by word it grows with the square of the length and more; such a text is shown as replaced as a whole."""
    at_the_limit, shown = calls_of(lambda: words(*repetitive(440)))
    assert len(shown) > 10, "just below the limit it is still compared word by word"
    a, b = repetitive(length)
    calls, pieces = calls_of(lambda: words(a, b))
    assert calls < at_the_limit
    assert {piece.kind for piece in pieces} >= {"removed", "added"}


def test_a_paragraph_beyond_the_limit_is_shown_as_replaced_whole() -> None:
    a, b = (" ".join(f"{mark}{number} common{number}" for number in range(1_100)) for mark in "xy")
    assert [piece.kind for piece in words(a, b)] == ["removed", "added", "same"]


def test_a_changed_answer_of_a_whole_agreement_is_the_only_one_listed() -> None:
    form = samples.form()

    def version(**changes: object) -> tuple[PresentedSection, ...]:
        answers = samples.complete(**changes)
        return present(form, {"answers": form.sectioned(answers), "parties": []})

    assert changed_keys(compare(version(), version(key_mgmt="SLC", costs={"basis": "own", "note": "x"}))) <= {
        "key_mgmt",
        "costs",
    }
    assert "key_mgmt" in changed_keys(compare(version(), version(key_mgmt="SLC")))
    assert compare(version(), version()) == ()
