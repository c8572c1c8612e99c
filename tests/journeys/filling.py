"""Filling the form of an agreement in a browser from answers as a file holds them.

One rule: every value goes through the input that a person would use.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from playwright.sync_api import Page

from dsa.domain.form import Form, Question, Shape

Typed = tuple[str, str]  # the name of an input, and what is typed or chosen there


def typed(question: Question, value: Any) -> Iterator[Typed]:
    """What a person types and chooses for one answer, input by input."""
    if question.per_party:
        for party, own in value.items():
            yield from _typed(question.shape, f"{question.key}-{party}", own)
    else:
        yield from _typed(question.shape, question.key, value)


def _typed(shape: Shape, name: str, value: Any) -> Iterator[Typed]:
    if shape.type == "table":
        for number, row in enumerate(value):
            yield from _parts(shape, f"{name}-{number}", row)
    elif shape.type == "record":
        yield from _parts(shape, name, value if isinstance(value, Mapping) else {shape.columns[0].key: value})
    elif shape.type == "people":
        yield from ((f"{name}-{role}", post) for role, post in value.items())
    elif shape.type == "date":
        yield from _date(shape, name, value)
    elif shape.type == "duration":
        unit = {"D": "days", "W": "weeks", "M": "months", "Y": "years"}[value[-1]]
        yield name, f"{value[1:-1]} {unit}"
    elif shape.type == "reference":
        yield from _reference(name, value if isinstance(value, Mapping) else {"reference": value})
    elif shape.type == "multi" or shape.many:
        yield from ((name, each) for each in value)
    elif shape.type == "yesno":
        yield name, "yes" if value else "no"
    else:
        yield name, str(value)


def _reference(name: str, parts: Mapping[str, Any]) -> Iterator[Typed]:
    yield name, parts["reference"]
    yield from ((f"{name}-{part}", parts[part]) for part in ("version", "link") if parts.get(part))
    if parts.get("date"):
        yield from _date(Shape("date"), f"{name}-date", parts["date"])


def _parts(shape: Shape, name: str, row: Mapping[str, Any]) -> Iterator[Typed]:
    for column in shape.columns:
        if row.get(column.key) is not None:
            yield from _typed(column.shape, f"{name}-{column.key}", row[column.key])


def _date(shape: Shape, name: str, value: Any) -> Iterator[Typed]:
    if isinstance(value, Mapping):
        yield f"{name}-when", "after"
        yield f"{name}-after", value["after"]
        for unit in ("months", "days"):
            if value.get(unit):
                yield from ((f"{name}-number", str(value[unit])), (f"{name}-unit", unit))
        return
    if shape.relative:
        yield f"{name}-when", "fixed"
    year, month, day = value.split("-")
    yield from ((f"{name}-day", str(int(day))), (f"{name}-month", str(int(month))), (f"{name}-year", year))


def fill_section(page: Page, address: str, form: Form, section: str, answers: Mapping[str, Any]) -> None:
    """Fill a section and save it, as often as saving makes it ask one more question or offer one more row."""
    found = form.section(section)
    assert found is not None
    wanted = [(q.key, list(typed(q, answers[q.key]))) for q in found.questions if q.key in answers and not q.held_in]
    page.goto(address)
    for _ in range(12):
        waiting = [key for key, inputs in wanted if not _fill(page, inputs)]
        if not waiting:
            page.get_by_role("button", name="Save and come back later", exact=True).click()
            return
        more = next((key for key in waiting if page.locator(f"button[value='add:{key}']").count()), None)
        if more is not None:
            page.locator(f"button[value='add:{more}']").first.click()
        else:
            page.get_by_role("button", name="Save and come back later", exact=True).click()
            page.goto(address)
    raise AssertionError(f"{section} never asked for {waiting}")


def _fill(page: Page, inputs: list[Typed]) -> bool:
    """Fill what the page offers; False when it does not offer everything yet."""
    whole = True
    for name, value in inputs:
        field = page.locator(f"main [name='{name}']")
        if not field.count():
            whole = False
            continue
        kind = field.first.evaluate("element => element.type")
        if kind in ("radio", "checkbox"):
            folded = page.locator("main details:not([open])").filter(has=page.locator(f"[name='{name}']"))
            if folded.count():
                folded.first.locator("summary").click()
            page.locator(f"main [name='{name}'][value='{value}']").check(force=True)
        elif kind.startswith("select"):
            field.first.select_option(value)
        elif kind != "hidden":
            field.first.fill(value)
    return whole
