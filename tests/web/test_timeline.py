"""The timeline: elapsed against target, pauses apart, the ledger that adds up, what is to come, two times."""

import csv
import io
import re
from datetime import UTC, date, datetime

import pytest

from dsa.domain.errors import BadInput
from dsa.services import holding, reviewing, timeline_page
from dsa.services.reviewing import Verdict
from tests.web.page_client import PageClient, words
from tests.web.world import World

SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_the_three_figures_add_up_and_the_ledger_gives_the_same_sum(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    world.move_clock(days=3)
    holding.begin_hold(
        world.ctx, world.actor("HMRC", "drafter"), reference, code="BOARD", awaited="The minister", outside=True,
        until=date(2026, 12, 1), seen=world.seen(reference),
    )  # fmt: skip
    world.move_clock(days=4)
    holding.end_hold(world.ctx, world.actor("HMRC", "drafter"), reference, seen=world.seen(reference))
    world.move_clock(days=1)
    found = timeline_page.timeline(world.ctx, world.actor("HMRC", "drafter"), reference)
    assert found.figures.elapsed == pytest.approx(found.figures.owned + found.figures.waited)
    assert found.figures.elapsed == pytest.approx(sum(line.days for line in found.ledger))
    assert found.figures.waited == pytest.approx(2.0)
    assert [who for who, _ in found.figures.waiting_on] == ["The minister"]
    pages.sign_in(world.person("SLC", "drafter"))
    page = pages.get(f"/agreements/{reference}/timeline")
    assert "on hold for 2 working days" in page.text
    assert "The minister: 2 working days" in page.text
    rows = list(
        csv.reader(io.StringIO(pages.client.get(f"/agreements/{reference}/timeline.csv").text.lstrip("\ufeff")))
    )
    assert sum(int(row[8]) for row in rows[1:]) == round(found.figures.elapsed * 480)


def test_it_says_with_whom_and_which_day_of_how_many(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("check_draft")
    pages.sign_in(world.person("HMRC", "drafter"))
    world.move_clock(days=3)
    text = pages.get(f"/agreements/{reference}/timeline").text
    assert "With: Information governance lead, Student Loans Company, task: day 3 of 5" in text
    world.move_clock(days=7)
    text = pages.get(f"/agreements/{reference}/timeline").text
    assert "task: day 8 of 5, 3 working days over Overdue" in text


def test_stages_to_come_have_expected_dates_and_follow_each_other(world: World) -> None:
    reference = world.agreement_in("check_draft")
    found = timeline_page.timeline(world.ctx, world.actor("HMRC", "drafter"), reference)
    ahead = [line for line in found.stages if line.progress.state == "not_started"]
    assert [line.id for line in ahead] == [
        "review",
        "board",
        "text_agreed",
        "sign_off",
        "signed",
        "preparing",
        "in_use",
    ]
    dates = [line.expected_at for line in ahead if line.expected_at is not None]
    assert dates == sorted(dates)
    calendar = found.calendar
    assert calendar.working_days(date(2026, 11, 9), calendar.local_date(dates[0])) == 15
    assert found.finish[1].expected_at == dates[-1]


def test_nothing_is_expected_of_what_is_over(world: World) -> None:
    reference = world.agreement_in("drafting")
    from dsa.services import moves

    moves.move(
        world.ctx, world.actor("HMRC", "drafter"), reference, "withdraw", seen=world.seen(reference), reason="No need."
    )
    world.move_clock(days=100)
    found = timeline_page.timeline(world.ctx, world.actor("HMRC", "drafter"), reference)
    assert found.with_whom == ""
    assert all(line.expected_at is None for line in found.stages)
    assert found.figures.elapsed == 0


def test_the_clock_starts_at_the_first_contact_as_evidenced_else_at_the_first_save(
    pages: PageClient, world: World
) -> None:
    pages.sign_in(world.person("HMRC", "drafter"))
    first = world.start()
    assert "Here it is the first save, 2 November 2026." in pages.get(f"/agreements/{first}/timeline").text
    second = world.start(first_contact_on=date(2026, 10, 1))
    page = pages.get(f"/agreements/{second}/timeline")
    assert "The clock starts at the first contact as evidenced, 1 October 2026" in page.text
    text = pages.get(f"/agreements/{second}").text
    assert "22 working days in total" in text
    assert "since 1 October 2026 (first contact)" in text


def test_what_was_decided_earlier_and_typed_in_later_shows_both_times(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    world.move_clock(days=2)
    reviewing.decide_task(
        world.ctx, world.actor("SLC", "legal"), reference, "legal:slc",
        Verdict("approved", happened_at=datetime(2026, 11, 2, 10, 0, tzinfo=UTC)), seen=world.seen(reference),
    )  # fmt: skip
    pages.sign_in(world.person("HMRC", "drafter"))
    text = pages.get(f"/agreements/{reference}/timeline").text
    assert "4 November 2026 at 9:10am (it happened on 2 November 2026 at 10:00am and was recorded later)" in text


def test_what_is_kept_to_one_side_is_shown_to_that_side_only(pages: PageClient, world: World) -> None:
    from dsa.services import drafting

    reference = world.start()
    drafting.save_section(
        world.ctx, world.actor("HMRC", "drafter"), reference, "purpose", {"aims": "Another aim."}, seen_revision=1
    )
    world.onward(reference)
    pages.sign_in(world.person("HMRC", "drafter"))
    assert "Only your side sees this" in pages.get(f"/agreements/{reference}/timeline").text
    for code, role in (("SLC", "information_governance"), ("NAO", "auditor")):
        pages.sign_in(world.person(code, role))
        text = pages.get(f"/agreements/{reference}/timeline").text
        assert "Saved the section" not in text
        assert "Another aim" not in text


def test_what_is_contested_stands_beside_the_entry_and_changes_nothing(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    world.move_clock(days=1)
    before = timeline_page.timeline(world.ctx, world.actor("SLC", "drafter"), reference).figures
    pages.sign_in(world.person("SLC", "drafter"))
    page = pages.get(f"/agreements/{reference}/timeline")
    link = next(href for words, href in page.links().items() if words.startswith("Contest this"))
    pages.get(link)
    assert pages.press("Contest this", status=422).errors == ["Say who had it, and why"]
    page = pages.press("Contest this", text="HMRC had not sent it.")
    assert "Contested HMRC had not sent it." in page.text
    after = timeline_page.timeline(world.ctx, world.actor("SLC", "drafter"), reference).figures
    assert after == before
    pages.post(f"/agreements/{reference}/contest", {"spell": 9_999, "text": "x"}, status=404)
    pages.sign_in(world.person("SLC", "legal"))
    assert "Ask one of them." in pages.get(f"/agreements/{reference}/contest").text


@SQLITE
def test_the_chart_has_words_for_those_who_do_not_see_it(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    world.move_clock(days=5)
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get(f"/agreements/{reference}/timeline")
    (chart,) = page.by_class("dsa-chart")
    told = {element.tag.rsplit("}")[-1]: words(element) for element in chart}
    assert chart.get("role") == "img"
    assert told["title"].startswith("Where the ")
    assert "HM Revenue and Customs: " in told["desc"]
    widths = [float(part.get("width", "0")) for part in page.by_class("dsa-chart__part")]
    assert sum(widths) == pytest.approx(760, abs=2)


@SQLITE
def test_every_sentence_of_the_history_can_be_told(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("in_use")
    pages.sign_in(world.person("SLC", "operational"))
    text = pages.get(f"/agreements/{reference}/timeline").text
    assert not re.search(r"%\(|“”|: ,", text)
    for said in (
        "Began sharing",
        "The signed document was sealed",
        "Signed for Student Loans Company",
        "Locked the text (version 1)",
        "Decided “Review transfer and security”: approved",
        "Said yes in principle",
        "Started the agreement",
    ):
        assert said in text


def test_the_branch_that_decided_the_end_has_the_time_and_the_others_have_slack_in_words(
    pages: PageClient, world: World
) -> None:
    reference = world.agreement_in("review")
    keys = world.open_tasks(reference)
    for key in [key for key in keys if key != "security:slc"]:
        world.do_task(reference, key)
    for key in ("data_protection:hmrc", "data_protection:slc"):
        world.do_task(reference, key)
    world.move_clock(days=7)
    world.do_task(reference, "security:slc")
    assert world.stage(reference) != "review"
    found = timeline_page.timeline(world.ctx, world.actor("HMRC", "drafter"), reference)
    review = next(line for line in found.stages if line.id == "review")
    security = next(task for task in review.tasks if task.owned is not None)
    assert (security.role, security.organisation) == ("Security adviser", "Student Loans Company")
    assert security.owned == pytest.approx(5.0)
    of_review = [line for line in found.ledger if line.stage == "Review"]
    assert {(line.who, line.role) for line in of_review} == {("Student Loans Company", "Security adviser")}
    assert dict(found.figures.by_owner)["Student Loans Company"] == pytest.approx(5.0)
    pages.sign_in(world.person("HMRC", "drafter"))
    text = pages.get(f"/agreements/{reference}/timeline").text
    assert (
        "No. Legal adviser, Student Loans Company finished 5 working days before Security adviser, "
        "Student Loans Company; hurrying it would change nothing." in text
    )
    assert "Yes: 5 working days" in text


def test_both_finish_lines_have_days_targets_and_dates_on_record_timeline_list_and_file(
    pages: PageClient, world: World
) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "drafter"))
    expected = (
        "day 0 of 89; if every target is kept: 3 February 2027"  # 2, 3, 15, 5, 15 and 40 (a board decides), 2 and 7
    )
    for path in (f"/agreements/{reference}/timeline", f"/agreements/{reference}", "/agreements"):
        assert expected in pages.get(path).text, path
    other = world.agreement_in("signed")
    world.move_clock(days=1)
    text = pages.get(f"/agreements/{other}").text
    assert "0 working days, target 89: 2 November 2026" in text
    assert "day 1 of 103; if every target is kept" in text
    answer = pages.client.get(f"/agreements.csv?q={other}").text.lstrip("\ufeff")
    (row,) = csv.DictReader(io.StringIO(answer))
    assert (row["Signature: working days"], row["Signature: target"]) == ("0", "89")
    assert (row["Signature: reached"], row["First data: reached"]) == ("2026-11-02", "")
    assert row["First data: by the targets"] > "2026-11-03"


def test_what_is_overdue_is_never_expected_today(pages: PageClient, world: World) -> None:
    """Seven days past the target of sign-off: the targets are no forecast, and the day that they had is behind."""
    reference = world.agreement_in("sign_off")
    due = world.loaded(reference).head.stage_due_at
    world.move_clock(days=(due - world.ctx.clock.now()).days + 8)
    pages.sign_in(world.person("SLC", "drafter"))
    for path in (f"/agreements/{reference}/timeline", f"/agreements/{reference}", "/agreements"):
        text = pages.get(path).text
        assert f"; if every target had been kept: {due.day} " in text, path
        assert "(today)" not in text, path
    found = timeline_page.timeline(world.ctx, world.actor("HMRC", "drafter"), reference)
    signature, first_data = found.finish
    assert signature.expected_at == due
    assert found.calendar.elapsed_days(due, first_data.expected_at) == 14  # the targets of what follows


def hold(
    world: World, reference: str, who: str, awaited: str, *, until: date, outside: bool = False, **more: str
) -> None:
    code = more.get("code", "LEGAL_DIFF")
    holding.begin_hold(
        world.ctx, world.actor(who, "drafter"), reference, code=code, awaited=awaited, outside=outside, until=until,
        seen=world.seen(reference),
    )  # fmt: skip


def test_everybody_sees_on_record_timeline_list_and_file_who_a_hold_awaits_and_until_when(
    pages: PageClient, world: World
) -> None:
    reference = world.agreement_in("review")
    hold(world, reference, "SLC", "HMRC", until=date(2026, 11, 6))
    for code, role in (("HMRC", "legal"), ("SLC", "operational"), ("NAO", "auditor")):
        pages.sign_in(world.person(code, role))
        for path in (f"/agreements/{reference}", f"/agreements/{reference}/timeline", "/agreements"):
            assert "waits for HM Revenue and Customs until 6 November 2026" in pages.get(path).text, (code, path)
        (row,) = csv.DictReader(io.StringIO(pages.client.get("/agreements.csv").text.lstrip("\ufeff")))
        assert (row["On hold until"], row["Hold overrun"]) == ("2026-11-06", "no")
        assert "lawyers differ, waiting for HM Revenue and Customs" in pages.get(f"/agreements/{reference}").text


def test_a_hold_that_lasts_beyond_its_day_shows_it_and_the_time_goes_back(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    hold(world, reference, "HMRC", "SLC", until=date(2026, 11, 4))
    world.move_clock(days=14)
    found = timeline_page.timeline(world.ctx, world.actor("SLC", "drafter"), reference)
    assert dict(found.figures.waiting_on)["Student Loans Company"] == pytest.approx(3 - 10 / 480, abs=0.1)
    last = found.ledger[-1]
    assert (last.who, last.reason, last.waiting) == ("HM Revenue and Customs", "not given", False)
    assert last.recorded == "Student Loans Company"
    assert last.minutes > 7 * 480
    pages.sign_in(world.person("SLC", "drafter"))
    text = pages.get(f"/agreements/{reference}").text
    assert "waits for Student Loans Company until 4 November 2026: that day has passed" in text
    assert "Overrun It named 4 November 2026; the time after that day is not waiting for Student Loans Company." in text
    assert "Drafting: not given" in pages.get(f"/agreements/{reference}/timeline").text
    (row,) = csv.DictReader(io.StringIO(pages.client.get("/agreements.csv").text.lstrip("\ufeff")))
    assert row["Hold overrun"] == "yes"


def test_lack_of_capacity_stays_with_who_lacks_it_whatever_is_tried(world: World) -> None:
    reference = world.agreement_in("review")
    until = date(2026, 11, 20)
    for awaited, outside in (("SLC", False), ("SLC", True), ("Student Loans Company", True), ("An agency", True)):
        with pytest.raises(BadInput):
            hold(world, reference, "HMRC", awaited, until=until, outside=outside, code="RESOURCE")
    with pytest.raises(BadInput, match="Choose it from the list"):
        hold(world, reference, "HMRC", "student loans company", until=until, outside=True)
    hold(world, reference, "HMRC", "HMRC", until=until, code="RESOURCE")
    world.move_clock(days=3)
    found = timeline_page.timeline(world.ctx, world.actor("SLC", "drafter"), reference)
    assert [who for who, _ in found.figures.waiting_on] == ["HM Revenue and Customs"]


def test_the_history_file_has_both_times_and_nothing_of_the_other_side(pages: PageClient, world: World) -> None:
    from dsa.services import drafting

    reference = world.agreement_in("review")
    world.move_clock(days=2)
    reviewing.decide_task(
        world.ctx, world.actor("SLC", "legal"), reference, "legal:slc",
        Verdict("approved", happened_at=datetime(2026, 11, 2, 10, 0, tzinfo=UTC)), seen=world.seen(reference),
    )  # fmt: skip
    second = world.start()
    drafting.save_section(
        world.ctx, world.actor("HMRC", "drafter"), second, "purpose", {"aims": "Another aim."}, seen_revision=1
    )
    pages.sign_in(world.person("HMRC", "drafter"))
    rows = list(
        csv.DictReader(io.StringIO(pages.client.get(f"/agreements/{reference}/history.csv").text.lstrip("\ufeff")))
    )
    assert [int(row["Event"]) for row in rows] == sorted(int(row["Event"]) for row in rows)
    assert rows[-1]["Happened"] == "2026-11-02T10:00+00:00"
    assert rows[-1]["Recorded"] == "2026-11-04T09:10+00:00"
    assert "2 November 2026 (recorded on 4 November 2026)" in pages.get(f"/agreements/{reference}").text
    mine = pages.client.get(f"/agreements/{second}/history.csv").text
    assert "Saved the section" in mine
    pages.sign_in(world.person("NAO", "auditor"))
    assert "Saved the section" not in pages.client.get(f"/agreements/{second}/history.csv").text
