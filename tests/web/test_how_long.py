"""How long it takes: the curve with its table, what was not reached, before and after, and only what one may see."""

import csv
import io
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

from dsa.insight.cohorts import Change
from dsa.insight.survival import Comparison
from dsa.services.how_long import HowLong
from dsa.web import time_how_long
from tests.past import add_past, add_signed
from tests.web.page_client import PageClient
from tests.web.world import World


def with_two_eras(world: World) -> str:
    """24 agreements of the past beside one in drafting, then 12 begun lately and signed in a fifth of the time."""
    reference = world.agreement_in("drafting")
    now, database = world.ctx.clock.now(), world.ctx.database
    add_signed(database, reference, now=now)
    for number in range(12):
        stays = [("drafting", 3 + number % 3), ("review", 3 + number % 2), ("signed", 0)]
        add_past(database, reference, begun=now - timedelta(days=60 - number), stays=stays,
                 reference=f"LATER-{number}", now=now)  # fmt: skip
    add_past(database, reference, begun=now - timedelta(days=200), stays=[("drafting", 30), ("withdrawn", 0)],
             reference="GONE", now=now)  # fmt: skip
    return reference


def test_the_curve_says_by_when_half_are_signed_with_open_and_withdrawn_ones_counted(
    pages: PageClient, world: World
) -> None:
    with_two_eras(world)
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    page = pages.get("/time/how-long")
    assert "Of 100 agreements, 50 are signed by month 2" in page.text
    assert "36 signed, 1 still open, 1 withdrawn or rejected" in page.text
    assert page.html.count("<polyline") == 2  # signed; withdrawn or rejected
    assert page.html.count("<polygon") == 1
    table = list(csv.DictReader(io.StringIO(pages.client.get("/time/how-long.csv").text.lstrip("\ufeff"))))
    signed = [float(row["Signed of 100"]) for row in table]
    assert signed == sorted(signed)
    assert all(float(row["Low"]) <= float(row["Signed of 100"]) <= float(row["High"]) for row in table)
    assert float(table[-1]["Withdrawn or rejected of 100"]) > 0
    assert int(table[0]["Still watched"]) > int(table[-1]["Still watched"])


def test_before_and_after_a_day_has_the_difference_with_its_interval_and_the_test(
    pages: PageClient, world: World
) -> None:
    with_two_eras(world)
    day = (world.ctx.clock.now() - timedelta(days=100)).date().isoformat()
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    page = pages.get(f"/time/how-long?changed_on={day}")
    assert "Half of those begun after are signed" in page.text
    assert "sooner" in page.text
    assert "The two curves differ by more than chance would make them." in page.text
    assert "Log-rank test" in page.text
    groups = {row["Group"] for row in csv.DictReader(
        io.StringIO(pages.client.get(f"/time/how-long.csv?changed_on={day}").text.lstrip("\ufeff")))}  # fmt: skip
    assert groups == {"All", "Before", "After"}
    assert "Before and after, month by month, of 100 agreements" in page.text  # the two curves have their own table
    assert page.html.count("Save this table as a CSV file") == 2
    rows = table_of(pages, f"?changed_on={day}")
    first = [next(row for row in rows if row["Group"] == name and row["Month"] == "1") for name in ("Before", "After")]
    between = [f"{round(float(row['Low']))} to {round(float(row['High']))}" for row in first]
    cells = "".join(
        f"{float(row['Signed of 100']):.0f}{low_high}{row['Still watched']}"
        for row, low_high in zip(first, between, strict=True)
    )
    assert f"1{cells}" in page.text.replace(" still watched", "")
    assert "Too few of one group" in pages.get("/time/how-long?changed_on=2999-01-01").text


def test_not_reached_is_said(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    now, database = world.ctx.clock.now(), world.ctx.database
    for number in range(6):
        stays = [("review", 20), ("signed", 0)] if number < 5 else [("review", 20), ("withdrawn", 0)]
        add_past(database, reference, begun=now - timedelta(days=90), stays=stays, reference=f"A-{number}", now=now)
        stays = [("drafting", 999)]
        add_past(database, reference, begun=now - timedelta(days=90), stays=stays, reference=f"B-{number}", now=now)
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    page = pages.get("/time/how-long?route=standard")
    assert "Not reached: fewer than half of the agreements have been signed so far." in page.text
    assert "A curve is drawn once" in pages.get("/time/how-long?route=fast").text


def test_a_stranger_measures_nothing_and_nonsense_is_answered_with_a_sentence(pages: PageClient, world: World) -> None:
    with_two_eras(world)
    pages.sign_in(world.person("DWP", "head_of_sharing"))
    page = pages.get("/time/how-long")
    assert "This rests on 0 agreements that you may see" in page.text
    assert "Too few agreements have been signed" in page.text
    assert "is not a day" in pages.get("/time/how-long?changed_on=yesterday", status=422).text
    assert "is not a version" in pages.get("/time/how-long?version=%00x", status=422).text
    for day in ("0001-01-01", "9999-12-31"):
        pages.get(f"/time/how-long?changed_on={day}&version=99999&route=x")
    assert pages.client.get("/time/how-long.csv?changed_on=nonsense").status_code == 400


def test_the_start_page_says_how_long_such_agreements_take(pages: PageClient, world: World) -> None:
    from dsa.services import start_page

    with_two_eras(world)
    ctx = world.ctx
    with ctx.database.reading() as session:
        found = start_page._expected(ctx, session, world.actor("HMRC", "drafter"), "standard")
        nothing = start_page._expected(ctx, session, world.actor("DWP", "drafter"), "standard")
    assert found.days is not None
    assert found.most is not None
    assert 20 < found.days < found.most < 60
    assert (found.signed, found.still_open, found.given_up) == (36, 1, 1)
    assert (nothing.days, nothing.signed) == (None, 0)


SHEET = """Ref,What,Partner,Status,Where,With,Started,Due,Signed
A1,Council tax reduction,SLC,open,Review,SLC,2026-03-02,2026-10-20,
A2,Old fraud pilot,DWP,signed,,,2025-04-03,,2025-12-01
A3,Older pilot,DWP,signed,,,2024-01-08,,2024-06-10
A4,Third,DWP,signed,,,2024-02-08,,2024-09-10
A5,Fourth,DWP,signed,,,2024-03-08,,2024-09-12
A6,Fifth,DWP,signed,,,2024-04-08,,2025-01-10
A7,Given up,DWP,withdrawn,,,2024-04-08,,2024-05-10
"""


def import_sheet(world: World, data: str) -> None:
    """The head of information governance of HMRC takes a sheet in."""
    from dsa.adapters.sheet_process import SeparateSheetReader
    from dsa.services import importing

    actor = world.actor("HMRC", "information_governance")
    number = importing.receive(world.ctx, actor, SeparateSheetReader(), data.encode(), "ours.csv")
    columns = {"reference": 0, "title": 1, "parties": 2, "status": 3, "stage": 4, "holder": 5, "started": 6}
    importing.set_columns(world.ctx, actor, number, columns | {"due": 7, "ended": 8})
    words = {"status": {"open": "open", "signed": "signed", "withdrawn": "withdrawn"}, "stage": {"Review": "review"}}
    importing.set_choices(world.ctx, actor, number, {"words": words | {"organisation": {}}})
    importing.take_in(world.ctx, actor, number)


def table_of(pages: PageClient, query: str = "") -> list[dict[str, str]]:
    """The CSV file of the page."""
    return list(csv.DictReader(io.StringIO(pages.client.get(f"/time/how-long.csv{query}").text.lstrip("\ufeff"))))


def test_past_agreements_of_an_imported_sheet_count_with_their_dates_as_reported(
    pages: PageClient, world: World
) -> None:
    pages.sign_in(world.person("HMRC", "information_governance"))
    empty = pages.get("/time/how-long")
    assert "You need not wait for them" in empty.text
    assert "Import a spreadsheet" in empty.links()
    import_sheet(world, SHEET)
    page = pages.get("/time/how-long")
    assert "This rests on 7 agreements that you may see" in page.text
    assert "5 signed, 1 still open, 1 withdrawn or rejected" in page.text  # the open row counts once, as it is followed
    assert "Of these, 6 are past agreements of imported sheets, with dates as reported." in page.text
    assert "Of these, of imported sheets" in page.text
    rows = table_of(pages)
    assert {row["Agreements of imported sheets"] for row in rows} == {"6"}
    assert rows[0]["Still watched of imported sheets"] == "6"
    assert int(rows[-1]["Still watched of imported sheets"]) <= int(rows[-1]["Still watched"])
    assert float(rows[-1]["Signed of 100"]) > 60
    page = pages.get("/imports/1/receipt")
    assert "How long agreements take, with these counted" in page.links()


def test_they_can_be_left_out_and_are_where_a_route_or_a_version_is_asked_for(pages: PageClient, world: World) -> None:
    with_two_eras(world)
    pages.sign_in(world.person("HMRC", "information_governance"))
    import_sheet(world, SHEET)
    assert "42 signed" not in (page := pages.get("/time/how-long?reported=no")).text
    assert "36 signed" in page.text
    assert "6 past agreements of imported sheets are not counted: you chose to leave them out." in page.text
    assert "reported=no" in page.links()["Save this table as a CSV file"]
    assert {row["Agreements of imported sheets"] for row in table_of(pages, "?reported=no")} == {"0"}
    for asked in ("route=standard", "version=2"):
        page = pages.get(f"/time/how-long?{asked}")
        assert "a sheet says neither the route nor the version of the workflow" in page.text, asked
        assert "36 signed" in page.text, asked
        assert {row["Agreements of imported sheets"] for row in table_of(pages, f"?{asked}")} == {"0"}
    page = pages.get("/time/how-long?changed_on=2025-01-01")
    assert "41 signed" in page.text
    before = [row for row in table_of(pages, "?changed_on=2025-01-01") if row["Group"] == "Before"]
    assert {(row["Agreements"], row["Agreements of imported sheets"]) for row in before} == {("5", "5")}


def test_what_a_second_sheet_reports_again_counts_once(pages: PageClient, world: World) -> None:
    """The followed one is reported as signed, one of the past is reported with another end; neither counts twice."""
    import_sheet(world, SHEET)
    later = SHEET.splitlines()
    again = [later[0], "A1,Council tax reduction,SLC,signed,,,2026-03-02,,2026-10-30",
             "A3,Older pilot,DWP,withdrawn,,,2024-01-08,,2024-06-10"]  # fmt: skip
    import_sheet(world, "\n".join(again))
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    page = pages.get("/time/how-long")
    assert "This rests on 7 agreements that you may see" in page.text
    assert "4 signed, 1 still open, 2 withdrawn or rejected" in page.text
    pages.sign_in(world.person("SLC", "head_of_sharing"))
    assert "imported sheet" not in pages.get("/time/how-long").text.replace("of an imported sheet counts from", "")


def test_where_half_is_not_reached_in_one_group_it_still_says_whether_the_curves_differ(
    pages: PageClient,
) -> None:
    verdicts = ((0.01, "by more than chance would make them"), (0.4, "by no more than chance may make them"))
    for p_value, verdict in verdicts:
        test = Comparison(6.6, p_value, 1.5, 1.1, 2.0)
        found = SimpleNamespace(before=object(), after=object(), change=Change(None, None, None, test))
        with pages.app.test_request_context():
            said = time_how_long.compared(cast(HowLong, found))
        assert said.startswith("Not reached: of one group fewer than half have been signed so far.")
        assert verdict in said
