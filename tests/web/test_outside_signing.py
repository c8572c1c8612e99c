"""Signatures made on paper or in another product."""

import html
import io
import json
import re
import zipfile
from datetime import UTC, datetime

import pytest

from dsa.adapters.verification import verify
from dsa.domain.values import date_text
from dsa.persistence import history
from dsa.services import outside_signing, verifying
from dsa.services.outside_signing import WrongDay
from tests.conftest import SettableClock
from tests.web.page_client import PageClient
from tests.web.world import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SCAN = b"%PDF-1.4 a scanned page"


def _enter(world: World, pages: PageClient, reference: str, task: str, **changes: object) -> object:
    today = world.ctx.clock.now().date()
    form = {
        "place": task, "how": "paper", "signed_on-day": today.day, "signed_on-month": today.month,
        "signed_on-year": today.year, "copy": (io.BytesIO(SCAN), "signed.pdf"),
        "csrf_token": pages.token(), **changes,
    }  # fmt: skip
    return pages.client.post(
        f"/agreements/{reference}/outside-signatures", data=form, content_type="multipart/form-data"
    )


@pytest.mark.slow
def test_a_paper_signature_counts_when_a_second_person_has_confirmed_it_and_is_always_shown_as_such(
    world: World, pages: PageClient
) -> None:
    reference = world.agreement_in("sign_off")
    world.carry_out()
    pages.sign_in(world.person("HMRC", "drafter"))
    address = f"/agreements/{reference}/outside-signatures"
    assert address in str(pages.get(f"/agreements/{reference}/document").links())
    pages.get(address)
    assert _enter(world, pages, reference, "sign:slc").status_code == 303
    page = pages.get(address)
    assert "Waiting to be confirmed" in page.text
    assert "Confirm that" not in str(page.buttons())
    number = outside_signing.outside_page(world.ctx, world.actor("HMRC", "drafter"), reference).uploaded[0].id
    for code, role in (("HMRC", "drafter"), ("HMRC", "information_governance"), ("HMRC", "accountable")):
        with pytest.raises(outside_signing.NotAllowed):
            outside_signing.confirm(world.ctx, world.actor(code, role), reference, number)
    pages.sign_in(world.person("SLC", "information_governance"))
    pages.get(address)
    button = next(words for words in pages.get(address).buttons() if words.startswith("Confirm that"))
    page = pages.press(button)
    assert page.h1 == "1 of 2 signed; 1 waiting"
    assert "Signed outside this service: on paper or in another product" in page.text
    with pytest.raises(outside_signing.Conflict):
        outside_signing.confirm(world.ctx, world.actor("SLC", "information_governance"), reference, number)
    world.do_task(reference, "sign:hmrc")
    world.carry_out()
    assert verifying.verify_history(world.ctx, reference) == ()
    pdf = pages.client.get(f"/agreements/{reference}/document.pdf").data
    found = verify(pdf, roots=[world.ctx.root_pem()])
    assert found.verdict == "genuine", found.headline
    told = {check.check: check.says for check in found.checks}
    assert "1 of them was made outside this service" in told["signatories"]
    outside = [each for each in found.signatures if each.kind == "outside"]
    assert [each.authentication for each in outside] == ["signed outside this service"]
    assert found.example
    audit = json.loads(pages.client.get(f"/agreements/{reference}/audit.json").data)
    kinds = [event["body"]["kind"] for event in audit["events"]]
    assert kinds.count("TextSigned") == 1
    assert kinds.index("OutsideSignatureEntered") < kinds.index("OutsideSignatureConfirmed")
    assert pages.client.get(f"{address}/{number}/copy").data == SCAN
    with zipfile.ZipFile(io.BytesIO(pages.client.get(f"/agreements/{reference}/evidence.zip").data)) as pack:
        assert pack.read(f"{reference}/signed-outside/sig_slc_1.pdf") == SCAN
        told_in_pack = {one["field"]: one for one in json.loads(pack.read(f"{reference}/{reference}.signatures.json"))}
    on = world.ctx.clock.now().date()
    paper = told_in_pack["sig_slc_1"]
    assert (paper["signed_on"], paper["how"], paper["signed_at"]) == (on.isoformat(), "on paper", None)
    assert (paper["authority"], paper["account_vouched_for_by"]) == ("Board minute 12", "")
    assert paper["confirmed_by"].endswith(", Student Loans Company")
    raised = "B-T when signed; B-LTA since the document was closed"
    assert [one["level_told"] for one in told_in_pack.values()] == [raised] * 2
    receipt = pages.get(f"/agreements/{reference}/document")
    assert f"{date_text(on.isoformat())}, on paper Recorded" in receipt.text.partition("Signatures ")[2]
    assert f"The service's seal: Level {raised}" in receipt.text
    assert "AuthorityBoard minute 12" in receipt.text
    checked = pages.client.post(
        "/verify",
        data={"csrf_token": pages.token(), "document": (io.BytesIO(pdf), "agreement.pdf")},
        content_type="multipart/form-data",
    ).text
    code = receipt.text.partition("/verify/")[2].split()[0]
    for shown in (checked, pages.get(f"/verify/{code}").html):
        text = " ".join(re.sub("<[^>]*>", " ", html.unescape(shown)).split())
        assert f"Signed outside this service {date_text(on.isoformat())}, on paper Recorded" in text
        assert f"Confirmed by {paper['confirmed_by']} " in text
        assert "Authority Board minute 12 " in text
        assert f"Level of the service's seal {raised}" in text


def test_who_may_confirm_is_said_to_those_who_may_not(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("sign_off")
    world.carry_out()
    today, drafter = world.ctx.clock.now().date(), world.actor("SLC", "drafter")
    outside_signing.upload(world.ctx, drafter, reference, "sign:slc", data=SCAN, how="paper", signed_on=today)
    address = f"/agreements/{reference}/outside-signatures"
    pages.sign_in(world.person("HMRC", "legal"))
    page = pages.get(address)
    assert "It can be confirmed at Student Loans Company, by: " in page.text
    assert "signatory" in page.text.partition("by: ")[2].partition("not by whoever entered it")[0].lower()
    assert "You cannot enter a signature made outside this service." in page.text
    pages.sign_in(world.person("SLC", "signatory"))
    page = pages.get(address)
    assert "You cannot" not in page.text
    assert any(words.startswith("Confirm that") for words in page.buttons())


def _fixed(world: World, reference: str) -> dict[str, str]:
    """The dates that the last signature fixed."""
    with world.ctx.database.reading() as session:
        event = history.latest(session, world.loaded(reference).head.id, "DatesFixed")
    return dict(json.loads(event.body)["facts"]["dates"])


def test_what_follows_from_the_last_signature_counts_from_the_day_on_the_paper(world: World) -> None:
    reference = world.agreement_in("sign_off", start={"after": "last_signature"})
    world.carry_out()
    on = world.ctx.clock.now().date()
    world.do_task(reference, "sign:hmrc")
    world.move_clock(days=4)
    drafter, second = world.actor("SLC", "drafter"), world.actor("SLC", "information_governance")
    outside_signing.upload(world.ctx, drafter, reference, "sign:slc", data=SCAN, how="paper", signed_on=on)
    number = outside_signing.outside_page(world.ctx, drafter, reference).uploaded[0].id
    outside_signing.confirm(world.ctx, second, reference, number)
    world.carry_out()
    assert _fixed(world, reference)["start"] == on.isoformat()


def test_what_follows_from_a_signature_after_midnight_counts_from_the_day_in_london(
    world: World, clock: SettableClock
) -> None:
    clock.now = datetime(2027, 6, 1, 9, 0, tzinfo=UTC)
    reference = world.agreement_in("sign_off", start={"after": "last_signature"})
    world.carry_out()
    world.do_task(reference, "sign:hmrc")
    clock.now = datetime(2027, 6, 8, 23, 30, tzinfo=UTC)  # 0:30 on the 9th in London
    world.do_task(reference, "sign:slc")
    world.carry_out()
    assert _fixed(world, reference)["start"] == "2027-06-09"


def test_what_does_not_count_is_refused_with_a_reason_and_the_place_stays_open(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("sign_off")
    world.carry_out()
    drafter, second = world.actor("SLC", "drafter"), world.actor("SLC", "information_governance")
    today = world.ctx.clock.now().date()
    with pytest.raises(WrongDay):
        outside_signing.upload(
            world.ctx, drafter, reference, "sign:slc", data=SCAN, how="paper", signed_on=today.replace(year=2020)
        )
    outside_signing.upload(world.ctx, drafter, reference, "sign:slc", data=SCAN, how="other", signed_on=today)
    with pytest.raises(outside_signing.Refused):
        outside_signing.upload(world.ctx, drafter, reference, "sign:slc", data=SCAN, how="other", signed_on=today)
    number = outside_signing.outside_page(world.ctx, drafter, reference).uploaded[0].id
    pages.sign_in(world.person("SLC", "information_governance"))
    address = f"/agreements/{reference}/outside-signatures"
    pages.get(address)
    pages.press("Refuse it", status=422)
    page = pages.press("Refuse it", {"reason": "Page 3 is missing."})
    assert "Page 3 is missing." in page.text
    assert "Refused" in page.text
    with pytest.raises(outside_signing.Conflict):
        outside_signing.confirm(world.ctx, second, reference, number)
    assert "sign:slc" in str(outside_signing.outside_page(world.ctx, drafter, reference).places)
    assert verifying.verify_history(world.ctx, reference) == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"copy": (io.BytesIO(b"MZ a program"), "signed.pdf")}, "neither a PDF nor"),
        ({"copy": (io.BytesIO(b""), "signed.pdf")}, "Choose the file"),
        ({"signed_on-year": "2031"}, "until today"),
        ({"place": "sign:nobody"}, "Choose whose signature"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    world: World, pages: PageClient, changes: dict[str, object], says: str
) -> None:
    reference = world.agreement_in("sign_off")
    pages.sign_in(world.person("HMRC", "drafter"))
    pages.get(f"/agreements/{reference}/outside-signatures")
    answer = _enter(world, pages, reference, "sign:slc", **changes)
    assert answer.status_code == 422
    assert says in answer.get_data(as_text=True)
    pages.sign_in(world.person("DWP", "drafter"))
    assert pages.client.get(f"/agreements/{reference}/outside-signatures").status_code == 404
