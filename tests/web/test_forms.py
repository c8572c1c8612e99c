"""What people type becomes values, or a sentence at the right input."""

from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask, render_template_string
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from dsa.config import Settings
from dsa.web import create_app
from dsa.web.forms import DateParts, FieldError, Submitted, as_items, read_date


@pytest.fixture(autouse=True)
def _words(request: pytest.FixtureRequest) -> Iterator[None]:
    app = Flask("words")
    Babel(app)
    with app.test_request_context():
        yield


def typed(day: str = "", month: str = "", year: str = "") -> DateParts:
    return read_date(
        MultiDict({"start-day": day, "start-month": month, "start-year": year}), "start", label="Start date"
    )


@pytest.mark.parametrize("month", ["3", "03", "March", "mar", "MAR."])
def test_a_month_is_a_number_or_a_name(month: str) -> None:
    assert typed("27", month, "2027").value == date(2027, 3, 27)


@pytest.mark.parametrize(
    ("boxes", "says", "at"),
    [
        (("27", "3", ""), "Start date must include a year", "year"),
        (("", "3", "2027"), "Start date must include a day", "day"),
        (("27", "", ""), "Start date must include a month and a year", "month"),
        (("27", "13", "2027"), "Start date must be a real date", "month"),
        (("31", "6", "2027"), "Start date must be a real date", "day"),
        (("0", "6", "2027"), "Start date must be a real date", "day"),
        (("x", "6", "2027"), "Start date must be a real date", "day"),
        (("1", "6", "27"), "Start date: the year must include 4 numbers", "year"),
        (("1", "6", "0000"), "Start date must be a real date", "day"),
        (("1", "6", "２０２７"), "Start date: the year must include 4 numbers", "year"),
    ],
)
def test_a_date_says_which_part_is_wrong(boxes: tuple[str, str, str], says: str, at: str) -> None:
    parts = typed(*boxes)
    assert (parts.value, parts.error, parts.bad) == (None, says, at)
    assert (parts.day, parts.month, parts.year) == boxes


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_no_three_boxes_break_the_reading_of_a_date(day: str, month: str, year: str) -> None:
    app = Flask("words")
    Babel(app)
    with app.test_request_context():
        parts = typed(day, month, year)
    assert parts.value is None or parts.error is None


def test_a_date_keeps_its_boxes() -> None:
    assert typed().is_empty
    assert DateParts.of(date(2027, 3, 1)) == DateParts("1", "3", "2027", date(2027, 3, 1))


def test_errors_come_in_the_order_of_the_page_one_for_each_field() -> None:
    form = Submitted(MultiDict({"count": "many", "end-day": "1", "long": "x" * 11}))
    assert form.text("title", label="Title", required="Enter a title") == ""
    assert form.whole_number("count", label="Number of people") is None
    assert form.choice("basis", {"a", "b"}, required="Choose a legal basis") is None
    form.date("end", label="End date")
    assert form.text("long", label="Purpose", limit=10) == "x" * 11
    form.wrong("title", "A second complaint")
    assert form.errors == [
        FieldError("title", "Enter a title"),
        FieldError("count", "Number of people must be a whole number, such as 40"),
        FieldError("basis", "Choose a legal basis"),
        FieldError("end-month", "End date must include a month and a year"),
        FieldError("long", "Purpose must be 10 characters or fewer. It has 11."),
    ]
    assert form.error_at("end") == "End date must include a month and a year"


def test_only_offered_choices_are_taken() -> None:
    form = Submitted(MultiDict([("who", "b"), ("who", "evil"), ("who", "a")]))
    assert form.choices("who", ["a", "b", "c"]) == ("a", "b")
    assert form.whole_number("none", label="Number") is None
    assert form.errors == []


def test_options_become_items_with_the_chosen_ones_marked() -> None:
    items = as_items([("a", "A"), (None, "or"), (2, "Two", "a hint")], 2)
    assert items == [
        {"value": "a", "text": "A", "checked": False},
        {"divider": "or"},
        {"value": "2", "text": "Two", "checked": True, "hint": {"text": "a hint"}},
    ]


def test_every_field_escapes_what_was_typed(settings: Settings) -> None:
    app = create_app(settings)
    evil = '"><script>alert(1)</script>'
    source = """{% import "components/fields.html" as f %}
    {{ f.text_input("a", evil, value=evil, hint=evil, error=evil) }}{{ f.textarea("b", evil, value=evil, limit=9) }}
    {{ f.radios("c", evil, [(evil, evil, evil)], value=evil) }}{{ f.checkboxes("d", evil, [(evil, evil)], (evil,)) }}
    {{ f.select("e", evil, [(evil, evil)], value=evil) }}{{ f.checkbox("g", evil) }}
    {{ f.button(evil, name="h", value=evil) }}
    {{ f.date_input("i", evil, parts, error=evil) }}{{ f.file_input("j", evil, hint=evil, accept=evil) }}
    {% call(row) f.table_rows("k", evil, 2, evil, hint=evil, error=evil) %}{{ evil }}{% endcall %}"""
    with app.test_request_context():
        html = app.jinja_env.from_string(source).render(evil=evil, parts=DateParts(evil, evil, evil))
        assert render_template_string("{{ evil }}", evil=evil)
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") >= 25
