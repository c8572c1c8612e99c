"""Blocks of months: a range is put together of few of them, each month once."""

from hypothesis import given
from hypothesis import strategies as st

from dsa.timekeeping.months import Months, blocks_of, read_months

_NUMBERS = st.integers(1990 * 12, 2060 * 12)


@given(_NUMBERS, st.integers(0, 60), st.lists(_NUMBERS, max_size=20))
def test_every_month_of_a_range_is_in_one_of_its_blocks_and_no_other_month_is(
    first: int, length: int, others: list[int]
) -> None:
    last = first + length
    blocks = set(Months(first, last).blocks())
    assert len(blocks) == len(Months(first, last).blocks())
    for month in (*range(first - 130, last + 131), *others):
        assert len(blocks & set(blocks_of(month))) == (first <= month <= last)


@given(_NUMBERS, st.integers(0, 47))
def test_a_range_within_four_years_is_at_most_twelve_blocks(first: int, length: int) -> None:
    assert len(Months(first, first + length).blocks()) <= 12


def test_a_quarter_a_year_and_whatever_is_open_on_a_side_are_few_blocks() -> None:
    assert len(read_months("2026-04", "2026-06").blocks()) == 1
    assert len(read_months("2025-01", "2026-12").blocks()) == 2
    for first, last in (("2026-02", ""), ("", "2026-11"), ("", "")):
        assert len(read_months(first, last).blocks()) < 40
