"""The pages of conditions and of contacts."""

import subprocess
from pathlib import Path

import pikepdf
import pytest

from dsa.services import obligations
from dsa.services.reviewing import Condition
from tests.web.page_client import PageClient
from tests.web.world import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
NAME, NUMBER = "A. Person", "0300 000 0000"
BREACH = "Breach contact, day and night"


def with_conditions(world: World) -> str:
    """An agreement in review with three conditions of the student loans company's legal adviser."""
    reference = world.agreement_in("review")
    wanted = (Condition("Tell people"), Condition("Publish it", "2026-11-05"), Condition("In a far year", "9999-12-31"))
    world.do_task(reference, "legal:slc", "approved_with_conditions", conditions=wanted)
    return reference


def test_without_conditions_the_page_says_so(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("HMRC", "drafter"))
    assert "There are no conditions." in pages.get(f"/agreements/{reference}/conditions").text


def test_conditions_say_what_by_whom_by_when_and_whether_they_are_met(pages: PageClient, world: World) -> None:
    reference = with_conditions(world)
    pages.sign_in(world.person("HMRC", "operational"))
    pages.get(f"/agreements/{reference}")
    page = pages.follow("See all conditions")
    assert "3 conditions are not met yet." in page.text
    assert "5 November 2026, in 3 working days" in page.text
    assert "31 December 9999" in page.text
    assert "Before the first data is shared" in page.text
    assert "Legal adviser, Student Loans Company" in page.text
    assert page.text.index("Publish it") < page.text.index("Tell people")
    pages.follow("Record how it was met: Publish it")
    pages.press("Record it as met", evidence="It is on the site.")
    page = pages.get(f"/agreements/{reference}/conditions")
    assert "2 conditions are not met yet." in page.text
    assert "Met 2 November 2026" in page.text
    assert "It is on the site." in page.text
    assert page.text.index("Tell people") < page.text.index("Publish it")


def test_who_may_not_record_a_condition_reads_why(pages: PageClient, world: World) -> None:
    reference = with_conditions(world)
    pages.sign_in(world.person("SLC", "legal"))
    page = pages.get(f"/agreements/{reference}/conditions")
    assert "You cannot record a condition as met" in page.text
    assert "Record how it was met: Tell people" not in page.links()


@pytest.mark.slow
def test_a_refused_start_of_sharing_leads_to_the_conditions(pages: PageClient, world: World) -> None:
    reference = with_conditions(world)
    while world.stage(reference) != "preparing":
        world.onward(reference)
    pages.sign_in(world.person("HMRC", "operational"))
    page = pages.get(f"/agreements/{reference}/moves/go_live")
    assert "Some conditions of the approvals are not met." in page.text
    assert pages.follow("See the conditions").h1 == "Conditions"


def test_a_condition_takes_hostile_evidence_with_a_sentence(pages: PageClient, world: World) -> None:
    reference = with_conditions(world)
    pages.sign_in(world.person("HMRC", "operational"))
    for evidence in ("\x00", "x" * 100_000):
        pages.post(f"/agreements/{reference}/conditions/1", {"evidence": evidence}, status=422)
    pages.get(f"/agreements/{reference}/conditions/{10**30}", status=404)


def test_contacts_are_the_posts_of_the_text_until_somebody_stands_beside_it(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "drafter"))
    pages.get(f"/agreements/{reference}")
    page = pages.follow("Contacts of the parties")
    assert "changes no word of the text and no hash, and no approval or signature lapses" in page.text
    assert "For Student Loans Company. Other organisations replace their own." in page.text
    page = pages.press("Replace the contact", duty=BREACH, post="Duty officer", name=NAME, details=NUMBER)
    assert "The contact is replaced. The text and its signatures are as they were." in page.text
    for words in ("Duty officer", NAME, NUMBER, "Since 2 November 2026", "In the text (version 1):"):
        assert words in page.text
    page = pages.press("Replace the contact", duty=BREACH, post="Duty officer", name="B. Person")
    assert "Who it was before" in page.text
    assert NAME in page.text
    assert "From 2 November 2026 to 2 November 2026" in page.text
    history = pages.get(f"/agreements/{reference}/timeline")
    assert f"Replaced the contact for {BREACH}" in history.text


def test_names_and_details_are_for_the_parties_alone(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    obligations.replace_contact(
        world.ctx, world.actor("SLC", "drafter"), reference, party="slc", duty=BREACH, post="Duty officer", name=NAME,
        details=NUMBER,
    )  # fmt: skip
    pages.sign_in(world.person("HMRC", "legal"))
    assert NAME in pages.get(f"/agreements/{reference}/contacts").text
    pages.sign_in(world.person("NAO", "auditor"))
    page = pages.get(f"/agreements/{reference}/contacts")
    assert "Duty officer" in page.text
    for path in ("/contacts", "", "/timeline", "/audit.json", "/agreement.json"):
        sent = pages.client.get(f"/agreements/{reference}{path}").text
        assert NAME not in sent
        assert NUMBER not in sent


@pytest.mark.slow
def test_names_and_details_are_not_in_the_document(pages: PageClient, world: World, tmp_path: Path) -> None:
    reference = world.agreement_in("review")
    obligations.replace_contact(
        world.ctx, world.actor("SLC", "drafter"), reference, party="slc", duty=BREACH, post="Duty officer",
        name="Zebedee Quux", details=NUMBER,
    )  # fmt: skip
    pages.sign_in(world.person("HMRC", "drafter"))
    while world.stage(reference) != "sign_off":
        world.onward(reference)
    world.carry_out()
    printed = tmp_path / "document.pdf"
    printed.write_bytes(pages.client.get(f"/agreements/{reference}/document.pdf").data)
    words = subprocess.run(["pdftotext", str(printed), "-"], capture_output=True, check=True, text=True).stdout
    with pikepdf.open(printed) as opened:
        held = b"".join(bytes(file.get_file().read_bytes()) for file in opened.attachments.values())
    assert reference in words
    assert b"Duty officer" in held
    for private in ("Zebedee", NUMBER):
        assert private not in words
        assert private.encode() not in held


def test_mistakes_and_other_peoples_contacts_are_refused_in_sentences(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "drafter"))
    pages.get(f"/agreements/{reference}/contacts")
    page = pages.press("Replace the contact", name=NAME, status=422)
    assert page.errors == ["Choose the duty", "Enter the post"]
    assert NAME in page.html
    path = f"/agreements/{reference}/contacts"
    page = pages.post(path, {"party": "hmrc", "duty": BREACH, "post": "Mine"}, status=422)
    assert page.errors == ["Replace contacts of your own organisation only."]
    for hostile in ("\x00", "x" * 100_000, "\u202e<script>"):
        for name in ("party", "duty", "post", "name", "details"):
            data = {"csrf_token": pages.token(), "duty": BREACH, "post": "Officer", name: hostile}
            assert pages.client.post(path, data=data).status_code < 500
        pages.post(path, {"name": hostile}, status=422)
    pages.get(path)
    pages.sign_in(world.person("SLC", "legal"))
    page = pages.get(path)
    assert "You cannot replace a contact" in page.text
    assert "Replace the contact" not in page.buttons()
    pages.post(path, {"party": "slc", "duty": BREACH, "post": "Mine"}, status=403)


def test_a_stranger_finds_neither_page(pages: PageClient, world: World) -> None:
    reference = with_conditions(world)
    pages.sign_in(world.person("DWP", "drafter"))
    pages.get(f"/agreements/{reference}/conditions", status=404)
    pages.get(f"/agreements/{reference}/contacts", status=404)
    pages.post(f"/agreements/{reference}/contacts", {"duty": BREACH, "post": "x"}, status=404)
