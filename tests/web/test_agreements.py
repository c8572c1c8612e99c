"""The list of agreements: searched, narrowed, paged, as a file; never more than one may see."""

import csv
import io
from typing import Any

import pytest
from sqlalchemy import event

from dsa.persistence import queries_agreements
from dsa.persistence.queries_agreements import Wanted
from dsa.services import agreements_list
from dsa.services.agreements_list import Filters
from dsa.web.csv_answer import harmless
from tests.web.page_client import PageClient
from tests.web.world import World


def test_the_list_counts_in_its_heading_and_says_who_has_each(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("check_draft")
    world.start(title="Second thing")
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get("/agreements")
    assert page.h1 == "2 agreements"
    assert "Information governance lead, Student Loans Company" in page.text
    assert page.links()["Income check for student finance"] == f"/agreements/{reference}"
    assert "in 5 working days" in page.text


def test_filters_stand_in_the_address_and_can_be_removed(pages: PageClient, world: World) -> None:
    world.agreement_in("check_draft")
    world.start(title="Second thing")
    pages.sign_in(world.person("HMRC", "drafter"))
    pages.get("/agreements")
    page = pages.press("Show", stage="start", q="second")
    assert page.h1 == "1 agreement"
    links = page.links()
    assert links["Remove Stage: Start ×"] == "/agreements?q=second"
    assert links["Remove Search: second ×"] == "/agreements?stage=start"
    assert pages.get("/agreements?owner=SLC").h1 == "1 agreement"
    assert pages.get("/agreements?organisation=SLC&route=standard").h1 == "2 agreements"
    assert pages.get("/agreements?mine=yes").h1 == "2 agreements"
    assert pages.get("/agreements?overdue=yes").h1 == "0 agreements"
    world.move_clock(days=30)
    assert pages.get("/agreements?overdue=yes&open=yes").h1 == "2 agreements"


def test_what_is_overdue_comes_by_how_long_and_by_the_page(world: World) -> None:
    later = [world.start(title=f"Later {n}") for n in range(2)]
    first = world.agreement_in("check_draft")
    world.move_clock(days=60)
    actor, filters, seen = world.actor("HMRC", "drafter"), Filters(overdue=True, open=True), []
    with world.ctx.database.reading() as session:
        wanted = Wanted(overdue=True, unfinished=True, now=world.ctx.clock.now())
        whole = queries_agreements.page(session, actor, wanted)
        after = None
        while rows := queries_agreements.page(session, actor, wanted, after=after, limit=1)[:1]:
            seen.append(rows[0].reference)
            after = queries_agreements.place(wanted, rows[0])
        assert list(queries_agreements.everything(session, actor, wanted, most=9)) == whole
    assert sorted(seen) == sorted([first, *later])
    assert seen == [row.reference for row in whole]
    assert [row.due_at for row in agreements_list.agreements_page(world.ctx, actor, filters).rows] == sorted(
        row.stage_due_at for row in whole
    )


def test_where_nothing_fits_it_says_which_filter_to_remove(pages: PageClient, world: World) -> None:
    world.start()
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get("/agreements?q=income&stage=review")
    assert page.h1 == "0 agreements"
    assert "Remove “Stage”: 1 agreement" in page.text
    assert page.links()["Remove “Stage”"] == "/agreements?q=income"
    assert "Remove “Search”" not in page.text


def test_wildcards_are_letters_in_a_search(pages: PageClient, world: World) -> None:
    world.start()
    world.start(title="100% of cases")
    pages.sign_in(world.person("HMRC", "drafter"))
    assert pages.get("/agreements?q=%25").h1 == "1 agreement"
    assert pages.get("/agreements?q=_").h1 == "0 agreements"


def test_strange_filters_find_nothing_and_break_nothing(pages: PageClient, world: World) -> None:
    world.start()
    pages.sign_in(world.person("HMRC", "drafter"))
    assert pages.get("/agreements?stage=%00").h1 == "1 agreement"
    for query in ("owner='%20OR%201=1", "q=" + "x" * 5000, "route=../..", "stage=<script>"):
        assert pages.get(f"/agreements?{query}").h1 == "0 agreements"
    pages.get("/agreements?after=nonsense", status=400)
    pages.get("/agreements?after=99999999999999999-1", status=400)


def test_pages_follow_each_other_without_gap_or_repetition(pages: PageClient, world: World) -> None:
    references = {world.start(title=f"Agreement {number}") for number in range(27)}
    pages.sign_in(world.person("HMRC", "drafter"))
    first = pages.get("/agreements")
    assert first.h1 == "27 agreements"
    second = pages.follow("Next page")
    shown = [ref for page in (first, second) for ref in references if ref in page.text]
    assert sorted(shown) == sorted(references)
    assert "Next page" not in second.links()


def test_a_stranger_sees_none_and_an_auditor_sees_all(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("DWP", "drafter"))
    page = pages.get("/agreements")
    assert reference not in page.html
    assert "Start your first" in page.text
    assert reference not in pages.client.get("/agreements.csv").text
    assert "HM Revenue" not in page.text
    pages.sign_in(world.person("NAO", "auditor"))
    assert reference in pages.get("/agreements").text


def test_the_file_has_every_row_and_no_formula(pages: PageClient, world: World) -> None:
    for number in range(26):
        world.start(title=f'=HYPERLINK("x") {number}')
    pages.sign_in(world.person("HMRC", "drafter"))
    answer = pages.client.get("/agreements.csv?stage=start")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="agreements.csv"'
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert len(rows) == 27
    assert all(row[1].startswith("'=") for row in rows[1:])
    assert len(list(csv.reader(io.StringIO(pages.client.get("/agreements.csv?stage=review").text)))) == 1


def test_cells_that_a_spreadsheet_would_run_are_defused() -> None:
    for bad in ("=1+1", "+1", "-1", "@x", "\tx", "\r=1", "＝1"):
        assert harmless(bad) == f"'{bad}"
    assert harmless("plain") == "plain"
    assert harmless(-5) == "-5"
    assert harmless(None) == ""


def test_a_page_of_the_list_asks_as_many_statements_for_many_agreements_as_for_one(world: World) -> None:
    def asked() -> int:
        found: list[str] = []

        def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            found.append(statement)

        engine = world.ctx.database.engine
        event.listen(engine, "before_cursor_execute", note)
        page = agreements_list.agreements_page(world.ctx, world.actor("HMRC", "drafter"), Filters())
        event.remove(engine, "before_cursor_execute", note)
        assert all(row.figures is not None for row in page.rows)
        return len(found)

    world.agreement_in("review")
    asked()  # definitions and calendars are remembered from the first time on
    one = asked()
    for number in range(12):
        world.start(title=f"Agreement {number}")
    assert asked() == one


@pytest.mark.parametrize("path", ["/agreements", "/tasks", "/stalled"])
def test_a_place_that_is_none_is_told_on_every_list(pages: PageClient, world: World, path: str) -> None:
    pages.sign_in(world.person("HMRC", "drafter"))
    for after in (
        "x", "1", "1-", "-1", "1-x", "1-99999999999999999999999999", "99999999999999999999-1", "\u0661-\u0662", "1-2-3",
    ):  # fmt: skip
        assert "does not lead to a page of the list" in pages.get(f"{path}?after={after}", status=400).text, after
