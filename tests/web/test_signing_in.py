"""Signing in as a demo post or with an account; staying signed in; confirming before a signature."""

from dataclasses import replace
from datetime import date

import pytest
from flask import Flask

from dsa.config import Settings
from dsa.web import create_app
from dsa.web.access import person as who_is_signed_in
from dsa.web.access import requires, signed_in
from dsa.web.composition import Services
from dsa.web.signin import safe_next
from tests.conftest import SettableClock
from tests.web import chromium
from tests.web.page_client import PageClient
from tests.web.people import person

LEGAL = "Legal adviser, Department for Work and Pensions"
BUTTON = "Legal adviser (Department for Work and Pensions)"
PASSWORD = "four unlikely words together"


@pytest.fixture
def legal(services: Services) -> int:
    return person(services.database)


@pytest.fixture
def app(app: Flask) -> Flask:
    """With two pages of the tests' own: one for anybody signed in, one for auditors."""

    @signed_in
    def private() -> str:
        return f"{who_is_signed_in().name}|{who_is_signed_in().confirmed_at is not None}"

    @requires("auditor")
    def for_auditors() -> str:
        return "the audit"

    app.add_url_rule("/private", "private", private, methods=["GET", "POST"])
    app.add_url_rule("/for-auditors", "for_auditors", for_auditors)
    return app


@pytest.fixture
def with_passwords(app: Flask, services: Services, settings: Settings) -> PageClient:
    """An installation that is not a demonstration, with one account."""
    person(services.database, password=PASSWORD)
    real = replace(services, settings=replace(settings, demo=False))
    return PageClient(create_app(real.settings, services=real))


def inside(pages: PageClient) -> str | None:
    """What the private page says, or None where it asks to sign in."""
    response = pages.client.get("/private")
    return response.text if response.status_code == 200 else None


def test_a_visitor_becomes_a_post_with_one_press_of_a_button(pages: PageClient, legal: int) -> None:
    page = pages.get("/sign-in")
    assert "Department for Work and Pensions" in page.text
    pages.press(BUTTON)
    assert inside(pages) == f"{LEGAL}|False"


def test_a_link_lands_on_its_page_after_signing_in(pages: PageClient, legal: int) -> None:
    page = pages.get("/confirm?next=/about/cookies")
    assert page.h1 == "Choose who to be"
    pages.press(BUTTON)
    assert pages.page is not None
    assert pages.page.h1 == "Confirm who you are"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:alert(1)",
        "/a\r\nX: y",
        "",
        None,
    ],
)
def test_nobody_is_sent_to_another_site_after_signing_in(elsewhere: str | None) -> None:
    assert safe_next(elsewhere) == "/"
    assert safe_next("/tasks/7?tab=text") == "/tasks/7?tab=text"


def test_the_cookie_holds_a_random_value_of_which_only_the_hash_is_stored(
    pages: PageClient, legal: int, services: Services
) -> None:
    pages.sign_in(legal)
    cookie = pages.client.get_cookie("dsa")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert len(cookie.value) >= 43
    with services.database.engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT id FROM sign_ins").scalars().all()
    assert cookie.value not in stored
    assert len(stored) == 1


def test_over_https_the_cookie_is_bound_to_the_host_and_to_https(services: Services, settings: Settings) -> None:
    safe = replace(services, settings=replace(settings, base_url="https://agreements.example.gov.uk"))
    client = create_app(safe.settings, services=safe).test_client()
    pages = PageClient(create_app(safe.settings, services=safe))
    who = person(services.database)
    with client.session_transaction(base_url="https://agreements.example.gov.uk"):
        pass
    pages.app.config["WTF_CSRF_ENABLED"] = False
    response = pages.client.post("/sign-in/demo", data={"person": who}, base_url="https://agreements.example.gov.uk")
    cookie = next(value for value in response.headers.getlist("Set-Cookie") if value.startswith("__Host-dsa="))
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert "max-age" in response.headers["Strict-Transport-Security"]


def test_each_sign_in_has_a_new_id_and_the_old_one_ends(pages: PageClient, legal: int) -> None:
    pages.sign_in(legal)
    first = pages.client.get_cookie("dsa")
    pages.sign_in(legal)
    second = pages.client.get_cookie("dsa")
    assert first is not None
    assert second is not None
    assert first.value != second.value
    pages.client.set_cookie("dsa", first.value)
    assert inside(pages) is None


def test_half_an_hour_without_use_signs_out_and_says_that_drafts_are_kept(
    pages: PageClient, legal: int, true_clock: SettableClock
) -> None:
    pages.sign_in(legal)
    for _ in range(3):
        true_clock.advance(minutes=29)
        assert inside(pages) is not None
    true_clock.advance(minutes=31)
    page = pages.get("/confirm")
    assert "Your drafts are saved" in page.text


def test_after_twelve_hours_one_signs_in_again_however_busy(
    pages: PageClient, legal: int, true_clock: SettableClock
) -> None:
    pages.sign_in(legal)
    for _ in range(26):
        true_clock.advance(minutes=27)
        assert inside(pages) is not None
    true_clock.advance(minutes=27)
    assert inside(pages) is None


def test_moving_the_demo_clock_signs_nobody_out(pages: PageClient, legal: int, clock: SettableClock) -> None:
    pages.sign_in(legal)
    clock.advance(days=30)
    assert inside(pages) is not None


def test_signing_out_ends_the_sign_in_for_good(pages: PageClient, legal: int) -> None:
    page = pages.sign_in(legal)
    cookie = pages.client.get_cookie("dsa")
    assert page.h1 == "Cookies"
    assert pages.press("Sign out").h1 == "You are signed out"
    assert cookie is not None
    pages.client.set_cookie("dsa", cookie.value)
    assert inside(pages) is None


def test_a_page_for_other_roles_says_so(pages: PageClient, legal: int, services: Services) -> None:
    pages.sign_in(legal)
    assert "another role" in pages.get("/for-auditors", status=403).text
    pages.sign_in(person(services.database, "Auditor", role="auditor", organisation="Audit Office", code="AO"))
    assert pages.client.get("/for-auditors").text == "the audit"


def test_a_post_that_ended_gives_no_rights(pages: PageClient, services: Services) -> None:
    former = person(services.database, "Auditor", role="auditor", ends_on=date(2026, 10, 30))
    pages.sign_in(former)
    pages.get("/for-auditors", status=403)


def test_sending_a_form_after_the_sign_in_ended_asks_to_sign_in(pages: PageClient) -> None:
    response = pages.client.post("/private", data={"csrf_token": pages.token()})
    assert response.status_code == 303
    assert response.headers["Location"] == "/sign-in"


def test_demo_people_exist_only_in_demo_mode(with_passwords: PageClient, services: Services) -> None:
    somebody = person(services.database, "Data owner", role="data_owner")
    page = with_passwords.post("/sign-in/demo", {"person": somebody})
    assert page.h1 == "Sign in"
    assert with_passwords.client.get_cookie("dsa") is None


def test_in_demo_mode_one_cannot_become_a_real_account(pages: PageClient, services: Services) -> None:
    real = person(services.database, password=PASSWORD)
    assert "demonstration people" in pages.post("/sign-in/demo", {"person": real}, status=403).text
    assert "Choose who to be." in pages.post("/sign-in/demo", status=422).errors


def test_an_account_signs_in_with_email_and_password(with_passwords: PageClient) -> None:
    with_passwords.get("/sign-in?next=/about/cookies")
    page = with_passwords.press("Sign in", email=" Legal-Adviser-DWP@example.gov.uk ", password=PASSWORD)
    assert page.h1 == "Cookies"
    assert LEGAL in page.html


def test_a_wrong_password_and_an_unknown_person_look_the_same(with_passwords: PageClient) -> None:
    with_passwords.get("/sign-in")
    known = with_passwords.press("Sign in", email="legal-adviser-dwp@example.gov.uk", password="wrong", status=422)
    unknown = with_passwords.press("Sign in", email="nobody@example.gov.uk", password="wrong", status=422)
    assert known.errors == unknown.errors
    assert known.title.startswith("Error: ")


def test_an_unknown_person_costs_as_much_hashing_as_a_known_one(
    with_passwords: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str | None] = []
    passwords = with_passwords.app.extensions["dsa"].passwords
    really = passwords._hasher.verify
    monkeypatch.setattr(
        passwords,
        "_hasher",
        type(
            "Counting",
            (),
            {
                "verify": lambda self, stored, password: checked.append(stored) or really(stored, password),
                "check_needs_rehash": lambda self, stored: False,
            },
        )(),
    )
    with_passwords.post("/sign-in", {"email": "nobody@example.gov.uk", "password": "x"}, status=422)
    with_passwords.post("/sign-in", {"email": "legal-adviser-dwp@example.gov.uk", "password": "x"}, status=422)
    assert len(checked) == 2
    assert all(checked)


def test_after_ten_attempts_one_waits_a_quarter_of_an_hour(
    with_passwords: PageClient, true_clock: SettableClock
) -> None:
    attempt = {"email": "legal-adviser-dwp@example.gov.uk", "password": "wrong"}
    for _ in range(10):
        with_passwords.post("/sign-in", attempt, status=422)
    page = with_passwords.post("/sign-in", {**attempt, "password": PASSWORD}, status=429)
    assert "Wait 15 minutes" in page.text
    assert page.response.headers["Retry-After"] == "900"
    true_clock.advance(minutes=16)
    with_passwords.post("/sign-in", {**attempt, "password": PASSWORD, "next": "/about/cookies"})


def test_confirming_by_choosing_ones_post_again_gives_a_new_id(
    pages: PageClient, legal: int, services: Services
) -> None:
    other = person(services.database, "Data owner", role="data_owner")
    pages.sign_in(legal)
    before = pages.client.get_cookie("dsa")
    pages.get("/confirm?next=/about/cookies")
    assert "not your post" in pages.press("Confirm and continue", person=other, status=422).errors[0]
    assert pages.press("Confirm and continue", status=422).errors == ["Choose the post that you are acting in."]
    assert inside(pages) == f"{LEGAL}|False"
    assert pages.press("Confirm and continue", person=legal).h1 == "Cookies"
    assert inside(pages) == f"{LEGAL}|True"
    after = pages.client.get_cookie("dsa")
    assert before is not None
    assert after is not None
    assert before.value != after.value


def test_five_wrong_confirmations_end_the_sign_in(with_passwords: PageClient) -> None:
    with_passwords.post(
        "/sign-in", {"email": "legal-adviser-dwp@example.gov.uk", "password": PASSWORD, "next": "/confirm"}
    )
    for _ in range(5):
        with_passwords.press("Confirm and continue", password="wrong", status=422)
    with_passwords.press("Confirm and continue", password=PASSWORD, status=429)
    assert with_passwords.get("/confirm").h1 == "Sign in"


def test_a_closed_account_is_out_at_once(pages: PageClient, legal: int, services: Services) -> None:
    pages.sign_in(legal)
    assert inside(pages)
    with services.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE people SET active = false")
    assert inside(pages) is None


def test_a_closed_account_cannot_sign_in_and_is_not_told_that_it_exists(
    with_passwords: PageClient, services: Services
) -> None:
    with services.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE people SET active = false")
    page = with_passwords.post(
        "/sign-in", {"email": "legal-adviser-dwp@example.gov.uk", "password": PASSWORD}, status=422
    )
    assert page.errors == ["The email address or the password is not right. Check both and try again."]


def test_a_form_token_from_before_signing_in_is_worth_nothing_afterwards(pages: PageClient, legal: int) -> None:
    before = pages.token()
    pages.client.post("/sign-in/demo", data={"csrf_token": before, "person": legal})
    assert pages.client.post("/sign-out", data={"csrf_token": before}).status_code == 400
    assert inside(pages)


@pytest.mark.browser
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_signing_in_and_confirming_in_a_real_browser(visitor: chromium.Page, legal: int, app: Flask) -> None:
    visitor.goto("/sign-in?next=/confirm%3Fnext%3D/about/privacy")
    chromium.assert_accessible(visitor)
    visitor.get_by_role("button", name=BUTTON).click()
    visitor.get_by_role("button", name="Confirm and continue").click()
    assert visitor.title().startswith("Error: ")
    chromium.assert_accessible(visitor)
    visitor.get_by_label(LEGAL).check()
    visitor.get_by_role("button", name="Confirm and continue").click()
    assert visitor.get_by_role("heading", level=1).inner_text() == "Privacy"
    visitor.get_by_role("button", name="Sign out").click()
    assert visitor.get_by_role("heading", level=1).inner_text() == "You are signed out"
