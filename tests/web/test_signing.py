"""Signing: what the page shows, that it needs a fresh confirmation, and that one signature wins."""

from hashlib import sha256

import pytest
from flask import Flask

from dsa.persistence import work
from tests.web import chromium
from tests.web.page_client import PageClient
from tests.web.test_reviewing import cookie_of, send_at_once
from tests.web.world import World

pytestmark = pytest.mark.slow
one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def ready_to_sign(world: World, **changes: object) -> str:
    """An agreement in sign-off whose document is issued."""
    reference = world.agreement_in("sign_off", **changes)
    world.carry_out()
    return reference


def confirm(world: World, pages: PageClient, who: int, onwards: str) -> None:
    """Confirm who one is and come back."""
    pages.get(f"/confirm?next={onwards}")
    pages.press("Confirm and continue", person=who)


@one_database
def test_a_signatory_reads_what_they_sign_confirms_and_signs(world: World, pages: PageClient) -> None:
    reference = ready_to_sign(world)
    who = world.person("SLC", "signatory")
    pages.sign_in(who)
    page = pages.get(f"/agreements/{reference}/tasks/sign:slc")
    assert page.h1 == "Sign the agreement"
    for said in ("Director, Operations", "Student Loans Company", "Board minute 12", "minutes of reading"):
        assert said in page.text
    assert f"I have read {reference}, version 1" in page.text
    pdf = pages.client.get(page.links()["Read the PDF, version 1"])
    assert pdf.data.startswith(b"%PDF")
    assert pdf.headers["Content-Disposition"].startswith("attachment")
    assert pdf.headers["X-Content-Type-Options"] == "nosniff"
    page = pages.follow("Confirm who you are")
    page = pages.press("Confirm and continue", person=who)
    assert page.h1 == "Sign the agreement"
    page = pages.press("Sign agreement")
    assert page.h1 == "1 of 2 signed; 1 waiting"
    assert "Your signature is under the document" in page.text
    assert "Demo authentication" in page.text
    assert "Director, Data, HM Revenue and Customs" in page.text


@one_database
def test_the_code_on_the_page_is_that_of_the_bytes_that_are_sent(world: World, pages: PageClient) -> None:
    reference = ready_to_sign(world)
    pages.sign_in(world.person("SLC", "signatory"))
    page = pages.get(f"/agreements/{reference}/tasks/sign:slc/sign")
    world.do_task(reference, "sign:hmrc")  # the file grows, what is signed stays
    digest = sha256(pages.client.get(f"/agreements/{reference}/issued.pdf").data).hexdigest()
    assert digest in page.text
    assert " ".join(digest[i : i + 4] for i in range(0, 16, 4)).upper() in page.text


@one_database
def test_each_signature_needs_its_own_confirmation(world: World, pages: PageClient) -> None:
    reference, another = ready_to_sign(world), ready_to_sign(world)
    who = world.person("SLC", "signatory")
    pages.sign_in(who)
    page = pages.get(f"/agreements/{reference}/tasks/sign:slc/sign")
    assert "Sign agreement" not in page.buttons()
    page = pages.post(f"/agreements/{reference}/tasks/sign:slc/sign", {"seen_sha256": "x", "seen": "1"})
    assert page.h1 == "Confirm who you are"
    confirm(world, pages, who, f"/agreements/{reference}/tasks/sign:slc/sign")
    pages.press("Sign agreement")
    assert "Sign agreement" not in pages.get(f"/agreements/{another}/tasks/sign:slc/sign").buttons()


@one_database
def test_a_document_still_being_prepared_says_so(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("sign_off")
    pages.sign_in(world.person("SLC", "signatory"))
    page = pages.get(f"/agreements/{reference}/tasks/sign:slc/sign")
    assert "The document is being prepared." in page.text
    assert "Sign agreement" not in page.buttons()
    assert "Look again" in page.links()
    pages.get(f"/agreements/{reference}/document.pdf", status=422)


@one_database
def test_another_document_than_the_one_seen_is_not_signed(world: World, pages: PageClient) -> None:
    reference = ready_to_sign(world)
    who = world.person("SLC", "signatory")
    pages.sign_in(who)
    confirm(world, pages, who, f"/agreements/{reference}/tasks/sign:slc/sign")
    page = pages.press("Sign agreement", seen_sha256="0" * 64, status=409)
    assert "Read the new one" in page.text


@one_database
def test_declining_needs_a_reason_and_sends_the_text_back(world: World, pages: PageClient) -> None:
    reference = ready_to_sign(world)
    pages.sign_in(world.person("SLC", "signatory"))
    pages.get(f"/agreements/{reference}/tasks/sign:slc/sign")
    assert pages.press("Decline to sign", status=422).errors == ["Say why you decline: every party sees the reason"]
    page = pages.press("Decline to sign", reason="The board has not met")
    assert page.h1 == "Recorded"
    assert "The board has not met" in page.text
    assert world.stage(reference) == "drafting"
    assert "not signed" not in pages.get(f"/agreements/{reference}/document").text


@one_database
def test_only_the_signatory_of_the_party_may_sign(world: World, pages: PageClient) -> None:
    reference = ready_to_sign(world)
    for who in (("HMRC", "signatory"), ("SLC", "legal"), ("SLC", "administrator")):
        pages.sign_in(world.person(*who))
        page = pages.get(f"/agreements/{reference}/tasks/sign:slc/sign")
        assert "Sign agreement" not in page.buttons()
        assert "It is for: Signatory (SLC)" in page.text
        pages.post(f"/agreements/{reference}/tasks/sign:slc/sign", {"seen_sha256": "x"}, status=403)


@one_database
def test_a_signature_given_already_leads_to_what_was_signed(world: World, pages: PageClient) -> None:
    reference = ready_to_sign(world)
    world.do_task(reference, "sign:slc")
    pages.sign_in(world.person("SLC", "signatory"))
    page = pages.get(f"/agreements/{reference}/tasks/sign:slc/sign")
    assert page.h1 == "Recorded"
    assert "See the document and who has signed" in page.links()


def test_of_many_who_sign_at_once_one_wins_and_the_others_get_a_409(
    world: World, app: Flask, pages: PageClient
) -> None:
    reference = ready_to_sign(world)
    who = world.person("SLC", "signatory")
    pages.sign_in(who)
    confirm(world, pages, who, f"/agreements/{reference}/tasks/sign:slc/sign")
    page = pages.get(f"/agreements/{reference}/tasks/sign:slc/sign")
    form = next(form for form in page.forms() if form.action.endswith("/sign"))
    fields = {name: str(value) for name, value in form.values()}
    with chromium.serving(app) as address:
        statuses = send_at_once(address, form.action, fields, [cookie_of(pages)], 6)
    assert statuses == [303] + [409] * 5
    with world.ctx.database.reading() as session:
        assert len(work.signatures(session, world.loaded(reference).head.locked_version_id)) == 1
