"""Nothing has happened: only what moves the work counts; asking somebody to go on is recorded, seldom, no movement."""

import csv
import io

import pytest

from dsa.domain.events import NO_MOVEMENT, SENTENCES
from dsa.persistence import history, outbox
from dsa.services import chasing, commenting, reminding, reviewing
from tests.web.page_client import PageClient
from tests.web.world import World


def test_every_kind_that_moves_nothing_is_a_kind_of_event() -> None:
    assert set(SENTENCES) > NO_MOVEMENT


def test_the_agreement_that_moved_longest_ago_is_first_with_who_has_it_and_their_day(
    pages: PageClient, world: World
) -> None:
    old = world.agreement_in("check_draft")
    world.move_clock(days=7)
    new = world.agreement_in("review")
    world.move_clock(days=2)
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get("/stalled")
    assert page.html.index(old) < page.html.index(new)
    assert "7 working days" in page.text
    assert "since 2 November 2026" in page.text
    assert "Information governance lead, Student Loans Companytask: day 7 of 5, 2 working days over" in page.text
    assert "task: day 2 of 10" in page.text
    listed = pages.get("/agreements").text
    assert "Information governance lead, Student Loans Company, task: day 7 of 5, 2 working days over" in listed
    pages.sign_in(world.person("HMRC", "legal"))
    assert "in 8 working days, task: day 2 of 10" in pages.get("/tasks").text


def test_reminders_chases_comments_looks_and_taking_a_task_up_move_nothing(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    before = world.loaded(reference).head.moved_at
    world.move_clock(days=14)
    reminding.remind(world.ctx)
    world.carry_out()
    drafter = world.actor("HMRC", "drafter")
    reviewing.claim(world.ctx, world.actor("HMRC", "legal"), reference, "legal:hmrc")
    commenting.comment(world.ctx, drafter, reference, section="purpose", text="Which year?")
    pages.sign_in(world.person("SLC", "legal"))
    pages.get(f"/agreements/{reference}")
    chasing.chase(world.ctx, world.actor("SLC", "drafter"), reference)
    assert world.loaded(reference).head.moved_at == before
    verdict = reviewing.Verdict("approved")
    reviewing.decide_task(
        world.ctx, world.actor("HMRC", "legal"), reference, "legal:hmrc", verdict, seen=world.seen(reference)
    )
    assert world.loaded(reference).head.moved_at > before


def test_asking_somebody_to_go_on_is_a_mail_and_an_event_and_happens_once_a_working_day(
    pages: PageClient, world: World
) -> None:
    reference = world.agreement_in("check_draft")
    world.move_clock(days=1)
    pages.sign_in(world.person("HMRC", "drafter"))
    pages.get("/stalled")
    pages.follow("Ask them to go on")
    assert "A mail goes to: Information governance lead, Student Loans Company" in pages.page.text
    pages.press("Send the mail")
    assert "They are asked to go on." in pages.page.text
    assert "asked on 3 November 2026" in pages.page.text
    world.carry_out()
    with world.ctx.database.reading() as session:
        (mail,) = [m for m in outbox.mails(session, limit=500) if "asks you to" in m.subject]
        assert history.latest(session, world.loaded(reference).head.id, "HolderChased") is not None
    assert mail.name == "Information governance lead, Student Loans Company"
    assert mail.subject == f"Go on with {reference}: HM Revenue and Customs asks you to, due 9 November 2026"
    assert "Income check" not in mail.body
    assert "It was chased on this working day already" in pages.get(f"/agreements/{reference}/chase").text
    pages.post(f"/agreements/{reference}/chase", status=422)
    world.move_clock(days=1)
    pages.get(f"/agreements/{reference}/chase")
    pages.press("Send the mail")
    history_told = pages.get(f"/agreements/{reference}/timeline").text
    assert "Asked Information governance lead, Student Loans Company to go on" in history_told


def test_nobody_chases_themselves_or_what_they_may_not_see(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("check_draft")
    pages.sign_in(world.person("SLC", "information_governance"))
    assert "You have it yourself" in pages.get(f"/agreements/{reference}/chase").text
    pages.post(f"/agreements/{reference}/chase", status=422)
    pages.sign_in(world.person("DWP", "drafter"))
    pages.get(f"/agreements/{reference}/chase", status=404)
    pages.post(f"/agreements/{reference}/chase", status=404)
    assert reference not in pages.get("/stalled").html
    pages.sign_in(world.person("NAO", "auditor"))
    pages.get(f"/agreements/{reference}/chase", status=403)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_filters_stand_in_the_address_and_the_file_has_the_same_rows(pages: PageClient, world: World) -> None:
    old = world.agreement_in("check_draft")
    world.move_clock(days=14)
    new = world.agreement_in("review")
    pages.sign_in(world.person("HMRC", "drafter"))
    long = pages.get("/stalled?days=5")
    assert old in long.html
    assert new not in long.html
    assert "No open agreement fits this." in pages.get("/stalled?days=11").text
    assert old in pages.get("/stalled?days=10").html
    assert new in pages.get("/stalled?stage=review&route=standard").html
    assert old not in pages.get("/stalled?stage=review").html
    assert old in pages.get("/stalled?owner=SLC").html
    pages.get("/stalled?owner=%00&stage=%3Cscript%3E&days=99999999999999999999&route=x")
    pages.get("/stalled?after=nonsense", status=400)
    pages.get("/stalled?after=1793610600-1")
    table = list(csv.reader(io.StringIO(pages.client.get("/stalled.csv?days=5").text)))
    assert [row[0] for row in table[1:]] == [old]
    assert table[1][7] == "10"
    assert table[1][5] == "task: day 10 of 5, 5 working days over"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_empty_list_helps(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("DWP", "drafter"))
    page = pages.get("/stalled")
    assert "No agreement that you may see is open." in page.text
    assert "Look at all agreements" in page.links()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_people_choose_what_they_are_told(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("HMRC", "legal"))
    page = pages.get("/notices")
    assert "What you are told by mail" in page.h1
    pages.press("Save", {"reminders": "never", "tasks": "digest", "signing": "digest"})
    assert "Your choice is saved." in pages.page.text
    form = next(form for form in pages.get("/notices").forms() if "reminders" in form.names())
    chosen = dict(form.values())
    assert (chosen["reminders"], chosen["tasks"], chosen["signing"], chosen["overdue"]) == (
        "never",
        "digest",
        "digest",
        "now",
    )
    page = pages.press("Save", {"signing": "never"}, status=422)
    assert page.errors == ["Choose how you are told of each kind of thing."]
