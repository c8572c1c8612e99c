"""The pages of the joint timetable: proposed with the first look, answered in it, moved by all or by none."""

import csv
import dataclasses
import io
from datetime import date

import pytest

from dsa.services import timetable_page, timetabling, verifying
from dsa.services.first_look import ask_first_look
from tests.web.page_client import PageClient
from tests.web.world import World

IN_PRINCIPLE = "in_principle:slc"


def begun(world: World) -> str:
    reference = world.start()
    ask_first_look(world.ctx, world.actor("HMRC", "drafter"), reference, seen=world.seen(reference))
    return reference


def bound(world: World) -> str:
    reference = begun(world)
    page = timetable_page.timetable_page(world.ctx, world.actor("SLC", "drafter"), reference)
    assert page.shown.pending is not None
    timetabling.accept(world.ctx, world.actor("SLC", "information_governance"), reference, page.shown.pending.seq)
    return reference


def test_the_lead_sees_the_dates_before_it_asks_and_they_go_with_the_first_look(
    pages: PageClient, world: World
) -> None:
    reference = world.start()
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get(f"/agreements/{reference}/moves/ask_first_look")
    assert "With it you propose a date for each stage" in page.text
    page = pages.follow("See or change the dates first")
    assert page.h1 == "Propose the timetable"
    assert "Review" in page.text
    pages.get(f"/agreements/{reference}/moves/ask_first_look")
    pages.press("Ask the other parties for a first look")
    page = pages.get(f"/agreements/{reference}/timetable")
    assert "Proposed by HM Revenue and Customs. Waits for: Student Loans Company." in page.text
    assert "not agreed" in page.text
    assert "Waits for: Student Loans Company." in pages.get(f"/agreements/{reference}").text


def test_a_yes_in_principle_says_whether_the_dates_are_accepted(pages: PageClient, world: World) -> None:
    reference = begun(world)
    pages.sign_in(world.person("SLC", "information_governance"))
    page = pages.get(f"/agreements/{reference}/tasks/{IN_PRINCIPLE}")
    assert "HM Revenue and Customs proposes a day by which each stage is to end" in page.text
    page = pages.press("Record my decision", status=422, outcome="yes")
    assert page.errors == ["Say whether you accept the dates"]
    pages.press("Record my decision", outcome="yes", timetable="accept")
    assert world.stage(reference) == "drafting"
    page = pages.get(f"/agreements/{reference}/timetable")
    assert "Agreed by every party that signs. No side moves a date alone." in page.text
    assert "Accepted the timetable" in pages.get(f"/agreements/{reference}/timeline").text
    record = pages.get(f"/agreements/{reference}").text
    assert "(agreed for " in record
    (row,) = csv.DictReader(io.StringIO(pages.client.get("/agreements.csv").text.lstrip("\ufeff")))
    assert row["Signature: agreed for"] > "2026-12-01"


def test_other_dates_can_be_proposed_in_the_same_answer(pages: PageClient, world: World) -> None:
    reference = begun(world)
    pages.sign_in(world.person("SLC", "information_governance"))
    pages.get(f"/agreements/{reference}/tasks/{IN_PRINCIPLE}")
    past = {"day-drafting-year": "2025"}
    page = pages.press("Record my decision", status=422, outcome="yes", timetable="instead", **past)
    assert any("is in the past" in error for error in page.errors)
    assert world.stage(reference) == "first_look"
    later = {"day-preparing-day": "1", "day-preparing-month": "7", "day-preparing-year": "2027"}
    drafting = timetable_page.timetable_page(world.ctx, world.actor("SLC", "drafter"), reference).dates[1][2]
    assert drafting is not None
    pages.press(
        "Record my decision", outcome="yes", timetable="instead", **later, **{"day-drafting-year": str(drafting.year)}
    )
    assert world.stage(reference) == "drafting"
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get(f"/agreements/{reference}/timetable")
    assert "Proposed by Student Loans Company. Waits for: HM Revenue and Customs." in page.text
    page = pages.press("Accept these dates")
    assert "You have accepted the dates." in page.text
    assert "1 July 2027" in page.text


def test_a_change_names_reason_and_owner_and_every_party_sees_that_it_waits(pages: PageClient, world: World) -> None:
    reference = bound(world)
    pages.sign_in(world.person("SLC", "drafter"))
    pages.get(f"/agreements/{reference}/timetable")
    page = pages.follow("Ask for other dates")
    page = pages.press("Propose these dates", status=422)
    assert page.errors == ["Choose why other dates are needed", "Choose whose reason it is"]
    later = {"day-preparing-day": "1", "day-preparing-month": "7", "day-preparing-year": "2027"}
    page = pages.press("Propose these dates", status=422, code="RESOURCE", owner="HMRC", **later)
    assert page.errors == ["Lack of capacity stays with the organisation that lacks it. Choose your own."]
    page = pages.press("Propose these dates", code="RESOURCE", owner="SLC", why="The team moves in June.", **later)
    waits = (
        "Student Loans Company proposes other dates (no capacity, Student Loans Company). "
        "Waits for: HM Revenue and Customs. Until all accept, what was agreed stands."
    )
    assert waits in page.text
    assert "Accept these dates" not in page.buttons()
    for code, role in (("HMRC", "legal"), ("NAO", "auditor")):
        pages.sign_in(world.person(code, role))
        for path in ("", "/timetable", "/timeline"):
            assert waits in pages.get(f"/agreements/{reference}{path}").text, (code, path)
    pages.sign_in(world.person("HMRC", "accountable"))
    pages.get(f"/agreements/{reference}/timetable")
    page = pages.press("Refuse them", status=422)
    assert page.errors == ["Say why: the other parties see the reason."]
    page = pages.press("Accept these dates")
    assert "1 July 2027" in page.text
    for path in ("", "/timetable", "/timeline"):
        text = pages.get(f"/agreements/{reference}{path}").text
        assert "no capacity (Student Loans Company)" in text
    assert "Why: The team moves in June." in text


def test_a_stage_that_is_late_says_so_on_record_timeline_and_timetable(pages: PageClient, world: World) -> None:
    reference = bound(world)
    world.move_clock(days=8)
    pages.sign_in(world.person("HMRC", "drafter"))
    for path in ("", "/timetable", "/timeline"):
        text = pages.get(f"/agreements/{reference}{path}").text
        assert "3 working days late so far; reason: not given; Student Loans Company had it" in text, path


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_settled_or_not_there_is_told_plainly(pages: PageClient, world: World) -> None:
    reference = bound(world)
    pages.sign_in(world.person("SLC", "information_governance"))
    for path, given, status in (
        ("accept", {"proposal": "2"}, 404),
        ("accept", {"proposal": "3"}, 409),
        ("accept", {}, 404),
        ("refuse", {"proposal": "x"}, 404),
        ("propose", {"day-drafting-day": "x"}, 422),
    ):
        pages.get(f"/agreements/{reference}/timetable")
        pages.post(f"/agreements/{reference}/timetable/{path}", given, status=status)
    pages.sign_in(world.person("DWP", "drafter"))
    pages.get(f"/agreements/{reference}/timetable", status=404)
    pages.sign_in(world.person("SLC", "legal"))
    assert "It is for: Drafter, Information governance lead, Accountable person" in (
        pages.get(f"/agreements/{reference}/timetable").text
    )


def test_a_yes_in_principle_names_who_answers_for_it_and_who_will_sign(pages: PageClient, world: World) -> None:
    reference = begun(world)
    pages.sign_in(world.person("SLC", "information_governance"))
    pages.get(f"/agreements/{reference}/tasks/{IN_PRINCIPLE}")
    yes = {"outcome": "yes", "timetable": "accept"}
    page = pages.press("Record my decision", status=422, **yes, **{"accountable-post": "", "signs-post": " "})
    assert page.errors == ["Enter the post that answers for this", "Enter the post that will sign"]
    pages.press("Record my decision", **yes, **{"accountable-post": "Director of data", "signs-post": "Signatory"})
    text = pages.get(f"/agreements/{reference}/contacts").text
    assert "Answers for this" in text
    assert "Director of data" in text
    assert "Signs" in text
    told = pages.get(f"/agreements/{reference}/timeline").text
    assert "Replaced the contact for Answers for this" in told
    assert verifying.verify_history(world.ctx, reference) == ()


def test_who_has_to_answer_proposed_dates_is_told_so_among_the_next_steps(pages: PageClient, world: World) -> None:
    reference = bound(world)
    world.onward(reference)
    timetabling.propose_change(
        world.ctx, world.actor("SLC", "drafter"), reference, {"preparing": date(2027, 7, 1)}, code="TECH", owner="SLC"
    )
    pages.sign_in(world.person("HMRC", "information_governance"))
    page = pages.get(f"/agreements/{reference}")
    assert page.links()["This is yours: Answer the proposed dates"] == f"/agreements/{reference}/timetable"
    pages.get(f"/agreements/{reference}/timetable")
    pages.press("Accept these dates")
    assert "Answer the proposed dates" not in pages.get(f"/agreements/{reference}").text


def test_only_the_stage_where_it_stands_and_those_that_ended_can_have_slipped(pages: PageClient, world: World) -> None:
    reference = bound(world)
    world.move_clock(days=400)
    shown = timetable_page.timetable_page(world.ctx, world.actor("SLC", "drafter"), reference).shown
    assert world.stage(reference) == "first_look"
    assert [stage.id for stage in shown.stages if stage.late] == ["first_look"]
    assert [stage.id for stage in shown.stages if stage.follows] == [stage.id for stage in shown.stages[1:]]
    pages.sign_in(world.person("HMRC", "drafter"))
    text = pages.get(f"/agreements/{reference}/timetable").text
    assert text.count("had it") == 1
    assert text.count("follows: an earlier stage goes on") == len(shown.stages) - 1
    assert "more stages are late" not in pages.get(f"/agreements/{reference}").text


def test_the_party_that_had_it_says_why_beside_the_slip_and_nothing_else_changes(
    pages: PageClient, world: World
) -> None:
    reference = bound(world)
    world.move_clock(days=60)
    pages.sign_in(world.person("SLC", "legal"))
    assert "Say why" not in pages.get(f"/agreements/{reference}/timetable").text
    before = timetable_page.timetable_page(world.ctx, world.actor("SLC", "drafter"), reference).shown.slips
    (owner,) = {slip.party for _, slip in before}
    other = {"HMRC": "SLC", "SLC": "HMRC"}[owner]
    pages.sign_in(world.person(other, "drafter"))
    assert "Say why" not in pages.get(f"/agreements/{reference}/timetable").text
    told = {"stage": "first_look", "code": "DPIA", "why": "We waited."}
    pages.post(f"/agreements/{reference}/timetable/why", told, status=403)
    assert "of the party that had it says why" in pages.get(f"/agreements/{reference}/timetable/why?stage=x").text
    pages.sign_in(world.person(owner, "drafter"))
    pages.get(f"/agreements/{reference}/timetable")
    pages.follow("Say why “First look” missed its day")
    page = pages.press("Say this", status=422)
    assert page.errors == ["Choose why the day was missed", "Say it in your words"]
    page = pages.press("Say this", code="DPIA", why="The assessment came back twice.")
    words = "says: data protection work incomplete (The assessment came back twice.)"
    assert words in page.text
    assert words in pages.get(f"/agreements/{reference}").text
    assert "Why: The assessment came back twice." in pages.get(f"/agreements/{reference}/timeline").text
    after = timetable_page.timetable_page(world.ctx, world.actor("SLC", "drafter"), reference).shown.slips
    assert [dataclasses.replace(slip, said=None) for _, slip in after] == [slip for _, slip in before]
    pages.post(f"/agreements/{reference}/timetable/why", {**told, "stage": "review"}, status=422)
    assert verifying.verify_history(world.ctx, reference) == ()
