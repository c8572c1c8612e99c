"""The record of an agreement, its moves, holds and conditions, as each may see them."""

from dataclasses import replace
from datetime import date

import pytest

from dsa.config import Settings
from dsa.persistence.models import Party
from dsa.services import holding, outbox_page, reviewing
from dsa.services.reviewing import Change, Condition
from dsa.web.composition import Services
from tests.web.page_client import PageClient
from tests.web.world import STAGES, World, build_world

STRANGER = ("DWP", "drafter")
UNTIL = {"until-day": "1", "until-month": "12", "until-year": "2026"}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_record_says_first_who_is_next_and_by_when(pages: PageClient, world: World, stage: str) -> None:
    reference = world.agreement_in(stage)
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get(f"/agreements/{reference}")
    assert page.h1 == "Income check for student finance"
    assert "Next: " in page.text
    assert page.text.index("Next: ") < page.text.index("In brief")
    assert reference in page.text
    timeline = pages.get(f"/agreements/{reference}/timeline")
    assert "With: " in timeline.text


def test_the_next_person_is_one_press_away_in_the_demonstration(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("check_draft")
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get(f"/agreements/{reference}")
    assert "Information governance lead, Student Loans Company" in page.text
    sent = pages.client.post(
        "/demo/continue",
        data={"csrf_token": pages.token(), "person": world.person("SLC", "information_governance"), "next": "/tasks"},
    )
    assert sent.headers["Location"] == "/tasks"
    page = pages.get(f"/agreements/{reference}")
    assert page.links()["This is yours: Check the draft"] == f"/agreements/{reference}/tasks/check_text:slc"


def test_a_move_that_cannot_be_made_says_what_to_do_instead(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting", necessity=None)
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get(f"/agreements/{reference}")
    assert "not yet. The draft is not complete" in page.text
    assert "Not yet. The draft is not complete" in pages.get(f"/agreements/{reference}/moves/submit").text


def test_a_move_is_confirmed_on_its_own_page_and_then_done(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("text_agreed")
    pages.sign_in(world.person("HMRC", "drafter"))
    pages.get(f"/agreements/{reference}")
    page = pages.follow("Lock the text and send for signature")
    assert "The agreement goes to the stage “Sign-off”." in page.text
    page = pages.press("Lock the text and send for signature")
    assert "Done. The agreement is now in the stage “Sign-off”." in page.text
    assert world.stage(reference) == "sign_off"


def test_a_move_that_asks_for_a_reason_is_not_made_without_one(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    pages.sign_in(world.person("HMRC", "accountable"))
    pages.get(f"/agreements/{reference}/moves/withdraw")
    page = pages.press("Withdraw the agreement", status=422)
    assert page.errors == ["Say why: the reason is kept in the history"]
    page = pages.press("Withdraw the agreement", reason="The pilot was cancelled.")
    assert "This agreement is over: Withdrawn." in page.text
    assert "Reason: The pilot was cancelled." in pages.get(f"/agreements/{reference}/timeline").text


def test_somebody_who_was_second_is_told_so(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("text_agreed")
    pages.sign_in(world.person("HMRC", "drafter"))
    seen = world.seen(reference)
    reviewing.take_approval_back(
        world.ctx, world.actor("SLC", "legal"), reference, "legal:slc", "Look again.", seen=world.seen(reference)
    )
    pages.post(f"/agreements/{reference}/moves/lock_text", {"seen": seen}, status=422)
    world.do_task(reference, "legal:slc")
    while world.stage(reference) != "text_agreed":
        world.onward(reference)
    page = pages.post(f"/agreements/{reference}/moves/lock_text", {"seen": seen}, status=409)
    assert page.h1 == "Somebody else was first"
    assert world.stage(reference) == "text_agreed"


def test_unknown_moves_and_other_peoples_moves_are_refused(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("text_agreed")
    pages.sign_in(world.person("SLC", "drafter"))
    pages.get(f"/agreements/{reference}/moves/fly", status=404)
    pages.get(f"/agreements/{reference}/moves/reopen", status=404)
    page = pages.get(f"/agreements/{reference}/moves/lock_text")
    assert "It is for: Drafter (HMRC)" in page.text
    pages.post(f"/agreements/{reference}/moves/lock_text", {"seen": world.seen(reference)}, status=403)
    assert world.stage(reference) == "text_agreed"


def test_a_hold_names_reason_body_and_day_and_can_be_ended(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("HMRC", "drafter"))
    pages.get(f"/agreements/{reference}/hold")
    page = pages.press("Put it on hold", status=422)
    assert page.errors == ["Choose why it has to wait", "Choose who is awaited", "Enter until when you wait"]
    page = pages.press("Put it on hold", {**UNTIL, "code": "RESOURCE", "awaited": "SLC"}, status=422)
    assert "Lack of capacity stays" in page.errors[0]
    values = {"code": "LEGAL_POWER", "awaited": "outside", "body": "The minister", "note": "Ours alone"}
    page = pages.press("Put it on hold", {**UNTIL, **values})
    assert "The agreement is on hold." in page.text
    assert "power unclear, waiting for The minister" in page.text
    assert "Ours alone" in pages.get(f"/agreements/{reference}/timeline").text
    pages.sign_in(world.person("SLC", "drafter"))
    assert "Ours alone" not in pages.get(f"/agreements/{reference}/timeline").html
    pages.get(f"/agreements/{reference}/hold/end")
    assert "The hold has ended." in pages.press("End the hold").text
    assert not world.loaded(reference).head.on_hold


def test_a_hold_until_the_past_is_refused_at_the_form(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("HMRC", "drafter"))
    pages.get(f"/agreements/{reference}/hold")
    values = {"code": "BOARD", "awaited": "SLC", "until-year": "2020"}
    page = pages.press("Put it on hold", {**UNTIL, **values}, status=422)
    assert page.errors == ["The day until which you wait must be in the future."]


def test_conditions_are_listed_and_recorded_as_met(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    world.do_task(
        reference, "legal:slc", "approved_with_conditions",
        conditions=(Condition("Publish the privacy notice", "2026-12-24"),),
    )  # fmt: skip
    pages.sign_in(world.person("HMRC", "operational"))
    pages.get(f"/agreements/{reference}")
    pages.follow("Record how it was met: Publish the privacy notice")
    pages.press("Record it as met", status=422)
    page = pages.press("Record it as met", evidence="It is on the site.")
    assert "Met 2 November 2026: It is on the site." in page.text
    pages.get(f"/agreements/{reference}/conditions/99", status=404)


def test_the_other_side_sees_outcome_and_requests_and_nothing_else(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    world.do_task(
        reference, "legal:slc", "changes", note="Our counsel doubts it.", privileged=True,
        changes=(Change("legal_power", "Name the section of the Act.", "LEGAL_POWER"),),
    )  # fmt: skip
    world.do_task(reference, "security:slc", note="Secretly unhappy.")
    for code, role in (("HMRC", "drafter"), ("NAO", "auditor"), ("HMRC", "administrator")):
        pages.sign_in(world.person(code, role))
        for path in ("", "/timeline"):
            page = pages.get(f"/agreements/{reference}{path}")
            assert "Our counsel doubts it." not in page.html
            assert "Secretly unhappy." not in page.html
        assert "Name the section of the Act." in pages.get(f"/agreements/{reference}").text
        assert "counsel" not in pages.client.get(f"/agreements/{reference}/timeline.csv").text
    pages.sign_in(world.person("SLC", "drafter"))
    page = pages.get(f"/agreements/{reference}/timeline")
    assert "Legal advice, only your side Our counsel doubts it." in page.text


def test_an_auditor_reads_without_doing_and_every_look_is_recorded(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("NAO", "auditor"))
    page = pages.get(f"/agreements/{reference}")
    assert "You can change nothing" in page.text
    assert "What you can do" not in page.text
    pages.get(f"/agreements/{reference}/timeline")
    pages.client.get(f"/agreements/{reference}/timeline.csv")
    with world.ctx.database.engine.connect() as connection:
        looks = connection.exec_driver_sql("SELECT what FROM access_records ORDER BY id").scalars().all()
    assert looks == ["record", "timeline", "timeline file"]
    pages.post(f"/agreements/{reference}/hold/end", status=403)


def test_those_who_take_part_leave_no_record_of_looking(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "legal"))
    pages.get(f"/agreements/{reference}")
    with world.ctx.database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM access_records").scalar() == 0


def test_a_stranger_finds_nothing_on_any_of_these_pages(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    world.do_task(reference, "legal:slc", "approved_with_conditions", conditions=(Condition("Tell people"),))
    holding.begin_hold(
        world.ctx, world.actor("HMRC", "drafter"), reference, code="BOARD", awaited="SLC", outside=False,
        until=date(2026, 12, 1), seen=world.seen(reference),
    )  # fmt: skip
    pages.sign_in(world.person(*STRANGER))
    unknown = pages.get("/agreements/DSA-2026-9999", status=404).text.replace("DSA-2026-9999", "")
    paths = ("", "/timeline", "/timeline.csv", "/moves/withdraw", "/hold", "/hold/end", "/contest", "/conditions/1")
    for path in paths:
        page = pages.get(f"/agreements/{reference}{path}", status=404)
        assert page.text.replace(reference, "") == unknown
    for path, values in (
        ("/moves/withdraw", {"reason": "x"}),
        ("/hold", {"code": "BOARD", "awaited": "SLC", **UNTIL}),
        ("/hold/end", {}),
        ("/contest", {"spell": 1, "text": "x"}),
        ("/conditions/1", {"evidence": "x"}),
    ):
        before = world.loaded(reference).head
        page = pages.post(f"/agreements/{reference}{path}", {"seen": before.version, **values}, status=404)
        assert world.loaded(reference).head.head_seq == before.head_seq


def test_nobody_signed_in_is_asked_to_sign_in(pages: PageClient, world: World) -> None:
    reference = world.start()
    for path in ("", "/timeline", "/moves/withdraw", "/hold"):
        assert pages.get(f"/agreements/{reference}{path}").h1 == "Choose who to be"
    assert pages.get("/outbox").h1 == "Choose who to be"


def test_many_parties_stand_together_in_their_group(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    with world.ctx.database.writing() as session:
        for party in session.query(Party).all():
            if party.key == "slc":
                party.group_name = "41 councils"
    pages.sign_in(world.person("HMRC", "drafter"))
    assert "1 of 41 councils: receives data" in pages.get(f"/agreements/{reference}").text


def test_mails_are_listed_newest_first_with_their_link(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("check_draft")
    world.carry_out()
    pages.sign_in(world.person("DWP", "drafter"))
    page = pages.get("/outbox")
    subject = f"Check the draft: {reference}, due 9 November 2026"
    assert page.links()[subject] == f"/agreements/{reference}/tasks/check_text:slc"
    assert "Income check" not in page.text
    pages.get("/outbox?before=-1")
    pages.get("/outbox?before=x")


def test_outside_a_demonstration_one_sees_only_ones_own_mails(services: Services, settings: Settings) -> None:
    world = build_world(services)
    world.agreement_in("check_draft")
    world.carry_out()
    lead = world.actor("SLC", "information_governance")
    real = replace(world.ctx, demo=False)
    assert [mail.to for mail in outbox_page.mails(real, lead).mails] == [lead.name]
    assert outbox_page.mails(real, world.actor("DWP", "drafter")).mails == ()


def test_characters_that_no_page_may_hold_break_nothing(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    world.do_task(reference, "legal:slc", "approved_with_conditions", conditions=(Condition("Tell people"),))
    pages.sign_in(world.person("HMRC", "drafter"))
    bad = "a\x00b\x1bc\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    for path, values in (
        ("/contest", {"spell": 1, "text": bad}),
        ("/contest", {"spell": "9" * 30, "text": bad}),
        ("/conditions/1", {"evidence": bad}),
        ("/hold", {"code": bad, "awaited": bad, "until-day": bad, "note": bad}),
        ("/hold", {**UNTIL, "code": "BOARD", "awaited": "outside", "body": bad, "note": bad}),
        ("/moves/withdraw", {"reason": bad}),
    ):
        sent = {"csrf_token": pages.token(), "seen": world.seen(reference), **values}
        answer = pages.client.post(f"/agreements/{reference}{path}", data=sent)
        assert answer.status_code < 500, (path, answer.text)
        assert "\x00" not in answer.text
