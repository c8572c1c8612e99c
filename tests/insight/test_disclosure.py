"""Small numbers: none is shown, and none can be found by taking the rest from the total."""

from hypothesis import example, given
from hypothesis import strategies as st

from dsa.insight.disclosure import LEAST, ages_reached, hide_small, leave_no_small_rest, share_of


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


@given(st.lists(st.integers(0, 400), max_size=60), st.sampled_from([0.5, 0.85]))
@example(list(range(30)), 0.85)
def test_an_age_is_shown_only_where_enough_are_as_old(ages: list[int], share: float) -> None:
    found = ages_reached(ages, share)
    if found is not None:
        assert sum(age >= found for age in ages) >= LEAST
        assert sum(age <= found for age in ages) >= share * len(ages)
        assert sum(age < found for age in ages) < share * len(ages)
    elif len(set(ages)) == len(ages):
        assert len(ages) * (1 - share) < LEAST


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.integers(0, 60))
@example([18], 2)
@example([18, 7], 3)
def test_what_some_groups_leave_of_the_whole_is_never_small(counts: list[int], others: int) -> None:
    shown = leave_no_small_rest(
        [count if count == 0 or count >= LEAST else None for count in counts], sum(counts) + others
    )
    assert all(one is None or one == count for one, count in zip(shown, counts, strict=True))
    rest = sum(counts) + others - sum(count for count in shown if count is not None)
    assert rest == 0 or rest >= LEAST or not any(shown)


def test_nothing_is_hidden_where_the_others_are_many_or_none() -> None:
    assert leave_no_small_rest([18, 7], 40) == [18, 7]
    assert leave_no_small_rest([18, 7], 25) == [18, 7]
    assert leave_no_small_rest([18, 7], 27) == [18, None]
