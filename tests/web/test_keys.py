"""The page of keys: for administrators only, what there is, what is to be rotated, and what to do without a signer."""

from dataclasses import replace

import pytest
from flask import Flask

from dsa.adapters.key_opening import open_authority
from dsa.services import audit_log
from tests.web.page_client import PageClient
from tests.web.world import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_an_administrator_sees_every_key_with_its_dates_and_where_it_is(world: World, pages: PageClient) -> None:
    world.agreement_in("first_look")
    audit_log.keep_log(world.ctx, due=True)
    pages.sign_in(world.person("HMRC", "administrator"))
    assert pages.get("/").links()["Keys and time stamps"] == "/keys"
    page = pages.get("/keys")
    assert page.h1 == "Keys and time stamps"
    for said in (
        "people",
        "seal",
        "timestamp-unit",
        "ECDSA P-256",
        "encrypted file people.p12",
        "Signs the checkpoints of the audit log",
        "Ed25519",
        "encrypted file checkpoint-key/key.pem",
        "Still on this machine",
    ):
        assert said in page.text
    assert "Take it away: dsa keys take-root-away" in page.text
    assert "embedded (local) time-stamp service" in page.text
    assert "No document is sealed yet" in page.text


def test_a_key_whose_time_has_come_is_said_first(world: World, pages: PageClient, true_clock) -> None:  # type: ignore[no-untyped-def]
    pages.sign_in(world.person("HMRC", "administrator"))
    pages.get("/keys")
    true_clock.advance(days=731)
    pages.sign_in(world.person("HMRC", "administrator"))
    assert "2 keys are to be rotated now." in pages.get("/keys").text


def test_nobody_else_sees_it(world: World, pages: PageClient) -> None:
    pages.sign_in(world.person("HMRC", "drafter"))
    pages.get("/keys", status=403)
    assert "Keys and time stamps" not in pages.get("/").links()


def test_without_the_signer_it_says_so_and_what_to_do(world: World, pages: PageClient, app: Flask) -> None:
    services = app.extensions["dsa"]
    app.extensions["dsa"] = replace(services, settings=replace(services.settings, signer="separate"))
    pages.sign_in(world.person("HMRC", "administrator"))
    page = pages.get("/keys")
    assert "The signing service does not answer." in page.text
    assert "start it with: dsa signer" in page.text


def test_the_root_that_is_away_is_in_order(world: World, pages: PageClient, app: Flask) -> None:
    authority = open_authority(app.extensions["dsa"].settings)
    for path in authority.root_dir.iterdir():
        path.unlink()
    pages.sign_in(world.person("HMRC", "administrator"))
    page = pages.get("/keys")
    assert "Every key is in order." in page.text
    assert "not on this machine" in page.text
