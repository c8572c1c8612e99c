"""Pages of an agreement that is followed here: how it stands, joining the workflow, papers that only download."""

import io

from tests.web.page_client import PageClient
from tests.web.test_importing import COLUMNS, SHEET, lead, send
from tests.web.world import World


def tracked(pages: PageClient, world: World) -> str:
    """The address of an agreement that was imported; the Student Loans Company has it."""
    lead(pages, world)
    rows = SHEET.splitlines()
    send(pages, "\n".join([*rows[:2], *rows[3:]]).encode())
    pages.press("Save and continue", COLUMNS)
    pages.press("Save and continue")
    pages.press("Import")
    return pages.follow("Council tax reduction").path


def test_whoever_has_it_says_from_my_tasks_how_it_stands(pages: PageClient, world: World) -> None:
    at = tracked(pages, world)
    pages.sign_in(world.person("SLC", "drafter"))
    pages.get("/tasks")
    page = pages.follow("Say how it stands")
    assert page.path == f"{at}/stands"
    page = pages.press("Record how it stands", {"holder": "-outside", "outside": "system"}, status=422)
    assert page.errors == ["Name the body that has it: time is always somebody's."]
    page = pages.press(
        "Record how it stands",
        {"stage": "board", "holder": "-outside", "outside": "Treasury board", "due-day": "1", "due-month": "3",
         "due-year": "2027", "note": "They meet monthly."},
    )  # fmt: skip
    assert "How it stands is recorded." in page.text
    assert "Treasury board: before the board" in page.text
    assert "1 March 2027" in page.text
    assert "Reported how it stands: Board or minister, with Treasury board" in pages.get(f"{at}/timeline").text
    assert "You cannot let this join the workflow." in pages.get(f"{at}/join").text


def test_it_joins_at_drafting_and_not_where_its_text_is_missing(pages: PageClient, world: World) -> None:
    at = tracked(pages, world)
    pages.get(f"{at}/join")
    page = pages.press("Join the workflow", {"stage": "review"}, status=422)
    assert "The text is not complete here" in page.errors[0]
    page = pages.press("Join the workflow", {"stage": "drafting"})
    assert "The agreement has joined the workflow." in page.text
    assert "Its first dates were reported when it was imported." in page.text
    assert "Say how it stands" not in page.links()
    assert "in the workflow here" in pages.get(f"{at}/stands").text


def test_a_paper_is_attached_and_only_ever_saved(pages: PageClient, world: World) -> None:
    at = tracked(pages, world)
    pages.get(f"{at}/papers")
    page = pages.post(f"{at}/papers", {"paper": (io.BytesIO(b"%PDF-1.7"), "x.pdf")}, status=422)
    assert page.errors == ["Choose who may read it"]
    page = pages.post(f"{at}/papers", {"paper": (io.BytesIO(b"<html>"), "x.pdf"), "shared": "own"}, status=422)
    assert page.errors == ["This is neither a PDF nor a Word document (DOCX), whatever its name says."]
    sent = {"paper": (io.BytesIO(b"%PDF-1.7 ours"), "Ours – signed.pdf"), "shared": "own", "seen": world.seen(at[12:])}
    page = pages.post(f"{at}/papers", sent)
    assert "Your side only" in page.text
    answer = pages.client.get(page.links()["Ours – signed.pdf"])
    assert answer.data == b"%PDF-1.7 ours"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    pages.sign_in(world.person("SLC", "drafter"))
    assert "Ours – signed.pdf" not in pages.get(at).text
    assert pages.client.get(page.links()["Ours – signed.pdf"]).status_code == 404
    pages.sign_in(world.person("DWP", "drafter"))
    pages.get(at, status=404)


def test_the_task_s_own_address_records_no_decision(pages: PageClient, world: World) -> None:
    at = tracked(pages, world)
    (key,) = world.open_tasks(at[12:])
    pages.sign_in(world.person("SLC", "drafter"))
    assert pages.get(f"{at}/tasks/{key}").path == f"{at}/stands"
    for path, sent in ((f"{at}/tasks/{key}", {"outcome": "done"}), (f"{at}/moves/take_back", {})):
        answer = pages.client.post(path, data={"csrf_token": pages.token(), **sent})
        assert answer.status_code in (403, 404, 405, 409, 422), path
    assert world.open_tasks(at[12:]) == [key]


def test_a_due_day_that_is_years_ahead_is_asked_about_where_it_is_typed(pages: PageClient, world: World) -> None:
    at = tracked(pages, world)
    page = pages.get(f"{at}/stands")
    assert not page.by_class("govuk-checkboxes")
    typed = {"stage": "board", "holder": "SLC", "due-day": "1", "due-month": "3", "due-year": "2030"}
    page = pages.press("Record how it stands", typed, status=422)
    asked = "This due day is 3 years ahead: is it right? Correct it, or say that it is right."
    assert page.errors == [asked]
    assert page.by_class("govuk-error-summary")[0].find(".//a").get("href") == "#due-year"  # type: ignore[union-attr]
    page = pages.press("Record how it stands", {"due-year": "2036"}, status=422)
    assert page.errors[0].endswith("Bank holidays are known until 31 December 2031, so the working days up to it "
                                   "cannot be counted.")  # fmt: skip
    page = pages.press("Record how it stands", {"sure": "yes"})
    assert "How it stands is recorded." in page.text
    assert "1 March 2036" in page.text
    pages.get(f"{at}/stands")
    assert "How it stands is recorded." in pages.press("Record how it stands", {"note": "Still so."}).text
    for path in ("", "/timeline", "/timetable"):
        pages.get(f"{at}{path}")
    pages.get(f"{at}/stands")
    page = pages.press("Record how it stands", {"holder": "SLC", "due-year": "2099"}, status=422)
    assert page.errors == ["The due day cannot be right. Check its year."]
    page = pages.press("Record how it stands", {"due-year": "2027", "happened-day": "1", "happened-month": "3",
                                                "happened-year": "2027"}, status=422)  # fmt: skip
    assert page.errors == ["The day on which this happened cannot be in the future."]
    assert page.by_class("govuk-error-summary")[0].find(".//a").get("href") == "#happened-day"  # type: ignore[union-attr]
