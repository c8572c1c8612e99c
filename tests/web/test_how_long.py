"""How long it takes: the curve with its table, what was not reached, before and after, and only what one may see."""

import csv
import io
from datetime import timedelta

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
