"""Days on which nothing moved: counted from midnight in London, in the list as beside each row."""

from datetime import UTC, datetime

import pytest

from dsa.services import stalled_page
from dsa.services.stalled_page import Asked
from tests.engine.town import Town


@pytest.mark.parametrize(
    ("moved", "now", "days"),
    [
        (
            datetime(2027, 7, 1, 23, 30, tzinfo=UTC),
            datetime(2027, 7, 5, 10, tzinfo=UTC),
            1,
        ),  # on 2 July
        (datetime(2027, 10, 31, 23, 30, tzinfo=UTC), datetime(2027, 11, 2, 10, tzinfo=UTC), 2),  # a Sunday
        (datetime(2027, 10, 29, 10, tzinfo=UTC), datetime(2027, 10, 31, 10, tzinfo=UTC), 0),  # looked at on a Sunday
        (datetime(2027, 10, 28, 10, tzinfo=UTC), datetime(2027, 10, 31, 10, tzinfo=UTC), 1),
    ],
)
def test_an_agreement_is_listed_by_the_days_that_stand_beside_it(
    town: Town, moved: datetime, now: datetime, days: int
) -> None:
    town.clock.advance_to(moved)
    reference = town.start("AAA", "AAB")
    town.clock.advance_to(now)
    for least in (1, 2, 3):
        found = stalled_page.stalled(town.ctx, town.actor("AAA", "drafter"), Asked(days=least)).rows
        assert [(row.reference, row.days) for row in found] == ([(reference, days)] if least <= days else [])
