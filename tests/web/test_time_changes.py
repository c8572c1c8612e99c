"""What would bring it forward: simulated and called so, only for one's own organisation, worked out by a job."""

import csv
import io
import threading
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from dsa.domain.errors import BadInput
from dsa.persistence import forecasts as stored
from dsa.services import changes_ahead, forecasting, holding
from tests.engine.test_one_winner import at_once
from tests.past import add_past, add_signed
from tests.web.page_client import PageClient
from tests.web.world import World


@pytest.fixture(autouse=True)
def _few_and_short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes_ahead, "AGREEMENTS", 100)
    monkeypatch.setattr(changes_ahead, "RUNS", 5)


def worked_out(world: World) -> str:
    """A history, an agreement in review (its reference), and HMRC's figures worked out beside everybody's."""
    reference = world.agreement_in("review")
    add_signed(world.ctx.database, reference, now=world.ctx.clock.now(), count=30)
    assert changes_ahead.compute_next(world.ctx)
    changes_ahead.ask(world.ctx, world.actor("HMRC", "head_of_sharing"), "HMRC")
    assert changes_ahead.compute_next(world.ctx)
    assert not changes_ahead.compute_next(world.ctx)
    return reference


def test_two_who_are_the_first_to_ask_at_once_both_get_their_answer(world: World) -> None:
    """The second waits for the first to be done, and then changes the row that it could not see before."""
    now, problems = world.ctx.clock.now(), []

    def second() -> None:
        try:
            with world.ctx.database.writing() as session:
                stored.ask_figure(session, changes_ahead.KIND, "1", at=now + timedelta(minutes=1))
        except DBAPIError as problem:
            problems.append(problem)

    waiting = threading.Thread(target=second)
    with world.ctx.database.writing() as session:
        stored.ask_figure(session, changes_ahead.KIND, "1", at=now)
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
    waiting.join()
    assert problems == []
    with world.ctx.database.reading() as session:
        assert stored.figure(session, changes_ahead.KIND, "1").asked_at == now + timedelta(minutes=1)
    actor = world.actor("HMRC", "head_of_sharing")
    assert at_once([lambda: changes_ahead.ask(world.ctx, actor, "HMRC")] * 8) == [None] * 8


def test_each_change_has_what_it_saves_between_which_figures_and_what_it_takes_for_granted(
    pages: PageClient, world: World
) -> None:
    worked_out(world)
    pages.sign_in(world.person("HMRC", "head_of_sharing"))
    page = pages.get("/time/changes")
    assert "Simulated" in page.text
    assert "The process of HM Revenue and Customs as 30 signed agreements show it" in page.text
    for words in ("Every signature within 10 working days", "One more person: Legal adviser", "with a precedent",
                  "Our security and data protection reviews as one", "Authority delegated"):  # fmt: skip
        assert words in page.text, words
    assert "come in at random" in page.text
    assert "Savings of two changes do not add up" in page.text
    text = pages.client.get("/time/changes.csv?organisation=HMRC").text.lstrip("\ufeff")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert {line["Simulated"] for line in lines} == {"yes"}
    for better in lines:
        for worse in lines:
            if int(better["Rank"]) < int(worse["Rank"]):
                assert float(better["Low"]) >= float(worse["High"]) - 0.02
    page = pages.press("Work it out again")
    assert "It is being worked out" in page.text


def test_it_is_for_ones_own_organisation(pages: PageClient, world: World) -> None:
    worked_out(world)
    pages.sign_in(world.person("SLC", "drafter"))
    page = pages.get("/time/changes?organisation=HMRC")
    assert "This has not been worked out yet" in page.text
    assert "HM Revenue" not in page.text
    pages.post("/time/changes", {"organisation": "HMRC"}, status=403)
    pages.post("/time/changes", {"organisation": "\x00" * 300}, status=403)
    pages.sign_in(world.person("NAO", "auditor"))
    assert "The process of Every organisation" in pages.get("/time/changes").text
    pages.post("/time/changes", {"organisation": "all"}, status=403)


def test_one_agreement_has_its_moves_in_order_from_where_it_stands(pages: PageClient, world: World) -> None:
    reference = worked_out(world)
    forecasting.forecast_due(world.ctx)
    pages.sign_in(world.person("HMRC", "drafter"))
    assert "What would bring this forward" in pages.get(f"/agreements/{reference}").links()
    page = pages.get(f"/agreements/{reference}/bring-forward")
    assert "Simulated" in page.text
    assert "done now" in page.text
    assert "as 30 signed agreements went on" in page.text
    pages.sign_in(world.person("DWP", "drafter"))
    pages.get(f"/agreements/{reference}/bring-forward", status=404)


def test_a_hold_can_be_ended_and_what_is_signed_has_nothing_ahead(pages: PageClient, world: World) -> None:
    reference = worked_out(world)
    now = world.ctx.clock.now()
    holding.begin_hold(
        world.ctx, world.actor("HMRC", "drafter"), reference, code="BOARD", awaited="SLC", outside=False,
        until=now.date() + timedelta(days=200), seen=world.seen(reference),
    )  # fmt: skip
    add_past(world.ctx.database, reference, begun=now - timedelta(days=80), stays=[("review", 30), ("signed", 0)],
             reference="DONE-1", now=now)  # fmt: skip
    pages.sign_in(world.person("HMRC", "drafter"))
    assert "Simulated, first: The hold ends today" in pages.get(f"/agreements/{reference}/bring-forward").text
    assert "there is nothing to bring forward" in pages.get("/agreements/DONE-1/bring-forward").text


def test_with_too_little_history_it_says_so(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    pages.sign_in(world.person("HMRC", "drafter"))
    assert "not worked out yet" in pages.get(f"/agreements/{reference}/bring-forward").text
    changes_ahead.compute_next(world.ctx)
    assert "Too few agreements have been signed here" in pages.get(f"/agreements/{reference}/bring-forward").text
    changes_ahead.ask(world.ctx, world.actor("HMRC", "drafter"), "HMRC")
    assert "It is being worked out" in pages.get("/time/changes").text
    changes_ahead.compute_next(world.ctx)
    assert "Too few agreements have been signed to simulate" in pages.get("/time/changes").text
    assert "Work it out" not in pages.get("/time/changes").text, "there is nothing to work out"


def test_where_too_few_are_signed_for_ones_own_the_process_of_all_is_shown_and_called_so(
    pages: PageClient, world: World
) -> None:
    """DWP has signed nothing: it reads the process of all, without a way to the others' agreements."""
    reference = worked_out(world)
    changes_ahead.ask(world.ctx, world.actor("DWP", "drafter"), "DWP")
    changes_ahead.compute_next(world.ctx)
    pages.sign_in(world.person("DWP", "drafter"))
    page = pages.get("/time/changes")
    assert "Too few agreements of Department for Work and Pensions are signed" in page.text
    assert "The process of every organisation here as 30 signed agreements show it" in page.text
    assert "Every signature within 10 working days" in page.text
    assert "Work it out" not in page.text
    assert "simulated=" not in "".join(link.get("href") or "" for link in page.tree.iter("a"))
    assert reference not in page.text
    text = pages.client.get("/time/changes.csv?organisation=DWP").text.lstrip("\ufeff")
    assert {line["Process of"] for line in csv.DictReader(io.StringIO(text))} == {"every organisation here"}


def test_the_page_of_one_agreement_says_how_and_when_it_was_worked_out_and_is_no_timeline(
    pages: PageClient, world: World
) -> None:
    reference = worked_out(world)
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get(f"/agreements/{reference}/bring-forward")
    assert "How this is worked out" in page.text
    assert "the process as it was fitted on 2 November 2026 at 9:10am" in page.text
    parts = [link for link in page.tree.iter("a") if (link.get("href") or "").startswith(f"/agreements/{reference}/")]
    assert parts
    assert not [link for link in parts if link.get("aria-current")]


def test_figures_that_could_not_be_worked_out_are_kept_as_such_and_what_was_before_still_stands(
    pages: PageClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise BadInput("Two tasks have one name. Give each its own.")

    with monkeypatch.context() as patch:
        patch.setattr(changes_ahead, "fitted_process", broken)
        with pytest.raises(BadInput):
            changes_ahead.compute_next(world.ctx)
    assert not changes_ahead.compute_next(world.ctx), "it is not tried again at once"
    drafting = world.agreement_in("drafting")
    pages.sign_in(world.person("NAO", "auditor"))
    page = pages.get("/time/changes")
    assert "This could not be worked out." in page.text
    assert "On 2 November 2026 at 9:10am it could not be worked out" in page.text
    assert "could not be worked out" in pages.get(f"/agreements/{drafting}/bring-forward").text
    world.move_clock(days=2)
    reference = world.agreement_in("review")
    add_signed(world.ctx.database, reference, now=world.ctx.clock.now(), count=30)
    assert changes_ahead.compute_next(world.ctx)
    assert "could not be worked out" not in pages.get("/time/changes").text
    world.move_clock(days=2)
    with monkeypatch.context() as patch:
        patch.setattr(changes_ahead, "fitted_process", broken)
        with pytest.raises(BadInput):
            changes_ahead.compute_next(world.ctx)
    page = pages.get("/time/changes")
    assert "On 6 November 2026 at 9:10am it could not be worked out" in page.text
    assert "What stands below is from before" in page.text
    assert "worked out on 4 November 2026" in page.text
    assert "Simulated" in pages.get(f"/agreements/{reference}/bring-forward").text


@pytest.mark.parametrize("stage", ["text_agreed", "sign_off"])
def test_past_review_it_takes_no_longer_than_what_is_ahead_ever_took(
    pages: PageClient, world: World, stage: str
) -> None:
    """Nothing comes back from a review that is behind: as near as the forecast, and within what was ever seen."""
    now = world.ctx.clock.now()
    review = world.agreement_in("review")
    add_signed(world.ctx.database, review, now=now - timedelta(days=100), count=30)
    for number in range(20):  # and as many that came back once
        stays = [
            ("drafting", 14),
            ("review", 21),
            ("drafting", 30),
            ("review", 40),
            ("text_agreed", 4),
            ("sign_off", 16),
            ("signed", 0),
        ]
        add_past(world.ctx.database, review, begun=now - timedelta(days=300 + number), stays=stays,
                 reference=f"BACK-{number}", now=now)  # fmt: skip
    reference = world.agreement_in(stage)
    world.move_clock(days=1)
    forecasting.forecast_due(world.ctx)
    changes_ahead.compute_next(world.ctx)
    found = changes_ahead.changes_for(world.ctx, world.actor("HMRC", "drafter"), reference)
    assert 0 < found.to_go <= 16, "twenty days hold at most sixteen working days"
    with world.ctx.database.reading() as session:
        said = stored.newest(session, world.loaded(reference).head.id)
    assert abs(found.to_go - said.likely_days) < 4
    assert not {"returns", "merged"} & {one.name for one in found.savings}
    assert all(one.saved for one in found.savings)
