"""The receipt, the files and the versions."""

import json
from dataclasses import replace

import pytest

from dsa.adapters.press import Press
from dsa.adapters.signer_client import SignerClient
from dsa.adapters.signer_process import SignerProcess
from dsa.config import Settings
from dsa.services import moves, sealing
from dsa.services.reviewing import Change
from tests.web.page_client import PageClient
from tests.web.test_reviewing import ADVICE, SECRET, redraft
from tests.web.world import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_before_the_text_is_locked_there_is_a_draft_and_what_comes_next(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "legal"))
    page = pages.get(f"/agreements/{reference}/document")
    assert page.h1 == "There is no document yet"
    assert "What happens next" in page.text
    draft = pages.client.get(f"/agreements/{reference}/draft.pdf")
    assert draft.data.startswith(b"%PDF")
    for file in ("document.pdf", "issued.pdf"):
        assert pages.client.get(f"/agreements/{reference}/{file}").status_code == 422
    assert pages.client.get(f"/agreements/{reference}/verify.png").status_code == 404


def test_another_party_cannot_read_a_draft_that_is_not_shared(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("first_look")
    pages.sign_in(world.person("SLC", "legal"))
    assert "is not shared yet" in pages.get(f"/agreements/{reference}/draft.pdf", status=403).text
    assert "draft" not in pages.get(f"/agreements/{reference}/document").links().values()


@pytest.mark.slow
def test_the_receipt_grows_from_waiting_to_sealed(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("sign_off")
    pages.sign_in(world.person("SLC", "legal"))
    page = pages.get(f"/agreements/{reference}/document")
    assert page.h1 == "0 of 2 signed; 2 waiting"
    assert "being prepared" in page.text
    sealing.note_problem(world.ctx, reference, "the disk is full")
    assert "the disk is full" in pages.get(f"/agreements/{reference}/document").text
    page = pages.press("Make the document now")
    assert "Make the document now" not in page.buttons()
    world.do_task(reference, "sign:slc")
    page = pages.get(f"/agreements/{reference}/document")
    assert page.h1 == "1 of 2 signed; 1 waiting"
    assert "Director, Data, HM Revenue and Customs" in page.text
    world.do_task(reference, "sign:hmrc")
    page = pages.get(f"/agreements/{reference}/document")
    assert page.h1 == "Signed by everybody"
    assert "The closing seal is added by itself" in page.text
    world.carry_out()
    page = pages.get(f"/agreements/{reference}/document")
    assert "level B-LTA" in page.text
    assert "Download signed PDF" in page.links()
    assert f"{reference}, version 1" in page.text
    assert "/verify/" in page.text
    for said in ("has expired”, from the next day on", "has not yet been verified”", "“Not total document signed”"):
        assert said in page.text
    assert "from its documentation; we have not tried it" in page.text
    assert "Use this certificate as a trusted root" in page.text
    assert "/verify/trust" in page.links().values()


@pytest.mark.slow
def test_the_files_are_attachments_and_hold_no_private_note(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    world.do_task(reference, "legal:slc", note=ADVICE, privileged=True)
    world.do_task(reference, "security:slc", note=SECRET)
    while world.stage(reference) != "preparing":
        world.onward(reference)
    pages.sign_in(world.person("HMRC", "operational"))
    for name, kind in (
        ("document.pdf", "application/pdf"),
        ("issued.pdf", "application/pdf"),
        ("agreement.json", "application/json"),
        ("audit.json", "application/json"),
        ("root.pem", "application/x-pem-file"),
    ):
        answer = pages.client.get(f"/agreements/{reference}/{name}")
        assert answer.status_code == 200, name
        assert answer.content_type == kind
        assert answer.headers["Content-Disposition"].startswith("attachment")
        for private in (ADVICE, SECRET):
            assert private.encode() not in answer.data
    document = pages.client.get(f"/agreements/{reference}/document.pdf").data
    content, audit = attachments(document)
    assert json.loads(content)["reference"] == reference
    for private in (ADVICE, SECRET):
        assert private not in audit
        assert private not in content
        assert private not in pages.get(f"/agreements/{reference}/document").html
    picture = pages.client.get(f"/agreements/{reference}/verify.png")
    assert picture.data.startswith(b"\x89PNG")


def attachments(document: bytes) -> tuple[str, str]:
    """The texts of agreement.json and audit.json inside a PDF."""
    from io import BytesIO

    import pikepdf

    with pikepdf.open(BytesIO(document)) as opened:
        files = {name: spec.get_file().read_bytes().decode() for name, spec in opened.attachments.items()}
    return files["agreement.json"], files["audit.json"]


def test_a_stranger_gets_none_of_it(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("DWP", "legal"))
    ends = ("document", "document.pdf", "issued.pdf", "draft.pdf", "agreement.json", "audit.json", "verify.png")
    for end in (*ends, "versions", "versions/1", "versions/1?since=1"):
        pages.get(f"/agreements/{reference}/{end}", status=404)
    pages.post(f"/agreements/{reference}/document/make", status=404)


def test_an_administrator_cannot_take_the_document_away(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "administrator"))
    pages.get(f"/agreements/{reference}/audit.json", status=403)


@pytest.mark.slow
def test_a_superseded_agreement_offers_a_copy_that_says_so(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("in_use")
    pages.sign_in(world.person("HMRC", "drafter"))
    assert pages.client.get(f"/agreements/{reference}/superseded.pdf").status_code == 422
    assert "superseded.pdf" not in str(pages.get(f"/agreements/{reference}/document").links())
    moves.move(world.ctx, world.actor("HMRC", "drafter"), reference, "vary", seen=None, reason="Two items were added.")
    assert f"/agreements/{reference}/superseded.pdf" in str(pages.get(f"/agreements/{reference}/document").links())
    copy = pages.client.get(f"/agreements/{reference}/superseded.pdf")
    assert copy.data.startswith(b"%PDF")
    assert "attachment" in copy.headers["Content-Disposition"]


def test_a_version_reads_whole_and_as_what_changed(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("drafting")
    pages.sign_in(world.person("SLC", "legal"))
    assert "No version is frozen yet" in pages.get(f"/agreements/{reference}/versions").text
    pages.get(f"/agreements/{reference}/versions/1", status=404)
    while world.stage(reference) != "review":
        world.onward(reference)
    page = pages.get(f"/agreements/{reference}/versions/1")
    assert page.h1 == "Version 1 as it reads"
    assert "Half of the false applications are found." in page.text
    world.do_task(reference, "security:hmrc", "blocker", changes=(Change("security", "Who holds the keys?"),))
    redraft(world, reference, "security", {"key_mgmt": "SLC holds the keys"})
    pages.get(f"/agreements/{reference}/versions")
    page = pages.follow("What changed from version 1 to 2")
    assert "added: SLC holds the keys" in page.text
    assert "Half of the false applications are found." not in page.text
    assert "Half of the false applications are found." in pages.follow("Show the whole text").text
    assert pages.follow("Show only what changed since version 1").h1 == "What changed from version 1 to 2"
    assert "There is a newer one" in pages.get(f"/agreements/{reference}/versions/1").text
    same = pages.get(f"/agreements/{reference}/versions/2?since=2")
    assert "no differences in wording" in same.text
    for bad in ("0", "9", "999999999999999999999999"):
        pages.get(f"/agreements/{reference}/versions/{bad}", status=404)
        pages.get(f"/agreements/{reference}/versions/1?since={bad}", status=404)


@pytest.mark.slow
def test_the_document_of_a_demonstration_signed_in_the_past_is_made_when_somebody_asks(
    world: World, pages: PageClient
) -> None:
    reference = world.agreement_in("preparing")
    with world.ctx.database.writing() as session:
        connection = session.connection()
        connection.exec_driver_sql("UPDATE agreements SET is_synthetic = true")
        connection.exec_driver_sql("UPDATE documents SET level = 'deferred', current_sha256 = NULL")
    pages.sign_in(world.person("SLC", "operational"))
    page = pages.get(f"/agreements/{reference}/document")
    assert "is made, with real seals and signatures of today, when somebody first asks for it" in page.text
    pages.get(f"/agreements/{reference}/document.pdf", status=422)
    pages.get(f"/agreements/{reference}/document")
    page = pages.press("Make the document now")
    assert "level B-LTA" in page.text
    assert pages.client.get(f"/agreements/{reference}/document.pdf").data.startswith(b"%PDF")


def test_an_auditor_reads_the_text_and_leaves_a_record_of_it(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    world.do_task(reference, "security:slc", note=SECRET)
    pages.sign_in(world.person("NAO", "auditor"))
    for end in ("versions", "versions/1", "document", "tasks/security:slc", "tasks/legal:slc"):
        page = pages.get(f"/agreements/{reference}/{end}")
        assert SECRET not in page.html
        assert "Record my decision" not in page.buttons()
    with world.ctx.database.reading() as session:
        kept = session.connection().exec_driver_sql("SELECT what FROM access_records").scalars().all()
    assert len(kept) == 5


@pytest.mark.slow
def test_without_the_signer_the_receipt_says_what_waits_and_it_finishes_by_itself(
    world: World, pages: PageClient, settings: Settings
) -> None:
    reference = world.agreement_in("sign_off")
    asking = replace(settings, signer="own")
    world.ctx = replace(world.ctx, documents=Press(asking))
    pages.sign_in(world.person("SLC", "legal"))
    world.carry_out()
    page = pages.get(f"/agreements/{reference}/document")
    assert "The signing service does not answer" in page.text
    assert "It is tried again by itself." in page.text
    process = SignerProcess(asking).start()
    try:
        SignerClient(asking.signer_address, starting_seconds=30).certificates()
        world.move_clock(minutes=2)
        world.carry_out()
    finally:
        process.stop()
    page = pages.get(f"/agreements/{reference}/document")
    assert "does not answer" not in page.text
    assert "The document as it was issued for signing (PDF)" in page.links()
