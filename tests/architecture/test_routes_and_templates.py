"""Routes say who may use them; templates hide nothing from escaping and import nothing in vain."""

import re

import pytest
from flask import Flask

from dsa.config import Settings
from dsa.web import access, create_app
from tests.conftest import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# template -> why what it marks as safe is safe
SAFE: dict[str, str] = {}
# Endpoints that anybody may reach, so that adding one is a decision: endpoint -> in a word, why.
PUBLIC = {
    "static": "styles",
    "health.health": "load balancers",
    "checkpoints.show": "checkpoints tell how many events there are, not of what",
    "checkpoints.one": "the same",
    "checkpoints.text": "the same",
    "checkpoints.as_json": "the same",
    "checkpoints.consistency": "the same",
    "trust.show": "what has to be trusted to check a document",
    "trust.as_file": "the same",
    "signin.choose": "before signing in",
    "signin.sign_in": "before signing in",
    "signin.sign_in_demo": "before signing in",
    "signin.sign_out": "harmless",
    "signin.signed_out": "after signing out",
    "home.start": "says what the service is for",
    "demo.continue_as": "demo mode only",
    "demo.move_clock": "demo mode only",
    "verifying.check": "whoever holds a document may check it",
    "verifying.check_file": "whoever holds a document may check it",
    "verifying.check_code": "whoever holds a document may check it",
    "indicators.show": "how long agreements take",
    "indicators.as_file": "how long agreements take",
    "indicators.as_json": "how long agreements take",
    "about.accessibility": "statement",
    "about.privacy": "statement",
    "about.cookies": "statement",
}


@pytest.fixture
def application(settings: Settings) -> Flask:
    return create_app(settings)


def test_every_route_says_who_may_use_it(application: Flask) -> None:
    access.check_access(application)


def test_the_service_does_not_start_with_a_route_that_is_silent(application: Flask) -> None:
    application.add_url_rule("/silent", "silent", lambda: "")
    with pytest.raises(RuntimeError, match="silent"):
        access.check_access(application)


def test_a_route_for_everybody_is_a_decision_on_a_list(application: Flask) -> None:
    declared = {
        rule.endpoint: access.access_of(application, rule.endpoint) for rule in application.url_map.iter_rules()
    }
    open_ones = {endpoint for endpoint, access_ in declared.items() if access_ is not None and access_.kind == "public"}
    assert open_ones == set(PUBLIC)


def test_a_change_is_never_sent_by_a_link(application: Flask) -> None:
    """An address is either looked at or acted on: no view takes both GET and a changing method."""
    both = [
        rule.rule
        for rule in application.url_map.iter_rules()
        if rule.methods and "GET" in rule.methods and rule.methods & {"POST", "PUT", "PATCH", "DELETE"}
    ]
    assert both == []


def test_every_template_is_one_that_jinja_understands(application: Flask) -> None:
    for path in TEMPLATES:
        application.jinja_env.get_template(path.relative_to(ROOT / "templates").as_posix())


def test_nothing_is_marked_safe_outside_the_list() -> None:
    marking = re.compile(r"\|\s*safe\b|\bMarkup\b|autoescape\s+false")
    found = {path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES if marking.search(path.read_text())}
    assert found == set(SAFE)


def test_no_template_imports_what_it_does_not_use() -> None:
    unused = []
    for path in TEMPLATES:
        text = path.read_text()
        for names in re.findall(r"\{%-?\s*from\s+\S+\s+import\s+([^%]+?)(?:\s+with context)?\s*-?%\}", text):
            for name in (each.split(" as ")[-1].strip() for each in names.split(",")):
                if len(re.findall(rf"\b{re.escape(name)}\b", text)) < 2:
                    unused.append(f"{path.name}: {name}")
    assert unused == []


def test_no_template_has_inline_styles_or_scripts() -> None:
    inline = re.compile(r"\sstyle=|<style|\son[a-z]+=\"|<script(?![^>]*nonce)")
    documents = {"document", "journey"}  # files of their own, not pages under the content policy
    pages = [path for path in TEMPLATES if not documents & set(path.parts)]
    assert [path.name for path in pages if inline.search(path.read_text())] == []
