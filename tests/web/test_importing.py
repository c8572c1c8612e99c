"""Importing a sheet on screen: columns confirmed, dates and words asked about, problems by row and column."""

import io
import re

import openpyxl
import pytest

from dsa.adapters.sheet_process import SeparateSheetReader
from dsa.adapters.sheets import read_sheets
from dsa.domain.errors import BadInput
from dsa.persistence import imports
from tests.web.page_client import Page, PageClient
from tests.web.world import World

SHEET = """Ref,What,Partner,Status,Where,With,Started,Deadline,Signed
A1,Council tax reduction,SLC,open,Review,SLC,2026-03-02,2026-10-20,
A2,Old fraud pilot,DWP; Sea Council,signed,,,03/04/2025,,01/12/2025
A3,Older pilot,DWP,signed,,,2024-01-08,,2024-06-10
A4,Third,DWP,signed,,,2024-02-08,,2024-09-10
A5,Fourth,DWP,complete,,,8 March 2024,,2024-09-12
A6,Fifth,DWP,signed,,,2024-04-08,,2025-01-10
"""
COLUMNS = {"reference": "0", "title": "1", "parties": "2", "status": "3", "stage": "4", "holder": "5"}
COLUMNS |= {"started": "6", "due": "7", "ended": "8", "since": ""}


def send(pages: PageClient, data: bytes, name: str = "ours.csv", *, status: int = 200) -> str:
    """Upload a sheet; the address of the import."""
    page = pages.post("/imports", {"sheet": (io.BytesIO(data), name)}, status=status)
    return page.path.rsplit("/", 1)[0]


def lead(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("HMRC", "information_governance"))


def choose_columns(pages: PageClient) -> Page:
    """Confirm the columns: those that the headings suggest, and the others."""
    return pages.press("Save and continue", COLUMNS)


def test_from_a_sheet_to_tracked_agreements_and_a_baseline(pages: PageClient, world: World) -> None:
    lead(pages, world)
    at = send(pages, SHEET.encode())
    assert "Council tax reduction" in pages.get(f"{at}/columns").text
    page = choose_columns(pages)
    assert page.path == f"{at}/check"
    assert "Row 3: 03/04/2025 is 3 April 2025 or 4 March 2025" in page.text
    assert "Row 3: 01/12/2025 is 1 December 2025 or 12 January 2025" in page.text
    assert "Organisation: “Sea Council”" in page.text
    assert pages.post(f"{at}/take-in", status=422).errors == [
        "Some dates or words can be read in more than one way. Say how to read them first."
    ]
    page = pages.get(f"{at}/check")
    place = next(f.get("name") for f in page.tree.iter("input") if f.get("value") == "Sea Council").split("-")[1]
    page = pages.press("Save and continue", {"dates-started": "day", "dates-ended": "each", f"word-{place}": "-"})
    assert "Row 3: 01/12/2025" in page.text
    assert "3 April 2025 or" not in page.text
    page = pages.press("Save and continue", {"each-3:ended": "day"})
    assert "6 rows: 5 past agreements, 1 open agreement." in page.text
    assert "chosen by you" in page.text
    page = pages.press("Import")
    assert page.path == f"{at}/receipt"
    assert "This rests on 5 finished ones and 1 open ones, which are counted." in page.text
    assert "Half take" in page.text
    assert "85 of 100" in page.text
    page = pages.follow("Council tax reduction")
    assert "Dates as reported" in page.text
    assert "Student Loans Company: reviewing" in page.text
    assert "Overdue" in page.text
    assert {"Say how it stands", "Let it join the workflow", "Attach a paper"} <= set(page.links())
    assert "Review, dates as reported" in pages.get("/agreements").text
    assert "before it was followed here: who had it then is not known" in page.text
    world.count()
    days = pages.get("/time/days")
    assert "of 1 agreement, from before it was followed here, are left out: who had it then is not known." in days.text
    assert "There is nothing to add up here yet." in days.text
    assert "Not known: before it was followed here" in pages.client.get("/history.csv").text
    assert "ours.csv62 November 2026" in pages.get("/imports").text


def test_what_is_wrong_is_said_by_row_and_column_and_may_be_left_out(pages: PageClient, world: World) -> None:
    lead(pages, world)
    sheet = SHEET + "A7,Backwards,DWP,signed,,,2026-02-01,,2025-02-01\nA8,Never,DWP,signed,,,soon,,\n"
    sheet += "A1,Again,SLC,open,Review,,2026-01-05,,\nA9,Future,SLC,open,Review,,2031-01-05,,\n"
    send(pages, sheet.encode())
    page = choose_columns(pages)
    for row in (
        "8Signed2025-02-01 is before it started (2026-02-01).",
        "9Started“soon” is not a date. Write it as 2026-04-03 or 3 April 2026.",
        "9SignedIt is over, and the row does not say when it ended.",
        "10RefThe same reference stands in row 2. Keep one of them.",
        "11Started2031-01-05 is in the future or before 1990.",
    ):
        assert row in page.text, row
    assert "4 rows cannot be taken as they are" in page.text
    assert "Import" not in page.buttons()


def test_a_list_of_finished_ones_alone_is_warned_of(pages: PageClient, world: World) -> None:
    lead(pages, world)
    rows = SHEET.splitlines()
    send(pages, "\n".join([rows[0], *rows[3:]]).encode())
    choose_columns(pages)
    page = pages.press("Save and continue")
    assert "There is no open agreement in this sheet." in page.text
    assert "these times look shorter than they are" in pages.press("Import").text


def _workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _bomb() -> bytes:
    """A workbook whose sheet defines an entity that grows."""
    import zipfile

    packed, out = zipfile.ZipFile(io.BytesIO(_workbook(["Started"], ["x"]))), io.BytesIO()
    entity = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>'
    with zipfile.ZipFile(out, "w") as spoilt:
        for name in packed.namelist():
            data = packed.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = entity + data.split(b"?>", 1)[-1].replace(b">x<", b">&c;<")
            spoilt.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "at least one row"),
        (b"Ref,Started\n1,2026-01-01\n2,caf\xe9\n", "Line 3 has characters that are not UTF-8"),
        (b'Ref,Started\n1,"2026-01-01\n', "Line 2 cannot be read"),
        (b"Ref,Started\n", "at least one row"),
        (b"PK\x03\x04 not a workbook", "This XLSX file is damaged"),
        (b"\xd0\xcf\x11\xe0\x00\x00", "neither a CSV file in UTF-8 nor an XLSX file"),
        (b"a," * 61 + b"\n1\n", "Row 1 has more than 60 columns"),
        (b"a\n" + b"1\n" * 5_001, "It has 5,001 rows, and 5,000 can be read at once"),
    ],
)
def test_a_bad_file_is_refused_in_a_sentence(data: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=re.escape(says)):
        read_sheets(data)


def test_an_entity_bomb_is_refused_in_a_process_of_its_own_and_nothing_is_kept(pages: PageClient, world: World) -> None:
    lead(pages, world)
    page = pages.post("/imports", {"sheet": (io.BytesIO(_bomb()), "b.xlsx")}, status=422)
    assert "defines its own XML entities" in page.errors[0]
    page = pages.post("/imports", {"sheet": (io.BytesIO(b""), "b.xlsx")}, status=422)
    assert page.errors == ["The file “b.xlsx” is empty. Save the sheet again and choose that file."]
    assert "Nothing was imported yet" in pages.get("/imports").text


def test_a_sheet_that_takes_too_long_is_refused() -> None:
    with pytest.raises(BadInput, match="too large or too complicated"):
        SeparateSheetReader(seconds=0).read(b"a\n1\n")


def test_a_workbook_is_read_with_its_dates(pages: PageClient, world: World) -> None:
    from datetime import datetime

    lead(pages, world)
    at = send(pages, _workbook(["Reference", "Started"], ["=1+1", datetime(2026, 4, 3)]), "x.xlsx")
    assert "2026-04-03" in pages.get(f"{at}/columns").text


def test_others_can_neither_import_nor_look_into_an_import(pages: PageClient, world: World) -> None:
    lead(pages, world)
    at = send(pages, SHEET.encode())
    pages.sign_in(world.person("HMRC", "drafter"))
    pages.get(f"{at}/check", status=403)
    assert "is for the head of data sharing" in pages.get("/imports").text
    pages.sign_in(world.person("DWP", "information_governance"))
    for path in ("columns", "check", "receipt"):
        pages.get(f"{at}/{path}", status=404)
    pages.post(f"{at}/take-in", status=404)
    pages.post(f"{at}/drop", status=404)


def test_a_sheet_can_be_forgotten_before_it_is_imported(pages: PageClient, world: World) -> None:
    lead(pages, world)
    at = send(pages, SHEET.encode())
    assert "Nothing was imported yet" in pages.press("Forget this sheet").text
    pages.get(f"{at}/check", status=404)


MESSY = """Ref,Title,Partner,Stage,Waiting on,Start date,End date
B1,Given up,DWP,Withdrawn,,2024-01-08,2024-09-10
B2,Agreed by all,DWP,Agreed,,2024-01-08,2024-09-11
B3,Nobody wrote how,DWP,,,2024-01-08,2024-09-12
B4,Still in review,DWP,Review,DWP,2026-01-05,
B5,Odd word,DWP,Legal review,SLC,2026-01-05,
B6,Parked,DWP,On hold,DWP,2026-01-05,
B7,Nobody wrote who,DWP,Review,,2026-01-05,
B8,In review with an end,DWP,Review,,2024-01-08,2024-09-13
,Total,,,,,8
"""


def place_of(page: Page, typed: str) -> str:
    """The name of the list for the meaning of a word."""
    found = next(f.get("name") or "" for f in page.tree.iter("input") if f.get("value") == typed)
    return found.replace("typed", "word")


def taken(world: World, at: str) -> dict[str, str]:
    """The reference and status of every row that was taken in."""
    with world.ctx.database.reading() as session:
        return {case.reference: case.status for case in imports.cases_of(session, int(at.rsplit("/", 1)[1]))}


def test_an_end_date_alone_never_says_signed_and_the_words_of_the_stage_say_how_it_ended(
    pages: PageClient, world: World
) -> None:
    lead(pages, world)
    at = send(pages, MESSY.encode())
    page = pages.press("Save and continue")
    assert "9 rows: 2 past agreements, 1 open agreement, 5 wait for your answer, 1 is left out." in page.text
    assert "2 rows have an end date and do not say how they ended" in page.text
    assert "Row 4: Nobody wrote how" in page.text
    assert "Row 9: In review with an end" in page.text
    assert "1 open row does not say who has it" in page.text
    assert "Row 10, “Total”: It adds up other rows." in page.text
    assert "the row does not say where it stands" not in page.text
    assert "Over: withdrawn" in page.text
    answers = {"asked-how": "each", "asked-holder": "HMRC", place_of(page, "Legal review"): "+out"}
    page = pages.press("Save and continue", answers)
    assert "On hold in stage: “On hold”" in page.text
    pages.press("Save and continue", {place_of(page, "On hold"): "review"})
    assert "Some rows leave open" in pages.post(f"{at}/take-in", status=422).errors[0]
    pages.get(f"{at}/check")
    page = pages.press("Save and continue", {"each-4:how": "withdrawn", "each-9:how": "signed"})
    assert "9 rows: 4 past agreements, 3 open agreements, 2 are left out." in page.text
    assert "You said that such rows are left out." in page.text
    pages.press("Import")
    ended = {"B1": "withdrawn", "B2": "signed", "B3": "withdrawn", "B8": "signed"}
    assert taken(world, at) == ended | {"B4": "open", "B6": "open", "B7": "open"}


def test_a_status_and_a_stage_that_say_two_endings_are_not_taken(pages: PageClient, world: World) -> None:
    lead(pages, world)
    send(pages, b"Ref,Status,Stage,Start,End\nC1,Signed,Withdrawn,2024-01-08,2024-09-10\n")
    page = pages.press("Save and continue")
    assert "The status says “Signed” and the stage says “Withdrawn”. Correct one of the two." in page.text


def _register() -> bytes:
    """A workbook as people keep them: a merged title, group headings, merged cells in the body, a second worksheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Register"
    heads = ["Ref", "Title", "Partner", "Status", "Stage", "Waiting on", "Start date", "In stage since"]
    for row in (
        ["Register of data sharing agreements"],
        ["", "What", "", "", "Where", "", "Dates"],
        heads,
        ["R1", "First flow", "DWP", "open", "Review", "DWP", "2026-01-05", "2026-02-02"],
        ["R2", "Second flow", None, "open", "Review", "DWP", "2026-01-06", "=G5+30"],
        ["R3", "Third flow", None, "open", "Review", "DWP", "2026-01-07", 46_065],
    ):
        sheet.append(row)
    sheet.merge_cells("A1:H1")
    sheet.merge_cells("C4:C6")
    other = book.create_sheet("Old ones")
    for row in (
        ["Ref", "Title", "Status", "Started", "Ended"],
        ["Z1", "Old flow", "signed", "2024-01-08", "2024-06-10"],
    ):
        other.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_headings_under_a_title_are_found_and_merged_cells_keep_the_value_in_every_row(
    pages: PageClient, world: World
) -> None:
    lead(pages, world)
    at = send(pages, _register(), "register.xlsx")
    page = pages.get(f"{at}/columns")
    assert "The headings are in row 3" in page.text
    assert "The sheet has 3 rows." in page.text
    assert "The file has 2 worksheets. This is “Register”." in page.text
    page = pages.press("Save and continue")
    assert "a formula without a value. Open the sheet, save it again" in page.text
    assert "46065 is 12 February 2026 as a spreadsheet counts days" in page.text
    page = pages.press("Save and continue", {"dates-since#": "day"})
    assert "3 rows: 0 past agreements, 2 open agreements, 1 cannot be taken as it is." in page.text
    assert page.text.count("Department for Work and Pensions") >= 2 * 2
    assert "from a merged cell" in page.text
    assert "Other organisations10010" in page.text


def test_the_row_of_the_headings_and_the_worksheet_can_be_said(pages: PageClient, world: World) -> None:
    lead(pages, world)
    at = send(pages, _register(), "register.xlsx")
    page = pages.press("Read it so", {"heading": "2"})
    assert "The headings are in row 2" in page.text
    pages.post(f"{at}/layout", {"heading": "99"}, status=422)
    pages.post(f"{at}/layout", {"heading": "6"}, status=422)
    pages.post(f"{at}/layout", {"sheet": "7"}, status=422)
    pages.get(f"{at}/columns")
    page = pages.press("Read it so", {"sheet": "1"})
    assert "This is “Old ones”." in page.text
    assert "The headings are in row 1" in page.text
    page = pages.press("Save and continue")
    page = pages.press("Save and continue")
    assert "1 row: 1 past agreement, 0 open agreements." in page.text
    pages.press("Import")
    assert taken(world, at) == {"Z1": "signed"}


def test_a_column_written_day_first_and_month_first_is_warned_of(pages: PageClient, world: World) -> None:
    lead(pages, world)
    rows = ["Ref,Title,Status,Started,Ended"]
    days = ("14/03/2025", "12/25/2024", "03/04/2025")
    rows += [f"M{place},Flow {place},signed,{day},2025-12-01" for place, day in enumerate(days)]
    send(pages, "\n".join(rows).encode())
    page = pages.press("Save and continue")
    assert "14/03/2025 in row 2 has the day first, 12/25/2024 in row 3 has the month first." in page.text


def _large() -> bytes:
    """A workbook with a sheet of too many rows, one that goes on far below, a hidden one, and more than are read."""
    book = openpyxl.Workbook()
    book.active.title = "Register"
    book.active.append(["Ref", "Title", "Status", "Started", "Ended"])
    book.active.append(["Z1", "Old flow", "signed", "2024-01-08", "2024-06-10"])
    many, far, hidden = (book.create_sheet(name) for name in ("Many", "Far", "Hidden"))
    for number in range(5_301):
        many.append([f"M{number}"])
    for line in (1, 2, 20_500):
        far.cell(line, 1, "x")
    hidden.sheet_state = "hidden"
    for number in range(20):
        book.create_sheet(f"More {number}")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_worksheets_that_are_not_read_are_named_with_their_numbers_before_anything_is_confirmed(
    pages: PageClient, world: World
) -> None:
    lead(pages, world)
    at = send(pages, _large(), "large.xlsx")
    for page in (pages.get(f"{at}/columns"), pages.press("Save and continue")):
        assert "6 worksheets of this file are not read, and nothing of them will be imported" in page.text
        assert "“Many”: It has 5,300 rows, and 5,000 can be read at once." in page.text
        assert "“Far”: It has values down to row 20500, and 20000 rows can be read" in page.text
        assert "“Hidden”: It is hidden." in page.text
        for name in ("More 17", "More 18", "More 19"):
            assert f"“{name}”: Only the first 20 worksheets of a file are read" in page.text
        assert "“More 16”" not in page.text
    pages.get(f"{at}/columns")
    page = pages.press("Read it so", {"heading": "1"})
    assert "6 worksheets" in page.text


def test_nothing_is_said_of_worksheets_where_all_are_read(pages: PageClient, world: World) -> None:
    lead(pages, world)
    at = send(pages, _register(), "register.xlsx")
    assert "not read, and nothing" not in pages.get(f"{at}/columns").text


def test_a_due_day_that_is_years_ahead_is_listed_to_be_looked_at_and_refused_by_nobody(
    pages: PageClient, world: World
) -> None:
    lead(pages, world)
    sheet = SHEET.replace("2026-10-20", "2036-10-20").replace(
        "A2,", "B1,Next,SLC,open,Review,SLC,2026-03-02,2029-10-20,\nA2,"
    )
    sheet += (
        "B2,Later,SLC,open,Review,SLC,2026-03-02,2030-10-20,\nB3,Over,DWP,signed,,,2024-03-02,2036-10-20,2024-05-02\n"
    )
    send(pages, "\n".join(row for row in sheet.splitlines() if "Sea Council" not in row).encode())
    choose_columns(pages)
    page = pages.press("Save and continue")
    assert "Look at 2 due days that are years ahead" in page.text
    assert (
        "Row 2, “Council tax reduction”, due 20 October 2036: this due day is 10 years ahead: is it right?" in page.text
    )
    assert "Bank holidays are known until 31 December 2031: working days up to a later due day cannot" in page.text
    assert "due 20 October 2030: this due day is 4 years ahead: is it right?" in page.text
    assert page.text.count("is it right?") == 2, "neither within 3 years nor of one that is over"
    assert page.links()["2 due days are years ahead."] == "#far"
    pages.press("Import")
    assert "beyond the bank holidays that are known" in pages.follow("Council tax reduction").text


def test_of_several_worksheets_the_one_with_the_list_is_taken(pages: PageClient, world: World) -> None:
    lead(pages, world)
    book = openpyxl.load_workbook(io.BytesIO(_register()))
    notes = book.create_sheet("Read me", 0)
    notes.append(["Notes of the team"])
    notes.append(["Title", "Status", "Start", "Ref"])  # headings with nothing under them are no list
    out = io.BytesIO()
    book.save(out)
    at = send(pages, out.getvalue(), "register.xlsx")
    page = pages.get(f"{at}/columns")
    assert "The file has 3 worksheets. This is “Register”." in page.text
    assert "The headings are in row 3" in page.text


def test_what_was_typed_as_the_row_of_the_headings_is_shown_again_with_what_is_wrong(
    pages: PageClient, world: World
) -> None:
    lead(pages, world)
    pages.get(f"{send(pages, SHEET.encode())}/columns")
    page = pages.press("Read it so", {"heading": "99"}, status=422)
    assert page.errors == ["Row 99 is empty, or no row is under it. Say in which row the headings are."]
    assert [field.get("value") for field in page.tree.iter("input") if field.get("name") == "heading"] == ["99"]
