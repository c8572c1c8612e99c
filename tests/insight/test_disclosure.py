"""Small numbers: none is shown, and none can be found by taking the rest from the total."""

from hypothesis import example, given
from hypothesis import strategies as st

from dsa.insight.disclosure import LEAST, hide_small, share_of


@given(st.lists(st.integers(0, 60), min_size=1, max_size=12))
@example([3, 10, 20])
@example([1, 1, 40])
@example([2, 0])
def test_no_small_number_is_shown_or_found_by_subtraction(counts: list[int]) -> None:
    shown = hide_small(counts)
    assert all(one is None or one == 0 or one >= LEAST for one in shown)
    assert all(one is None or one == count for one, count in zip(shown, counts, strict=True))
    hidden = [count for count, one in zip(counts, shown, strict=True) if one is None]
    if hidden and len(counts) > 1:
        assert len(hidden) > 1
        assert sum(hidden) >= LEAST or len(hidden) == len(counts)


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    assert hide_small([5, 0, 12]) == [5, 0, 12]


def test_a_share_is_not_shown_where_it_tells_of_a_few() -> None:
    assert share_of(28, 30) is None
    assert share_of(2, 30) is None
    assert share_of(4, 4) is None
    assert share_of(30, 30) == 1.0
    assert share_of(25, 30) == 25 / 30
