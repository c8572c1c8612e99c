"""The history as a file: linked where people look, as an attachment, only what one may see."""

from tests.web.page_client import PageClient
from tests.web.world import World


def test_the_history_of_one_and_of_all_is_saved_in_three_ways(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    pages.sign_in(world.person("HMRC", "drafter"))
    links = pages.get(f"/agreements/{reference}/timeline").links()
    pages.get("/agreements")
    page = pages.follow("Save the history of all")
    for words, ending in (("Save as CSV", "csv"), ("Save as XES", "xes"), ("save as OCEL 2.0", "ocel.json")):
        answer = pages.client.get(page.links()[words])
        assert reference in answer.text
        assert answer.headers["Content-Disposition"] == f"attachment; filename=agreements-events.{ending}"
        one = pages.client.get(links[ending.split(".")[0].upper()])
        assert one.text.count("Agreement started") == answer.text.count("Agreement started") >= 1
    pages.get("/history.pdf", status=404)


def test_a_stranger_saves_nothing_of_it_and_an_auditor_s_look_is_recorded(pages: PageClient, world: World) -> None:
    from sqlalchemy import text

    reference = world.agreement_in("drafting")
    pages.sign_in(world.person("DWP", "drafter"))
    assert reference not in pages.client.get("/history.csv").text
    pages.get(f"/agreements/{reference}/events.csv", status=404)
    pages.sign_in(world.person("NAO", "auditor"))
    assert reference in pages.client.get("/history.csv").text
    with world.ctx.database.reading() as session:
        looks = session.execute(text("SELECT what, agreement_id FROM access_records")).all()
    assert ("history", None) in [tuple(row) for row in looks]
