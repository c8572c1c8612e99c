"""The figures are what the raw rows say: worked out by brute force on a demonstration world, and step by step."""

import dataclasses
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from dsa import jobs
from dsa.config import Settings
from dsa.demo import fates
from dsa.insight.survival import survival_curve
from dsa.persistence import queries_agreements
from dsa.persistence import queries_figures as queries
from dsa.services import figures, stage_counts, time_stages_page
from dsa.services.context import Context
from dsa.services.counting import ALL
from dsa.services.time_days_page import shares
from dsa.services.time_scope import Asked
from dsa.services.whose_time import Times, times_of
from dsa.timekeeping.calendar import calendar_for
from dsa.timekeeping.clock import SimulatedClock
from dsa.timekeeping.months import read_months
from dsa.timekeeping.weeks import LONDON, week_of
from tests.demo.test_demo_world import NOW, make
from tests.engine.test_one_winner import at_once
from tests.web.world import World

LATER = NOW + timedelta(days=3)
FINAL = {"closed", "withdrawn", "rejected", "superseded"}
AFTER = {"in_use", "review_due", "suspended", "ended", "data_destroyed"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """A world of 30 agreements, without documents, three days after its last change, counted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fates, "FATES", tuple(replace(fate, real=False, done=0.0) for fate in fates.FATES))
        ctx = make(tmp_path_factory.mktemp("figures"), seed=3, agreements=30)
    ctx = dataclasses.replace(ctx, clock=SimulatedClock(LATER))
    figures.rebuild(ctx)
    yield ctx
    ctx.database.close()


def raw(ctx: Context, sql: str, **values: Any) -> list[Any]:
    with ctx.database.reading() as session:
        return list(session.execute(text(sql), values))


def local(seconds: int) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC)


def visible(ctx: Context, scope: int) -> set[int]:
    """The agreements of a scope, by the rule of visibility written out once more."""
    if scope == ALL:
        return {row.id for row in raw(ctx, "SELECT id FROM agreements")}
    shown = "SELECT a.id FROM agreements a JOIN parties p ON p.agreement_id = a.id WHERE p.organisation_id = :o"
    theirs = raw(ctx, f"{shown} AND p.left_at IS NULL AND a.stage <> 'start'", o=scope)
    led = raw(ctx, "SELECT id FROM agreements WHERE lead_organisation_id = :o", o=scope)
    return {row.id for row in (*theirs, *led)}


def scopes(ctx: Context) -> list[int]:
    return [ALL, *(row.id for row in raw(ctx, "SELECT id FROM organisations ORDER BY id"))]


def stays(ctx: Context, scope: int) -> list[Any]:
    found = raw(ctx, "SELECT g.*, o.nation FROM stage_entries g JOIN organisations o ON o.id = g.organisation_id")
    seen = visible(ctx, scope)
    return [row for row in found if row.agreement_id in seen and row.stage not in FINAL | {"in_use"}]


def lasted(row: Any) -> int:
    until = LATER if row.left_at is None else local(row.left_at)
    return calendar_for(row.nation).elapsed_days(local(row.entered_at), until)


def test_stages_are_what_every_stay_says_in_every_scope(made: Context) -> None:
    compared = 0
    for scope in scopes(made):
        rows = stays(made, scope)
        with made.database.reading() as session:
            read = {row.stage: row for row in queries.stages(session, scope, workflow="", route="")}
        compared += demand_stages(scope, rows, read)
    assert compared > 20


@pytest.mark.parametrize(
    ("first", "last"),
    [("", "2026-06"), ("2026-03", ""), ("2026-02", "2026-08"), ("2026-01", "2026-04"), ("2024-11", "2026-05")],
)
def test_the_stages_of_some_months_are_what_the_stays_of_those_started_in_them_say(
    made: Context, first: str, last: str
) -> None:
    compared, months = 0, read_months(first, last)
    started = {r.id: local(r.created_at).astimezone(LONDON) for r in raw(made, "SELECT id, created_at FROM agreements")}
    within = {one for one, at in started.items() if (first or "0") <= at.strftime("%Y-%m") <= (last or "9")}
    assert 3 < len(within) < len(started)
    of: dict[str, set[int]] = {"": within}
    for row in raw(made, "SELECT id, route FROM agreements"):
        of.setdefault(row.route, set()).update({row.id} & within)
    assert len(of) > 2
    for scope, route in ((scope, route) for scope in scopes(made) for route in of):
        rows = [row for row in stays(made, scope) if row.agreement_id in of[route]]
        with made.database.reading() as session:
            found = time_stages_page._figures(session, scope, Asked(route=route, months=months), LATER)
        read = {stage: SimpleNamespace(**figure) for stage, figure in found.items()}
        compared += demand_stages(scope, rows, read)
    assert compared > 3


def demand_stages(scope: int, rows: list[Any], read: dict[str, Any]) -> int:
    """Each stage's figures are what these stays say; returns how many durations were compared."""
    compared = 0
    assert {stage for stage, row in read.items() if row.closed or row.open} == {row.stage for row in rows}
    for stage in {row.stage for row in rows}:
        here = [row for row in rows if row.stage == stage]
        closed = [row for row in here if row.left_at is not None]
        figure = read[stage]
        assert (figure.closed, figure.open) == (len(closed), len(here) - len(closed)), (scope, stage)
        assert figure.passed == len({row.agreement_id for row in closed})
        assert figure.late == len({r.agreement_id for r in closed if r.due_at is not None and r.left_at > r.due_at})
        if len(closed) >= stage_counts.FEW:
            curve = survival_curve([lasted(row) for row in here], [row.left_at is not None for row in here])
            assert (figure.half, figure.most) == (curve.reached(0.5).value, curve.reached(0.85).value)
            compared += 1
        else:
            assert (figure.half, figure.most) == (None, None)
    return compared


def test_weeks_hold_the_middle_of_the_stays_that_ended_in_them(made: Context) -> None:
    for scope in scopes(made)[:4]:
        expected: dict[tuple[str, int], list[int]] = {}
        for row in stays(made, scope):
            if row.left_at is not None:
                week = week_of(local(row.left_at).astimezone(LONDON).date())
                expected.setdefault((row.stage, week), []).append(lasted(row))
        with made.database.reading() as session:
            for stage in {stage for stage, _ in expected}:
                read = {row.week: (row.n, row.half) for row in queries.weeks(session, scope, stage, since=0)}
                middle = {w: (len(d), sorted(d)) for (s, w), d in expected.items() if s == stage}
                assert set(read) == set(middle)
                for week, (n, days) in middle.items():
                    assert read[week] == (n, (days[(n - 1) // 2] + days[n // 2]) / 2)


def records(ctx: Context) -> dict[int, Times]:
    """What the record of each agreement says of its time."""
    with ctx.database.reading() as session:
        ids = [row.id for row in raw(ctx, "SELECT id FROM agreements ORDER BY id")]
        return times_of(ctx, session, queries_agreements.heads(session, ids), now=LATER)


def test_the_sums_by_owner_and_reason_are_the_sums_of_what_the_records_say(made: Context) -> None:
    said = records(made)
    for scope in scopes(made):
        minutes, who = Counter[tuple[str, str]](), set()
        for identifier in visible(made, scope):
            times = said[identifier]
            counted = [piece for piece in times.pieces if piece.started_at < times.counted_until]
            parts = [("owner", name, round(days * 480)) for name, days in times.figures.by_owner]
            for piece in counted:
                parts.append(("reason", piece.holder.reason, times.minutes(piece, now=times.counted_until)))
            for topic, name, spent in parts:
                who.add((topic, name, identifier))
                minutes[topic, name] += spent
        with made.database.reading() as session:
            asked = SimpleNamespace(id=scope, asked=Asked())
            for topic in ("owner", "reason"):
                read = shares(session, asked, topic, LATER)
                counts = Counter(name for t, name, _ in who if t == topic)
                found = {each.label if topic == "owner" else each.key: (each.agreements, each.minutes) for each in read}
                assert found == {name: (n, minutes[topic, name]) for name, n in counts.items()}, (scope, topic)
    pieces = [(times, piece) for times in said.values() for piece in times.pieces]
    assert sum(times.spells[piece.spell].owner != piece.holder.owner for times, piece in pieces) > 10


def test_whose_an_open_review_is_follows_what_is_overdue_from_day_to_day(made: Context) -> None:
    day = LATER
    for _ in range(3):
        day += timedelta(days=8)
        later = dataclasses.replace(made, clock=SimulatedClock(day))
        changing = raw(later, "SELECT agreement_id FROM counted WHERE day IS NOT NULL")
        assert figures.refresh(later) >= len(changing) > 0
        assert figures.verify(later) == []
        before = everything(later)
        figures.rebuild(later)
        assert everything(later) == before
    figures.rebuild(made)


def test_what_is_under_way_is_there_once_for_each_scope(made: Context) -> None:
    finished = ("in_use", *FINAL)
    for scope in scopes(made):
        seen = visible(made, scope)
        under_way = {
            row.id: row.stage
            for row in raw(made, "SELECT id, stage FROM agreements WHERE finished_at IS NULL")
            if row.id in seen and row.stage not in finished
        }
        kept = raw(made, "SELECT agreement_id, stage FROM open_work WHERE scope = :s", s=scope)
        assert {row.agreement_id: row.stage for row in kept} == under_way
        assert len(kept) == len(under_way)


def test_a_check_finds_nothing_and_a_wrong_figure_is_found(made: Context) -> None:
    assert figures.verify(made) == []
    with made.database.writing() as session:
        session.execute(text("UPDATE tallies SET n = n + 1 WHERE topic = 'stay' AND scope = 0 AND name = 'drafting'"))
    by_month = "the figures by month in scope 0 are not those of its tallies"
    assert figures.verify(made) == ["the sums of “stay” in scope 0 are not those of its agreements", by_month]
    figures.rebuild(made)
    with made.database.writing() as session:
        session.execute(text("DELETE FROM month_figures WHERE stage = 'drafting' AND scope = 0"))
    assert figures.verify(made) == [by_month]
    figures.rebuild(made)
    with made.database.writing() as session:
        session.execute(text("UPDATE stage_entries SET left_at = left_at + 864000 WHERE left_at IS NOT NULL"))
    assert any("is counted otherwise than its stays say" in one for one in figures.verify(made))
    with made.database.writing() as session:
        session.execute(text("UPDATE stage_entries SET left_at = left_at - 864000 WHERE left_at IS NOT NULL"))
    assert figures.verify(made) == []


def everything(ctx: Context) -> dict[str, list[tuple[Any, ...]]]:
    """Every figure, but for when it was worked out."""
    kept = {
        "tallies": "SELECT * FROM tallies WHERE n <> 0 OR amount <> 0",
        "week_figures": "SELECT * FROM week_figures",
        "month_figures": "SELECT * FROM month_figures",
        "stage_figures": "SELECT scope, workflow, route, stage, closed, open, passed, late, half, most, at_risk "
        "FROM stage_figures",
        "team_figures": "SELECT * FROM team_figures",
        "open_work": "SELECT * FROM open_work",
        "counted": "SELECT * FROM counted",
        "owned_by": "SELECT * FROM owned_by",
    }
    return {name: sorted(map(tuple, raw(ctx, sql)), key=repr) for name, sql in kept.items()}


def test_counting_step_by_step_comes_to_what_counting_anew_does(world: World) -> None:
    first = world.agreement_in("check_draft")
    world.count()
    world.do_task(first, "check_text:slc", "changes", changes=(_change("purpose", "QUALITY"),), summary="Not clear.")
    world.count()
    second = world.start(title="A second one")
    world.count()
    world.move_clock(days=9)
    world.onward(second)
    world.count()
    world.count()
    before = everything(world.ctx)
    assert any(row[1] == "return" for row in before["tallies"])
    figures.rebuild(world.ctx)
    assert everything(world.ctx) == before
    assert figures.verify(world.ctx) == []


def _change(section: str, code: str) -> Any:
    from dsa.services.reviewing import Change

    return Change(section=section, question=None, code=code, text="Say what it is for.")


def test_a_step_writes_no_figure_and_leaves_its_agreement_to_be_counted(world: World) -> None:
    reference = world.agreement_in("drafting")
    world.count()
    assert raw(world.ctx, "SELECT id FROM agreements WHERE counted_seq <> head_seq") == []
    before = everything(world.ctx)
    world.onward(reference)
    assert everything(world.ctx) == before
    assert len(raw(world.ctx, "SELECT id FROM agreements WHERE counted_seq <> head_seq")) == 1
    world.count()
    assert everything(world.ctx) != before


def test_what_only_its_lead_may_see_counts_for_nobody_else(world: World) -> None:
    world.start()
    world.count()
    assert {row.scope for row in raw(world.ctx, "SELECT DISTINCT scope FROM tallies")} == {
        ALL, world.organisations["HMRC"],
    }  # fmt: skip
    world.agreement_in("first_look")
    world.count()
    slc = world.organisations["SLC"]
    started = raw(world.ctx, "SELECT n FROM tallies WHERE scope = :s AND topic = 'flow' AND name = 'started'", s=slc)
    assert [row.n for row in started] == [1]
    assert world.organisations["DWP"] not in {row.scope for row in raw(world.ctx, "SELECT scope FROM tallies")}


def test_ages_are_worked_out_again_on_a_new_day_though_nothing_happened(world: World) -> None:
    for _ in range(2):
        world.agreement_in("review")
    world.count()
    assert figures.refresh(world.ctx) == 0
    world.move_clock(days=1)
    assert figures.refresh(world.ctx) == 2  # each has several reviews open, so whose the time is may have changed
    assert figures.refresh(world.ctx) == 0
    world.agreement_in("drafting")
    world.count()
    with world.ctx.database.writing() as session:
        session.execute(text("DELETE FROM counted WHERE day IS NOT NULL"))
    world.move_clock(days=1)
    assert figures.refresh(world.ctx) == 1  # nothing to count, only ages
    assert figures.refresh(world.ctx) == 0


@pytest.mark.parametrize("runs", ["the thread of dsa serve", "the worker's queue"])
def test_whatever_runs_the_jobs_checks_the_figures_once_a_night_and_mends_them(
    world: World, settings: Settings, runs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.agreement_in("check_draft")
    world.count()
    right = everything(world.ctx)
    monkeypatch.setattr(jobs, "open_context", lambda _settings: world.ctx)
    monkeypatch.setattr(jobs.Relay, "forecast", lambda _self: 0)

    def break_it() -> None:
        with world.ctx.database.writing() as session:
            session.execute(text("UPDATE tallies SET n = n + 1 WHERE topic = 'stay'"))

    def turn() -> None:
        if runs == "the worker's queue":
            queue = jobs.make_huey(settings, immediate=True)
            for task in [*queue._registry.periodic_tasks] * 2:
                queue.execute(task)
            queue.storage.close()
        else:
            while jobs.Relay(world.ctx).turn():
                pass

    turn()
    break_it()
    turn()
    assert everything(world.ctx) != right  # it was checked today
    world.move_clock(days=1)
    turn()
    assert figures.verify(world.ctx) == []
    break_it()
    world.move_clock(hours=16)
    turn()
    assert figures.verify(world.ctx) != []  # ten past one: before 2am it is not the time yet
    world.move_clock(hours=1)
    turn()
    assert figures.verify(world.ctx) == []


def test_of_two_processes_that_ask_at_once_one_checks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.agreement_in("check_draft")
    world.count()
    asked: list[int] = []
    monkeypatch.setattr(figures, "verify", lambda _ctx: asked.append(1) or [])
    assert at_once([lambda: figures.verify_nightly(world.ctx)] * 6) == [None] * 6
    assert len(asked) == 1
