"""Anybody can check a document; nobody learns more than the document says."""

import html
import io
import re
import resource
import time
import zipfile
import zlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest

from dsa.adapters.verification_process import MEGABYTES, SECONDS, SeparateVerifier
from dsa.domain.errors import BadInput
from dsa.persistence import work
from dsa.services import moves, verify_page
from dsa.web.verify import IN_FORCE
from tests.conftest import SettableClock
from tests.web.page_client import Page, PageClient
from tests.web.world import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def document(world: World, reference: str) -> tuple[bytes, str]:
    """The newest bytes of the document, and its code."""
    loaded = world.loaded(reference)
    with world.ctx.database.reading() as session:
        row = work.document(session, loaded.head.id, loaded.head.locked_version_id)
    assert row is not None
    assert row.current_sha256 is not None
    return world.ctx.files.get(row.current_sha256), row.verify_code


def upload(pages: PageClient, data: bytes, *, status: int = 200) -> Page:
    """Send a file as a browser does."""
    response = pages.client.post(
        "/verify",
        data={"csrf_token": pages.token(), "document": (io.BytesIO(data), "agreement.pdf")},
        content_type="multipart/form-data",
    )
    return pages._answered(response, "/verify", status)


def test_a_genuine_document_in_use_says_all_three_things(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("in_use")
    data, code = document(world, reference)
    page = upload(pages, data)
    assert page.h1 == "Genuine and unchanged"
    assert page.text.startswith("EXAMPLE")
    assert "Director, Data, HM Revenue and Customs" in page.text
    assert "Scheme of delegation 4.2" in page.text
    assert "demo authentication" in page.text
    assert "Yes, it is in force today." in page.text
    assert reference in page.text

    page = pages.get(f"/verify/{code}")
    assert page.h1 == "A document with this code exists"
    assert "EXAMPLE" in page.text
    assert "Yes, it is in force today." in page.text
    assert "Director, Operations, Student Loans Company" in page.text
    assert "Income check" not in page.html

    moves.move(
        world.ctx,
        world.actor("SLC", "operational"),
        reference,
        "suspend",
        seen=world.seen(reference),
        reason="A breach.",
    )
    assert "No: it is suspended." in upload(pages, data).text
    assert "A breach" not in pages.get(f"/verify/{code}").html


def test_a_changed_document_is_called_changed_and_told_nothing_of_ours(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("signed")
    world.carry_out()
    data, _ = document(world, reference)
    at = data.rfind(b"/Contents <") + 300
    spoilt = data[:at] + (b"0" if data[at : at + 1] != b"0" else b"1") + data[at + 1 :]
    page = upload(pages, spoilt)
    assert page.h1 in ("Changed after signing", "Not a document of this service")
    assert "Do not rely on it" in page.text or "another service" in page.text
    assert "in force today." not in page.text.replace("Is it in force today?", "")


def test_a_document_not_yet_signed_by_all_is_not_in_force(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("sign_off")
    world.carry_out()
    _, code = document(world, reference)
    page = pages.get(f"/verify/{code}")
    assert "Not yet: not everybody has signed." in page.text
    assert "Nobody has signed it yet." in page.text


def _told(page: Page, key: str) -> list[str]:
    """What stands beside a key, for each signature."""
    found = re.findall(rf"__key\">{re.escape(key)}</dt><dd class=\"[^\"]*\">(.*?)</dd>", page.html, re.DOTALL)
    return [html.unescape(each).strip() for each in found]


def test_each_thing_of_a_signature_stands_on_a_line_of_its_own(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("signed")
    world.carry_out()
    data, code = document(world, reference)
    page = upload(pages, data)
    assert _told(page, "Authority") == ["Scheme of delegation 4.2", "Board minute 12"]
    assert _told(page, "Authenticated by") == ["demo authentication"] * 2
    assert _told(page, "Account vouched for by") == ["the installation"] * 2
    assert all(each.startswith("I have read") and each.endswith(".") for each in _told(page, "What was stated"))
    assert _told(page, "Level") == ["B-T when signed; B-LTA since the document was closed"] * 2
    local = "local time stamps 1 (local: the service's own clock, not an independent authority)"
    assert all(each.endswith(local) for each in _told(page, "Time stamped by"))
    assert _told(pages.get(f"/verify/{code}"), "Level") == _told(page, "Level")


def test_an_empty_line_behind_the_document_is_a_change_and_no_newer_copy_is_claimed(
    pages: PageClient, world: World
) -> None:
    reference = world.agreement_in("signed")
    world.carry_out()
    data, _ = document(world, reference)
    page = upload(pages, data + b"\n")
    assert page.h1 == "Changed after signing"
    assert "bytes were added after the last signature" in page.text
    assert "More signatures or seals" not in page.text
    assert "That cannot be said of a changed document." in page.text
    assert "does not keep" not in page.text


def test_a_copy_from_before_all_had_signed_is_not_complete_and_not_called_changed(
    pages: PageClient, world: World
) -> None:
    reference = world.agreement_in("sign_off")
    world.carry_out()
    before, _ = document(world, reference)
    page = upload(pages, before)
    assert page.h1 == "Not complete"
    assert "Nobody has signed it yet." in page.text
    assert "More signatures or seals" not in page.text
    world.onward(reference)
    world.carry_out()
    page = upload(pages, before)
    assert page.h1 == "Not complete"
    assert "More signatures or seals were added to our copy since." in page.text
    assert "Ask whoever gave it to you for the whole one." in page.text
    assert "The seal at completion is missing: not everybody had signed" in page.text.partition("What was checked")[0]
    for untrue in ("Do not rely on it", "Changed after signing", "does not keep"):
        assert untrue not in page.text
    assert "Yes, it is in force today; no data is shared" in page.text


def test_a_code_says_nothing_of_the_copy_and_offers_to_check_it(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("sign_off")
    world.carry_out()
    data, code = document(world, reference)
    page = pages.get(f"/verify/{code}")
    checked = page.text.partition("Is it unchanged, and ours?")[2].partition("Who signed it?")[0]
    assert "Not checked" in checked
    assert "This says nothing about the copy in your hand" in checked
    assert "dsa-badge--good" not in page.html.partition("Who signed it?")[0]
    assert 'type="file"' in page.html
    assert upload(pages, data).h1 == "Not complete"


def test_a_document_that_is_made_on_first_request_is_said_to_be_so(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("signed")
    world.carry_out()
    _, code = document(world, reference)
    head = world.loaded(reference).head
    with world.ctx.database.writing() as session:
        row = work.document(session, head.id, head.locked_version_id)
        assert row is not None
        work.update_document(session, row.id, revision=row.revision, new_revision=row.revision, level="deferred")
    page = pages.get(f"/verify/{code}")
    assert "made when one of its parties first asks for it" in page.text
    for untrue in ("deferred", "SHA-256 of our newest file", "Level"):
        assert untrue not in page.text


def test_a_file_above_the_limit_is_told_the_limit(pages: PageClient, world: World) -> None:
    page = upload(pages, b"%PDF-1.7\n" + bytes(10 * 1_048_576), status=422)
    assert page.errors == [
        "This file is larger than 10 MB, so it was not checked here. Check it with the command: dsa verify."
    ]


@pytest.mark.parametrize("leads_signed", [False, True])
def test_where_each_party_is_bound_by_itself_it_is_told_for_how_many_it_is_in_force(
    pages: PageClient, world: World, leads_signed: bool
) -> None:
    reference = world.agreement_in("sign_off", takes_effect="with_leads", lead_parties=["hmrc"], start="2026-11-02")
    world.carry_out()
    _, code = document(world, reference)
    assert (
        "Not yet: it takes effect for each party once the lead parties have signed."
        in pages.get(f"/verify/{code}").text
    )
    world.do_task(reference, "sign:hmrc" if leads_signed else "sign:slc")
    page = pages.get(f"/verify/{code}")
    if leads_signed:
        assert "In force for 1 of 2 parties" in page.text
    else:
        assert "Not yet in force" in page.text


def test_after_the_last_signature_the_day_in_the_text_decides(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("signed", start={"after": "last_signature", "days": 3})
    world.carry_out()
    _, code = document(world, reference)
    assert "Not yet: everybody has signed, and it takes effect on a later day." in pages.get(f"/verify/{code}").text
    world.move_clock(days=3)
    said = "Yes, it is in force today; no data is shared until the preparations are done."
    assert said in pages.get(f"/verify/{code}").text


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"%PDF-1.7\n", b"%PDF-1.7\n%%EOF", b"%PDF-1.7\n" + b"[" * 200_000 + b"\n%%EOF", b"PK\x03\x04" * 50],
    ids=["nothing", "text", "cut off", "empty", "deeply nested", "archive"],
)
def test_hostile_files_get_a_plain_refusal(pages: PageClient, world: World, data: bytes) -> None:
    page = upload(pages, data, status=422)
    assert len(page.errors) == 1
    assert "Traceback" not in page.html
    assert not re.search(r"\w+Error", page.html), "no class of an exception is shown to people"


STATES = {
    "sign_off": ((), "Not yet in force"),
    "signed": ((), "In force"),
    "preparing": ((), "In force"),
    "in_use": ((), "In force"),
    "suspended": (("suspend",), "Suspended"),
    "varied": (("vary",), "Varied"),
    "ended": (("end",), "Ended"),
}


@pytest.mark.parametrize("state", STATES)
def test_whether_it_is_in_force_is_told_apart_and_nothing_else_is_told(
    pages: PageClient, world: World, state: str
) -> None:
    done, words = STATES[state]
    reference = world.agreement_in("in_use" if done else state)
    world.carry_out()
    for move in done:
        role = "operational" if move != "vary" else "drafter"
        moves.move(
            world.ctx, world.actor("HMRC", role), reference, move, seen=world.seen(reference), reason="Secret reason."
        )
    with world.ctx.database.reading() as session:
        head = world.loaded(reference).head
        code = work.document(session, head.id, head.locked_version_id).verify_code  # type: ignore[union-attr]
    page = pages.get(f"/verify/{code}")
    assert [text for text, _ in VERIFY_WORDS if f"{text} " in _force_part(page)] == [words]
    for kept_private in ("Secret reason", head.title, "legal", "Legal adviser", "Information governance lead"):
        assert kept_private not in page.html


VERIFY_WORDS = sorted(IN_FORCE.values(), key=lambda pair: -len(pair[0]))


def _force_part(page: Page) -> str:
    return page.text.partition("Is it in force today?")[2].partition("Check another document")[0].strip()


def test_an_upload_of_two_hundred_megabytes_is_refused_before_it_is_read(pages: PageClient, world: World) -> None:
    class Endless:
        """Counts what is read of it."""

        taken = 0

        def read(self, size: int = -1) -> bytes:
            self.taken += max(0, size)
            return b"0" * max(0, size)

    sent = Endless()
    answer = pages.client.post(
        "/verify",
        environ_overrides={"wsgi.input": sent, "CONTENT_LENGTH": str(200 * 1024 * 1024)},
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 413
    assert "too large" in answer.text.lower() or "larger" in answer.text.lower()
    assert sent.taken < 1_000_000


def _flate(times: int, megabytes: int) -> bytes:
    """A PDF whose cross-reference table unpacks to so much, packed so many times over."""
    packer = zlib.compressobj(9)
    data = b"".join([*(packer.compress(bytes(1_048_576)) for _ in range(megabytes)), packer.flush()])
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    filters = b" ".join([b"/FlateDecode"] * times)
    head = b"%PDF-1.7\n1 0 obj\n<< /Type /XRef /Size 2 /W [1 2 1] /Root 1 0 R /Filter [" + filters + b"] /Length "
    return head + b"%d >>\nstream\n" % len(data) + data + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"


def _archive() -> bytes:
    """A small archive of 200 MB of zeros, with a PDF's first bytes before it."""
    out = io.BytesIO(b"%PDF-1.7\n")
    out.seek(0, io.SEEK_END)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("x", "w") as inside:
        for _ in range(200):
            inside.write(bytes(1_048_576))
    return out.getvalue() + b"\n%%EOF\n"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["archive", "packed once", "packed twice", "packed three times"])
def test_a_bomb_is_refused_in_a_sentence_within_the_limits(world: World, tmp_path: Path, kind: str) -> None:
    made = {"packed once": (1, 300), "packed twice": (2, 900), "packed three times": (3, 900)}
    bomb = _archive() if kind == "archive" else _flate(*made[kind])
    assert len(bomb) < 10 * 1_048_576
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadInput) as refused:
        SeparateVerifier([tmp_path / "root.pem"], tmp_path / "stamp-roots.pem").verify(bomb)
    assert str(refused.value).endswith(".")
    assert time.monotonic() - begun < SECONDS + 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024, "the service itself reads nothing"
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < MEGABYTES * 1024


@pytest.mark.slow
def test_an_encrypted_or_cut_off_document_is_refused_in_a_sentence(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("signed")
    world.carry_out()
    data, _ = document(world, reference)
    out = io.BytesIO()
    pikepdf.open(io.BytesIO(data)).save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    assert "encrypted" in upload(pages, out.getvalue(), status=422).errors[0]
    assert "cut off" in upload(pages, data[: len(data) // 3], status=422).errors[0]


def test_codes_that_are_none_are_told_so(pages: PageClient, world: World) -> None:
    pages.get("/verify")
    page = pages.press("Look up the code", code="abc!", status=422)
    assert page.errors == ["Enter the code as it stands on the document: letters and numbers, no spaces."]
    page = pages.get("/verify/abcdefgh12345678", status=404)
    assert page.errors[0].startswith("No document of this service has this code.")
    pages.get("/verify/%00%0a", status=404)
    pages.get("/verify/" + "a" * 3_000, status=404)


def test_the_thirty_first_check_in_a_minute_waits(pages: PageClient, world: World, true_clock: SettableClock) -> None:
    for _ in range(30):
        pages.get("/verify/abcdefgh12345678", status=404)
    assert "Wait a minute" in pages.get("/verify/abcdefgh12345678", status=429).text
    true_clock.now += timedelta(minutes=2)
    pages.get("/verify/abcdefgh12345678", status=404)


def test_a_check_that_takes_too_long_is_given_up(world: World, tmp_path: Path) -> None:
    slow = SeparateVerifier([tmp_path / "root.pem"], tmp_path / "stamp-roots.pem", seconds=0)
    with pytest.raises(BadInput, match="too complicated"):
        slow.verify(b"%PDF-1.7")


def test_a_check_that_takes_too_much_memory_is_given_up(world: World, tmp_path: Path) -> None:
    narrow = SeparateVerifier([tmp_path / "root.pem"], tmp_path / "stamp-roots.pem", megabytes=40)
    with pytest.raises(BadInput, match="too large"):
        narrow.verify(b"%PDF-1.7")


def test_only_the_document_that_is_known_is_looked_up(world: World) -> None:
    class Claims:
        """Says that anything is genuine and names an agreement that is not ours."""

        def verify(self, pdf: bytes) -> dict[str, object]:
            return {
                "verdict": "genuine", "headline": "h", "example": True, "reference": "DSA-1", "content_hash": "x",
                "version": 1, "level": None, "incomplete": False, "signatures": [], "checks": [],
            }  # fmt: skip

    found = verify_page.check_upload(replace(world.ctx), Claims(), b"x")
    assert found.in_force.state == "unknown"
