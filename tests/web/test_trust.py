"""Whoever holds a document finds what has to be trusted to check it, without an account."""

import hashlib
import re
from pathlib import Path
from ssl import PEM_cert_to_DER_cert

import pytest

from dsa.adapters.authority import Authority
from dsa.adapters.published import read_published
from dsa.config import Settings
from dsa.services import audit_log
from tests.web import chromium
from tests.web.page_client import PageClient
from tests.web.world import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_an_outsider_finds_the_root_its_fingerprint_and_the_key_of_the_log(
    world: World, pages: PageClient, settings: Settings, tmp_path: Path
) -> None:
    data_dir = settings.data_dir
    assert "/verify/trust" in pages.get("/verify").links().values()
    assert "There is none yet" in pages.get("/verify/trust").text
    assert pages.client.get("/verify/trust/root.pem").status_code == 404
    root = Authority.open(data_dir, demo=True).root_pem
    world.agreement_in("first_look")
    audit_log.keep_log(world.ctx, due=True)
    earlier, clock = (Authority.open(tmp_path / name, demo=True).root_pem for name in ("earlier", "clock"))
    (data_dir / "root-earlier.pem").write_bytes(earlier)
    (data_dir / "stamp-roots.pem").write_bytes(clock)

    page = pages.get("/verify/trust")
    shown = "".join(page.text.split())
    for each in (root, earlier, clock):
        assert hashlib.sha256(PEM_cert_to_DER_cert(each.decode().strip())).hexdigest().upper() in shown
    found = read_published(data_dir)
    assert found.log_key in page.text
    for name, holds in {"root.pem": root, "root-earlier.pem": earlier, "stamp-roots.pem": clock}.items():
        answer = pages.client.get(f"/verify/trust/{name}")
        assert answer.data.split() == holds.split()
        assert answer.headers["Cache-Control"] == "no-store"
        assert "attachment" in answer.headers["Content-Disposition"]
    assert b"BEGIN PUBLIC KEY" in pages.client.get("/verify/trust/log-key.pem").data
    assert pages.client.get("/verify/trust/log-key.txt").text.strip() == found.log_key
    assert "/verify/trust" in pages.get("/checkpoints").links().values()
    assert pages.client.get("/verify/trust/key.pem").status_code == 404
    assert not re.search("DSA-2026", page.html)


def test_looking_it_up_is_limited_as_checking_is(world: World, pages: PageClient) -> None:
    answers = [pages.client.get("/verify/trust").status_code for _ in range(31)]
    assert answers == [200] * 30 + [429]


def test_a_damaged_file_closes_no_page(world: World, pages: PageClient, settings: Settings) -> None:
    (settings.data_dir / "root-earlier.pem").write_text("-----BEGIN CERTIFICATE-----\nno\n")
    assert "This service has published no earlier one." in pages.get("/verify/trust").text


@pytest.mark.browser
def test_what_has_to_be_trusted_fits_a_telephone(world: World, settings: Settings, visitor: chromium.Page) -> None:
    Authority.open(settings.data_dir, demo=True)
    world.agreement_in("first_look")
    audit_log.keep_log(world.ctx, due=True)
    visitor.set_viewport_size({"width": 375, "height": 800})
    for path in ("/checkpoints", "/verify/trust"):
        visitor.goto(path)
        chromium.assert_no_sideways_scroll(visitor)
        chromium.assert_accessible(visitor)
    visitor.goto("/checkpoints")
    assert visitor.get_by_role("region", name="Checkpoints, newest first").count() == 1
