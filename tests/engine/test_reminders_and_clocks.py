"""Reminders while clocks change, go back, jump and stand still: nothing twice, nothing missed, at the right moment.

The expected moments are counted by hand from the bank holidays that GOV.UK publishes, not by the product's calendar.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from dsa.persistence import outbox
from dsa.services import digesting, noticing, notifying, reminding
from tests.engine.town import Town, build_town, form_taken_as_complete

LONDON = ZoneInfo("Europe/London")


@dataclass
class AnyClock:
    """A clock that can be set to any moment, as a machine's can."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def with_clock(town: Town, at: datetime) -> AnyClock:
    clock = AnyClock(at)
    town.ctx = replace(town.ctx, clock=clock)
    return clock


def london(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=LONDON)


def told(town: Town) -> list[str]:
    """How the subject of each mail begins, oldest first."""
    notifying.carry_out(town.ctx, limit=1000)
    with town.ctx.database.reading() as session:
        return [mail.subject.split(":")[0] for mail in reversed(outbox.mails(session, limit=1000))]


# AAB works by Scotland's calendar and checks the draft within 5 working days, from the day after. The workflow reminds
# 2 working days before, says so at the close of office of the due day and 3 working days later, and escalates after 5.
CASES = {
    "clocks go forward on 29 March 2026": (
        london(2026, 3, 26, 10, 0),
        london(2026, 4, 2, 17, 0),
        [date(2026, 3, 31), date(2026, 4, 2), date(2026, 4, 8), date(2026, 4, 10)],
    ),
    "clocks go back on 25 October 2026": (
        london(2026, 10, 22, 10, 0),
        london(2026, 10, 29, 17, 0),
        [date(2026, 10, 27), date(2026, 10, 29), date(2026, 11, 3), date(2026, 11, 5)],
    ),
    "29 February 2028": (
        london(2028, 2, 23, 10, 0),
        london(2028, 3, 1, 17, 0),
        [date(2028, 2, 28), date(2028, 3, 1), date(2028, 3, 6), date(2028, 3, 8)],
    ),
    "the turn of the year, with Scotland's 1 and 4 January": (
        london(2026, 12, 22, 10, 0),
        london(2026, 12, 31, 17, 0),
        [date(2026, 12, 29), date(2026, 12, 31), date(2027, 1, 7), date(2027, 1, 11)],
    ),
}
POINTS = ("reminder", "overdue", "escalated")
WHAT = ["Reminder", "Overdue", "Overdue", "Overdue with your organisation"]


@pytest.mark.parametrize("name", CASES)
def test_each_point_is_told_once_on_its_own_day_whatever_the_clocks_do(small_town: Town, name: str) -> None:
    town = small_town
    begins, due, days = CASES[name]
    clock = with_clock(town, begins.astimezone(UTC))
    reference = town.bring_to(town.start("AAA", "AAB"), "check_draft")
    task = next(task for task in town.loaded(reference).tasks if task.status == "open" and task.stage == "check_draft")
    assert task.due_at == due
    known, seen = len(told(town)), []
    while clock.at < begins + timedelta(days=22):
        clock.at += timedelta(minutes=30)
        if clock.at.minute == 0:  # every hour somebody sets the clock back, and it is set right again
            clock.at -= timedelta(hours=1)
            reminding.remind(town.ctx)
            clock.at += timedelta(hours=1)
        if reminding.remind(town.ctx):
            found = told(town)
            seen += [(what, clock.at.astimezone(LONDON)) for what in found[known:]]
            known = len(found)
    assert [what for what, _ in seen] == WHAT
    assert [at.date() for _, at in seen] == days
    overdue = seen[1][1]
    assert due < overdue <= due + timedelta(minutes=30), "at the close of the office, as London's clocks show it"
    assert all(at.hour == 0 for what, at in (seen[0], seen[2], seen[3])), "the others with the day"


@pytest.fixture(scope="module")
def shared_town(tmp_path_factory: pytest.TempPathFactory, sqlite_template: object) -> Town:
    """One town for every example: only the mails of its newest agreement are looked at."""
    import shutil

    from dsa.persistence.session import Database

    path = tmp_path_factory.mktemp("reminders") / "dsa.sqlite3"
    shutil.copyfile(str(sqlite_template), path)
    return build_town(Database(f"sqlite:///{path}", synchronous="NORMAL"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    begins=st.sampled_from([begins for begins, _, _ in CASES.values()]),
    jumps=st.lists(st.sampled_from([-60, -1, 30, 300, 1440, 3 * 1440, 30 * 1440]), min_size=1, max_size=12),
)
def test_however_the_clock_jumps_nothing_is_told_twice_and_what_is_newest_is_told(
    shared_town: Town, begins: datetime, jumps: list[int]
) -> None:
    town = shared_town
    clock = with_clock(town, begins.astimezone(UTC))
    with form_taken_as_complete(town):
        reference = town.bring_to(town.start("AAA", "AAB"), "check_draft")
    for jump in jumps:
        clock.at += timedelta(minutes=jump)
        reminding.remind(town.ctx)
    last = clock.at
    clock.at = last + timedelta(days=60)
    reminding.remind(town.ctx)
    with town.ctx.database.reading() as session:
        keys = session.execute(text("SELECT key FROM outbox WHERE key LIKE :of"), {"of": f"{reference}:%"}).scalars()
        points = [tuple(key.rsplit(":", 2)[-2:]) for key in keys if key.rsplit(":", 2)[-2] in POINTS]
    assert sorted(points) == sorted(set(points)), "no point twice"
    assert set(points) == {("reminder", "-2"), ("overdue", "0"), ("overdue", "1"), ("overdue", "3"), ("escalated", "5")}


def test_a_digest_is_written_once_a_working_day_over_every_change(small_town: Town) -> None:
    town = small_town
    begins = london(2026, 10, 23, 10, 0)
    clock = with_clock(town, begins.astimezone(UTC))
    actor = town.actor("AAB", "information_governance")
    noticing.choose(town.ctx, actor, dict.fromkeys(noticing.KINDS, noticing.DIGEST))
    days: list[date] = []
    for number in range(9 * 24):
        if number % 12 == 0:
            town.bring_to(town.start("AAA", "AAB"), "first_look")
            notifying.carry_out(town.ctx, limit=1000)
        clock.at += timedelta(hours=1)
        if digesting.digest(town.ctx):
            days.append(clock.at.astimezone(LONDON).date())
            assert clock.at.astimezone(LONDON).hour == (9 if len(days) > 1 else 11), "when the office has opened"
    weekdays = [date(2026, 10, day) for day in (23, 26, 27, 28, 29, 30)]
    assert days == weekdays
