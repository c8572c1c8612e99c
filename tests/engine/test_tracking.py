"""Agreements that live on paper elsewhere: imported as reported, followed, and able to join the workflow."""

import json
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest

from dsa import jobs
from dsa.domain.errors import BadInput, Conflict, NotAllowed, NotFound, Refused
from dsa.domain.replay import replay
from dsa.domain.tracking import TRACKED
from dsa.persistence import forecasts as stored
from dsa.persistence import (
    history,
    imports,
    queries_agreements,
    queries_figures,
    queries_history,
    queries_indicators,
)
from dsa.persistence.queries_agreements import Wanted
from dsa.services import (
    agreements_list,
    changes_ahead,
    commenting,
    figures,
    forecasting,
    holding,
    how_long,
    importing,
    indicators,
    lists,
    moves,
    past_stays,
    record_page,
    reviewing,
    time_chase_page,
    timeline_page,
    tracked,
)
from dsa.services.agreements_list import Filters
from dsa.services.importing import Imported
from dsa.services.reviewing import Verdict
from dsa.services.time_scope import Asked
from dsa.services.time_teams_page import teams_page
from dsa.services.tracked import Report
from dsa.services.whose_time import MINUTES_A_DAY, NOT_KNOWN_WORDS, times_of
from dsa.timekeeping.calendar import calendar_for
from dsa.timekeeping.weeks import monday, week_of
from tests.engine.town import Town
from tests.past import add_signed

HEADINGS = ["Ref", "Title", "Partner", "Status", "Stage", "Owner", "Started", "Since", "Due", "Signed"]
OPEN = ["A1", "Fuel poverty", "Body AAB", "open", "review", "AAB", "2026-03-02", "2026-10-01", "2026-10-20", ""]
OUTSIDE = ["A2", "Debt pilot", "AAB; Sea Council", "open", "board", "Review Board", "2026-01-05", "", "", ""]
PAST = ["A3", "Old one", "AAB", "signed", "", "", "2024-01-08", "", "", "2025-02-03"]
WORDS = {"status": {"open": "open", "signed": "signed"}, "stage": {"review": "review", "board": "board"}}
WORDS |= {"organisation": {"Sea Council": "", "Review Board": ""}}


class Sheet:
    """A reader that was given the rows."""

    def __init__(self, *rows: list[str]) -> None:
        self.rows = rows

    def read(self, data: bytes) -> dict[str, Any]:
        rows = [(n, list(row)) for n, row in enumerate((HEADINGS, *self.rows), start=1)]
        return {"sheets": [{"name": "", "rows": rows, "merged": []}]}


def sent(town: Town, *rows: list[str], data: bytes = b"sheet", **choices: Any) -> int:
    """An import with its columns and words confirmed."""
    actor = town.actor("AAA", "information_governance")
    number = importing.receive(town.ctx, actor, Sheet(*rows), data, "ours.xlsx")
    columns = {"reference": 0, "title": 1, "parties": 2, "status": 3, "stage": 4, "holder": 5, "started": 6}
    importing.set_columns(town.ctx, actor, number, columns | {"since": 7, "due": 8, "ended": 9})
    importing.set_choices(town.ctx, actor, number, {"words": WORDS, **choices})
    return number


def taken_in(town: Town, *rows: list[str]) -> list[str]:
    """The references of the open rows."""
    number = sent(town, *rows)
    importing.take_in(town.ctx, town.actor("AAA", "information_governance"), number)
    with town.ctx.database.reading() as session:
        return [case.tracked_reference for case in imports.cases_of(session, number) if case.tracked_reference]


def report(town: Town, reference: str, said: Report, code: str = "AAA", role: str = "drafter") -> None:
    tracked.report(town.ctx, town.actor(code, role), reference, said, seen=town.seen(reference))


def spells(town: Town, reference: str) -> list[Any]:
    with town.ctx.database.reading() as session:
        return history.every_spell(session, town.loaded(reference).head.id)


def demand_whole(town: Town, reference: str) -> None:
    """The chain is whole, a replay gives the rows, and every minute from the reported start has one owner."""
    assert town.problems(reference) == ()
    kept = spells(town, reference)
    assert all(one.ended_at == other.started_at for one, other in pairwise(kept))
    assert all(spell.owner for spell in kept)
    assert kept[0].started_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_an_open_row_is_an_agreement_at_once_with_stage_holder_and_due_day_as_reported(town: Town) -> None:
    (reference,) = taken_in(town, OPEN, PAST)
    head = town.loaded(reference).head
    assert (head.stage, head.tracking, head.title) == ("review", TRACKED, "Fuel poverty")
    assert (head.holder_owner, head.holder_since) == ("AAB", datetime(2026, 10, 1, 8, 0, tzinfo=UTC))
    assert head.stage_due_at == datetime(2026, 10, 20, 16, 0, tzinfo=UTC)
    demand_whole(town, reference)
    before, now = spells(town, reference)
    assert (before.owner, before.outside, before.reason) == ("not known", False, "reported")
    assert (now.owner, now.reason) == ("AAB", "reviewing")
    with town.ctx.database.reading() as session:
        happened = [(e.kind, e.happened_at.date(), e.recorded_at) for e in history.events(session, head.id)]
    assert happened == [
        ("TrackingBegan", date(2026, 3, 2), town.clock.now()),
        ("HolderReported", date(2026, 10, 1), town.clock.now()),
    ]


def test_the_time_before_it_was_followed_here_is_nobody_s_and_with_work_and_waiting_makes_the_total(
    town: Town,
) -> None:
    references = taken_in(town, OPEN, OUTSIDE)
    town.clock.advance(40_000)
    with town.ctx.database.reading() as session:
        for reference in references:
            head = town.loaded(reference).head
            (times,) = times_of(town.ctx, session, [head], now=town.ctx.clock.now()).values()
            figures, before = times.figures, times.pieces[0]
            assert figures.not_known == times.minutes(before, now=town.ctx.clock.now()) / MINUTES_A_DAY > 100
            assert figures.owned + figures.waited + figures.not_known == pytest.approx(figures.elapsed)
            assert sum(days for _, days in figures.by_owner) == pytest.approx(figures.elapsed)
            assert dict(figures.by_owner)[NOT_KNOWN_WORDS] == figures.not_known
            assert NOT_KNOWN_WORDS not in dict(figures.at_work) | dict(figures.waiting_on)


def test_since_when_a_row_does_not_say_is_not_known_and_no_date_is_forecast_from_it(town: Town) -> None:
    unknown, known = taken_in(town, OUTSIDE, OPEN)
    town.clock.advance(10_000)
    actor = town.actor("AAA", "drafter")
    assert record_page.record(town.ctx, actor, unknown).holding.since is None
    assert record_page.record(town.ctx, actor, known).holding.since is not None
    rows = {row.reference: row.since for row in agreements_list.agreements_file(town.ctx, actor, Filters())}
    assert (rows[unknown], rows[known] is None) == (None, False)
    assert not timeline_page.timeline(town.ctx, actor, unknown).stages[0].since_known
    forecasting.forecast_due(town.ctx)
    refused = {one: record_page.record(town.ctx, actor, one).outlook.refusal for one in (unknown, known)}
    assert refused == {unknown: "since_not_known", known: "too_little_history"}
    assert (town.problems(unknown), town.problems(known)) == ((), ())
    report(town, unknown, Report("sign_off", "AAA"))
    assert record_page.record(town.ctx, actor, unknown).holding.since is not None
    assert town.problems(unknown) == ()


def test_events_of_before_that_say_the_lead_had_it_are_replayed_as_not_known(town: Town) -> None:
    (reference,) = taken_in(town, OPEN)
    with town.ctx.database.reading() as session:
        rows = history.events(session, town.loaded(reference).head.id)
    bodies = [json.loads(row.body) for row in rows]
    bodies[0]["effects"]["holder"]["owner"] = "AAA"
    assert [spell.owner for spell in replay(bodies).spells] == ["not known", "AAB"]


def test_it_is_in_the_lists_of_both_parties_and_in_no_stranger_s(town: Town) -> None:
    (reference,) = taken_in(town, OPEN)
    page = lists.my_tasks(town.ctx, town.actor("AAB", "drafter"))
    assert [(item.reference, item.what) for item in page.overdue] == [(reference, "Say how it stands")]
    overdue = Wanted(overdue=True, owner="AAB", now=town.ctx.clock.now())
    with town.ctx.database.reading() as session:
        for code, seen in (("AAA", [reference]), ("AAB", [reference]), ("AAC", [])):
            actor = town.actor(code, "drafter")
            assert [row.reference for row in queries_agreements.page(session, actor, overdue)] == seen
    with pytest.raises(NotFound):
        report(town, reference, Report("review", "AAB"), code="AAC")


def test_an_outside_body_that_has_it_stays_the_holder_whatever_else_happens(town: Town) -> None:
    (reference,) = taken_in(town, OUTSIDE)
    assert town.loaded(reference).head.holder_owner == "Review Board"
    commenting.comment(town.ctx, town.actor("AAA", "drafter"), reference, "Chased.", section="purpose")
    assert town.loaded(reference).head.holder_owner == "Review Board"
    assert town.problems(reference) == ()
    assert [task.organisation_id for task in town.loaded(reference).tasks] == [town.organisations["AAA"]]


def test_a_comment_while_a_board_decides_takes_nothing_back_from_the_board(town: Town) -> None:
    reference = town.start(legal_power="x")
    town.facts["board_needed"] = True
    town.bring_to(reference, "board")
    holder = town.loaded(reference).head.holder_owner
    commenting.comment(town.ctx, town.actor("AAA", "drafter"), reference, "Chased.", section="purpose")
    assert town.loaded(reference).head.holder_owner == holder == "Public service delivery review board"


def test_handed_on_held_and_closed_as_reported(town: Town) -> None:
    (reference,) = taken_in(town, OPEN)
    happened = date(2026, 10, 30)
    report(town, reference, Report("sign_off", "AAA", due=date(2026, 12, 1), happened_on=happened, note="By letter."))
    head = town.loaded(reference).head
    assert (head.stage, head.holder_owner, head.stage_due_at.date()) == ("sign_off", "AAA", date(2026, 12, 1))
    actor, until = town.actor("AAA", "drafter"), date(2027, 1, 4)
    holding.begin_hold(
        town.ctx, actor, reference, code="RISK", awaited="AAB", outside=False, until=until, seen=town.seen(reference)
    )
    assert town.loaded(reference).head.holder_owner == "AAB"
    holding.end_hold(town.ctx, actor, reference, seen=town.seen(reference))
    report(town, reference, Report("review", outside="Treasury Solicitor"), code="AAB", role="information_governance")
    assert town.loaded(reference).head.holder_owner == "Treasury Solicitor"
    report(town, reference, Report("in_use"))
    assert town.open_tasks(reference) == []
    report(town, reference, Report("closed"))
    assert town.loaded(reference).head.finished_at is not None
    demand_whole(town, reference)
    town.carry_out()


def test_the_steps_of_the_workflow_are_closed_to_it_until_it_joins(town: Town) -> None:
    (reference,) = taken_in(town, OPEN)
    (key,) = town.open_tasks(reference)
    with pytest.raises(Refused, match="dates as reported"):
        reviewing.decide_task(town.ctx, town.actor("AAB", "drafter"), reference, key, Verdict("done"), seen=None)
    with pytest.raises(Refused, match="dates as reported"):
        moves.move(town.ctx, town.actor("AAA", "drafter"), reference, "take_back", seen=None)
    town.move(reference, "withdraw", reason="It was given up.")
    assert town.stage(reference) == "withdrawn"
    demand_whole(town, reference)


@pytest.mark.parametrize(("stage", "opens"), [("first_look", "in_principle:aab"), ("review", "legal:aaa")])
def test_it_joins_the_workflow_at_a_stage_whose_tasks_open(town: Town, stage: str, opens: str) -> None:
    (reference,) = taken_in(town, OPEN)
    (asked,) = town.open_tasks(reference)
    tracked.join(town.ctx, town.actor("AAA", "drafter"), reference, stage, seen=town.seen(reference))
    assert town.stage(reference) == stage
    assert opens in town.open_tasks(reference)
    assert asked not in town.open_tasks(reference)
    with pytest.raises(Refused, match="in the workflow"):
        report(town, reference, Report("review", "AAB"))
    demand_whole(town, reference)
    if stage == "review":
        town.bring_to(reference, "text_agreed")
        demand_whole(town, reference)


def test_without_a_complete_text_nobody_is_asked_to_review_it(town: Town) -> None:
    (reference,) = taken_in(town, OPEN)
    town.facts["form_complete"] = False
    with pytest.raises(Refused, match="not complete here"):
        tracked.join(town.ctx, town.actor("AAA", "drafter"), reference, "review", seen=town.seen(reference))
    assert town.loaded(reference).head.tracking == TRACKED
    with pytest.raises(NotAllowed):
        tracked.join(town.ctx, town.actor("AAB", "drafter"), reference, "drafting", seen=None)
    tracked.join(town.ctx, town.actor("AAA", "drafter"), reference, "drafting", seen=town.seen(reference))
    demand_whole(town, reference)


def test_one_that_is_reported_in_use_counts_as_signed(town: Town) -> None:
    (reference,) = taken_in(town, OPEN)
    actor = town.actor("AAA", "drafter")
    assert (lambda group: (group.signed, group.still_open))(how_long.how_long(town.ctx, actor).whole) == (0, 1)
    report(town, reference, Report("in_use"))
    assert (lambda group: (group.signed, group.still_open))(how_long.how_long(town.ctx, actor).whole) == (1, 0)
    with town.ctx.database.reading() as session:
        past = past_stays.read_history(town.ctx, session)
    assert past.code("in_use") == -1
    assert (past.history.stage == past.code("signed")).sum() == 1


def test_what_lives_on_paper_is_no_part_of_the_model_of_the_process_nor_is_what_began_there(town: Town) -> None:
    """Of the work inside its stages nothing is known: played again, it would take no time there."""
    own = town.bring_to(town.start("AAA", "AAB"), "review")
    in_use, joins = taken_in(town, OPEN, OUTSIDE)
    report(town, in_use, Report("in_use"))
    tracked.join(town.ctx, town.actor("AAA", "drafter"), joins, "first_look", seen=town.seen(joins))
    with town.ctx.database.reading() as session:
        stays, tasks = queries_history.of_organisation(session, None)
    assert {row[0] for row in stays} == {row[0] for row in tasks} == {town.loaded(own).head.id}


def test_imported_rows_in_two_stages_keep_neither_the_simulation_nor_the_public_figures_from_being_worked_out(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes_ahead, "AGREEMENTS", 100)
    monkeypatch.setattr(changes_ahead, "RUNS", 5)
    like = town.bring_to(town.start("AAA", "AAB"), "review")
    add_signed(town.ctx.database, like, now=town.clock.now(), count=24)
    taken_in(town, OPEN, ["A4", "Elsewhere", "Body AAB", "open", "board", "AAB", *OPEN[6:]])
    relay = jobs.Relay(town.ctx)
    relay.forecast()
    relay.tell_the_public()
    assert not relay.failed
    with town.ctx.database.reading() as session:
        body = stored.figure(session, changes_ahead.KIND, changes_ahead.EVERYBODY).body
        public = stored.figure(session, indicators.KIND)
    assert body["result"]["rests_on"] == 24
    assert public.body["overall"]["signed"] == 24


def test_the_same_file_is_the_same_import_and_is_taken_in_once(town: Town) -> None:
    number = sent(town, OPEN, PAST)
    actor = town.actor("AAA", "information_governance")
    assert importing.take_in(town.ctx, actor, number) == Imported(number, 1, 1)
    assert importing.take_in(town.ctx, actor, number) == Imported(number, 1, 1)
    assert importing.receive(town.ctx, actor, Sheet(OPEN), b"sheet", "again.xlsx") == number
    with town.ctx.database.reading() as session:
        assert len(queries_agreements.page(session, actor, Wanted())) == 1
        assert len(imports.reported_history(session, actor)) == 1
        assert imports.reported_history(session, town.actor("AAB", "drafter")) == []


def test_nothing_is_taken_in_while_anything_is_open_or_wrong(small_town: Town) -> None:
    town, actor = small_town, small_town.actor("AAA", "information_governance")
    two_ways = ["B1", *OPEN[1:6], "03/04/2026", *OPEN[7:]]
    number = sent(town, OPEN, two_ways, data=b"1")
    with pytest.raises(Refused, match="more than one way"):
        importing.take_in(town.ctx, actor, number)
    importing.set_choices(town.ctx, actor, number, {"dates": {"started": "day"}})
    assert importing.take_in(town.ctx, actor, number).tracked == 2
    number = sent(
        town,
        OPEN,
        ["B2", "Ends before it starts", "AAB", "signed", "", "", "2026-01-05", "", "", "2025-01-05"],
        data=b"2",
    )
    with pytest.raises(Refused, match="cannot be taken"):
        importing.take_in(town.ctx, actor, number)
    importing.set_choices(town.ctx, actor, number, {"leave_out": True})
    assert importing.take_in(town.ctx, actor, number) == Imported(number, 0, 1)


def test_only_those_whose_work_it_is_import(small_town: Town) -> None:
    with pytest.raises(NotAllowed, match="Head of data sharing, Information governance lead"):
        importing.receive(small_town.ctx, small_town.actor("AAA", "drafter"), Sheet(OPEN), b"x", "x.csv")


def test_a_paper_is_told_by_its_bytes_and_read_by_the_side_it_is_for(town: Town) -> None:
    (reference,) = taken_in(town, OPEN)
    ours, theirs = town.actor("AAA", "drafter"), town.actor("AAB", "drafter")
    for bad, says in ((b"", "Choose a file"), (b"MZ.exe", "neither a PDF"), (b"PK\x03\x04 a zip", "neither a PDF")):
        with pytest.raises(BadInput, match=says):
            tracked.attach(town.ctx, ours, reference, bad, file_name="x.pdf", shared=False, seen=None)
    tracked.attach(town.ctx, ours, reference, b"%PDF-1.7 ours", file_name="../own.pdf", shared=False, seen=None)
    tracked.attach(town.ctx, ours, reference, b"%PDF-1.7 all", file_name="all.pdf", shared=True, seen=None)
    with town.ctx.database.reading() as session:
        loaded = town.loaded(reference)
        assert [p.file_name for p in tracked.readable(session, ours, loaded)] == [".. own.pdf", "all.pdf"]
        assert [p.file_name for p in tracked.readable(session, theirs, loaded)] == ["all.pdf"]
    with pytest.raises(NotFound):
        tracked.paper(town.ctx, theirs, reference, 1)
    assert tracked.paper(town.ctx, theirs, reference, 2)[1] == b"%PDF-1.7 all"
    with pytest.raises(Conflict):
        tracked.attach(town.ctx, ours, reference, b"%PDF-1.7 x", file_name="x", shared=True, seen=99)
    demand_whole(town, reference)


def test_a_reported_due_day_of_a_body_outside_is_not_measured_by_the_target_of_its_stage(town: Town) -> None:
    (reference,) = taken_in(town, OPEN)
    report(town, reference, Report("review", outside="Sea Council", due=date(2027, 3, 1)))
    town.clock.advance_working(calendar_for("ENG"), days=3)
    page = agreements_list.agreements_page(town.ctx, town.actor("AAA", "drafter"), Filters())
    (row,) = [row for row in page.rows if row.reference == reference]
    assert row.progress == ("task: day %(day)s", {"day": 3, "target": None, "over": 0})


IN_USE_ALREADY = ["A5", "In use", "Body AAB", "open", "in use", "", "2025-01-06", "", "", ""]


def test_a_beginning_that_is_not_known_is_in_no_statistic_of_stages(town: Town) -> None:
    """The day of import is when it was first seen in its stage, not when it came there."""
    unknown, known = taken_in(town, OUTSIDE, OPEN)
    town.clock.advance(60_000)
    ids = {one: town.loaded(one).head.id for one in (unknown, known)}
    with town.ctx.database.reading() as session:
        past = past_stays.read_history(town.ctx, session).history
        assert set(past.case.tolist()) == {ids[known]}
        assert queries_indicators.agreements(session)
        assert [row.stage for row in queries_indicators.stays(session)] == ["review"]
    figures.rebuild(town.ctx)
    page = time_chase_page.chase_page(town.ctx, town.actor("AAA", "drafter"), Asked())
    ages = {stage.id: ([dot.reference for dot in stage.dots], stage.open) for stage in page.stages}
    assert ages == {"review": ([known], 1), "board": ([], 1)}
    assert [one.reference for one in page.unseen] == [unknown]
    assert unknown not in {dot.reference for dot, _ in page.chase}
    assert [row.closed for row in stage_rows(town, "board")] == [0]


def stage_rows(town: Town, stage: str) -> list[Any]:
    with town.ctx.database.reading() as session:
        return [row for row in queries_figures.stages(session, 0, workflow="", route="") if row.stage == stage]


def test_the_first_stay_of_one_that_was_followed_from_a_later_stage_began_when_it_came_there(town: Town) -> None:
    (known,) = taken_in(town, OPEN)
    with town.ctx.database.reading() as session:
        past = past_stays.read_history(town.ctx, session).history
    assert past.entered.tolist() == [int(town.loaded(known).head.stage_entered_at.timestamp())]


def test_the_links_of_what_is_chased_find_no_beginning_that_is_not_known(town: Town) -> None:
    unknown, known = taken_in(town, OUTSIDE, OPEN)
    town.clock.advance(60_000)
    actor = town.actor("AAA", "drafter")

    def found(before: str) -> set[str]:
        return {
            row.reference for row in agreements_list.agreements_file(town.ctx, actor, Filters(entered_before=before))
        }

    assert found("2027-12-01") == {known}
    assert found("not-known") == {unknown}


def test_waiting_for_others_says_that_since_when_is_not_known_and_puts_it_last(town: Town) -> None:
    by = ["A6", "Sea pilot", "Body AAB", "open", "board", "AAB", "2026-01-05", "", "", ""]
    unknown, known = taken_in(town, by, OPEN)
    town.clock.advance(60_000)
    report(town, known, Report("board", "AAB"))  # later than the day of import
    town.clock.advance(60_000)
    actor = town.actor("AAA", "drafter")
    waiting = [(row.reference, row.days, row.progress) for row in lists.my_tasks(town.ctx, actor).waiting]
    assert [row[0] for row in waiting] == [known, unknown]
    assert waiting[0][1] is not None
    assert waiting[1][1:] == (None, None)


def test_one_that_was_signed_before_it_was_followed_has_no_length(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WORDS["stage"], "in use", "in_use")
    (reference,) = taken_in(town, IN_USE_ALREADY)
    whole = how_long.how_long(town.ctx, town.actor("AAA", "drafter")).whole
    assert (whole.agreements, whole.signed) == (0, 0)
    with town.ctx.database.reading() as session:
        assert queries_indicators.agreements(session) == []
    assert town.problems(reference) == ()


def test_one_that_is_reported_past_its_signature_is_signed_in_that_week_once(town: Town) -> None:
    (reference,) = taken_in(town, OPEN)
    actor = town.actor("AAA", "drafter")
    signed_on = town.clock.now().date()
    report(town, reference, Report("preparing", "AAB"))
    town.clock.advance_working(calendar_for("ENG"), days=15)
    report(town, reference, Report("in_use"))
    figures.rebuild(town.ctx)
    weeks = {monday(each.number): each.signed for each in teams_page(town.ctx, actor, Asked()).weeks if each.signed}
    assert weeks == {monday(week_of(signed_on)): 1}

    def found(week: date) -> list[str]:
        wanted = Filters(signed=week.isoformat())
        return [row.reference for row in agreements_list.agreements_file(town.ctx, actor, wanted)]

    assert found(signed_on) == [reference]
    assert found(town.clock.now().date()) == []
