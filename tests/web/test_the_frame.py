"""The frame of every page: titles, errors, headers, health."""

import pytest
from flask import Flask

from dsa.domain import errors
from dsa.web.access import public
from dsa.web.limits import limited
from tests.conftest import SettableClock
from tests.web import chromium
from tests.web.page_client import PageClient


def raising(app: Flask, problem: Exception) -> None:
    @public("a test's own route")
    def view() -> str:
        raise problem

    app.add_url_rule("/raising", "raising", view, methods=["GET", "POST"])


@pytest.mark.parametrize(
    "path", ["/sign-in", "/signed-out", "/about/accessibility", "/about/privacy", "/about/cookies"]
)
def test_public_pages_are_good_pages(pages: PageClient, path: str) -> None:
    pages.get(path)


def test_a_missing_page_says_so_in_the_services_name(pages: PageClient) -> None:
    page = pages.get("/nowhere", status=404)
    assert page.h1 == "Page not found"
    assert page.title == "Page not found - Data-sharing agreements"
    assert "/" in page.links().values()


def test_a_wrong_method_says_which_are_right(pages: PageClient) -> None:
    page = pages.post("/about/privacy", status=405)
    assert "GET" in page.response.headers["Allow"]


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (errors.NotFound("There is no such agreement. Check the reference."), 404),
        (errors.NotAllowed("Only the legal adviser may do this. Ask them."), 403),
        (errors.Conflict("The data owner approved it first. Look again."), 409),
        (errors.Refused("The review is not finished. Wait for it."), 422),
        (errors.BadInput("The date is not a date. Write it as 27 3 2027."), 400),
        (errors.Problem("Something else. Try again."), 422),
    ],
)
def test_each_problem_becomes_a_page_with_its_own_sentence(
    app: Flask, pages: PageClient, problem: errors.Problem, status: int
) -> None:
    raising(app, problem)
    assert str(problem) in pages.get("/raising", status=status).text


def test_an_unexpected_error_gives_a_reference_that_the_log_has_too(
    app: Flask, pages: PageClient, caplog: pytest.LogCaptureFixture
) -> None:
    raising(app, ZeroDivisionError("secret inner detail"))
    page = pages.get("/raising", status=500)
    reference = page.by_class("dsa-digest")[0].text
    assert reference
    assert reference in caplog.text
    assert "secret inner detail" not in page.html


def test_a_form_without_its_token_is_refused_with_an_explanation(pages: PageClient) -> None:
    page = pages._answered(pages.client.post("/sign-in", data={"email": "a"}), "/sign-in", 400)
    assert "too long" in page.h1


def test_a_form_from_another_site_is_refused_even_with_a_token(pages: PageClient) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
        response = pages.client.post("/sign-in", data={"csrf_token": pages.token()}, headers=headers)
        assert response.status_code == 403


def test_too_large_a_form_is_refused_with_the_limit(pages: PageClient) -> None:
    response = pages.client.post("/sign-in", data=b"x" * (13 * 1024 * 1024))
    assert response.status_code == 413
    assert "10 MB" in response.text


def test_another_host_name_is_refused_and_not_repeated(pages: PageClient) -> None:
    response = pages.client.get("/sign-in", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "evil" not in response.text


def test_errors_under_the_api_are_json(pages: PageClient) -> None:
    response = pages.client.get("/api/v1/nowhere")
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert response.get_json(force=True)["status"] == 404


def test_health_is_told_in_json(pages: PageClient) -> None:
    response = pages.client.get("/health")
    assert response.status_code == 200
    assert response.json is not None
    assert {"database": "ok", "jobs": "ok"}.items() <= response.json.items()
    assert response.json["version"]


def test_health_says_when_the_database_is_behind(app: Flask, pages: PageClient) -> None:
    with app.extensions["dsa"].database.writing() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    response = pages.client.get("/health")
    assert response.status_code == 503
    assert response.json is not None
    assert "dsa db upgrade" in response.json["database"]


def test_styles_may_be_kept_by_browsers_but_pages_may_not(pages: PageClient) -> None:
    with pages.client.get("/static/dsa.css?v=1") as style:
        assert "immutable" in style.headers["Cache-Control"]
    assert pages.client.get("/sign-in").headers["Cache-Control"] == "no-store"


def test_a_costly_page_can_be_asked_for_only_so_often(app: Flask, pages: PageClient, true_clock: SettableClock) -> None:
    @public("a test's own route")
    @limited("costly", times=2, minutes=1)
    def costly() -> str:
        return "done"

    app.add_url_rule("/costly", "costly", costly)
    assert [pages.client.get("/costly").status_code for _ in range(3)] == [200, 200, 429]
    assert "Wait a minute" in pages.get("/costly", status=429).text
    true_clock.advance(minutes=2)
    assert pages.client.get("/costly").status_code == 200


@pytest.mark.browser
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", ["/sign-in", "/about/cookies", "/nowhere"])
def test_the_frame_is_accessible_in_a_real_browser(visitor: chromium.Page, path: str) -> None:
    visitor.goto(path)
    chromium.assert_accessible(visitor)
    visitor.set_viewport_size({"width": 320, "height": 640})
    chromium.assert_no_sideways_scroll(visitor)
