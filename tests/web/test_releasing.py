"""The pack for a request for information."""

import hashlib
import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from dsa.services import obligations
from tests.web.page_client import PageClient
from tests.web.test_reviewing import ADVICE, SECRET
from tests.web.world import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
NAME, EMAIL, SENIOR = "Casey Contact", "casey.contact@hmrc.example.uk", "senior.official@hmrc.example.uk"


def _with_names(world: World) -> str:
    reference = world.agreement_in(
        "review", benefits_explained=f"Ask {NAME}, {EMAIL} or {SENIOR}; the rate card is secret."
    )
    obligations.replace_contact(
        world.ctx, world.actor("HMRC", "drafter"), reference, party="hmrc", duty="owner", post="Data owner", name=NAME,
        details=EMAIL,
    )  # fmt: skip
    world.do_task(reference, "legal:slc", note=ADVICE, privileged=True)
    world.do_task(reference, "security:slc", note=SECRET)
    return reference


@pytest.mark.slow
def test_the_pack_withholds_what_was_shown_and_logs_every_decision(
    world: World, pages: PageClient, tmp_path: Path
) -> None:
    reference = _with_names(world)
    pages.sign_in(world.person("HMRC", "information_governance"))
    address = f"/agreements/{reference}/information-request"
    assert address in str(pages.get(f"/agreements/{reference}/document").links())
    page = pages.get(address)
    for words in (NAME, EMAIL, SENIOR):
        assert f"Release “{words}”" in page.text
    assert "None yet" in page.text
    keep = "keep-" + hashlib.sha256(SENIOR.encode()).hexdigest()[:12]
    page = pages.press("Make the pack", {keep: "yes", "words-1": "rate card", "reason-1": "A price."}, status=422)
    assert "Say why it may be released" in page.text
    assert "Choose the exemption" in page.text
    why = keep.replace("keep-", "why-")
    page = pages.press(
        "Make the pack",
        {keep: "yes", why: "A senior official.", "words-1": "rate card", "exemption-1": "s43", "reason-1": "A price."},
    )
    assert "Just made:" in page.text
    link = next(href for href in page.links().values() if href.endswith(".zip"))
    answer = pages.client.get(link)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as pack:
        files = {name.partition("/")[2]: pack.read(name) for name in pack.namelist()}
    assert set(files) == {"README.txt", "agreement.pdf", "decisions.csv", "history.csv", "withheld.csv"}
    (tmp_path / "copy.pdf").write_bytes(files["agreement.pdf"])
    text = subprocess.run(["pdftotext", "-raw", tmp_path / "copy.pdf", "-"], capture_output=True, check=True).stdout
    everything = b"".join(files.values()) + text
    for gone in (NAME, EMAIL, "rate card is", ADVICE, SECRET):
        assert gone.encode() not in everything.replace(b"\n", b" "), gone
    assert SENIOR.encode() in text.replace(b"\n", b"")
    assert b"[withheld: s.40(2)]" in text.replace(b"\n", b" ")
    assert b"Copy for release: not the signed document" in text
    history = files["history.csv"].decode()
    assert ",replaced a contact," in history
    assert ",decided a review," in history
    log = files["withheld.csv"].decode()
    assert "legal advice,not in this pack" in log.replace(",,", ",").replace(",,", ",")
    assert "s.43 commercial interests,A price." in log
    assert f"released: {SENIOR}" in log
    assert "A senior official." in log


@pytest.mark.slow
def test_a_pack_is_for_those_who_answer_requests_and_for_their_own_side(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    address = f"/agreements/{reference}/information-request"
    pages.sign_in(world.person("HMRC", "legal"))
    pages.get(address, status=403)
    pages.sign_in(world.person("DWP", "information_governance"))
    pages.get(address, status=404)
    pages.sign_in(world.person("HMRC", "information_governance"))
    pages.get(address)
    page = pages.press("Make the pack")
    link = next(href for href in page.links().values() if href.endswith(".zip"))
    assert pages.client.get(link).status_code == 200
    pages.sign_in(world.person("SLC", "information_governance"))
    assert "None yet" in pages.get(address).text
    assert pages.client.get(link).status_code == 404
    assert "request for information" not in pages.get(f"/agreements/{reference}/timeline").text


def test_before_any_text_is_frozen_there_is_nothing_to_ask_for(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("drafting")
    pages.sign_in(world.person("HMRC", "information_governance"))
    assert "There is no text yet" in pages.get(f"/agreements/{reference}/information-request").text
